"""Dossiers that name their agency by nothing but a name: a catalogue that comes later gives them their agency.

The nightly run is incremental, the dossiers are finished and settled, and still it leaves what a full refresh does:
agency, calendar of the agency's province, and the crosswalk.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from expectations import schema
from tests.support.validated import Dbt, append
from warehouse import calendar
from warehouse.calendar import Change

pytestmark = [pytest.mark.integration, pytest.mark.slow]

CORE = ("--select", "+path:models/marts/core", "+mart_agency_names")
NO_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
AS_OF = datetime(2025, 8, 31, 23, 59, 59)
#: A day off of Long An only: whoever goes by its calendar has one working day less.
DAYS = [Change(1, date(2024, 3, 6), "off", "Nghỉ", "H39")]
NAMES = {
    "A": "Uỷ ban nhân dân xã Đông Thạnh - Tỉnh Long An",
    "B": "UBND xa Dong Thanh",
    "C": "UBND xã Tân Lập",
    "D": "Không có trong danh mục",
}


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 8)


def file(name: str, exported_at: datetime) -> dict[str, Any]:
    return {"source": "motcua", "file_name": name, "file_path": name, "file_sha256": name, "exported_at": exported_at}


def load_dossiers(con: duckdb.DuckDBPyConnection) -> None:
    schema.create_tables(con)
    calendar.write_tables(con, calendar.at_revision(DAYS), DAYS)
    shared = {
        **{"agency_code": "unknown", "status": 10, "channel": "1", "warnings": [], "supplement_count": 0},
        **{"received_at": at(date(2024, 3, 4)), "due_at": at(date(2024, 3, 8))},
        **{"finished_at": at(date(2024, 3, 7)), "returned_at": at(date(2024, 3, 7))},
    }
    rows = [
        file("hoso", datetime(2024, 3, 10)) | shared | {"dossier_code": code, "agency_name": name, "row_number": n}
        for n, (code, name) in enumerate(NAMES.items(), 1)
    ]
    append(con, "dossiers", [row | {"content_hash": row["dossier_code"]} for row in rows])


def load_agencies(con: duckdb.DuckDBPyConnection) -> None:
    names = {"H39.18.24": "UBND xã Đông Thạnh", "H39.18.30": "UBND xã Tân Lập", "H53.7.1": "UBND xã Tân Lập"}
    rows = [
        file("coquan", datetime(2024, 3, 9)) | {"agency_code": code, "agency_name": name, "row_number": n}
        for n, (code, name) in enumerate(names.items(), 1)
    ]
    append(con, "agencies", rows, validation_seq=2)


def found(dbt: Dbt, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(dbt.database), read_only=True) as con:
        return con.execute(query).fetchall()


def test_a_catalogue_that_comes_later_names_settled_dossiers(tmp_path: Path) -> None:
    nightly_runs, whole = (Dbt(tmp_path / f"{name}.duckdb", tmp_path / "scratch") for name in ("nights", "whole"))
    taken = "select dossier_code, working_days_taken from marts.fct_verdicts where rule_set = 'form_ii06' order by 1"
    with duckdb.connect(str(nightly_runs.database)) as con:
        load_dossiers(con)
    nightly_runs("build", *CORE, *NO_TESTS, "--full-refresh", as_of=AS_OF)
    assert found(nightly_runs, "select distinct agency_code from marts.fct_dossiers") == [("unknown",)]
    assert found(nightly_runs, taken) == [("A", 3), ("B", 3), ("C", 3), ("D", 3)]
    with duckdb.connect(str(nightly_runs.database)) as con:
        load_agencies(con)
    nightly_runs("build", *CORE, *NO_TESTS, as_of=AS_OF, changed_since=1)

    assert found(nightly_runs, "select dossier_code, agency_code from marts.fct_dossiers order by 1") == [
        ("A", "H39.18.24"),
        ("B", "H39.18.24"),
        ("C", "unknown"),
        ("D", "unknown"),
    ]
    assert found(nightly_runs, taken) == [("A", 2), ("B", 2), ("C", 3), ("D", 3)]
    reported = found(nightly_runs, "select agency_name, outcome, candidates from marts.mart_agency_names order by 1")
    assert {name: (outcome, candidates) for name, outcome, candidates in reported} == {
        NAMES["A"]: ("matched", ["H39.18.24"]),
        NAMES["B"]: ("matched", ["H39.18.24"]),
        NAMES["C"]: ("ambiguous", ["H39.18.30", "H53.7.1"]),
        NAMES["D"]: ("unmatched", None),
    }
    today = "select current_agency_code, how from marts.dim_agency_crosswalk where agency_code = 'H39.18.24'"
    assert found(nightly_runs, today) == [("H53", "province")]

    with duckdb.connect(str(whole.database)) as con:
        load_dossiers(con)
        load_agencies(con)
    whole("build", *CORE, *NO_TESTS, "--full-refresh", as_of=AS_OF)
    for table in ("intermediate.int_dossier_facts", "intermediate.int_verdicts", "marts.dim_agency_crosswalk"):
        assert found(nightly_runs, f"from {table} order by all") == found(whole, f"from {table} order by all"), table
