"""What this project needs of dagster-dbt beyond what it exports.

tests/integration/test_compat.py names each.
"""

from __future__ import annotations

from dagster_dbt import DbtCliInvocation

# Documented, but not exported by the package: rows are counted from events that were collected while dbt ran, because
# counting as they come asks in a loop whether dbt has ended (decision 16).
from dagster_dbt.core.dbt_event_iterator import DbtEventIterator as EventIterator

__all__ = ["EventIterator", "release_build"]


def release_build(invocation: DbtCliInvocation) -> None:
    """Close the build file in this process. The adapter that counted its rows keeps it open to read, and DuckDB then
    refuses to open it for writing."""
    if invocation.adapter is not None:
        invocation.adapter.cleanup_connections()
        invocation.adapter.connections.close_all_connections()  # type: ignore[attr-defined]  # of dbt-duckdb
