"""The groups of index 766 and the reconciliation of the two systems (timeliness §9, §10), on `validated` made by hand.

Every difference between the systems and the portal's report is intended, and named here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import duckdb
import pytest

from expectations import schema
from pipelines.cli.reconcile import PARTS
from tests.support.identities import IDENTITIES, OF_REPORTS
from tests.support.validated import Dbt, append
from warehouse import calendar

pytestmark = pytest.mark.integration

AS_OF = datetime(2024, 5, 31, 23, 59, 59)
EARLY, REPORT = datetime(2024, 5, 10, 23, 59, 59), datetime(2024, 5, 20, 23, 59, 59)
MARTS = (
    "+mart_portal_reconciliation",
    "+mart_system_reconciliation_monthly",
    "+mart_progress_766_groups",
    "+mart_lost_points_766",
    "+dim_indicator_766",
    "published_766_scores",
)
BASE: dict[str, Any] = {
    "agency_code": "H44.01",
    "procedure_code": "1.000001",
    "procedure_key": "1.000001",
    "channel": "2",
    "received_at": datetime(2024, 5, 2, 8),
    "due_at": datetime(2024, 6, 28, 17),
    "status": 4,
    "supplement_count": 0,
    "warnings": [],
}
ENDED = {"status": 10, "finished_at": datetime(2024, 5, 9, 9), "returned_at": datetime(2024, 5, 9, 10)}
DIGITAL = {
    "submitted_files": 2,
    "has_digitised_parts": True,
    "vneid_verified": True,
    "reused_from_store_files": 1,
    "electronic_results": 1,
    "online_payment": "1",
    "fee_count": 1,
    "fee_total": 8000,
}
#: code → (of motcua, of dvcqg, seen by dvcqg at); None: not there
DOSSIERS: dict[str, tuple[dict[str, Any] | None, dict[str, Any] | None, datetime]] = {
    "H44.01-240502-0001": (ENDED, {**ENDED, **DIGITAL}, EARLY),
    "H44.01-240502-0002": ({}, None, EARLY),
    "H44.01-240502-0003": (None, {"fee_count": 1, "fee_total": 0}, EARLY),
    "H44.01-240502-0004": (ENDED, {**ENDED, "due_at": datetime(2024, 5, 8, 17)}, EARLY),
    "LOCAL-0005": ({}, {"agency_code": "H44.02"}, EARLY),
    "H44.01-240502-0006": ({"status": 5}, {"status": 5, "supplement_count": 2}, EARLY),
    "H44.01-240502-0007": ({}, {"channel": "1", "procedure_key": "1.000002", "procedure_code": "1.000002"}, AS_OF),
}
ROUNDS: tuple[dict[str, Any], ...] = (
    {"requested_at": datetime(2024, 5, 3, 8), "answered_at": datetime(2024, 5, 3, 9)},
    {"requested_at": datetime(2024, 5, 6, 8), "answered_at": None},
)


@pytest.fixture(scope="module")
def marts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("reconciliation")
    database = folder / "build.duckdb"
    with duckdb.connect(str(database)) as con:
        schema.create_tables(con)
        calendar.write_tables(con, calendar.at_revision([]), [])
        _load(con)
    checks = ("--indirect-selection", "cautious", "--exclude-resource-type", "unit_test")
    Dbt(database, folder)("build", "--select", *MARTS, *checks, "--full-refresh", as_of=AS_OF)
    with duckdb.connect(str(database), read_only=True) as con:
        yield con


def _load(con: duckdb.DuckDBPyConnection) -> None:
    rows: list[dict[str, Any]] = []
    rounds: list[dict[str, Any]] = []
    for code, (local, portal, seen) in DOSSIERS.items():
        for source, content, at in (("motcua", local, EARLY), ("dvcqg", portal, seen)):
            if content is None:
                continue
            place: dict[str, Any] = {"source": source, "file_sha256": f"{source}{at:%d}", "row_number": len(rows) + 1}
            file = {"file_name": f"{source}{at:%d}", "file_path": f"{source}{at:%d}", "exported_at": at}
            rows.append(BASE | place | file | {"dossier_code": code, "content_hash": f"{source}{code}"} | content)
            if content.get("supplement_count"):
                rounds += [place | {"dossier_code": code, "position": n} | asked for n, asked in enumerate(ROUNDS, 1)]
    append(con, "dossiers", rows)
    append(con, "supplements", rounds)
    catalogue = {"source": "dvcqg", "file_sha256": "p", "file_name": "p", "file_path": "p", "exported_at": EARLY}
    append(
        con,
        "procedures",
        [
            catalogue | {"row_number": n, "procedure_code": key, "procedure_key": key, "has_fee": fee}
            for n, (key, fee) in enumerate((("1.000001", True), ("1.000002", True), ("1.000003", False)), 1)
        ],
    )
    report = {"source": "dvcqg", "file_sha256": "r", "file_name": "tree_20240520.json", "file_path": "r"}
    figures = {"H44": (6, 4), "H44.01": (5, 3), "H44.02": (1, 1)}
    append(
        con,
        "portal_reports",
        [
            report
            | {
                "row_number": n,
                "exported_at": REPORT,
                "department_code": code,
                "is_parent": n == 1,
                "total_received": received,
                "total_on_time": on_time,
                "total_completed": 2 if n == 1 else None,
                "ratio": round(100 * on_time / received, 2),
            }
            for n, (code, (received, on_time)) in enumerate(figures.items(), 1)
        ],
    )


def parts(con: duckdb.DuckDBPyConnection, department: str, figure: str) -> tuple[Any, ...]:
    """(the portal's, ours of dvcqg, of motcua, the difference, its parts)."""
    found = con.execute(
        f"select portal, dvcqg, motcua, difference, {', '.join(PARTS)} from marts.mart_portal_reconciliation"
        " where department_code = ? and figure = ?",
        [department, figure],
    ).fetchall()
    (row,) = found
    return row


@pytest.mark.parametrize(
    ("department", "figure", "expected"),
    [
        # 0002 not synchronised, 0003 only on the portal, 0007 came after the report; one that nobody knows
        ("H44", "total_received", (6, 6, 6, 0, -1, 1, 0, 0, 0, -1, 1)),
        # 0004 is late by the portal's due date, 0006 has two requests there
        ("H44", "total_on_time", (4, 4, 6, -2, -1, 1, 0, -1, -1, -1, 1)),
        ("H44", "total_overdue", (2, 2, 0, 2, 0, 0, 0, 1, 1, 0, 0)),
        ("H44", "total_completed", (2, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0)),
        ("H44.01", "total_received", (5, 5, 6, -1, -1, 1, -1, 0, 0, -1, 1)),
        ("H44.02", "total_received", (1, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0)),
        ("H44.02", "total_on_time", (1, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0)),
    ],
)
def test_a_difference_is_exactly_its_named_parts(
    marts: duckdb.DuckDBPyConnection, department: str, figure: str, expected: tuple[int, ...]
) -> None:
    assert parts(marts, department, figure) == expected


def test_the_parts_of_a_ratio_add_up(marts: duckdb.DuckDBPyConnection) -> None:
    portal, dvcqg, motcua, difference, *named = parts(marts, "H44", "ratio")
    assert (portal, dvcqg, motcua, difference) == (66.67, 66.67, 100, -33.33)
    assert round(sum(named), 2) == difference


def test_the_parts_of_every_figure_add_up(marts: duckdb.DuckDBPyConnection) -> None:
    """Figure by figure, and between the figures; and it finds what would break it."""
    for name in OF_REPORTS:
        identity = IDENTITIES[name]
        assert marts.execute(identity.broken).fetchall() == []
        told = marts.execute("from marts.mart_portal_reconciliation").to_arrow_table()
        assert told.num_rows
        for harm in identity.harms:
            with duckdb.connect() as con:
                con.register("told", told)
                con.execute("create schema marts; create table marts.mart_portal_reconciliation as from told")
                assert con.execute(identity.broken).fetchall() == []
                con.execute(harm)
                assert con.execute(identity.broken).fetchall(), harm


def test_the_systems_dossier_by_dossier(marts: duckdb.DuckDBPyConnection) -> None:
    rows = marts.execute(
        "select dossier_code, presence, differences, delay_seconds // 86400 from marts.mart_system_reconciliation"
    ).fetchall()
    assert {code: rest for code, *rest in rows} == {
        "H44.01-240502-0001": ["both", [], 0],
        "H44.01-240502-0002": ["only_local", [], None],
        "H44.01-240502-0003": ["only_portal", [], None],
        "H44.01-240502-0004": ["both", ["due"], 0],
        "LOCAL-0005": ["both", ["agency"], 0],
        "H44.01-240502-0006": ["both", [], 0],
        "H44.01-240502-0007": ["both", [], 21],
    }
    counts = marts.execute(
        "select dossiers, in_both, only_local, only_portal, identical, due_differs, agency_differs, delayed"
        " from marts.mart_system_reconciliation_monthly where agency_code = 'H44.01'"
    ).fetchall()
    assert counts == [(7, 5, 1, 1, 3, 1, 1, 1)]


def test_indicators_are_told_or_named(marts: duckdb.DuckDBPyConnection) -> None:
    rows = marts.execute(
        "select indicator, numerator, denominator, score, is_upper_bound from marts.mart_progress_766_groups"
        " where source = 'dvcqg' and agency_code = 'H44' and period = '2024-05'"
    ).fetchall()
    found = {indicator: rest for indicator, *rest in rows}
    assert found == {
        # 0001 is digital; 0003 pays fees of 0 đồng only, 0007 is of another procedure
        "3.3": [1, 6, 2.0, True],
        "3.5a": [1, 2, 1.25, False],
        "3.5b": [1, 2, 1.25, False],
        "3.6": [1, 5, 1.2, False],
        "4.1": [1, 6, 1.0, False],
        "4.2": [1, 6, 0.67, False],
        "4.3": [1, 6, 0.42, False],
        "4.4": [1, 6, 0.83, False],
        "4.5": [1, 6, 0.42, False],
        "5.4": [4, 6, 4.44, True],
        **{name: [None, None, None, False] for name in ("1.1", "1.2", "1.3", "3.1", "3.2", "5.1", "5.2", "5.3")},
    }


def test_every_lost_point_has_its_dossiers(marts: duckdb.DuckDBPyConnection) -> None:
    lost = marts.execute("""
        select indicator, count(*) from marts.mart_lost_points_766
        where source = 'dvcqg' and agency_code = 'H44.01' group by all order by all
    """).fetchall()
    missing = marts.execute("""
        select indicator, denominator - numerator from marts.mart_progress_766_groups
        where source = 'dvcqg' and agency_code = 'H44.01' and period = '2024-05' and score < max_score
            and indicator not like '3.5%' order by indicator
    """).fetchall()
    assert [row for row in lost if not row[0].startswith("3.5")] == missing
    assert marts.execute("""
        select indicator, dossier_code, why from marts.mart_lost_points_766
        where indicator = '5.4' or indicator = '3.5b' and source = 'dvcqg' and agency_code = 'H44.01' order by all
    """).fetchall() == [
        ("3.5b", "H44.01-240502-0007", "PROCEDURE_NEVER_PAID_ONLINE"),
        ("5.4", "H44.01-240502-0004", "LATE_OR_OVERDUE"),
        ("5.4", "H44.01-240502-0006", "LATE_OR_OVERDUE"),
    ]
