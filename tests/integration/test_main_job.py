"""The main job as people run it, `dunghan run` on a drop zone: what no single room can promise.

The order of the exports does not matter, nor does a rebuild; and nobody's personal data is in what was written.
"""

from __future__ import annotations

import csv
import json
import random
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from pipelines.config import load_settings
from pipelines.explain import explain_each
from pipelines.samples import personal_data
from tests.support.command import dunghan
from tests.support.district import SPEC, District

pytestmark = pytest.mark.integration

DATA = Path(__file__).resolve().parents[1] / "data" / "worked_examples"


@pytest.fixture(scope="module")
def sample(district: District) -> Path:
    return district.inbox


@pytest.fixture(scope="module")
def at_once(district: District) -> tuple[Path, str]:
    """Every export in one run: the warehouse and what the command said."""
    return district.warehouse, district.said


def hashes(warehouse: Path) -> dict[str, str]:
    """Content hash per mart, rows sorted: what the manifest says of them."""
    manifest = json.loads((warehouse / "published" / "manifest.json").read_text())
    return {mart: facts["content_hash"] for mart, facts in manifest["marts"].items()}


@pytest.mark.slow
def test_order_and_number_of_runs_do_not_matter(sample: Path, at_once: tuple[Path, str], tmp_path: Path) -> None:
    """timeliness §1: shuffled, in two runs, some files twice, and once more from the lake alone: the same marts."""
    files = [path.relative_to(sample) for path in sorted(sample.rglob("*")) if path.is_file()]
    random.Random(7).shuffle(files)
    inbox, warehouse = tmp_path / "inbox", tmp_path / "warehouse"
    for lot in (files[::2], files[1::2]):
        for path in lot:
            (inbox / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(sample / path, inbox / path)
        dunghan(warehouse, "run", "--as-of", f"{SPEC.last_day}T23:59:59", inbox=inbox, expect=(0, 3))
    assert hashes(warehouse) == hashes(at_once[0])
    (warehouse / "build.duckdb").unlink()
    dunghan(warehouse, "run", "--as-of", f"{SPEC.last_day}T23:59:59", inbox=inbox, expect=(0, 3))
    assert hashes(warehouse) == hashes(at_once[0])


def test_distortions_are_those_of_the_sample(sample: Path, at_once: tuple[Path, str]) -> None:
    """portal-exports §8: what the generator did to single dossiers is found, and nothing else is."""
    told = json.loads((sample.parent / "truth" / "summary.json").read_text())["distortions"]
    names = {
        **{"paused_sent_as_done": "done_then_reopened", "no_due_done_event": "done_event_at_reception"},
        **{"synthetic_code": "synthetic_code", "placeholder_id": "placeholder_identity"},
        **{"local_procedure": "local_procedure_code", "due_moved_late": "due_rewritten_after_passing"},
    }
    with duckdb.connect(str(at_once[0] / "published" / "dunghan.duckdb"), read_only=True) as con:
        rows = con.execute(
            "select distortion, sum(dossiers) from marts.mart_distortions where source = 'dvcqg' group by 1"
        ).fetchall()
        examples = con.execute(
            """select count(*) from (select source, unnest(examples) as dossier_code from marts.mart_distortions)
            anti join marts.fct_dossiers using (source, dossier_code)"""
        ).fetchone()
    found = {name: number for name, number in rows if name in names.values()}
    assert found == {names[name]: number for name, number in told.items() if name in names and number}
    assert len(found) >= 3
    assert examples == (0,)


def test_the_second_end_point_is_told_and_its_tables_too(at_once: tuple[Path, str]) -> None:
    """portal-exports §8, kinds 7 to 9: each file of the end point shows its kind, and every dossier is sent twice."""
    asked = SPEC.end_point
    assert asked is not None
    with duckdb.connect(str(at_once[0] / "published" / "dunghan.duckdb"), read_only=True) as con:
        rows = con.execute(
            """select distortion, source, sum(dossiers) from marts.mart_distortions
            where distortion in ('sent_by_two_end_points', 'day_month_swapped', 'legacy_text') group by all"""
        ).fetchall()
        # dates that were exchanged may lie in the future now: such a dossier is not received yet
        swapped = con.execute(
            """select count(*) filter (in_population), count(*) from marts.fct_dossiers
            where source = 'dvcqg_moi' and list_contains(flags, 'WRN_DAY_MONTH_SWAPPED')"""
        ).fetchone()
        here = con.execute("select count(*) from marts.fct_dossiers where source = 'dvcqg_moi' and in_population")
        received = here.fetchone()
    assert swapped is not None and received is not None
    assert swapped[1] == asked.day_month_swapped
    assert received[0] == asked.dossiers + asked.legacy_text + swapped[0]
    found = {(distortion, source): dossiers for distortion, source, dossiers in rows}
    assert found == {
        ("legacy_text", "dvcqg_moi"): asked.legacy_text,
        ("day_month_swapped", "dvcqg_moi"): swapped[0],
        ("sent_by_two_end_points", "dvcqg_moi"): received[0],
        ("sent_by_two_end_points", "dvcqg"): received[0],
    }


def differences(sample: Path) -> dict[str, set[str]]:
    """Dossiers by the way in which the sample's two systems are meant to differ."""
    meant: dict[str, set[str]] = {}
    with (sample.parent / "truth" / "reconciliation.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            meant.setdefault(row["difference"], set()).add(row["dossier_code"])
    return meant


def test_the_reconciliation_finds_exactly_the_differences_that_are_meant(
    sample: Path, at_once: tuple[Path, str]
) -> None:
    """timeliness §10, between the systems."""
    meant = differences(sample)
    assert set(meant) == {"not_synchronised", "only_portal", "late", "due", "agency"}
    with duckdb.connect(str(at_once[0] / "published" / "dunghan.duckdb"), read_only=True) as con:
        rows = con.execute("""
            select dossier_code, presence, differences, coalesce(delay_seconds, 0) > 0
            from marts.mart_system_reconciliation
        """).fetchall()
    found: dict[str, set[str]] = {}
    for code, presence, fields, is_late in rows:
        kinds = {"only_local": ["not_synchronised"], "only_portal": ["only_portal"]}.get(presence, fields)
        for kind in [*kinds, *(["late"] if is_late else [])]:
            found.setdefault(kind, set()).add(code)
    assert found == meant


def test_the_portals_report_differs_by_exactly_what_is_meant(sample: Path, at_once: tuple[Path, str]) -> None:
    """timeliness §10: the report is a day older than the last export."""
    meant = {
        kind: [datetime.strptime(code.split("-")[-2], "%y%m%d").date() for code in codes]
        for kind, codes in differences(sample).items()
    }
    day = SPEC.last_day - timedelta(days=1)
    by_then = {kind: sum(received <= day for received in days) for kind, days in meant.items()}
    with duckdb.connect(str(at_once[0] / "published" / "dunghan.duckdb"), read_only=True) as con:
        rows = con.execute("""
            select figure, not_synchronised, only_on_portal, agency_differs, dates_or_status_differ, two_requests,
                changed_after_report, unexplained, difference, portal - motcua
            from marts.mart_portal_reconciliation where is_parent
        """).fetchall()
    parts = {figure: tuple(values) for figure, *values in rows}
    came_later = sum(received == day for received in meant["late"])
    *named, difference, expected = parts["total_received"]
    assert named == [-by_then["not_synchronised"], by_then["only_portal"], 0, 0, 0, -came_later, 2]
    assert difference == expected == sum(named)
    assert parts["total_completed"][-3] == 0, "nothing of it is unexplained"
    for figure, (*named, difference, _) in parts.items():
        assert difference is None or round(sum(named), 2) == difference, figure


def test_reconcile_says_it_in_vietnamese(at_once: tuple[Path, str], sample: Path) -> None:
    said = " ".join(dunghan(at_once[0], "reconcile", inbox=sample).split())  # lines end where the screen does
    assert "chưa đồng bộ" in said and "Chỉ có trên Cổng" in said and "chưa rõ +2" in said
    found = json.loads(dunghan(at_once[0], "reconcile", "--json", "--period", "2023", inbox=sample))
    assert found == {"reports": [], "systems": [], "dossiers": [], "only_portal": []}
    own = json.loads(dunghan(at_once[0], "reconcile", "--json", "--agency", "H39.18", inbox=sample))
    assert {row["department_code"] for row in own["reports"]} > {"H39.18"}


def contents(warehouse: Path) -> Iterator[tuple[str, str]]:
    """Everything the run wrote, as text: the bytes of every file, and what its databases and Parquet files hold."""
    for path in sorted(warehouse.rglob("*")):
        if not path.is_file() or path.is_symlink():
            continue
        yield str(path), path.read_bytes().decode("utf-8", errors="replace")
        with duckdb.connect() as con:
            if path.suffix == ".parquet":
                tables = [f"read_parquet('{path}')"]
            elif path.suffix == ".duckdb":
                con.execute(f"attach '{path}' as looked_at (read_only)")
                tables = [
                    f'looked_at."{schema}"."{table}"'
                    for schema, table in con.execute(
                        "select schema_name, table_name from duckdb_tables() where database_name = 'looked_at'"
                    ).fetchall()
                ]
            else:
                continue
            for table in tables:
                rows = con.execute(f"select string_agg(t::varchar, chr(10)) from {table} as t").fetchone()
                yield f"{path} {table}", (rows and rows[0]) or ""


@pytest.mark.slow
def test_nothing_that_was_written_names_anybody(sample: Path, at_once: tuple[Path, str]) -> None:
    """portal-exports §7: no name, identity number, phone or e-mail of the sample in lake, build, marts, logs,
    reports or output."""
    people = sorted({text for text in personal_data(SPEC) if len(text) >= 6})
    assert len(people) > 1000
    exports = "".join(path.read_text(errors="replace") for path in sorted(sample.rglob("*.ndjson")))
    assert sum(text in exports for text in people) > 1000, "the search finds them where they are"
    warehouse, printed = at_once
    written = [("printed", printed), *contents(warehouse)]
    assert any("dossiers" in where and len(text) > 10_000 for where, text in written)
    found = [(where, text[:2] + "…") for where, content in written for text in people if text in content]
    assert not found


def test_explain_says_what_is_published(at_once: tuple[Path, str]) -> None:
    """By the SQL that the run kept of dbt: verdicts, warnings and names of some dossiers, catalogues and all."""
    warehouse, _ = at_once
    (kept,) = (warehouse / "state" / "dbt").glob("compiled-*.json")
    written = kept.stat().st_mtime_ns
    with duckdb.connect(str(warehouse / "published" / "dunghan.duckdb"), read_only=True) as con:
        dossiers = con.execute("""
            select source, dossier_code, flags, agency_code, name, state
            from marts.fct_dossiers left join marts.dim_agency using (agency_code)
            where is_latest and dossier_code in (
                -- a code that both systems sent has a page of each
                select dossier_code from marts.fct_dossiers group by 1 order by hash(dossier_code) limit 40
            )
        """).fetchall()
        verdicts = con.execute("""
            select
                source, dossier_code, rule_set, verdict, reason, effective_end, effective_due, paused_seconds,
                working_days_taken, calendar_days_overdue, working_days_overdue, overdue_bucket, due_bucket
            from marts.fct_verdicts
        """).fetchall()
    codes = sorted({row[1] for row in dossiers})
    pages = [
        (found.dossier_code, page)
        for found in explain_each(load_settings(warehouse=warehouse), codes)
        for page in found.pages
    ]
    told = [
        (page.source, code, page.flags, page.head["agency_code"], page.head["agency_name"], page.head["state"])
        for code, page in pages
        if page.head
    ]
    assert sorted(told) == sorted(dossiers)
    measures = (
        *("rule_set", "verdict", "reason", "effective_end", "effective_due", "paused_seconds", "working_days_taken"),
        *("calendar_days_overdue", "working_days_overdue", "overdue_bucket", "due_bucket"),
    )
    shown = [
        (page.source, code, *(getattr(verdict, name) for name in measures))
        for code, page in pages
        for verdict in page.verdicts
    ]
    assert sorted(shown, key=str) == sorted((row for row in verdicts if row[1] in codes), key=str)
    assert kept.stat().st_mtime_ns == written


def test_worked_examples_from_the_command_line(tmp_path: Path) -> None:
    """The ledger and the verdicts of one pair, as published; the other pairs are in test_dbt_core."""
    expected = duckdb.read_csv(str(DATA / "expected_verdicts.csv"), all_varchar=True)
    as_of, known_at = "2024-05-31T23:59:59", "2024-06-01T23:59:59"
    arguments = ("run", "--as-of", as_of, "--known-at", known_at)
    dunghan(tmp_path / "warehouse", *arguments, inbox=DATA / "inbox", expect=(3,))
    columns = [name for name in expected.columns if name not in ("as_of", "known_at", "note")]
    published = tmp_path / "warehouse" / "published" / "dunghan.duckdb"
    with duckdb.connect(str(published), read_only=True) as con:
        told = [
            f"coalesce(strftime({name}, '%Y-%m-%dT%H:%M:%S'), '')"
            if name in ("effective_end", "effective_due")
            else f"{name}::varchar"
            for name in columns
        ]
        verdicts = con.execute(f"select {', '.join(told)} from marts.fct_verdicts").fetchall()
        ledger = con.execute(
            "select file_name, rows_read, rows_accepted, rows_quarantined from marts.mart_load_ledger"
        ).fetchall()
    wanted = expected.filter(f"as_of = '{as_of}' and known_at = '{known_at}'").project(
        ", ".join(f"coalesce({name}, '')" for name in columns)
    )
    assert sorted(verdicts) == sorted(wanted.fetchall())
    rows = duckdb.read_csv(str(DATA / "expected_ledger.csv")).project(
        "file, rows_read, rows_accepted, rows_quarantined"
    )
    assert sorted(ledger) == sorted(rows.fetchall())
