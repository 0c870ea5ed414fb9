# ruff: noqa: TID251  (that a run tidies up is wired in Dagster)
"""The whole warehouse before and after a compaction: the same figures, explanations and restatements."""

import shutil
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from pipelines.clock import wall_clock
from pipelines.config import Settings, load_settings
from pipelines.explain import explain_each
from pipelines.history.restate import restate
from pipelines.landing.compaction import compact, unmerged
from pipelines.landing.lake import Lake, reading
from pipelines.layout import REPOSITORY
from pipelines.orchestration import compacting
from pipelines.orchestration.assets.exports import EXPORT_DAYS
from pipelines.orchestration.definitions import build_definitions
from pipelines.orchestration.instance import open_instance
from pipelines.orchestration.record import read_record
from pipelines.orchestration.runner import run_nightly
from warehouse.publish import Publication, current

pytestmark = [pytest.mark.integration, pytest.mark.slow]

EXAMPLES = REPOSITORY / "tests" / "data" / "worked_examples" / "inbox"
SECOND_NIGHT = ("hoso_20240605.json", "tiendo_20240601T060000.ndjson")
AS_OF = datetime(2024, 6, 5, 23, 59, 59)


def settings_of(folder: Path, **flags: Any) -> Settings:
    return load_settings(
        drop_zone=str(folder / "inbox"),
        warehouse=folder / "warehouse",
        privacy_key="0123456789abcdef-for-tests",
        **({"compact_after": 0} | flags),
    )


def hashes(publication: Publication | None) -> dict[str, str]:
    assert publication is not None
    return {name: mart["content_hash"] for name, mart in publication.manifest["marts"].items()}


@dataclass(frozen=True)
class TwoNights:
    """A warehouse of two nightly runs and its figures; `between`: a moment after the first."""

    folder: Path
    between: datetime
    published: dict[str, str]


@pytest.fixture(scope="module")
def two_nightly_runs(tmp_path_factory: pytest.TempPathFactory) -> TwoNights:
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv("DAGSTER_HOME", raising=False)
        folder = tmp_path_factory.mktemp("two_nights")
        settings = settings_of(folder)
        shutil.copytree(EXAMPLES, folder / "inbox", ignore=lambda _, names: [n for n in names if n in SECOND_NIGHT])
        assert run_nightly(settings).exit_code != 1
        time.sleep(1)
        between = wall_clock()
        time.sleep(1)
        for path in EXAMPLES.rglob("*"):
            if path.name in SECOND_NIGHT:
                shutil.copy2(path, folder / "inbox" / path.relative_to(EXAMPLES))
        assert run_nightly(settings).exit_code != 1
    return TwoNights(folder, between, hashes(current(settings)))


