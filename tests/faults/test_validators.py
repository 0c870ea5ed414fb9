"""Every validator catches its seeded fault: a table of checks and faults without an empty row.

What is checked is read from where it is checked (the catalogue, the audit, Great Expectations, dbt's tests), so a
check without a fault fails here; and every name stands in `tests/data/checks.txt`, so a check that was dropped fails
too. Row rules have their faults in tests/unit/test_catalogue.py (`EXAMPLES`), marts in
tests/integration/test_great_expectations.py (`BAD_MARTS`); the rest are below, seeded into one real run.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from expectations import marts as gx_marts
from expectations.audit import identities, replacement_guard
from expectations.catalogue import load_catalogue
from pipelines.config import Settings, load_settings
from pipelines.layout import REPOSITORY
from tests.integration.test_great_expectations import BAD_MARTS
from tests.support.workbooks import xlsx
from tests.unit.test_catalogue import EXAMPLES
from warehouse.build import plan_build
from warehouse.database import connect_build

pytestmark = pytest.mark.faults

DATA = REPOSITORY / "tests" / "data"
CHECKS = DATA / "checks.txt"

# ---- the drop zone: one fault for each rule that no single row can break --------------------------------------------

HEADING = "MaHoSo,MaTTHC,TrangThaiHoSo,NgayTiepNhan,NgayHenTra,KenhThucHien,DonViXuLy"


def csv(rows: int, *, heading: str = HEADING, status: str = "4", due: str = "08/03/2024", channel: str = "1") -> str:
    lines = [
        f"H39.18.25-240304-{9000 + n},1.001193.000.00.00.H39,{status},04/03/2024,{due},{channel},UBND xã Tân Tập"
        for n in range(rows)
    ]
    return "\n".join([heading, *lines, ""])


def workbook() -> bytes:
    """A sheet of dossiers beside one that holds codes of dossiers under no heading that fits."""
    rows = [line.split(",") for line in csv(3).strip().split("\n")]
    return xlsx(
        {
            "Hồ sơ": rows,
            "Ghi chú": [
                ["Theo dõi", "Ai làm"],
                ["H39.18.25-240304-9100", "văn thư"],
                ["H39.18.25-240304-9101", "lãnh đạo"],
            ],
        }
    )


#: rule → place in the drop zone, content. What file rules say of a file stands in the ledger or in its attention.
FAULTY_FILES: dict[str, tuple[str, str | bytes]] = {
    "REJ_FILE_UNREADABLE": ("x_hong/dossiers/hs_20240601.json", b'[{"MaHoSo": "H39.18.25-2403'),
    "REJ_FILE_NO_HEADING": ("x_khong_tieu_de/dossiers/hs_20240601.csv", csv(5).split("\n", 1)[1]),
    "REJ_FILE_SHIFTED": ("x_lech/dossiers/hs_20240601.csv", csv(25, due="UBND xã")),
    "REJ_FILE_MOSTLY_BAD": ("x_sai/dossiers/hs_20240601.csv", csv(25, status="99")),
    "WRN_FILE_PART_SKIPPED": ("x_trang/dossiers/hs_20240601.xlsx", workbook()),
    "WRN_FILE_NO_DUE": (
        "x_khong_hen/dossiers/hs_20240601.csv",
        csv(3, heading=HEADING.replace("NgayHenTra", "Cột lạ")),
    ),
    "WRN_FILE_NOTHING_ACCEPTED": ("x_rong/dossiers/hs_20240601.csv", csv(3, status="99")),
    "WRN_FILE_NEW_FIELDS": (
        "x_moi/dossiers/hs_20240601.csv",
        csv(3, heading=HEADING.replace("DonViXuLy", "TruongChuaBiet")),
    ),
    "WRN_FILE_NO_HANDOVER": (
        "x_khong_tra/dossiers/hs_20240601.csv",
        csv(25, heading=HEADING.replace("DonViXuLy", "NgayKetThucXuLy"), status="9").replace(
            "UBND xã Tân Tập", "07/03/2024"
        ),
    ),
    "WRN_FILE_NO_CHANNEL": ("x_khong_kenh/dossiers/hs_20240601.csv", csv(3, channel="không rõ")),
}
#: rules over histories and catalogues → which part of the drop zone breaks them.
FAULTY_HISTORIES = {
    "WRN_UNKNOWN_PROCEDURE": "worked_examples",
    "WRN_UNKNOWN_AGENCY": "the catalogue of agencies below",
    "WRN_REOPENED": "worked_examples",
    "WRN_DUE_MOVED": "worked_examples",
    "WRN_DUE_MOVED_LATE": "worked_examples",
    "WRN_MANY_SUPPLEMENTS": "worked_examples",
    "WRN_REAPPOINTED": "worked_examples",
    "WRN_REAPPOINTED_TWICE": "worked_examples",
    "WRN_LATE_SUPPLEMENT": "worked_examples",
}
AGENCIES = '[{"MaDonVi": "H57.1", "TenDonVi": "Cơ quan mẫu"}]'

# ---- accounting identities ------------------------------------------------------------------------------------------

_ONE = "rowid = (select min(rowid) from {0})"
#: identity → what is done to the build so that it no longer adds up.
UNACCOUNTED = {
    "every_file_in_ledger": "delete from validated.files where file_name = 'hoso_20240605.json'",
    "rows_of_files": "update validated.files set rows_accepted = rows_accepted + 1 where kind = 'progress'",
    "quarantined": f"delete from validated.quarantine where {_ONE.format('validated.quarantine')}",
    "published_files": f"delete from marts.mart_load_ledger where {_ONE.format('marts.mart_load_ledger')}",
    "published_quarantine": f"delete from marts.mart_quarantine where {_ONE.format('marts.mart_quarantine')}",
    **{
        f"lake_{kind}": f"update validated.files set rows_read = rows_read + 1 where kind = '{kind}' and rows_read > 0"
        for kind in ("dossiers", "progress", "procedures", "agencies")
    },
    "lake_portal_reports": "insert into validated.files by name"
    " select 'portal_reports' as kind, 'x.json' as file_name, 'loaded' as status, 1 as rows_read, 1 as rows_accepted",
    **{
        f"accepted_{kind}": f"delete from validated.{table} where {_ONE.format(f'validated.{table}')}"
        for kind, table in (
            ("dossiers", "dossiers"),
            ("progress", "events"),
            ("procedures", "procedures"),
            ("agencies", "agencies"),
        )
    },
    "accepted_portal_reports": "insert into validated.portal_reports by name select 'dvcqg' as source",
    "history": "update intermediate.int_history_accounting set unchanged = unchanged + 1",
}

# ---- dbt's tests ----------------------------------------------------------------------------------------------------

#: condition of `sound_rows` → columns of a row that breaks it.
BROKEN_CONDITIONS = {
    "steps_run_forward": {"working_seconds": "-1"},
    "flows_lie_between_the_first_day_and_as_of": {"day": "date '2099-01-01'"},
    "overdue_risk_tells_of_enough_dossiers": {
        "time_used_share": "0.8",
        "comparable_dossiers": "29",
        "late_share": "0.5",
    },
    "unit_bottlenecks_are_parts": {"steps": "1", "returns": "2"},
    "portal_reconciliation_adds_up": {"difference": "1", "unexplained": "2"},
    "distortions_are_shares_of_dossiers": {"dossiers": "1", "share": "1.5"},
    "progress_766_groups_are_shares": {"numerator": "2", "denominator": "1"},
    "progress_766_groups_keep_to_the_maximum": {"score": "2", "max_score": "1"},
    "timeliness_rule_sets_adds_up": {"received": "received + 1"},
    "due_soon_is_within_seven_working_days": {"working_days_left": "8"},
    "progress_766_reporting_adds_up": {"total_received": "total_received + 1"},
    "progress_766_adds_up": {"total_received": "total_received + 1"},
    "step_durations_name_no_one_guilty": {"attributable": "false", "officer_key": "'k'", "longest": "true"},
    "ledger_rows_read_is_accepted_plus_quarantined": {"rows_read": "rows_read + 1"},
    "monthly_in_hand_is_resolved_plus_pending": {"received": "received + 1"},
    "system_reconciliation_adds_up": {"dossiers": "in_both + only_local + only_portal + 1"},
    "backlog_is_never_negative": {"pending_overdue": "-1"},
    "waiting_acceptance_waits_since_submission": {
        "submitted_at": "timestamp '2099-01-01'",
        "as_of": "timestamp '2024-06-05'",
        "working_hours_waited": "1",
    },
    "form_ii06_levels_columns_3_7_11": {"received_total": "received_total + 1"},
    "form_ii06_levels_column_3_is_4_5_6": {"received_online": "received_online + 1"},
    "form_ii06_levels_column_7_is_8_9_10": {"resolved_early": "resolved_early + 1"},
    "form_ii06_levels_column_11_is_12_13": {"pending_overdue": "pending_overdue + 1"},
    "form_ii06_columns_3_7_11": {"received_total": "received_total + 1"},
    "form_ii06_column_3_is_4_5_6": {"received_online": "received_online + 1"},
    "form_ii06_column_7_is_8_9_10": {"resolved_early": "resolved_early + 1"},
    "form_ii06_column_11_is_12_13": {"pending_overdue": "pending_overdue + 1"},
}
#: test of its own → the relation that is false, and what it says instead.
FALSE_RELATIONS = {
    "calendar_days": ("marts.dim_date", "select * replace (not is_working_day as is_working_day) from {0}"),
    "form_ii06_agrees_with_verdicts": (
        "marts.rpt_form_ii06",
        "select * replace (resolved_late + 1 as resolved_late) from {0}",
    ),
    "history_accounting": (
        "intermediate.int_history_accounting",
        "select * replace (unchanged + 1 as unchanged) from {0}",
    ),
    "lists_agree_with_verdicts": ("marts.mart_overdue_dossiers", "select * from {0} offset 1"),
    "pending_agrees_between_marts": (
        "marts.mart_backlog_daily",
        "select * replace (pending_overdue + 1 as pending_overdue) from {0}",
    ),
    "progress_766_provinces_hold_everything": (
        "marts.mart_progress_766",
        "select * replace (total_received + 1 as total_received) from {0}",
    ),
    "published_766_scores": ("seeds.indicators_766", "select * replace (max_score / 2 as max_score) from {0}"),
    "timeliness_rule_sets_agree_with_verdicts": (
        "marts.mart_timeliness_rule_sets",
        "select * replace (late + 1 as late) from {0}",
    ),
    "verdict_reasons_are_known": ("marts.fct_verdicts", "select * replace ('WHY' as reason) from {0}"),
    "verdicts_cover_the_population": ("intermediate.int_dossier_verdicts", "select * from {0} offset 1"),
    "monthly_carries_over": (
        "marts.mart_timeliness_monthly",
        "select * replace (carried_over + 1 as carried_over) from {0}",
    ),
    "monthly_current_carries_over": (
        "marts.mart_timeliness_monthly_current",
        "select * replace (carried_over + 1 as carried_over) from {0}",
    ),
    "form_ii06_carries_over": ("marts.rpt_form_ii06", "select * replace (carried_over + 1 as carried_over) from {0}"),
    "form_ii06_levels_carries_over": (
        "marts.rpt_form_ii06_levels",
        "select * replace (carried_over + 1 as carried_over) from {0}",
    ),
}
#: A value that no list and no other table has, by type.
NOWHERE = {"VARCHAR": "'?'", "DATE": "date '1900-01-01'", "TIMESTAMP": "timestamp '1900-01-01'", "BOOLEAN": "true"}


# ---- one real run ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Night:
    settings: Settings

    @property
    def tests(self) -> dict[str, str]:
        """dbt test → its SQL, as the run compiled it."""
        compiled = self.settings.layout.dbt_target / "target" / "compiled" / "dunghan"
        return {path.stem: path.read_text(encoding="utf-8") for path in compiled.rglob("*.sql") if _is_test(path)}


def _is_test(path: Path) -> bool:
    return path.parent.name == "tests" or path.parent.suffix == ".yml"


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    root = tmp_path_factory.mktemp("validators")
    inbox = root / "inbox"
    shutil.copytree(DATA / "worked_examples" / "inbox", inbox)
    for place, content in (*FAULTY_FILES.values(), ("dvcqg/agencies/coquan_20240101.json", AGENCIES)):
        target = inbox / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
    environment = os.environ | {
        "DUNGHAN_DROP_ZONE": str(inbox),
        "DUNGHAN_WAREHOUSE": str(root / "warehouse"),
        "DUNGHAN_PRIVACY_KEY": "0123456789abcdef-for-tests",
    }
    environment.pop("DAGSTER_HOME", None)
    done = subprocess.run(
        [sys.executable, "-c", "from pipelines.cli import main; main(['run'])"],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3, done.stdout + done.stderr
    return Night(load_settings(drop_zone=str(inbox), warehouse=root / "warehouse"))


def rules_of_conditions(sql: str) -> list[str]:
    return [name for name in re.findall(r"'([^']+)' as rule_name", sql) if name != "-"]


def test_every_check_is_listed(night: Night) -> None:
    """A check that was dropped, or renamed, is missed here by name; a new one must be written down with its fault."""
    with connect_build(night.settings) as con:
        of_marts = {check.id for check in gx_marts.mart_checks(con)}
    found = [
        *(f"rule {rule.id}" for rule in load_catalogue().rules),
        *{f"audit {family(identity.name)}" for identity in identities(night.settings)},
        "audit replacement",
        *(f"expectation {name}" for name in of_marts),
        *(f"dbt {test}" for test in night.tests if not test.startswith("sound_rows_")),
        *(
            f"dbt {test.removeprefix('sound_rows_')}: {rule}"
            for test, sql in night.tests.items()
            if test.startswith("sound_rows_")
            for rule in rules_of_conditions(sql)
        ),
    ]
    assert sorted(found) == CHECKS.read_text(encoding="utf-8").splitlines()


# ---- rules ----------------------------------------------------------------------------------------------------------


def test_every_rule_has_a_fault_and_no_fault_is_of_no_rule() -> None:
    of_rows = {rule for rule, _ in EXAMPLES}
    rules = load_catalogue().rules
    assert of_rows == {rule.id for rule in rules if rule.evaluated_in == "validation" and rule.level == "row"}
    assert set(FAULTY_FILES) == {rule.id for rule in rules if rule.level == "file"}
    assert set(FAULTY_HISTORIES) == {rule.id for rule in rules if rule.evaluated_in == "dbt"}
    assert of_rows | set(FAULTY_FILES) | set(FAULTY_HISTORIES) == {rule.id for rule in rules}


@pytest.mark.parametrize("rule", FAULTY_FILES)
def test_the_faulty_file_is_caught(night: Night, rule: str) -> None:
    place = FAULTY_FILES[rule][0]
    with connect_build(night.settings) as con:
        found = con.execute(
            """select reason from validated.files where file_path = $1
            union all select rule_id from validated.attention where file_path = $1""",
            [place],
        ).fetchall()
    assert (rule,) in found, found


@pytest.mark.parametrize("rule", FAULTY_HISTORIES)
def test_the_faulty_history_is_caught(night: Night, rule: str) -> None:
    with connect_build(night.settings) as con:
        assert con.execute("select sum(count) > 0 from marts.mart_quality where rule_id = $1", [rule]).fetchone() == (
            True,
        )


# ---- the audit ------------------------------------------------------------------------------------------------------


@pytest.fixture
def damaged(night: Night, tmp_path: Path) -> Settings:
    """A warehouse with the lake of the run and a build of its own, to be damaged."""
    root = tmp_path / "warehouse"
    root.mkdir()
    (root / "lake").symlink_to(night.settings.layout.lake)
    (root / "published").symlink_to(night.settings.layout.published)
    shutil.copyfile(night.settings.layout.build_db, root / "build.duckdb")
    return load_settings(drop_zone=str(night.settings.drop_zone), warehouse=root)


def family(identity: str) -> str:
    return "history" if identity.startswith("history_") else identity


def test_every_identity_has_a_fault(night: Night) -> None:
    found = identities(night.settings)
    assert [identity.name for identity in found if not identity.ok] == []
    assert {family(identity.name) for identity in found} == set(UNACCOUNTED)


@pytest.mark.parametrize("identity", UNACCOUNTED)
def test_what_does_not_add_up_is_named(damaged: Settings, identity: str) -> None:
    with connect_build(damaged) as con:
        con.execute(UNACCOUNTED[identity])
    assert identity in {family(found.name) for found in identities(damaged) if not found.ok}


def test_a_tenth_of_the_dossiers_gone_is_not_believed(damaged: Settings) -> None:
    plan = plan_build(damaged)
    assert replacement_guard(damaged, plan).ok
    with connect_build(damaged) as con:
        con.execute("delete from intermediate.int_dossier_facts where rowid % 5 = 0")
    assert not replacement_guard(damaged, plan).ok


# ---- Great Expectations on the marts --------------------------------------------------------------------------------


def test_every_expectation_has_a_fault(night: Night) -> None:
    with connect_build(night.settings) as con:
        found = {check.id for check in gx_marts.mart_checks(con)}
    assert found == {check for _, (check, _) in BAD_MARTS}


# ---- dbt ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def build(night: Night, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A copy of the build under the name that dbt's SQL calls it: a file can be attached once in a process."""
    copy = shutil.copyfile(night.settings.layout.build_db, tmp_path_factory.mktemp("build") / "copy.duckdb")
    with duckdb.connect() as con:
        con.execute(f"attach '{copy}' as build (read_only); use build")
        yield con


