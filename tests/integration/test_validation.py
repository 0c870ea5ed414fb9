"""The validation on lakes made for the purpose: ledger, split, duplicates, order, interruption.

Great Expectations is left out here (8 s to import); tests/integration/test_great_expectations.py has it.
"""

from __future__ import annotations

import json
import pickle
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest import mock

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expectations import marking
from expectations import validation as validation_module
from expectations.results import ValidationResult
from expectations.schema import VALIDATED
from expectations.validation import validate
from pipelines.config import Settings, load_settings
from pipelines.landing.lake import DATASET, load_id
from tests.lake_builder import EXPORTED_AT, File, LakeBuilder
from tests.support.properties import examples
from warehouse import executors
from warehouse.database import connect_build

pytestmark = pytest.mark.integration

EARLY = datetime(2024, 3, 1, 6)
LATE = datetime(2024, 7, 1, 6)
BAD_DATE = {"due_at": None, "bad_values": '{"NgayHenTra": "32/01/2024"}'}
ROUND = '{"requested_at": "2024-03-05T09:00:00", "answered_at": null, "due_before": null, "due_after": null}'


@pytest.fixture(autouse=True)
def without_great_expectations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation_module._Validation, "_validate", lambda self, kinds: ({}, None))


def warehouse(folder: Path, **flags: Any) -> Settings:
    made = load_settings(warehouse=folder, **flags)
    made.layout.create()
    return made


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    return warehouse(tmp_path)


def land_and_validate(here: Settings, *files: File) -> ValidationResult:
    LakeBuilder(here).land(*files)
    return validate(here)


def query(here: Settings, sql: str) -> list[tuple[Any, ...]]:
    con = connect_build(here)
    try:
        return con.execute(sql).fetchall()
    finally:
        con.close()


def contents(here: Settings) -> dict[str, list[str]]:
    """Everything in `validated` but validation_seq and landing_id (and the journal of validations), in no particular
    order."""
    ways = {"validation_seq", "landing_id"}
    return {
        table: sorted(
            repr(row)
            for row in query(
                here, f"select {', '.join(c for c in VALIDATED[table] if c not in ways)} from validated.{table}"
            )
        )
        for table in VALIDATED
        if table != "validations"
    }


def ledger(here: Settings) -> dict[str, tuple[Any, ...]]:
    rows = query(
        here, "select file_name, status, reason, rows_read, rows_accepted, rows_quarantined from validated.files"
    )
    return {row[0]: row[1:] for row in rows}


def test_rows_are_split_and_counted(here: Settings) -> None:
    result = land_and_validate(here, File([{}, {"dossier_code": None}, BAD_DATE | {"status": None}, {"due_at": None}]))
    assert (result.rows_read, result.rows_accepted, result.rows_quarantined) == (4, 2, 2)
    assert result.reasons == {"REJ_BAD_DATE": 1, "REJ_BAD_STATUS": 1, "REJ_NO_CODE": 1}
    assert result.warnings == {"WRN_NO_DUE": 1}
    assert query(here, "select row_number, reasons from validated.quarantine order by 1") == [
        (2, ["REJ_NO_CODE"]),
        (3, ["REJ_BAD_STATUS", "REJ_BAD_DATE"]),
    ]
    assert query(here, "select row_number, warnings from validated.dossiers order by 1") == [
        (1, []),
        (4, ["WRN_NO_DUE"]),
    ]


def test_tables_are_there_when_nothing_ever_came(here: Settings) -> None:
    result = validate(here)
    assert result.files == []
    assert {
        table for (table,) in query(here, "select table_name from duckdb_tables() where schema_name = 'validated'")
    } == set(VALIDATED)
    assert query(here, "select count(*) from validated.rules") != [(0,)]


def test_nothing_new_is_nothing_done(here: Settings) -> None:
    first = land_and_validate(here, File([{}]))
    before = query(here, "from validated.files")
    second = validate(here)
    assert (second.validation_seq, second.files) == (first.validation_seq, [])
    assert query(here, "from validated.files") == before


def test_only_new_files_are_validated(here: Settings) -> None:
    land_and_validate(here, File([{}], name="a.json"))
    result = land_and_validate(here, File([{}, {}], name="b.json"))
    assert [file["file_name"] for file in result.files] == ["b.json"]
    assert query(here, "select validation_seq, count(*) from validated.dossiers group by 1 order by 1") == [
        (1, 1),
        (2, 2),
    ]


