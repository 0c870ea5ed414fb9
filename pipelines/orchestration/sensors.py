"""Sensors: what starts or reports something when it happens. New files in the drop zone; a run that failed."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import dagster as dg

from pipelines.config import Settings
from pipelines.orchestration.failures import NOTIFIED_TAG, notify
from pipelines.orchestration.jobs import NIGHTLY
from pipelines.orchestration.resources import problems_of

INTERVAL_SECONDS = 60
#: Files that keep arriving must not put a run off for ever: after so many looks it starts with what is there.
PATIENCE = 10


@dataclass(frozen=True)
class Cursor:
    """What the sensor remembers. Hashes of the listing: at the last look, and when a run was last asked for."""

    seen: str = ""
    requested: str = ""
    changes: int = 0


def build(settings: Settings) -> list[dg.SensorDefinition]:
    """The sensor on new files is switched on by a person in the UI; the one on failures is always on."""
    return [new_files(settings), failed_runs(settings)]


def new_files(settings: Settings) -> dg.SensorDefinition:
    """Asks for a run when there are files the lake does not have, and they held still between two looks."""

    @dg.sensor(
        name="new_files",
        job_name=NIGHTLY,
        minimum_interval_seconds=INTERVAL_SECONDS,
        description="Chạy khi có tệp mới đã chép xong / runs when new files are there and complete",
    )
    def new_files(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        from pipelines.landing.lake import Lake
        from pipelines.portal.discovery import discover

        cursor = Cursor(**json.loads(context.cursor)) if context.cursor else Cursor()
        after, run_key = next_cursor(cursor, listing(discover(settings, Lake(settings).known())))
        return dg.SensorResult(
            run_requests=[dg.RunRequest(run_key=run_key)] if run_key else [],
            skip_reason=None if run_key else "Không có tệp mới đã ổn định / no new file that is complete",
            cursor=json.dumps(asdict(after)),
        )

    return new_files


def listing(files: Iterable[Any]) -> str:
    """Hash of path, size and time of every file that is not in the lake yet; empty when there is none."""
    lines = sorted(f"{file.file_path}\0{file.size}\0{file.mtime}" for file in files)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest() if lines else ""


def next_cursor(cursor: Cursor, now: str) -> tuple[Cursor, str | None]:
    """The cursor after seeing listing `now`, and the key of the run to start (None: not yet, or nothing new)."""
    if now in ("", cursor.requested):
        return Cursor(now, cursor.requested), None
    changes = cursor.changes + (now != cursor.seen)
    if now == cursor.seen or changes >= PATIENCE:
        return Cursor(now, now), now
    return Cursor(now, cursor.requested, changes), None


def failed_runs(settings: Settings) -> dg.SensorDefinition:
    """Reports failed runs of the daemon, and of any process that was killed; `dunghan run` reports them itself."""

    @dg.run_failure_sensor(
        name="failed_runs",
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Báo khi một lượt chạy thất bại / tells when a run failed",
    )
    def failed_runs(context: dg.RunFailureSensorContext) -> None:
        run = context.dagster_run
        if NOTIFIED_TAG in run.tags:
            return
        problems = problems_of([], context.instance, run.run_id) or [context.failure_event.message or ""]
        notify(settings, run_id=run.run_id, job=run.job_name, problems=problems)

    return failed_runs
