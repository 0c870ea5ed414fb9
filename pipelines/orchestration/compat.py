"""What this project needs of Dagster and dagster-dbt beyond what they export.

tests/integration/test_compat.py names each.
"""

from __future__ import annotations

from pathlib import Path

import dagster as dg
from dagster_dbt import DbtCliInvocation

# Documented, but not exported by the package: rows are counted from events that were collected while dbt ran, because
# counting as they come asks in a loop whether dbt has ended (decision 16).
from dagster_dbt.core.dbt_event_iterator import DbtEventIterator as EventIterator

__all__ = ["EventIterator", "drop_event_file", "release_build"]


def release_build(invocation: DbtCliInvocation) -> None:
    """Close the build file in this process. The adapter that counted its rows keeps it open to read, and DuckDB then
    refuses to open it for writing."""
    if invocation.adapter is not None:
        invocation.adapter.cleanup_connections()
        invocation.adapter.connections.close_all_connections()  # type: ignore[attr-defined]  # of dbt-duckdb


def drop_event_file(instance: dg.DagsterInstance, run_id: str) -> None:
    """Remove the SQLite file of a run that was deleted: Dagster empties it and leaves it there, a megabyte a night.

    Nothing with a storage that keeps all runs together (PostgreSQL). The instance must not be asked for the events of
    that run afterwards: it believes that it has made the file's tables.
    """
    path_of = getattr(instance.event_log_storage, "path_for_shard", None)
    if path_of is not None:
        for suffix in ("", "-wal", "-shm"):
            Path(path_of(run_id) + suffix).unlink(missing_ok=True)
