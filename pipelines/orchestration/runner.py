"""`dunghan run` and `dunghan backfill`: one run in this process, through Dagster, without a daemon.

It is a run like any other: the same job, instance and lock, so `dagster dev` shows it afterwards. A run never leaves
less than there was: what was published stays until something whole and green takes its place.
"""

from __future__ import annotations

import contextlib
import io
import logging
import shutil
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from pipelines.config import Settings
from pipelines.errors import DISK_FULL, fault_of, safe_text
from pipelines.orchestration.partitions import RANGE_END, RANGE_START, days_asked
from pipelines.orchestration.record import RunRecord, read_record
from pipelines.orchestration.resources import Attempt, Progress
from pipelines.preflight import require_sound
from warehouse.status import silent_sources

PUBLISHED, NOT_PUBLISHED, LOOK_AT_INPUT = 0, 1, 3
#: Tag of a run → "launched by" in Dagster's UI; what starts runs there itself has tags of its own.
LAUNCHED_BY = "user"
#: With less the disk is full.
FULL_BYTES = 4_000_000
#: A run that stumbles on damage which it can take away is done again, so often in all.
MOST_ATTEMPTS = 4


@dataclass(frozen=True)
class Request:
    """What a run is asked for. tags: of the run in Dagster, with the days of a backfill. See run_nightly."""

    job: str
    tags: dict[str, str]
    full_refresh: bool = False
    force: bool = False
    progress: Progress | None = None


@dataclass(frozen=True)
class RunOutcome:
    """How a run ended. exit_code: 0 published (or nothing new), 3 published but see the quarantine, what is unusual in
    the input, or what is missing beside the figures or did not get to PostgreSQL, 1 not published.

    version: what readers see now, None when nothing was ever published. summary: the record of `state/last-run.json`.
    """

    exit_code: int
    version: str | None
    summary: RunRecord | None
    problems: list[str] = field(default_factory=list)
    run_id: str = ""


def run_nightly(
    settings: Settings, *, full_refresh: bool = False, force: bool = False, progress: Progress | None = None
) -> RunOutcome:
    """Load, validate, build, audit and publish what is new.

    full_refresh: validate and build everything again. force: build although nothing is new, publish although the new
    version is far smaller. progress: called with what is being done, in words for people. A run that fails is
    reported to `webhook_url`. Raises ConfigurationError when it cannot start, LockHeldError when another run is on,
    DbtParseError when the dbt project cannot be read.
    """
    from pipelines.orchestration.jobs import NIGHTLY

    return _locked(settings, Request(NIGHTLY, {LAUNCHED_BY: "dunghan run"}, full_refresh, force, progress))


def run_backfill(settings: Settings, first: date, last: date, *, progress: Progress | None = None) -> RunOutcome:
    """Like `run_nightly` for the exports of some days (of exported_at, both included): one run for the whole range.

    A run that was killed is simply started again: what it had landed is not read again. Raises as run_nightly.
    """
    from pipelines.orchestration.jobs import BACKFILL

    tags = {LAUNCHED_BY: "dunghan backfill", RANGE_START: str(first), RANGE_END: str(last)}
    return _locked(settings, Request(BACKFILL, tags, progress=progress))


def exit_code(settings: Settings, record: RunRecord) -> int:
    """0, 1 or 3, see RunOutcome. A kept version means that nothing of this run was bad."""
    if record.outcome not in ("published", "kept"):
        return NOT_PUBLISHED
    bad_input = record.files_rejected or record.files_with_attention or record.quarantined_share > settings.alert_share
    unusual = record.anomalies or silent_sources(settings, record.sources)
    if bad_input or unusual or record.missing or record.undelivered:
        return LOOK_AT_INPUT
    return PUBLISHED


