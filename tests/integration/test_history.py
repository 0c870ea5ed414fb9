"""History on a real warehouse: restated pairs are the oracle's and stay the same whatever comes later; comparisons."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path

import duckdb
import pytest

from pipelines.clock import wall_clock
from pipelines.config import Settings, load_settings
from pipelines.history.compare import CompareError, compare, find_version
from pipelines.history.restate import RestateError, Restatement, restate, restatements
from pipelines.landing.lake import Lake
from pipelines.landing.pipeline import land
from pipelines.orchestration.definitions import build_definitions
from pipelines.orchestration.instance import open_instance
from pipelines.orchestration.restating import RESTATE
from pipelines.portal.discovery import discover
from tests.oracle import drop_zone, random_exports
from tests.oracle.comparison import OVERRIDES, differences, report, run_pipeline
from tests.oracle.timeliness import Oracle
from tests.oracle.working_days import WorkCalendar
from warehouse.publish import Publication, current

pytestmark = pytest.mark.integration

SEED = 77


@dataclass
class Story:
    """What happened to one warehouse, and what was restated on the way."""

    settings: Settings
    pair: tuple[datetime, datetime]
    known_files: Path
    first_nightly_run_files: Path
    published: Publication | None
    first: Restatement
    pinned: Publication
    today: Restatement


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Restated after a nightly run; then later exports come, and old ones that had been forgotten; then restated
    again."""
    folder = tmp_path_factory.mktemp("story")
    files = random_exports.generate(SEED, dossiers=250)
    _, _, (as_of, known), _ = files.pairs
    assert known is not None
    as_of, known_at = (datetime.combine(moment, time(23, 59, 59)) for moment in (as_of, known))
    moments = {path: drop_zone.exported_at(Path(path).name, 0.0)[0] for path in files.files}
    then = sorted(path for path, moment in moments.items() if moment <= known_at)
    forgotten = [path for path in then if "/dossiers/" in path][::4]
    files.write(folder / "first", only=lambda path: path in then and path not in forgotten)
    files.write(folder / "known", only=lambda path: path in then)
    settings = load_settings(warehouse=folder / "warehouse", drop_zone=str(folder / "inbox"))

    files.write(folder / "inbox", only=lambda path: path in then and path not in forgotten)
    run_pipeline(folder / "inbox", folder / "warehouse", files.pairs[0][0], None)
    published = current(settings)
    nightly_run = wall_clock()
    first = restate(settings, as_of, known_at)
    files.write(folder / "inbox")
    land(settings, discover(settings, Lake(settings).known()))
    pinned = restate_by_partition(settings, as_of, known_at, nightly_run)
    today = restate(settings, as_of, known_at)
    return Story(settings, (as_of, known_at), folder / "known", folder / "first", published, first, pinned, today)


def restate_by_partition(
    settings: Settings, as_of: datetime, known_at: datetime, loaded_until: datetime
) -> Publication:
    """What a click in Dagster's UI does: the partition is the day of as_of."""
    job = build_definitions(settings).resolve_job_def(RESTATE)
    config = {"known_days_after": (known_at - as_of).days, "loaded_until": loaded_until.isoformat()}
    with open_instance(settings) as instance:
        result = job.execute_in_process(
            instance=instance,
            partition_key=str(as_of.date()),
            run_config={"ops": {"restate": {"config": config}}, "loggers": {"file": {}}},
        )
    assert result.success
    return restatements(settings.layout.restated)[0]


