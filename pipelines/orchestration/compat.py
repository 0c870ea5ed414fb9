"""What this project needs of Dagster beyond what it exports.

tests/integration/test_compat.py names each.
"""

from __future__ import annotations

from pathlib import Path

import dagster as dg


def drop_event_file(instance: dg.DagsterInstance, run_id: str) -> None:
    """Remove the SQLite file of a run that was deleted: Dagster empties it and leaves it there, a megabyte a night.

    Nothing with a storage that keeps all runs together (PostgreSQL). The instance must not be asked for the events of
    that run afterwards: it believes that it has made the file's tables.
    """
    path_of = getattr(instance.event_log_storage, "path_for_shard", None)
    if path_of is not None:
        for suffix in ("", "-wal", "-shm"):
            Path(path_of(run_id) + suffix).unlink(missing_ok=True)
