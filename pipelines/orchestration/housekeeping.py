"""What a run does after it has published: digests sent, the lake compacted when that is due, old history dropped.

It keeps nobody waiting for figures and never makes a run fail: what went wrong is noted in the record, shown at the end
of `dunghan run`, and tried again by the next run.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg

from pipelines.config import Settings
from pipelines.errors import safe_text
from pipelines.orchestration.compat import drop_event_file
from pipelines.orchestration.metrics import write_metrics
from pipelines.orchestration.record import AFTERWARDS, RunRecord

log = logging.getLogger(__name__)

#: At most so many old runs are dropped after one run, so that a long history goes in portions.
PORTION = 50

_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


def tidy(
    instance: dg.DagsterInstance, settings: Settings, record: RunRecord, progress: Callable[[str], None] | None = None
) -> None:
    """The last thing a run does while it holds the lock; `record` is closed already. Never raises."""
    if record.outcome == "published":
        with _noted(record):
            record.notes += _digests(settings)
    if record.outcome in ("published", "kept"):
        with _noted(record):
            _compact(settings, record, progress)
        with _noted(record):
            _look_through(settings)
    with _noted(record):
        drop_old_runs(instance, settings.keep_runs)
    with _noted(record):
        write_metrics(settings, record)
    if record.notes or "compacting" in record.seconds:
        with contextlib.suppress(OSError):
            record.write(settings)


def _digests(settings: Settings) -> list[str]:
    if not settings.digests:
        return []
    from pipelines.serving.digests import send_digests

    return send_digests(settings)


def _compact(settings: Settings, record: RunRecord, progress: Callable[[str], None] | None) -> None:
    from pipelines.landing.compaction import compact, due

    if due(settings):
        if progress is not None:
            progress(AFTERWARDS["compacting"][settings.lang != "vi"])
        started = time.monotonic()
        compact(settings, small_only=True)
        record.seconds["compacting"] = round(time.monotonic() - started, 3)


def _look_through(settings: Settings) -> None:
    """Some of the lake, every night. Raises LakeDamagedError: the next run reads again what lay there."""
    from pipelines.landing.checksums import LakeDamagedError, put_aside, verify_some

    if found := verify_some(settings):
        put_aside(settings, found)
        raise LakeDamagedError(found)


@contextlib.contextmanager
def _noted(record: RunRecord) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        log.error("%s", safe_text(error))
        record.notes.append(safe_text(error))


def drop_old_runs(instance: dg.DagsterInstance, keep: int) -> int:
    """Delete ended runs but the newest `keep`, with their events; returns how many runs went.

    Which days of exports were landed stays known: the UI would show them as never loaded.
    """
    ended = dg.RunsFilter(statuses=_ENDED)
    old = [record.dagster_run.run_id for record in instance.get_run_records(ended, limit=keep + PORTION)[keep:]]
    landed = _landed_days(instance) if old else {}
    for run_id in old:
        instance.delete_run(run_id)
        drop_event_file(instance, run_id)
        # What its steps printed, when the daemon ran it.
        shutil.rmtree(Path(instance.storage_directory()) / run_id, ignore_errors=True)
    for key, days in landed.items():
        for day in sorted(days - instance.get_materialized_partitions(key)):
            instance.report_runless_asset_event(dg.AssetMaterialization(key, partition=day))
    return len(old)


def _landed_days(instance: dg.DagsterInstance) -> dict[dg.AssetKey, set[str]]:
    return {key: days for key in instance.get_asset_keys() if (days := instance.get_materialized_partitions(key))}
