"""What `workspace.yaml` opens: the definitions for the warehouse that the environment and `dunghan.toml` name."""

import dagster as dg

from pipelines.orchestration.definitions import build_definitions


@dg.definitions
def defs() -> dg.Definitions:
    """Lazy: importing this module reads no settings and parses nothing."""
    return build_definitions()
