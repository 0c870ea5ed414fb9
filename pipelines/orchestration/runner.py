"""`dunghan run` and `dunghan backfill`: one run in this process, through Dagster, without a daemon.

It is a run like any other: the same job, instance and lock, so `dagster dev` shows it afterwards. A run never leaves
less than there was: what was published stays until something whole and green takes its place.
"""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from pipelines.config import Settings
from pipelines.orchestration.record import RunRecord, read_record
from pipelines.orchestration.resources import Progress
from pipelines.preflight import require_sound
from warehouse.publish import Publication

PUBLISHED, NOT_PUBLISHED, LOOK_AT_INPUT = 0, 1, 3


@dataclass(frozen=True)
class RunOutcome:
    """How a run ended. exit_code: 0 published (or nothing new), 3 published but see the quarantine, or what is missing
    beside the figures or did not get to PostgreSQL, 1 not published.

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

    return _locked(settings, NIGHTLY, {}, full_refresh=full_refresh, force=force, progress=progress)


def run_backfill(settings: Settings, first: date, last: date, *, progress: Progress | None = None) -> RunOutcome:
    """Like `run_nightly` for the exports of some days (of exported_at, both included): one run for the whole range.

    A run that was killed is simply started again: what it had landed is not read again. Raises as run_nightly.
    """
    from pipelines.orchestration.jobs import BACKFILL

    window = {"dagster/asset_partition_range_start": str(first), "dagster/asset_partition_range_end": str(last)}
    return _locked(settings, BACKFILL, window, full_refresh=False, force=False, progress=progress)


def exit_code(settings: Settings, record: RunRecord) -> int:
    """0, 1 or 3, see RunOutcome. A kept version means that nothing of this run was bad."""
    if record.outcome not in ("published", "kept"):
        return NOT_PUBLISHED
    bad_input = record.files_rejected or record.files_with_attention or record.quarantined_share > settings.alert_share
    if bad_input or record.missing or record.undelivered:
        return LOOK_AT_INPUT
    return PUBLISHED


def _locked(
    settings: Settings, job: str, tags: dict[str, str], *, full_refresh: bool, force: bool, progress: Progress | None
) -> RunOutcome:
    from warehouse.lock import run_lock

    require_sound(settings)
    settings.layout.create()
    with run_lock(settings), _quiet():
        return _run(settings, job, tags, full_refresh=full_refresh, force=force, progress=progress)


def _run(
    settings: Settings, job: str, tags: dict[str, str], *, full_refresh: bool, force: bool, progress: Progress | None
) -> RunOutcome:
    from pipelines.orchestration import failures, resources
    from pipelines.orchestration.definitions import build_definitions
    from pipelines.orchestration.instance import open_instance
    from pipelines.orchestration.jobs import nightly_config, without_build

    kept = None if tags or full_refresh or force else _nothing_new(settings)
    definitions = build_definitions(
        settings,
        resource_overrides={
            resources.KEY: resources.run_resource(settings, lock_held=True, kept=kept, progress=progress)
        },
    )
    config = nightly_config(full_refresh=full_refresh, force=force) if kept is None else {}
    with open_instance(settings) as instance:
        result = definitions.resolve_job_def(job).execute_in_process(
            instance=instance,
            # From its first entry on: one that is killed before its first step must not look as if it were still on.
            tags={**tags, resources.LOCK_TAG: "held"},
            asset_selection=without_build(settings) if kept is not None else None,
            run_config={**config, "loggers": {"file": {"config": {}}}},
            raise_on_error=False,
        )
        record = read_record(settings)
        if record is None or record.run_id != result.run_id:  # it ended before its first step
            record = RunRecord(run_id=result.run_id, job=job)
            record.close(
                settings,
                resources.step_problems(instance, result.run_id) or [str(settings.layout.state / "dagster.log")],
            )
        code = exit_code(settings, record)
        if code == NOT_PUBLISHED:
            failures.notify(settings, run_id=result.run_id, job=job, problems=record.problems)
            instance.add_run_tags(result.run_id, {failures.NOTIFIED_TAG: "yes"})
    return RunOutcome(code, record.version, record, record.problems, result.run_id)


def _nothing_new(settings: Settings) -> Publication | None:
    """The publication, when there is nothing to land, to validate or to build: the run then leaves dbt's assets, and
    the hundreds of events they make, alone."""
    from expectations.validation import is_validated
    from pipelines.landing.lake import Lake
    from pipelines.orchestration.assets.marts import still_current
    from pipelines.portal.discovery import unseen

    if not settings.layout.build_db.exists():
        return None
    # Whatever is wrong with the drop zone or the build is said by the step that needs it.
    with contextlib.suppress(Exception):
        if not unseen(settings, Lake(settings).known()) and is_validated(settings):
            return still_current(settings)
    return None


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Dagster's notices about itself are not for the people who run this; its log of the run is in a file."""
    level = logging.getLogger("dagster").level
    logging.getLogger("dagster").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"dagster.*")
        try:
            yield
        finally:
            logging.getLogger("dagster").setLevel(level)
