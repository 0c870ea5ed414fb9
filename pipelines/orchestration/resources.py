"""Resources: what the steps of one run share. There is one: the run itself, which holds the lock of the warehouse.

The in-process executor makes it once per run, however the run was started (CLI, schedule, sensor, a click). So every
run takes the same lock, and leaves the same record in `state/last-run.json`.
"""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from logging.handlers import RotatingFileHandler

import dagster as dg

from pipelines.config import Settings
from pipelines.orchestration.failures import NOTIFIED_TAG, as_dagster_failure, notify
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
class Run:
    """One run of the pipeline in one warehouse, while it holds the lock.

    plan: the build of this run, once it is planned. kept: the publication that already says what a build now would
    say, so that none is needed. whole: every model and test of the project ran. audited: every check between build and
    publication ran and passed.
    """

    settings: Settings
    record: RunRecord
    progress: Progress | None = None
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
        """One of STEPS: announce it, time it for the record, make its errors safe to store."""
        started = time.monotonic()
        if not self.record.seconds:
            self.record.write(self.settings)
        self.say(STEPS[name][self.settings.lang != "vi"])
        try:
            with as_dagster_failure():
                yield
        finally:
            self.record.seconds[name] = round(time.monotonic() - started, 3)


def run_resource(
    settings: Settings, *, lock_held: bool = False, kept: Publication | None = None, progress: Progress | None = None
) -> dg.ResourceDefinition:
    """The run as a resource. lock_held: the caller of Dagster has the lock of this warehouse already, and has perhaps
    found that nothing is new and the publication `kept` stays."""

    @dg.resource(description="Lượt chạy: khóa của kho dữ liệu, kế hoạch dựng, biên bản / the run: lock, plan, record")
    def resource(context: dg.InitResourceContext) -> Iterator[Run]:
        assert context.instance is not None
        dagster_run = context.run
        run_id = dagster_run.run_id if dagster_run else ""
        with contextlib.ExitStack() as stack, as_dagster_failure():
            if not lock_held:
                require_sound(settings)
            settings.layout.create()
            if not lock_held:
                stack.enter_context(run_lock(settings))
            fail_orphaned_runs(context.instance, settings, run_id)
            context.instance.add_run_tags(run_id, {LOCK_TAG: "held"})
            record = RunRecord(run_id=run_id, job=dagster_run.job_name if dagster_run else "")
            run = Run(settings, record, progress, kept=kept)
            try:
                yield run
            finally:
                if record.seconds:  # Dagster may set resources up for nothing; only what ran leaves a record
                    record.close(settings, step_problems(context.instance, run_id))
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


def step_problems(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    """What went wrong in the steps of a run, as Dagster's event log has it (safe texts only, see failures)."""
    problems = []
    for record in instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.STEP_FAILURE).records:
        event = record.event_log_entry.get_dagster_event()
        data = event.step_failure_data
        text = data.user_failure_data.description if data.user_failure_data else None
        problems.append(f"{event.step_key}: {text or (data.error.message if data.error else '')}".strip())
    return problems + _red_checks(instance, run_id) if problems else []


def _red_checks(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    """The blocking checks of our own that failed, in their own words; dbt's are in the text of its step."""
    red = []
    for record in instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION).records:
        check = record.event_log_entry.get_dagster_event().asset_check_evaluation_data
        if not check.passed and check.severity == dg.AssetCheckSeverity.ERROR and check.description:
            red.append(f"{check.check_name}: {check.description}")
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
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        logger = logging.Logger("dunghan.dagster", level=context.logger_config["level"])
        logger.addHandler(handler)
        return logger

    return file