def columns_of(con: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    return {name: kind for name, kind, *_ in con.execute(f"describe {relation}").fetchall()}


def seeded(con: duckdb.DuckDBPyConnection, relation: str, changes: dict[str, str], times: int = 1) -> str:
    """The rows of a relation and, `times`, one more that is its first with these changes."""
    columns = columns_of(con, relation)
    newest = {"built_by": "1000000"} if "built_by" in columns else {}
    given = {column: f"({value})::{columns[column]}" for column, value in (newest | changes).items()}
    some = con.execute(f"select count(*) from {relation}").fetchone() != (0,)
    nothing = ", ".join(f'null::{kind} as "{column}"' for column, kind in columns.items())
    first = f"(from {relation} limit 1)" if some else f"(select {nothing})"
    replaced = ", ".join(f'{value} as "{column}"' for column, value in given.items())
    row = f"select * replace ({replaced}) from {first}" if replaced else f"from {first}"
    return "(" + " union all ".join([f"from {relation}", *[f"({row})"] * times]) + ")"


def fault_of(con: duckdb.DuckDBPyConnection, relation: str, rule: str) -> str:
    """The relation with a row, or two, that break one rule of `sound_rows`."""
    if rule in BROKEN_CONDITIONS:
        return seeded(con, relation, BROKEN_CONDITIONS[rule])
    if rule.endswith(" null"):
        return seeded(con, relation, {rule.removesuffix(" null"): "null"})
    columns = columns_of(con, relation)
    if rule.endswith(" not unique"):
        keys = rule.removesuffix(" not unique").split(", ")
        known = {key: NOWHERE.get(columns[key], "-999") for key in keys}
        return seeded(con, relation, known, times=2)
    column = re.split(r" not (?:accepted|in )", rule)[0]
    return seeded(con, relation, {column: NOWHERE.get(columns[column], "-999")})


def failures(con: duckdb.DuckDBPyConnection, sql: str) -> str:
    """What a test of dbt says: nothing, the text that it stops with, or how many rows it found."""
    try:
        rows = con.execute(sql).fetchall()
    except duckdb.InvalidInputException as error:
        return str(error)
    return f"{len(rows)} rows" if rows else ""


def test_every_rule_of_every_model_catches_its_fault(night: Night, build: duckdb.DuckDBPyConnection) -> None:
    missed, caught, conditions = [], 0, set()
    for test, sql in night.tests.items():
        if not test.startswith("sound_rows_"):
            continue
        (relation,) = set(re.findall(r'from ("build"\."\w+"\."\w+") as tested', sql))
        assert failures(build, sql) == "", test
        rules = rules_of_conditions(sql)
        assert rules, f"{test}: an empty row"
        for rule in rules:
            faulty = sql.replace(f"from {relation} as tested", f"from {fault_of(build, relation, rule)} as tested")
            conditions.add(rule)
            if f"{rule} (" in failures(build, faulty):
                caught += 1
            else:
                missed.append(f"{test}: {rule}: {failures(build, faulty)}")
    assert missed == []
    assert caught > 250
    assert set(BROKEN_CONDITIONS) <= conditions


def test_every_other_test_of_dbt_has_a_fault(night: Night) -> None:
    assert {test for test in night.tests if not test.startswith("sound_rows_")} == set(FALSE_RELATIONS)


@pytest.mark.parametrize("test", FALSE_RELATIONS)
def test_a_false_relation_is_caught(night: Night, build: duckdb.DuckDBPyConnection, test: str) -> None:
    sql = night.tests[test]
    relation, instead = FALSE_RELATIONS[test]
    name = ".".join(f'"{part}"' for part in ("build", *relation.split(".")))
    assert name in sql
    assert failures(build, sql) == ""
    assert failures(build, sql.replace(name, f"({instead.format(name)})")) != ""
