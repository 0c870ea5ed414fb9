"""Resources: what the steps of one run share. There is one: the run itself, which holds the lock of the warehouse.

The in-process executor makes it once per run, however the run was started (CLI, schedule, sensor, a click). So every
run takes the same lock, and leaves the same record in `state/last-run.json`.
"""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler

import dagster as dg

from pipelines.bilingual import labelled
from pipelines.clock import to_local
from pipelines.config import Settings
from pipelines.orchestration.failures import NOTIFIED_TAG, RED, as_dagster_failure, notify
from pipelines.orchestration.mending import mend
from pipelines.orchestration.partitions import days_asked
from pipelines.orchestration.record import STEPS, RunRecord
from pipelines.preflight import require_sound
from warehouse.build import BuildPlan
from warehouse.lock import run_lock
from warehouse.publish import Publication

KEY = "run"
#: A run that carries this tag got the lock. If it is not finished although somebody else has the lock, it is dead.
LOCK_TAG = "dunghan/lock"

Progress = Callable[[str], None]  # called with what is being done

_LOG_BYTES = 5_000_000
_LOG_FILES = 3


@dataclass
class Attempt:
    """What whoever starts a run hands to it and finds in it afterwards.

    kept: the publication that stays because nothing is new. told: what went wrong in the steps, in safe texts (so has
    Dagster's event log, where that can be written). mended: what was damaged, in this attempt or the one before.
    """

    kept: Publication | None = None
    told: list[str] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)


@dataclass
class Run:
    """One run of the pipeline in one warehouse, while it holds the lock.

    plan: the build of this run, once it is planned. kept: the publication that already says what a build now would
    say, so that none is needed. whole: every model and test of the project ran. audited: every check between build and
    publication ran and passed. told, mended: see Attempt.
    """

    settings: Settings
    record: RunRecord
    progress: Progress | None = None
    told: list[str] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)
    plan: BuildPlan | None = None
    kept: Publication | None = None
    whole: bool = False
    audited: bool = False

    def say(self, what: str) -> None:
        """Report to whoever watches what is being done now."""
        if self.progress is not None:
            self.progress(what)

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """One of STEPS: announce it, time it for the record, mend what is damaged, make its errors safe to store."""
        started = time.monotonic()
        self.say(STEPS[name][self.settings.lang != "vi"])
        try:
            with as_dagster_failure(), self._mending():
                if not self.record.seconds:
                    self.record.begin(self.settings)
                yield
        except dg.Failure as failure:
            self.told.append(labelled(STEPS[name], failure.description or ""))
            raise
        finally:
            self.record.seconds[name] = round(time.monotonic() - started, 3)

    @contextlib.contextmanager
    def _mending(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if (mended := mend(self.settings, error)) is not None:
                self.mended.append(mended)
            raise


def run_resource(
    settings: Settings, *, attempt: Attempt | None = None, progress: Progress | None = None
) -> dg.ResourceDefinition:
    """The run as a resource. attempt: of the caller of Dagster, who has the lock of this warehouse already."""
    lock_held, attempt = attempt is not None, attempt or Attempt()

    @dg.resource(description="Lượt chạy: khóa của kho dữ liệu, kế hoạch dựng, biên bản / the run: lock, plan, record")
    def resource(context: dg.InitResourceContext) -> Iterator[Run]:
        assert context.instance is not None
        dagster_run = context.run
        run_id = dagster_run.run_id if dagster_run else ""
        job, tags = (dagster_run.job_name, dagster_run.tags) if dagster_run else ("", {})
        with contextlib.ExitStack() as stack, as_dagster_failure():
            if not lock_held:
                require_sound(settings)
            settings.layout.create()
            if not lock_held:
                stack.enter_context(run_lock(settings))
            fail_orphaned_runs(context.instance, settings, run_id)
            context.instance.add_run_tags(run_id, {LOCK_TAG: "held"})
            record = RunRecord(run_id, job, mended=attempt.mended, days=days_asked(tags))
            run = Run(settings, record, progress, attempt.told, attempt.mended, kept=attempt.kept)
            try:
                yield run
            finally:
                if record.seconds:  # Dagster may set resources up for nothing; only what ran leaves a record
                    record.close(settings, problems_of(run.told, context.instance, run_id))
                    from pipelines.orchestration.housekeeping import tidy

                    tidy(context.instance, settings, record, progress)

    return resource


def fail_orphaned_runs(instance: dg.DagsterInstance, settings: Settings, run_id: str) -> None:
    """Mark runs as failed that had the lock and were killed, and tell: we have the lock now, so they are gone."""
    killed = "Tiến trình của lượt chạy này đã bị dừng đột ngột / the process of this run was killed"
    status = dg.DagsterRunStatus
    unfinished = [status.NOT_STARTED, status.STARTING, status.STARTED, status.CANCELING]
    for dead in instance.get_runs(dg.RunsFilter(statuses=unfinished, tags={LOCK_TAG: "held"})):
        if dead.run_id != run_id:
            instance.add_run_tags(dead.run_id, {NOTIFIED_TAG: "yes"})
            instance.report_run_failed(dead, killed)
            notify(settings, run_id=dead.run_id, job=dead.job_name, problems=[killed])


def problems_of(told: list[str], instance: dg.DagsterInstance, run_id: str) -> list[str]:
    """What went wrong in a run, in safe texts: in its steps, in the blocking checks, else as Dagster has it."""
    red = _red_checks(instance, run_id)
    return [*told, *red, *([RED] if red else [])] or _step_failures(instance, run_id)


def _step_failures(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    problems = []
    for record in instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.STEP_FAILURE).records:
        event = record.event_log_entry.get_dagster_event()
        data = event.step_failure_data
        text = data.user_failure_data.description if data.user_failure_data else None
        problems.append(f"{event.step_key}: {text or (data.error.message if data.error else '')}".strip())
    return problems


def _red_checks(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    """The blocking checks of our own that failed, in their own words; dbt's are in the text of its step."""
    red = []
    for record in instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION).records:
        check = record.event_log_entry.get_dagster_event().asset_check_evaluation_data
        if not check.passed and check.severity == dg.AssetCheckSeverity.ERROR and check.description:
            red.append(check.description)
    return red


def file_logger(settings: Settings) -> dg.LoggerDefinition:
    """Dagster's own log, at the level of the run's configuration, in `state/dagster.log` (rotated)."""

    @dg.logger(config_schema={"level": dg.Field(str, default_value="INFO")})
    def file(context: dg.InitLoggerContext) -> logging.Logger:
        settings.layout.state.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            settings.layout.state / "dagster.log",
            maxBytes=_LOG_BYTES,
            backupCount=_LOG_FILES,
            encoding="utf-8",
            delay=True,
        )
        lines = logging.Formatter("%(asctime)s %(levelname)s %(message)s")
        lines.converter = lambda seconds: to_local(datetime.fromtimestamp(seconds or 0, UTC)).timetuple()
        handler.setFormatter(lines)
        logger = logging.Logger("dunghan.dagster", level=context.logger_config["level"])
        logger.addHandler(handler)
        return logger

    return file