def test_killed_loads_are_not_seen(here: Settings) -> None:
    lake = LakeBuilder(here)
    lake.land(File([{}], name="a.json"), complete=False)
    assert validate(here).files == []
    lake.land(File([{}], name="a.json"))
    assert validate(here).rows_accepted == 1


def test_unreadable_files_are_in_the_ledger(here: Settings) -> None:
    result = land_and_validate(here, File([], name="x.xls", outcome="unreadable", reason="REJ_FILE_NO_HEADING"))
    assert ledger(here) == {"x.xls": ("rejected", "REJ_FILE_NO_HEADING", 0, 0, 0)}
    assert result.reasons == {"REJ_FILE_NO_HEADING": 1}


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([BAD_DATE] * 20, "REJ_FILE_SHIFTED"),
        ([BAD_DATE] * 20 + [{"due_at": None}] * 80, "REJ_FILE_SHIFTED"),
        ([BAD_DATE] * 20 + [{}] * 80, None),  # one readable date: nothing has shifted
        ([BAD_DATE] * 19 + [{"due_at": None}] * 81, None),
        ([{"status": None}] * 11 + [{}] * 9, "REJ_FILE_MOSTLY_BAD"),
        ([{"status": None}] * 10 + [{}] * 10, None),
        ([{"status": None}] * 19, None),  # too few rows to blame the file
        ([{"is_record": False}] * 20, "REJ_FILE_MOSTLY_BAD"),
    ],
)
def test_files_are_rejected_whole(here: Settings, rows: list[dict[str, Any]], reason: str | None) -> None:
    result = land_and_validate(here, File(rows, name="f"))
    rejected = sum("status" in row or "bad_values" in row or "is_record" in row for row in rows)
    quarantined = len(rows) if reason else rejected
    status = "rejected" if reason else "loaded"
    assert ledger(here) == {"f": (status, reason, len(rows), len(rows) - quarantined, quarantined)}
    firsts = query(here, "select distinct reasons[1] like 'REJ_FILE%' from validated.quarantine")
    assert firsts == [(reason is not None,)]
    assert reason is None or result.reasons[reason] == 1
    own = query(
        here,
        "select count(*) from validated.quarantine"
        " where len(list_filter(reasons, lambda r: r not like 'REJ_FILE%')) > 0",
    )
    assert own == [(rejected,)]  # rows of a rejected file keep their own reasons


def test_the_share_of_mostly_bad_is_configurable(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"status": None}] * 11 + [{}] * 9
    here = warehouse(tmp_path, mostly_bad_share=0.6)
    land_and_validate(here, File(rows, name="f"))
    assert ledger(here)["f"][0] == "loaded"
    again = validate(warehouse(tmp_path, mostly_bad_share=0.5))  # other rules: everything is validated again
    assert again.rebuilt
    assert ledger(here)["f"] == ("rejected", "REJ_FILE_MOSTLY_BAD", 20, 0, 20)


def test_events_and_catalogues_are_split_too(here: Settings) -> None:
    result = land_and_validate(
        here,
        File([{}, {"event_at": None}, {"status": None}, {"dossier_code": None}], kind="progress", name="e"),
        File([{}, {"procedure_code": None}], kind="procedures", name="p"),
        File([{}, {"agency_code": "?"}], kind="agencies", name="a"),
        File([{}, {"is_record": False}], kind="portal_reports", name="r"),
    )
    assert {name: row[3:] for name, row in ledger(here).items()} == {"e": (1, 3), "p": (1, 1), "a": (1, 1), "r": (1, 1)}
    assert result.reasons == {"REJ_BAD_DATE": 1, "REJ_BAD_STATUS": 1, "REJ_NOT_A_RECORD": 1, "REJ_NO_CODE": 3}
    assert query(here, "select procedure_key, position, channel, amount, unit from validated.procedure_limits") == [
        ("1.001193", 1, "1", 3.0, "working_day")
    ]
    assert query(here, "select total_received from validated.portal_reports") == [(10,)]


def test_supplement_rounds_keep_their_order(here: Settings) -> None:
    second = ROUND.replace("03-05", "03-09")
    land_and_validate(
        here, File([{}, {"supplements": f"[{ROUND}, {second}]"}, BAD_DATE | {"supplements": f"[{ROUND}]"}])
    )
    assert query(
        here, "select row_number, position, requested_at, answered_at from validated.supplements order by 2"
    ) == [
        (2, 1, datetime(2024, 3, 5, 9), None),
        (2, 2, datetime(2024, 3, 9, 9), None),
    ]