def _locked(settings: Settings, request: Request) -> RunOutcome:
    from pipelines.orchestration import failures
    from warehouse.lock import run_lock

    require_sound(settings)
    settings.layout.create()
    with run_lock(settings), _quiet():
        mended: list[str] = []
        for _ in range(MOST_ATTEMPTS):
            before = len(mended)
            outcome = _attempt(settings, request, mended)
            if outcome.exit_code != NOT_PUBLISHED or len(mended) == before:
                break
        if outcome.exit_code == NOT_PUBLISHED:
            failures.notify(settings, run_id=outcome.run_id, job=request.job, problems=outcome.problems)
        return outcome


def _attempt(settings: Settings, request: Request, mended: list[str]) -> RunOutcome:
    """One run of Dagster. What was damaged and is taken away comes to `mended`: another attempt does without it.

    Dagster's own storage may be what fails; the run has then ended without its events.
    """
    from pipelines.orchestration.instance import prepare_home
    from pipelines.orchestration.mending import is_of_storage, put_storage_aside

    attempt = Attempt(mended=mended)
    try:
        return _run(settings, request, attempt)
    except Exception as error:
        if is_of_storage(error):
            mended.append(put_storage_aside(prepare_home(settings)))
        elif fault_of(error) is None:
            raise
        # SQLite calls a full disk an error of reading and writing.
        full = shutil.disk_usage(settings.layout.root).free < FULL_BYTES
        record = RunRecord(run_id="", job=request.job, mended=mended, days=days_asked(request.tags))
        record.close(settings, attempt.told or [DISK_FULL.text if full else safe_text(error)])
        return RunOutcome(NOT_PUBLISHED, record.version, record, record.problems)


def _run(settings: Settings, request: Request, attempt: Attempt) -> RunOutcome:
    from pipelines.orchestration import failures, resources
    from pipelines.orchestration.definitions import build_definitions
    from pipelines.orchestration.instance import open_instance
    from pipelines.orchestration.jobs import NIGHTLY, nightly_config, without_build
    from pipelines.orchestration.keeping import nothing_new

    anyway = request.job != NIGHTLY or request.full_refresh or request.force
    kept = attempt.kept = None if anyway else nothing_new(settings)
    definitions = build_definitions(
        settings,
        with_build=kept is None,
        resource_overrides={
            resources.KEY: resources.run_resource(settings, attempt=attempt, progress=request.progress)
        },
    )
    config = nightly_config(full_refresh=request.full_refresh, force=request.force) if kept is None else {}
    with open_instance(settings) as instance:
        result = definitions.resolve_job_def(request.job).execute_in_process(
            instance=instance,
            # From its first entry on: one that is killed before its first step must not look as if it were still on.
            tags={**request.tags, resources.LOCK_TAG: "held"},
            asset_selection=without_build(settings) if kept is not None else None,
            run_config={**config, "loggers": {"file": {"config": {}}}},
            raise_on_error=False,
        )
        record = read_record(settings)
        if record is None or record.run_id != result.run_id:  # it ended before its first step, or could not be written
            record = RunRecord(result.run_id, request.job, mended=attempt.mended, days=days_asked(request.tags))
            told = resources.problems_of(attempt.told, instance, result.run_id)
            record.close(settings, told or [str(settings.layout.state / "dagster.log")])
        code = exit_code(settings, record)
        if code == NOT_PUBLISHED:
            # Whoever starts this tells it; a full disk takes no tag, and it is told twice.
            with contextlib.suppress(Exception):
                instance.add_run_tags(result.run_id, {failures.NOTIFIED_TAG: "yes"})
    return RunOutcome(code, record.version, record, record.problems, result.run_id)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Dagster's notices about itself are not for the people who run this; its log of the run is in a file.

    Nor is what it prints when its storage takes no event. Our own messages do not go by `sys.stderr` of this moment.
    """
    level = logging.getLogger("dagster").level
    logging.getLogger("dagster").setLevel(logging.ERROR)
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.filterwarnings("ignore", module=r"dagster.*")
        try:
            yield
        finally:
            logging.getLogger("dagster").setLevel(level)
