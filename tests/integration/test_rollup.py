"""The national roll-up, whole: figures of the country beside a plain computation, collisions, any order, refusals."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.cli import main
from pipelines.config import Settings, load_settings
from pipelines.layout import REPOSITORY
from pipelines.rollup.national import LEFT_OUT, SHARED, roll_up, taken_marts
from pipelines.rollup.provinces import RollupRefusedError
from tests.support.national import EXPECTED, differing, provinces_beside, write_province
from warehouse.publish import Publication, current, leftovers, rollback, versions
from warehouse.reading import NationalVersionError, marts_of

pytestmark = pytest.mark.integration

#: Commands that know one province.
OF_A_PROVINCE = (
    "status",
    "form --period 2024-05 --agency H39 -o form.xlsx",
    "list overdue",
    "explain H39.18-24-00001",
    "letter H39.18-24-00001 -o letter.pdf",
    "report",
    "digest",
    "ledger",
    "export mart_quality -o quality.csv",
    "compare {version}",
)


@dataclass
class Story:
    """Three provinces, two of which use the same agency codes; first two of them rolled up, by the command, then all.

    told: what the command said as JSON.
    """

    settings: Settings
    provinces: dict[str, Path]
    told: dict[str, Any]
    first: Publication
    all_: Publication


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder = tmp_path_factory.mktemp("country")
    provinces = {
        "H17": write_province(folder / "H17", "H17", agency="H17.05", dossiers=90),
        "H39": write_province(folder / "H39", "H39", agency="H39.18"),
        "H53": write_province(folder / "H53", "H53", agency="H39.18", dossiers=120, as_of="2024-05-31T06:00:00"),
    }
    settings = load_settings(warehouse=folder / "national", memory_limit="500MB")
    given = [str(path) for path in provinces.values()]
    told = io.StringIO()
    with pytest.raises(SystemExit) as ended, contextlib.redirect_stdout(told):
        main(["rollup", *given[:2], "--into", str(folder / "national"), "--json"])
    first = current(settings)
    assert first and ended.value.code == 0, "no dossier code is in both"
    all_ = roll_up(settings, given, folder / "national")
    return Story(settings, provinces, json.loads(told.getvalue()), first, all_)


@pytest.mark.parametrize("mart", EXPECTED)
def test_figures_are_those_of_a_plain_computation(story: Story, mart: str) -> None:
    with provinces_beside(story.all_.database, story.provinces) as con:
        rows = con.execute(f"select count(*) from national.marts.{mart}").fetchone()
        assert rows and rows[0] > 0 and differing(con, mart, EXPECTED[mart]) == []


def test_every_row_of_every_province_is_there_once(story: Story) -> None:
    with provinces_beside(story.all_.database, story.provinces) as con:
        for mart in set(taken_marts()) - set(SHARED):
            both = (
                f"(from p_{mart} except all by name from national.marts.{mart}) union all by name"
                f" (from national.marts.{mart} except all by name from p_{mart})"
            ).replace(" by name", "")
            assert con.execute(f"select count(*) from ({both})").fetchone() == (0,), mart


def test_equal_codes_of_two_provinces_stay_two(story: Story) -> None:
    with duckdb.connect(str(story.all_.database), read_only=True) as con:
        agencies = con.execute(
            "select agency_code, count(*) from marts.nat_agency_ranks where source = 'dvcqg' group by 1 order by 1"
        ).fetchall()
        assert agencies == [
            (f"{code}.{n}", times) for code, times in (("H17.05", 1), ("H39.18", 2)) for n in (10, 11, 12)
        ]
        told = "select province_code, dossiers, dossiers_elsewhere, dossiers_of_other_provinces from marts.dim_province"
        assert con.execute(f"{told} order by 1").fetchall() == [
            ("H17", 90, 0, 0),
            ("H39", 150, 120, 0),
            # what it calls H39 was taken over by H53 in 2025, so it is none of another province
            ("H53", 120, 120, 0),
        ]


def test_people_are_counted_within_a_province_only(story: Story) -> None:
    with duckdb.connect(str(story.all_.database), read_only=True) as con:
        counted = "select area_code = 'VN', count(applicants), min(applicants) > 0 from marts.nat_dossiers group by 1"
        assert sorted(con.execute(counted).fetchall(), key=str) == [(False, 15, True), (True, 0, None)]


@pytest.mark.slow
def test_any_order_and_any_way_there_gives_the_same(story: Story, tmp_path: Path) -> None:
    """In one go and from the last to the first, beside what two provinces and then three came to."""
    # what dbt has read of the project, so that it need not again
    shutil.copytree(story.settings.layout.dbt_target, tmp_path / "state" / "dbt")
    other_order = roll_up(story.settings, [str(path) for path in story.provinces.values()][::-1], tmp_path)
    for mart, entry in story.all_.manifest["marts"].items():
        assert entry["content_hash"] == other_order.manifest["marts"][mart]["content_hash"], mart
    taken = story.all_.manifest["provinces"]
    assert taken == other_order.manifest["provinces"]
    assert [one["province"] for one in taken] == ["H17", "H39", "H53"]


def test_a_national_version_is_published_like_any_other(story: Story) -> None:
    published = story.settings.layout.published
    assert [found.version for found in versions(story.settings)] == [story.all_.version, story.first.version]
    assert current(story.settings) == story.all_ and leftovers(story.settings) == []
    assert {path.stem for path in (published / "parquet").glob("*")} == set(story.all_.manifest["marts"])
    assert set(story.all_.manifest["marts"]) == set(taken_marts()) | set(EXPECTED) | {
        "dim_national_field",
        "dim_national_procedure",
    }
    assert not set(LEFT_OUT) & set(story.all_.manifest["marts"])
    assert not list(story.settings.layout.root.glob("build.duckdb*")), "nothing private is left"
    assert rollback(story.settings).version == story.first.version
    assert rollback(story.settings, story.all_.version).version == story.all_.version


def test_stamps_and_words(story: Story) -> None:
    with duckdb.connect(str(story.all_.database), read_only=True) as con:
        closed = con.execute("select distinct as_of from marts.fct_dossiers order by 1").fetchall()
        assert [str(moment) for (moment,) in closed] == ["2024-05-31 06:00:00", "2024-05-31 23:59:59"]
        for mart in ("nat_form_ii06", "dim_rule_set"):
            closed = con.execute(f"select distinct as_of from marts.{mart}").fetchall()
            assert [str(moment) for (moment,) in closed] == ["2024-05-31 23:59:59"]
        silent = con.execute(
            """select table_name, column_name from duckdb_columns()
            where schema_name = 'marts' and comment is null and column_name <> 'province_code'"""
        ).fetchall()
        assert silent == [], "every column says what it means"
        assert con.execute("select count(*) from duckdb_tables() where comment is null").fetchone() == (0,)


def test_what_differs_between_provinces_is_refused_and_nothing_changes(story: Story, tmp_path: Path) -> None:
    other = write_province(
        tmp_path / "H01", "H01", dossiers=3, extra=["update marts.dim_rule_set set position = 2 where position = 1"]
    )
    before = (story.settings.layout.published / "current").readlink()
    with pytest.raises(RollupRefusedError, match=r"dim_rule_set is not the same in all provinces: H01 ≠ H39"):
        roll_up(story.settings, [str(other), str(story.provinces["H39"])], story.settings.layout.root)
    assert (story.settings.layout.published / "current").readlink() == before
    assert not list(story.settings.layout.root.glob("build.duckdb*")) and leftovers(story.settings) == []


def test_what_is_of_one_province_refuses_a_national_version(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(NationalVersionError), marts_of(story.settings, story.all_):
        pass
    warehouse = ["--lang", "en", "--warehouse", str(story.settings.layout.root)]
    for command in OF_A_PROVINCE:
        with pytest.raises(SystemExit) as ended:
            main([*warehouse, *command.format(version=story.first.version).split()])
        assert ended.value.code in (1, 2) and "is a national one" in capsys.readouterr().err, command


def test_the_command_tells_what_it_took(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    assert [(one["province_code"], one["name"], one["dossiers"]) for one in story.told["dim_province"]] == [
        ("H17", "Đà Nẵng", 90),
        ("H39", "Long An", 150),
    ]
    assert story.told["folder"] == str(story.first.folder) and story.told["marts"]["nat_form_ii06"]["rows"] > 0
    given, into = str(story.provinces["H17"]), str(story.settings.layout.root)
    with pytest.raises(SystemExit) as ended:
        main(["--lang", "en", "rollup", given, given, "--into", into])
    assert ended.value.code == 1 and "H17: this province is there twice" in capsys.readouterr().err


def test_the_page_of_the_national_marts_is_that_of_the_models(story: Story, tmp_path: Path) -> None:
    manifest = story.settings.layout.dbt_target / "target" / "manifest.json"
    script = REPOSITORY / "dbt_project" / "generate_national_doc.py"
    command = [sys.executable, script, "--manifest", manifest, "--output", tmp_path / "page.md"]
    subprocess.run(list(map(str, command)), check=True)
    kept = REPOSITORY / "docs" / "reference" / "national-marts.md"
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == kept.read_text(encoding="utf-8"), "run `make docs`"
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    models = [node for node in nodes if node["resource_type"] == "model" and node["fqn"][1] == "national"]
    assert not [
        node["name"] for node in models if not node["contract"]["enforced"] or not node["config"]["meta"]["title"]
    ]
    assert not [node["name"] for node in models if not all(one["description"] for one in node["columns"].values())]
