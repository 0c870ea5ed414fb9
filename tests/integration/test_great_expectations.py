"""The validation with the real Great Expectations: equal counts, Data Docs, and the checks of the marts."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from expectations import predicates
from expectations.catalogue import load_catalogue
from expectations.schema import TABLES
from expectations.validation import validate
from pipelines.config import Settings, load_settings
from pipelines.landing.pipeline import land
from pipelines.layout import REPOSITORY
from pipelines.portal.discovery import discover
from tests.lake_builder import File, LakeBuilder
from tests.unit.test_catalogue import EXAMPLES
from warehouse.database import connect_build

pytestmark = pytest.mark.integration

#: Values that may stand in rows but in no result, page or message.
PRIVATE = {"agency_name": "NGUYEN VAN A", "applicant_key": "0912345678", "procedure_name": "a@b.vn"}


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    made = load_settings(warehouse=tmp_path)
    made.layout.create()
    return made


def all_examples() -> list[File]:
    """Every example of every rule, among enough clean rows that no file is mostly bad; and two rejected files."""
    files = []
    for kind in TABLES:
        rows = [changes for (_, of), examples in EXAMPLES.items() if of == kind for changes in examples]
        rows += [{}] * (2 * len(rows) + 20)
        private = PRIVATE if kind == "dossiers" else {}
        files.append(File([private | row for row in rows], kind=kind, name=f"{kind}_20240601T060000.json"))
    shifted = {"due_at": None, "bad_values": '{"NgayHenTra": "xxx"}'}
    files.append(File([shifted] * 20 + [{"due_at": None, "code_form": "other"}] * 30, name="shifted.csv"))
    files.append(File([{"status": None, "placeholder_id": True}] * 30, name="mostly_bad.csv"))
    of_files = {row["file_attention"] for rows in EXAMPLES.values() for row in rows if row.get("file_attention")}
    files.append(File([{}] * 3, name="strange.xlsx", attention=sorted(of_files)))
    return files


def test_every_rule_is_counted_alike_by_great_expectations_and_by_the_split(here: Settings) -> None:
    LakeBuilder(here).land(*all_examples())
    result = validate(here)
    assert result.committed
    assert result.failed == []
    catalogue = load_catalogue()
    counted = {(check.rule_id, check.kind): check for check in result.checks if check.rule_id != "ACCOUNTING_FILES"}
    assert set(counted) == {
        (rule.id, kind) for rule in catalogue.rules if rule.evaluated_in == "validation" for kind in rule.kinds
    }
    assert {key for key in EXAMPLES if counted[key].unexpected == 0} == set()
    assert counted["REJ_FILE_SHIFTED", "dossiers"].unexpected == 1
    assert counted["REJ_FILE_MOSTLY_BAD", "dossiers"].unexpected == 1
    assert counted["WRN_NO_DUE", "dossiers"].description_vi == catalogue.rule("WRN_NO_DUE").message_vi


def test_the_worked_examples_give_the_expected_ledger(tmp_path: Path) -> None:
    examples = REPOSITORY / "tests" / "data" / "worked_examples"
    here = load_settings(warehouse=tmp_path, drop_zone=str(examples / "inbox"))
    here.layout.create()
    land(here, discover(here))
    result = validate(here)
    assert result.failed == []
    con = connect_build(here)
    reasons = """
        select file_name, string_agg(reason || '=' || rows, ' ' order by reason)
        from (
            select file_name, reason, count(*) as rows
            from (select file_name, unnest(reasons) as reason from validated.quarantine)
            group by all
        )
        group by file_name"""
    rejects = dict(con.execute(reasons).fetchall())
    con.close()
    with (examples / "expected_ledger.csv").open(encoding="utf-8") as file:
        expected = list(csv.DictReader(file))
    assert {file["file_name"]: as_text(file, rejects) for file in result.files} == {
        row.pop("file"): row for row in expected
    }


def as_text(file: dict[str, Any], rejects: dict[str, str]) -> dict[str, str]:
    """A ledger row as expected_ledger.csv writes it."""
    columns = ("source", "kind", "exported_at", "rows_read", "rows_accepted", "rows_quarantined")
    return {column: str(file[column]).replace(" ", "T") for column in columns} | {
        "rejects": rejects.get(file["file_name"], "")
    }


def test_the_data_docs_speak_vietnamese_open_offline_and_hold_no_values(here: Settings) -> None:
    LakeBuilder(here).land(*all_examples())
    result = validate(here)
    assert result.docs_index == here.layout.quality / "index.html"
    index = result.docs_index.read_text(encoding="utf-8")
    links = re.findall(r'href="([^"]+)"', index)
    assert len(links) == len(TABLES)
    pages = {link: (here.layout.quality / link).read_text(encoding="utf-8") for link in links}
    dossiers = next(page for link, page in pages.items() if "dossiers" in link)
    for rule in load_catalogue().rules:
        if rule.evaluated_in == "validation" and "dossiers" in rule.kinds:
            assert rule.id in dossiers
            assert rule.message_vi in dossiers
    for text in (index, *pages.values()):
        assert not re.search(r"(src|href)=\"(https?:)?//|url\(|<script", text)
    for path in here.layout.quality.rglob("*"):
        if path.is_file():
            content = path.read_text(encoding="utf-8")
            assert not any(value in content for value in PRIVATE.values()), path


def test_rows_counted_otherwise_than_split_block(here: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    real = predicates.violations

    def other(rule: Any, kind: Any, marks: str) -> str:
        query = real(rule, kind, marks)
        return f"{query} union all {query}" if rule.id == "REJ_BAD_STATUS" else query

    monkeypatch.setattr(predicates, "violations", other)
    LakeBuilder(here).land(File([{}, {"status": None}, {}]))
    result = validate(here)
    assert not result.committed
    assert [(check.rule_id, check.unexpected, check.expected) for check in result.failed] == [("REJ_BAD_STATUS", 2, 1)]
    monkeypatch.undo()
    assert validate(here).rows_accepted == 2


def test_old_runs_are_forgotten(here: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from expectations import suites

    monkeypatch.setattr(suites, "KEEP_RUNS", 2)
    lake = LakeBuilder(here)
    for number in range(4):
        lake.land(File([{}], name=f"{number}.json"))
        validate(here)
    assert len(list(here.layout.quality.glob("results/**/*.json"))) == 2
    assert len(list(here.layout.quality.glob("validations/**/*.html"))) == 2
    assert len(re.findall("href=", (here.layout.quality / "index.html").read_text(encoding="utf-8"))) == 2


def test_great_expectations_is_not_imported_when_nothing_is_new(here: Settings) -> None:
    script = f"""
        import sys
        from pathlib import Path
        from expectations.validation import validate
        from pipelines.config import load_settings
        validate(load_settings(warehouse=Path({str(here.layout.root)!r})))
        assert "great_expectations" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=True)