def test_quarantine_shows_no_personal_data(here: Settings) -> None:
    long = "NGUYỄN-VĂN-A-079000000001-0912345678-" + "X" * 30
    land_and_validate(here, File([{"dossier_code": long, "code_form": "other"}, BAD_DATE]))
    rows = query(here, "select dossier_code, offending from validated.quarantine order by row_number")
    assert rows[1] == ("H39.18.25-240304-0001", '{"NgayHenTra": "32/01/2024"}')
    assert "MaHoSo" in rows[0][1]
    for text in rows[0]:
        assert "NGUY" not in text
        assert not any(digit in text for digit in "0123456789")


def test_copies_are_duplicates_of_the_earliest(here: Settings) -> None:
    file = File([{}], name="b.json", exported_at=EXPORTED_AT)
    land_and_validate(here, file, file.copy_as("c.json", LATE))
    assert {name: row[0] for name, row in ledger(here).items()} == {"b.json": "loaded", "c.json": "duplicate"}
    result = land_and_validate(here, file.copy_as("a.json", EARLY))
    assert {name: row[0] for name, row in ledger(here).items()} == {
        "a.json": "loaded",
        "b.json": "duplicate",
        "c.json": "duplicate",
    }
    assert (result.rows_read, result.rows_accepted) == (1, 1)
    moment = "select file_name, exported_at, warnings, validation_seq from validated.dossiers"
    assert query(here, moment) == [("a.json", EARLY, ["WRN_FUTURE_RECEPTION", "WRN_FUTURE_END"], 2)]


def test_a_later_copy_changes_no_row(here: Settings) -> None:
    file = File([{}], name="b.json")
    land_and_validate(here, file)
    result = land_and_validate(here, file.copy_as("c.json", LATE))
    assert [(f["file_name"], f["status"]) for f in result.files] == [("c.json", "duplicate")]
    assert query(here, "select validation_seq from validated.dossiers") == [(1,)]


def test_the_same_bytes_of_two_systems_are_two_files(here: Settings) -> None:
    land_and_validate(here, File([{}], name="x", content="same"), File([{}], name="y", content="same", source="motcua"))
    assert {row[0] for row in ledger(here).values()} == {"loaded"}
    assert query(here, "select count(*) from validated.dossiers") == [(2,)]


def test_rows_lost_on_the_way_stop_the_validation(here: Settings) -> None:
    land_and_validate(here, File([{}], name="good"))
    before = contents(here)
    result = land_and_validate(here, File([{}], name="short", rows_read=3))
    assert not result.committed
    assert [check.rule_id for check in result.failed] == ["ACCOUNTING_FILES"]
    assert "short" in result.failed[0].description_vi
    assert contents(here) == before


