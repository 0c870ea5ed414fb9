"""Codes (portal-exports §5): normal form, canonical agency, what a dossier code says, procedures that Excel has
shortened."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.portal.sql import load_macros
from tests.oracle import values
from tests.support.properties import examples


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        load_macros(connection)
        yield connection


def ask(con: duckdb.DuckDBPyConnection, expression: str, value: str | None) -> Any:
    return con.execute(f"select {expression} from (select $v::varchar as v)", {"v": value}).fetchall()[0][0]


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        (" 000.25.18.h39–240304–0030 ", "000.25.18.H39-240304-0030"),
        ("H39.18.25 - 240304 - 0001", "H39.18.25-240304-0001"),
        ("h39.18.25\u200b-240304\u2212000\ufeff1", "H39.18.25-240304-0001"),
        ("H39\u00a0.18\t.25\u20142", "H39.18.25-2"),
        (unicodedata.normalize("NFD", "hồ-1"), "HỒ-1"),
        ("   ", None),
        ("\u200b", None),
        ("", None),
        (None, None),
    ],
)
def test_normal_form(con: duckdb.DuckDBPyConnection, written: str, normal: str) -> None:
    assert ask(con, "normal_code(v)", written) == normal


@settings(max_examples=examples(150))
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Cn", "Co"]), max_size=30))
def test_normal_form_is_the_oracles(con: duckdb.DuckDBPyConnection, written: str) -> None:
    found = ask(con, "normal_code(v)", written) or ""
    # Letters that change their length in upper case (ß) differ between the libraries and are in no code.
    if all(len(c.upper()) == 1 for c in written):
        assert unicodedata.normalize("NFC", found) == unicodedata.normalize("NFC", values.code(written))


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("000.00.19.H47", "H47.19"),
        ("000.01.18.H39", "H39.18.01"),
        ("132.00.00.H57", "H57.132"),
        ("000.00.00.H47", "H47"),
        ("H47.19", "H47.19"),
        ("H39.18.00", "H39.18.00"),
        ("G15", "G15"),
    ],
)
def test_canonical_agency(con: duckdb.DuckDBPyConnection, written: str, canonical: str | None) -> None:
    assert ask(con, "canonical_agency(v)", written) == canonical


@pytest.mark.parametrize(
    ("code", "form", "agency", "day", "digits"),
    [
        ("000.00.19.H40-220214-0001", "old", "000.00.19.H40", date(2022, 2, 14), 4),
        ("H39.18.25-240531-0012", "new", "H39.18.25", date(2024, 5, 31), 4),
        ("H57.132-260804-05831", "new", "H57.132", date(2026, 8, 4), 5),
        ("H57-260804-058312", "new", "H57", date(2026, 8, 4), 6),
        ("H57.1-261304-0583", "new", "H57.1", None, 4),
    ],
)
def test_what_a_dossier_code_says(
    con: duckdb.DuckDBPyConnection, code: str, form: Any, agency: str | None, day: date | None, digits: int | None
) -> None:
    said = ["dossier_form", "dossier_agency_part", "dossier_date", "dossier_digits"]
    assert [ask(con, f"{part}(v)", code) for part in said] == [form, agency, day, digits]


@pytest.mark.parametrize(
    "code",
    ["H39.18.25-240531-012", "H39.18.25-240531-0012345", "H39.18.25-24053-0012", "2024/15", "X", "H3.1-240531-0012"],
)
def test_other_local_forms(con: duckdb.DuckDBPyConnection, code: str) -> None:
    assert ask(con, "dossier_form(v)", code) == "other"


@pytest.mark.parametrize(
    ("written", "padded", "key"),
    [
        ("1.00119", "1.001190", "1.001190"),
        ("1.001190", "1.001190", "1.001190"),
        ("2.1", "2.100000", "2.100000"),
        ("1.001193.000.00.00.H39", "1.001193.000.00.00.H39", "1.001193"),
        ("TS_LOP1.000.00.00.H22", "TS_LOP1.000.00.00.H22", None),
        ("1.0011901", "1.0011901", None),
        (None, None, None),
    ],
)
def test_procedures(con: duckdb.DuckDBPyConnection, written: str, padded: bool, key: str | None) -> None:
    assert ask(con, "padded_procedure(v)", written) == padded
    assert ask(con, "procedure_key_of(padded_procedure(v))", written) == key
    assert ask(con, "is_unpadded_procedure(v)", written) == (padded != written)
