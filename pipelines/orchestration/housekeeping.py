"""What a run does for the next ones after it has published: the lake compacted when that is due, old history dropped.

It keeps nobody waiting for figures and never makes a run fail: what went wrong is noted in the record, shown at the end
of `dunghan run`, and tried again by the next run.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    AssetEventTagsTable,
    SqlEventLogStorageTable,
)
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from pipelines.config import Settings
from pipelines.orchestration.failures import safe_text
from pipelines.orchestration.record import RunRecord

log = logging.getLogger(__name__)

COMPACTING = ("Gộp tệp nhỏ của kho", "Compacting the lake")

#: At most so many old runs are dropped after one run, so that a long history goes in portions.
PORTION = 50
#: An index of which more than half is free, and so many bytes, is written anew.
WORTH_VACUUM = 64 * 1024**2

_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


def tidy(
    instance: dg.DagsterInstance, settings: Settings, record: RunRecord, progress: Callable[[str], None] | None = None
) -> None:
    """The last thing a run does while it holds the lock; `record` is closed already. Never raises."""
    if record.outcome in ("published", "kept"):
        with _noted(record):
            _compact(settings, record, progress)
    with _noted(record):
        drop_old_runs(instance, settings.keep_runs)
    if record.notes or "compacting" in record.seconds:
        with contextlib.suppress(OSError):
            record.write(settings)


def _compact(settings: Settings, record: RunRecord, progress: Callable[[str], None] | None) -> None:
    from pipelines.landing.compaction import compact, due

    if due(settings):
        if progress is not None:
            progress(COMPACTING[settings.lang != "vi"])
        started = time.monotonic()
        compact(settings, small_only=True)
        record.seconds["compacting"] = round(time.monotonic() - started, 3)


@contextlib.contextmanager
def _noted(record: RunRecord) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        log.error("%s", safe_text(error))
        record.notes.append(safe_text(error))


def drop_old_runs(instance: dg.DagsterInstance, keep: int) -> int:
    """Delete the events of ended runs but the newest `keep`; returns how many runs went.

    A run leaves 6 MB of events, most of which nobody looks at again. Which days of exports were landed (events with a
    partition) stays known: the UI shows the others as never loaded.
    """
    storage = instance.event_log_storage
    ended = dg.RunsFilter(statuses=_ENDED)
    old = [record.dagster_run.run_id for record in instance.get_run_records(ended, limit=keep + PORTION)[keep:]]
    for run_id in old:
        if isinstance(storage, SqliteEventLogStorage):
            _forget_events(storage, run_id)
            instance.run_storage.delete_run(run_id)
        else:
            instance.delete_run(run_id)
        # What its steps printed, when the daemon ran it.
        shutil.rmtree(Path(instance.storage_directory()) / run_id, ignore_errors=True)
    if old and isinstance(storage, SqliteEventLogStorage):
        _give_back(Path(storage.path_for_shard("index")))
    return len(old)


def _forget_events(storage: SqliteEventLogStorage, run_id: str) -> None:
    """Dagster's own deletion leaves the file of the run as large as it was, and every check's result in the index."""
    events = SqlEventLogStorageTable.c
    gone = (events.run_id == run_id) & events.partition.is_(None)
    ids = SqlEventLogStorageTable.select().with_only_columns(events.id).where(gone)
    with storage.index_connection() as index:
        index.execute(AssetEventTagsTable.delete().where(AssetEventTagsTable.c.event_id.in_(ids)))
        index.execute(SqlEventLogStorageTable.delete().where(gone))
        index.execute(AssetCheckExecutionsTable.delete().where(AssetCheckExecutionsTable.c.run_id == run_id))
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            Path(storage.path_for_shard(run_id) + suffix).unlink()


def _give_back(database: Path) -> None:
    """Write a SQLite file anew when most of it is free. Not while somebody else uses it: then another time."""
    with contextlib.suppress(sqlite3.OperationalError), contextlib.closing(sqlite3.connect(database, timeout=0)) as con:
        pages, free, size = (
            con.execute(f"pragma {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        if free * 2 > pages and free * size > WORTH_VACUUM:
            con.execute("vacuum")