def test_a_count_that_differs_stops_the_validation(here: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = {("REJ_NO_CODE", "dossiers"): 2, ("WRN_NO_DUE", "dossiers"): 0}
    monkeypatch.setattr(validation_module._Validation, "_validate", lambda self, kinds: (counts, None))
    result = land_and_validate(here, File([{"dossier_code": None}]))
    assert [(check.rule_id, check.unexpected, check.expected) for check in result.failed] == [("REJ_NO_CODE", 2, 1)]
    assert query(here, "select count(*) from validated.files") == [(0,)]
    monkeypatch.setattr(validation_module._Validation, "_validate", lambda self, kinds: ({}, None))
    assert validate(here).rows_quarantined == 1  # validated and compared again, not forgotten


def test_rebuild_gives_the_same(here: Settings) -> None:
    file = File([{}, BAD_DATE], name="b.json")
    land_and_validate(here, file, File([{}], kind="progress", name="e"))
    land_and_validate(here, file.copy_as("a.json", EARLY))
    before = contents(here)
    result = validate(here, rebuild=True)
    assert result.rebuilt
    assert contents(here) == before
    assert query(here, "select distinct validation_seq from validated.files") == [(3,)]


ROW = st.fixed_dictionaries(
    {},
    optional={
        "is_record": st.just(False),
        "dossier_code": st.sampled_from([None, "H39.18.25-240304-0002", "X" * 60]),
        "status": st.sampled_from([None, 1, 3, 4, 9]),
        "received_at": st.sampled_from([None, EARLY, LATE]),
        "bad_values": st.sampled_from(['{"NgayHenTra": "x"}', '{"TrangThaiHoSo": "x"}']),
        "supplements": st.sampled_from([f"[{ROUND}]", None]),
    },
)
BATCH = st.lists(st.lists(ROW, max_size=24), min_size=1, max_size=4)


@pytest.mark.integration
@given(batch=BATCH, data=st.data())
@settings(max_examples=examples(8), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_accounts_balance_and_order_never_matters(
    batch: list[list[dict[str, Any]]], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    files: list[File] = []
    for index, rows in enumerate(batch):
        file = File(rows, name=f"{index}.json", exported_at=[EARLY, EXPORTED_AT, LATE][index % 3])
        files += [file, file.copy_as(f"copy-{index}.json", [LATE, EARLY][index % 2])]

    at_once = warehouse(tmp_path_factory.mktemp("at-once"))
    result = land_and_validate(at_once, *files)
    assert result.rows_read == result.rows_accepted + result.rows_quarantined == sum(len(rows) for rows in batch)
    assert query(at_once, "select count(*) from validated.dossiers") == [(result.rows_accepted,)]
    assert query(at_once, "select count(*) from validated.quarantine") == [(result.rows_quarantined,)]
    assert query(
        at_once, "select count(*) from validated.files where rows_read <> rows_accepted + rows_quarantined"
    ) == [(0,)]

    one_by_one = warehouse(tmp_path_factory.mktemp("one-by-one"))
    for observation in data.draw(st.permutations(files)):
        land_and_validate(
            one_by_one, as_landed(one_by_one, observation, batch[int(observation.name.removeprefix("copy-")[0])])
        )
    assert contents(one_by_one) == contents(at_once)


@pytest.mark.integration
@given(batch=BATCH)
@settings(max_examples=examples(8), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows_marked_by_tasks_are_those_marked_at_once(
    batch: list[list[dict[str, Any]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What executors would do (tests/cluster/test_landing.py has them), one after the other in this process; a task has
    one Parquet file of the lake, each half the rows of the exports."""
    files = [File(rows, name=f"{index}.json") for index, rows in enumerate(batch)]
    at_once = warehouse(tmp_path_factory.mktemp("at-once"))
    land_and_validate(at_once, *files)

    spread = warehouse(tmp_path_factory.mktemp("spread"), engine="spark", spark={"validation_from_mib": 0})
    LakeBuilder(spread).land(*files)
    for path in list((spread.layout.lake / DATASET / "dossiers").glob("*.parquet")):
        rows = pq.read_table(path)
        middle = rows.num_rows // 2
        for name, half in (("a", rows.slice(0, middle)), ("b", rows.slice(middle))):
            pq.write_table(half, path.with_name(f"{load_id(path)}.{name}.parquet"))
        path.unlink()
    asked = []

    def on_executors(_: Settings, step: str, work: marking._Work, items: list[Any]) -> list[Path]:
        asked.append(len(items))
        return [pickle.loads(pickle.dumps(work))(item) for item in items]

    with mock.patch.object(marking, "on_executors", on_executors), mock.patch.object(executors, "TASK_FILES", 1):
        validate(spread)
    assert contents(spread) == contents(at_once)
    assert asked == [2] * any(batch), "the rows were marked in two tasks"
    assert not (spread.layout.spark / "validation").exists()


def as_landed(here: Settings, observation: File, rows: list[dict[str, Any]]) -> File:
    """Whichever observation comes first is the one that is read."""
    known = here.layout.build_db.exists() and query(
        here, f"select 1 from validated.files where file_sha256 = '{observation.sha256}'"
    )
    return replace(
        observation,
        rows=[] if known else rows,
        outcome="duplicate" if known else "read",
        content=observation.content or f"dvcqgdossiers{observation.name}",
    )


@pytest.fixture(params=["_write_ledger", "_result"])
def point_of_death(request: pytest.FixtureRequest) -> Iterator[str]:
    yield request.param


@pytest.mark.integration
def test_killed_in_the_middle_leaves_the_state_before(here: Settings, point_of_death: str) -> None:
    file = File([{}] * 50, name="b.json")
    land_and_validate(here, file)
    before = contents(here)
    LakeBuilder(here).land(File([{}, BAD_DATE], name="c.json"), file.copy_as("a.json", EARLY))
    script = f"""
        import os, signal
        from pathlib import Path
        from expectations import validation
        from pipelines.config import load_settings
        validation._Validation._validate = lambda self, kinds: ({{}}, None)
        done = validation._Validation.{point_of_death}
        def die(self, *args):
            done(self, *args)
            os.kill(os.getpid(), signal.SIGKILL)
        validation._Validation.{point_of_death} = die
        validation.validate(load_settings(warehouse=Path({str(here.layout.root)!r})))
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert contents(here) == before
    assert validate(here).rows_read == 52
    assert ledger(here)["a.json"][0] == "loaded"


def test_a_shifted_file_is_told_which_columns(here: Settings) -> None:
    def row(n: int) -> dict[str, Any]:
        bad = {"NgayHenTra": "xxxxxx xxx xxx", "NgayTra": "x##.##-######-####"} | ({"NgayTuChoi": "7"} if n < 5 else {})
        return {"due_at": None, "returned_at": None, "refused_at": None, "bad_values": json.dumps(bad)}

    land_and_validate(here, File([row(n) for n in range(25)]), File([{}], name="fine.json"))
    ((detail,),) = query(here, "select detail from validated.files where reason = 'REJ_FILE_SHIFTED'")
    assert detail == (
        "25 / 25; NgayHenTra: 25 giá trị, không có ngày nào, phần lớn trông như chữ (tên người, trạng thái…?)"
        " / 25 values, none a date, most look like words (names, statuses …?);"
        " NgayTra: 25 giá trị, không có ngày nào, phần lớn trông như mã"
        " / 25 values, none a date, most look like codes"
    )


def test_rows_of_parts_are_numbered_as_people_count(here: Settings) -> None:
    bad = {"dossier_code": None}
    parts = [("Tháng 1", 0), ("Trống", 3), ("Tháng 2", 3)]
    land_and_validate(
        here,
        File([{}, bad, bad, bad, {}, bad], name="so.xlsx", parts=parts),
        File([{}, bad], name="khac.csv"),
    )
    assert query(here, "select file_name, part, row_number from validated.quarantine order by all") == [
        ("khac.csv", None, 2),
        ("so.xlsx", "Tháng 1", 2),
        ("so.xlsx", "Tháng 1", 3),
        ("so.xlsx", "Tháng 2", 1),
        ("so.xlsx", "Tháng 2", 3),
    ]


def test_a_file_read_again_takes_the_place_of_its_rows(here: Settings) -> None:
    """A reader that knows more gives the same content other rows: the latest landing counts, alone."""
    unreadable = File([], outcome="unreadable", reason="REJ_FILE_UNREADABLE", content="x", rows_read=0)
    land_and_validate(here, unreadable, File([{}], name="other.json"))
    read = File([{}, {"dossier_code": None}], content="x")
    result = land_and_validate(here, read)
    assert [(file["status"], file["rows_accepted"]) for file in result.files] == [("loaded", 1)]
    assert not result.rebuilt, "nothing that was accepted is gone"
    other = File([{"dossier_code": "H39.18.25-240304-0009"}], content="x")
    assert land_and_validate(here, other).rebuilt, "rows that were accepted are gone"
    assert query(here, "select file_name, dossier_code from validated.dossiers order by 1") == [
        ("hoso_20240601T060000.ndjson", "H39.18.25-240304-0009"),
        ("other.json", "H39.18.25-240304-0001"),
    ]
    assert query(here, "select count(*) from validated.quarantine") == [(0,)]
    assert validate(here).files == []


def test_a_warehouse_of_an_older_version_is_evaluated_again(here: Settings) -> None:
    land_and_validate(here, File([{}, {"dossier_code": None}]))
    con = connect_build(here)
    for column in ("files.parts", "files.landing_id", "quarantine.part"):
        table, name = column.split(".")
        con.execute(f"alter table validated.{table} drop column {name}")
    con.execute("update validated.validations set fingerprint = 'older'")
    con.close()
    assert validate(here).rebuilt
    assert query(here, "select count(landing_id) from validated.files") == [(1,)]
    assert query(here, "select part, row_number from validated.quarantine") == [(None, 2)]


def test_formulas_stay_text(here: Settings) -> None:
    """01: `=HYPERLINK(…)` is a text like any other; the marts hold it as it came."""
    formula = '=HYPERLINK("http://example.vn","x")'
    land_and_validate(here, File([{"procedure_name": formula, "agency_name": "+cmd|' /C calc'!A0"}]))
    assert query(here, "select procedure_name, agency_name from validated.dossiers") == [
        (formula, "+cmd|' /C calc'!A0")
    ]