def test_nothing_is_written_into_the_repository(here: Settings) -> None:
    def status() -> str:
        return subprocess.run(
            ["git", "status", "--porcelain", "--", "gx", "great_expectations", "uncommitted"],
            cwd=REPOSITORY,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    LakeBuilder(here).land(File([{}]))
    validate(here)
    assert status() == ""
    assert not (REPOSITORY / "gx").exists()


MARTS = """
    create schema state;
    create table state.clock as select 7 as green_build;
    create schema marts;
    create table marts.fct_verdicts as
        select 'dvcqg' as source, 'H39.18.25-240304-0001' as dossier_code, 'form_ii06' as rule_set,
            'on_time' as verdict, 0 as calendar_days_overdue, 0 as working_days_overdue,
            null::varchar as overdue_bucket, 0 as paused_seconds,
            3 as working_days_taken, 0 as requests, timestamp '2024-06-01' as as_of, '1' as definitions_version,
            8 as built_by;
    create table marts.dim_rule_set as select 'form_ii06' as rule_set;
    create table marts.rpt_form_ii06 as
        select 'dvcqg' as source, '2024-05' as period, 3 as received_total, 1 as received_online, 1 as received_direct,
            1 as carried_over, 2 as resolved_total, 1 as resolved_early, 1 as resolved_on_time, 0 as resolved_late,
            1 as pending_total, 1 as pending_in_time, 0 as pending_overdue;
    create table marts.rpt_form_ii06_levels as
        select 'H39.18' as agency_code, 2 as level, 3 as received_total, 2 as resolved_total, 1 as pending_total;
    create table marts.dim_agency_crosswalk as
        select 'H39.18' as agency_code, 'H53' as current_agency_code, 'province' as how;
    create table marts.mart_distortions as
        select '2024-05' as month, 2 as dossiers, 0.5::double as share, ['a', 'b'] as examples;
    create table marts.mart_progress_766 as
        select 10 as total_received, 9 as total_on_time, 1 as total_overdue, 90.0 as ratio, 18.0 as score;
    create table marts.mart_timeliness_monthly as
        select '2024-05' as month, 0.75::double as on_time_rate, 'Công chức 1' as field_name;
    create table marts.mart_load_ledger as
        select 'a_079000000001.json' as file_name, 'loaded' as status, null::varchar as reason, 2 as rows_read,
            1 as rows_accepted, 1 as rows_quarantined;
"""


#: What is done to a mart, and the check that finds it (tests/faults/test_validators.py: each check has one).
BAD_MARTS: list[tuple[str, tuple[str, str]]] = [
    ("update marts.fct_verdicts set verdict = 'soon'", ("MART_VERDICT_SET", "fct_verdicts")),
    ("update marts.fct_verdicts set rule_set = 'other'", ("MART_RULE_SET", "fct_verdicts")),
    ("update marts.fct_verdicts set working_days_overdue = 1", ("MART_OVERDUE_DAYS", "fct_verdicts")),
    ("update marts.fct_verdicts set overdue_bucket = '0'", ("MART_OVERDUE_BUCKET", "fct_verdicts")),
    ("update marts.fct_verdicts set paused_seconds = -1", ("MART_NO_NEGATIVE_TIME", "fct_verdicts")),
    ("update marts.fct_verdicts set source = null", ("MART_KEYS", "fct_verdicts")),
    ("update marts.fct_verdicts set as_of = null", ("MART_KEYS", "fct_verdicts")),
    ("update marts.rpt_form_ii06 set resolved_early = 2", ("MART_FORM_RESOLVED", "rpt_form_ii06")),
    ("update marts.rpt_form_ii06 set pending_overdue = 2", ("MART_FORM_PENDING", "rpt_form_ii06")),
    ("update marts.rpt_form_ii06 set carried_over = null", ("MART_FORM_RECEIVED", "rpt_form_ii06")),
    (
        "update marts.rpt_form_ii06 set received_total = 4, carried_over = 2",
        ("MART_FORM_BALANCE", "rpt_form_ii06"),
    ),
    ("update marts.rpt_form_ii06_levels set level = 3", ("MART_FORM_LEVELS", "rpt_form_ii06_levels")),
    ("update marts.dim_agency_crosswalk set how = 'itself'", ("MART_CROSSWALK", "dim_agency_crosswalk")),
    ("update marts.mart_distortions set share = 1.5", ("MART_DISTORTION_SHARE", "mart_distortions")),
    ("update marts.mart_distortions set examples = []", ("MART_DISTORTION_SHARE", "mart_distortions")),
    ("update marts.mart_progress_766 set total_overdue = 2", ("MART_PROGRESS_OVERDUE", "mart_progress_766")),
    ("update marts.mart_timeliness_monthly set on_time_rate = 75", ("MART_RATES", "mart_timeliness_monthly")),
    (
        "update marts.mart_timeliness_monthly set field_name = 'Bà B 0912345678'",
        ("MART_NO_PERSONAL_DATA", "mart_timeliness_monthly"),
    ),
    (
        "update marts.mart_timeliness_monthly set field_name = 'CCCD: 079000000001'",
        ("MART_NO_PERSONAL_DATA", "mart_timeliness_monthly"),
    ),
    ("update marts.fct_verdicts set dossier_code = 'a.b@c.vn'", ("MART_NO_PERSONAL_DATA", "fct_verdicts")),
    ("update marts.mart_load_ledger set rows_read = 3", ("MART_LEDGER", "mart_load_ledger")),
    ("update marts.mart_load_ledger set status = 'rejected'", ("MART_LEDGER", "mart_load_ledger")),
]


def checked(here: Settings, change: str = "") -> dict[tuple[str, str], int]:
    """Failing checks of the marts, (check, mart) → violations, after a change."""
    from expectations.suites import validate_marts

    con = connect_build(here)
    con.execute(MARTS + change)
    con.close()
    return {(check.rule_id, check.kind): check.unexpected for check in validate_marts(here) if not check.success}


def test_good_marts_pass(here: Settings) -> None:
    assert checked(here) == {}
    assert "marts" in (here.layout.quality / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(("change", "failing"), BAD_MARTS)
def test_a_bad_mart_is_found(here: Settings, change: str, failing: tuple[str, str]) -> None:
    assert checked(here, change) == {failing: 1}


def test_rows_that_passed_a_green_build_are_not_looked_at_again(here: Settings) -> None:
    older = (
        "insert into marts.fct_verdicts (from marts.fct_verdicts select * replace (7 as built_by, 'soon' as verdict));"
    )
    assert checked(here, older) == {}
    con = connect_build(here)
    con.execute("drop schema marts cascade; drop schema state cascade")
    con.close()
    # the clock of a build that must look at everything (warehouse.build.plan_build)
    assert checked(here, older + "update state.clock set green_build = -1") == {("MART_VERDICT_SET", "fct_verdicts"): 1}


def test_results_are_plain_json(here: Settings) -> None:
    LakeBuilder(here).land(File([{}, {"due_at": None}], name="hoso_20240601T060000.json"))
    validate(here)
    path = next(here.layout.quality.glob("results/**/*.json"))
    results = {r["expectation_config"]["meta"]["rule_id"]: r for r in json.loads(path.read_text())["results"]}
    assert results["WRN_NO_DUE"]["result"]["details"]["unexpected_rows"] == [
        {"source": "dvcqg", "file_name": "hoso_20240601T060000.json", "row_number": 2}
    ]
