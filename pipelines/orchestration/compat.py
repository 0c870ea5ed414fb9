"""What this project needs of Dagster and dagster-dbt beyond what they export. tests/unit/test_compat.py names each."""

from __future__ import annotations

from dagster_dbt import DbtCliInvocation

# Documented, but not exported by the package. When rows are counted, `stream()` runs dbt to its end before it yields
# anything; wrapping the events once more lets people see meanwhile what is being built.
from dagster_dbt.core.dbt_event_iterator import DbtEventIterator as EventIterator

__all__ = ["EventIterator", "release_build"]


def release_build(invocation: DbtCliInvocation) -> None:
    """Close the build file in this process. The adapter that counted its rows keeps it open to read, and DuckDB then
    refuses to open it for writing."""
    if invocation.adapter is not None:
        invocation.adapter.cleanup_connections()
        invocation.adapter.connections.close_all_connections()  # type: ignore[attr-defined]  # of dbt-duckdb