def parquet(publication: Publication) -> dict[str, str]:
    """SHA-256 of every mart's Parquet file."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((publication.folder / "parquet").iterdir())
    }


def test_restated_figures_are_those_of_the_oracle_that_knows_only_these_files(story: Story) -> None:
    for restated, inbox in ((story.first, story.first_nightly_run_files), (story.today, story.known_files)):
        zone = drop_zone.read(inbox)
        oracle = Oracle(zone, WorkCalendar(OVERRIDES), *story.pair)
        found = differences(zone, oracle, restated.publication.folder / "dunghan.duckdb")
        assert not found, report(found)


def test_a_pair_is_the_same_bytes_whatever_was_loaded_since(story: Story) -> None:
    assert story.pinned.version != story.first.publication.version
    assert parquet(story.pinned) == parquet(story.first.publication)
    assert len(parquet(story.first.publication)) > 20


def test_nothing_that_readers_see_was_touched(story: Story) -> None:
    assert story.published is not None
    now = current(story.settings)
    assert now is not None
    assert now.version == story.published.version
    home = story.settings.layout.restated
    made = {found.version for found in restatements(home)}
    assert {path.name for path in home.iterdir()} == made
    assert all((home / version / "dunghan.duckdb").is_file() for version in made)


def test_forgotten_exports_give_another_version_that_names_the_earlier_one(story: Story) -> None:
    assert not story.today.kept
    assert story.first.publication.version in {found.version for found in story.today.earlier}
    again = restate(story.settings, *story.pair)
    assert again.kept
    assert again.publication.version == story.today.publication.version


def test_compare_names_every_dossier_and_figure_that_the_oracle_has_otherwise(story: Story) -> None:
    a, b = story.first.publication, story.today.publication
    found = compare(story.settings, a, b, limit=None)
    assert not found.same
    calendar = WorkCalendar(OVERRIDES)
    before, after = (
        {
            (v.source, v.dossier_code, v.rule_set): v
            for v in Oracle(drop_zone.read(inbox), calendar, *story.pair).verdicts()
        }
        for inbox in (story.first_nightly_run_files, story.known_files)
    )
    expected = {key[:2] for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    named = {(d.source, d.dossier_code): d for d in found.dossiers}
    assert expected <= named.keys()
    assert sum(found.causes.values()) == found.dossiers_differ == len(found.dossiers)
    appeared = {key for key, dossier in named.items() if dossier.causes[0] == "appeared"}
    assert appeared >= {key[:2] for key in after} - {key[:2] for key in before}
    assert not appeared & {key[:2] for key in before}
    # same moment, same rules, same calendar: nothing but what the forgotten exports told
    assert set(found.causes) <= {"appeared", "due_changed", "reopened", "ended", "new_information"}
    with duckdb.connect(str(b.folder / "dunghan.duckdb"), read_only=True) as con:
        figure = next(f for f in found.figures if f.mart == "rpt_form_ii06" and f.b is not None)
        where = " and ".join(f"{name} = '{value}'" for name, value in figure.key.items())
        assert con.execute(f"select {figure.figure} from marts.rpt_form_ii06 where {where}").fetchone() == (figure.b,)


def test_compare_of_the_same_figures_and_of_one_agency(story: Story) -> None:
    assert compare(story.settings, story.first.publication, story.pinned).same
    whole = compare(story.settings, story.first.publication, story.today.publication, limit=None)
    agency = whole.dossiers[0].agency_code
    part = compare(story.settings, story.first.publication, story.today.publication, agency=agency, limit=None)
    assert 0 < part.dossiers_differ <= whole.dossiers_differ
    assert all(d.agency_code == agency or d.agency_code.startswith(f"{agency}.") for d in part.dossiers)


def test_time_alone_is_told_as_time(story: Story) -> None:
    assert story.published is not None
    found = compare(story.settings, story.first.publication, story.published, limit=None)
    untouched = [d for d in found.dossiers if d.causes == ["time_passed"]]
    assert untouched
    told = {"due_at", "received_at", "statutory_amount", "agency_code", "channel", "status"}
    assert not [d for d in untouched if told & d.before.keys()]


def test_versions_are_found_by_name_beginning_and_folder(story: Story) -> None:
    version = story.today.publication.version
    assert find_version(story.settings, version).version == version
    assert find_version(story.settings, str(story.today.publication.folder)).version == version
    assert story.published is not None
    assert find_version(story.settings, "current").version == story.published.version
    with pytest.raises(CompareError, match=version):
        find_version(story.settings, "2")  # all of them begin so


def test_nothing_exported_by_then_is_said_and_leaves_nothing(story: Story) -> None:
    before = set(story.settings.layout.restated.iterdir())
    with pytest.raises(RestateError, match="2001"):
        restate(story.settings, datetime(2001, 1, 1), datetime(2001, 1, 1))
    assert set(story.settings.layout.restated.iterdir()) == before