@pytest.fixture
def compacted(two_nightly_runs: TwoNights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the two nightly runs, compacted."""
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    folder = tmp_path / "compacted"
    shutil.copytree(two_nightly_runs.folder, folder, symlinks=True)
    done = compact(settings_of(folder))
    assert (done.loads, done.waiting) == (2, False)
    assert {table.files_after for table in done.tables} == {1, 0}
    return folder


def test_building_everything_again_gives_the_same_figures(two_nightly_runs: TwoNights, compacted: Path) -> None:
    settings = settings_of(compacted)
    outcome = run_nightly(settings, full_refresh=True)
    assert outcome.summary is not None
    assert outcome.summary.outcome == "published"
    assert hashes(current(settings)) == two_nightly_runs.published


def test_a_restatement_of_what_was_seen_until_a_moment_is_the_same(
    two_nightly_runs: TwoNights, compacted: Path
) -> None:
    between, out = two_nightly_runs.between, compacted / "restated"
    before = restate(settings_of(two_nightly_runs.folder), AS_OF, loaded_until=between, out=out)
    assert hashes(before.publication)["fct_dossiers"] != two_nightly_runs.published["fct_dossiers"]
    after = settings_of(compacted)
    assert restate(after, AS_OF, loaded_until=between, out=out).kept, "made from the same files"
    again = restate(after, AS_OF, loaded_until=between, out=out, again=True)
    assert hashes(again.publication) == hashes(before.publication)


def test_every_dossier_is_explained_as_before(two_nightly_runs: TwoNights, compacted: Path) -> None:
    before, after = settings_of(two_nightly_runs.folder), settings_of(compacted)
    with duckdb.connect() as con:
        codes = con.execute(f"select distinct dossier_code from {Lake(before).rows('dossiers')} order by 1").fetchall()
    typed = [code for (code,) in codes if code]
    assert len(typed) > 20
    told = [[one.document() for one in explain_each(settings, typed)] for settings in (before, after)]
    assert told[0] == told[1]


def test_a_nightly_run_with_nothing_new_lands_nothing_again(two_nightly_runs: TwoNights, compacted: Path) -> None:
    settings = settings_of(compacted)
    outcome = run_nightly(settings)
    assert outcome.summary is not None
    assert (outcome.summary.outcome, outcome.summary.files) == ("kept", [])
    assert hashes(current(settings)) == two_nightly_runs.published


def test_a_nightly_run_tidies_up_after_publishing(
    two_nightly_runs: TwoNights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    folder = tmp_path / "night"
    shutil.copytree(two_nightly_runs.folder, folder, symlinks=True)
    settings = settings_of(folder, compact_after=2, keep_runs=1)
    assert unmerged(settings) == 2
    with open_instance(settings) as instance:
        days = instance.get_materialized_partitions(EXPORT_DAYS)
        assert days
    outcome = run_nightly(settings)
    assert outcome.exit_code != 1
    assert unmerged(settings) == 0
    record = read_record(settings)
    assert record is not None
    assert record.seconds["compacting"] > 0
    assert record.notes == []

    outcome = run_nightly(settings)
    with open_instance(settings) as instance:
        # The run that drops the others has not ended when it does.
        assert instance.get_runs_count() == 2
        assert instance.get_materialized_partitions(EXPORT_DAYS) == days
        assert instance.get_records_for_run(outcome.run_id, limit=10).records
        kept = {record.dagster_run.run_id for record in instance.get_run_records()}
        files = (settings.layout.dagster_home / "history" / "runs").glob("*.db")
        assert outcome.run_id in kept
        assert {path.stem for path in files} - {"index", ""} - {".db"} == kept


def test_a_compaction_that_fails_is_noted_and_costs_no_publication(
    two_nightly_runs: TwoNights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    folder = tmp_path / "night"
    shutil.copytree(two_nightly_runs.folder, folder, symlinks=True)
    settings = settings_of(folder, compact_after=2)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipelines.landing.compaction._write", full)
    outcome = run_nightly(settings)
    record = read_record(settings)
    assert record is not None
    assert (outcome.exit_code, record.outcome) in ((0, "kept"), (3, "kept"))
    assert "ổ đĩa đầy" in record.notes[0] and "dunghan doctor" in record.notes[0]
    assert unmerged(settings) == 2


def test_the_weekly_job(two_nightly_runs: TwoNights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    folder = tmp_path / "week"
    shutil.copytree(two_nightly_runs.folder, folder, symlinks=True)
    settings = settings_of(folder)
    definitions = build_definitions(settings)
    schedule = definitions.resolve_schedule_def("compact_schedule")
    assert (schedule.job_name, schedule.execution_timezone) == (compacting.COMPACT, "Asia/Ho_Chi_Minh")
    with dg.DagsterInstance.ephemeral() as instance, reading(settings):
        job = definitions.resolve_job_def(compacting.COMPACT)
        assert job.execute_in_process(instance=instance).success
    assert unmerged(settings) == 0
    with duckdb.connect() as con:
        assert con.execute(f"select count(*) from {Lake(settings).rows('files')}").fetchone() != (0,)
