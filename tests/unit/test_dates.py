"""Moments (portal-exports §4): the SQL of moments.sql against written cases and against the oracle's own
parser."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import duckdb
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.portal.sql import load_macros
from tests.oracle.values import BadValueError, moment
from tests.support.properties import examples

START = datetime(2024, 3, 4)
END = datetime(2024, 3, 4, 23, 59, 59)
AT = datetime(2024, 3, 4, 8, 30)
AT_5 = datetime(2024, 3, 4, 8, 30, 5)

ACCEPTED = {
    "20240304083005": AT_5,
    "202403040830": AT,
    "20240304": START,
    "2024-03-04": START,
    "2024-03-04T08:30": AT,
    "2024-03-04 08:30": AT,
    "2024-03-04 08:30:05": AT_5,
    "2024-03-04T08:30:05.999999999": AT_5,
    "2024-03-04T01:30:05Z": AT_5,
    "2024-03-04T01:30Z": AT,
    "2024-03-04T08:30:05+07:00": AT_5,
    "2024-03-03 20:30:05.5-05:00": AT_5,
    "2024-03-04T14:15:05+12:45": AT_5,
    "4/3/2024": START,
    "04/03/2024": START,
    "4-3-2024": START,
    "4/3/2024 8:30": AT,
    "04-03-2024 08:30:05": AT_5,
    "8:30 4/3/2024": AT,
    "08:30:05 04/03/2024": AT_5,
    "08:30   04/03/2024": AT,
    "1999-12-31T20:00:00Z": datetime(2000, 1, 1, 3),
    "21001231235959": datetime(2100, 12, 31, 23, 59, 59),
    "29/2/2024": datetime(2024, 2, 29),
}
MISSING = ["", "0", "00000000", "00000000000000", "0000-00-00", "00/00/0000", "null", "NULL", "0000-00-00 00:00:00"]
INVALID = [
    "20240230083000",
    "32/01/2024",
    "29/2/2023",
    "3/13/2024",
    "4/3/24",
    "240304",
    "20240304240000",
    "2024-03-04 24:00:00",
    "2024-03-04T08:60",
    "2024-03-04T08:30:05+7:00",
    "2024-03-04T08:30:05+24:00",
    "2024-03-04Z",
    "4/3-2024",
    "19991231235959",
    "21010101000000",
    "2100-12-31T20:00:00Z",
    "2024-03-04T08:30:05 chiều",
    "Nguyễn Văn A",
    "20240304083",
    "45355",
    "1e5",
    "infinity",
    "epoch",
    "８/3/2024",
]


AT, DAY = datetime(2024, 5, 20, 8, 30), datetime(2024, 5, 20)
#: Notations that real senders use besides (portal-exports §4).
OTHERS = {
    **dict.fromkeys(
        [
            *("2024-05-20T08:30:00+07", "2024-05-20T08:30:00+0700", "2024-05-20T08:30:00 +07:00"),
            *(
                "2024-05-20T01:30:00z",
                "2024-05-20T08:30:00+07:00[Asia/Ho_Chi_Minh]",
                "2024-05-20T08:30:00.1234567+07:00",
            ),
            *("20240520T083000", "20240520083000.0", "20240520 0830", "20/05/2024 08:30:00.000", "2024-5-20 8:30"),
            *(
                "20/05/2024, 08:30",
                "20/05/2024 - 08:30",
                "20/05/2024\n08:30",
                "20/05/2024\u00a008:30",
                "08:30, 20/05/2024",
            ),
            *("8h30 20/5/2024", "20/05/2024 8h30", "08 giờ 30 phút ngày 20 tháng 5 năm 2024"),
            "\u200e20/05/2024 08:30",
            *("20/05/2024 8:30 SA", "20/05/2024 08:30:00 AM", "Thứ hai, 20/05/2024 08:30", "'20/05/2024 08:30"),
            *("1716168600000", "/Date(1716168600000)/", "/Date(1716168600000+0700)/"),
        ],
        AT,
    ),
    **dict.fromkeys(
        ["2024/5/20", "2024-5-20", "20.5.2024", "ngày 20/05/2024", "’20/05/2024", "`20/05/2024", "20240520.0"], DAY
    ),
    "20/05/2024 04:30 CH": datetime(2024, 5, 20, 16, 30),
    "20/05/2024 12:30 SA": datetime(2024, 5, 20, 0, 30),
    "20/05/2024 12:30 CH": datetime(2024, 5, 20, 12, 30),
    "2024-05-20 08:30:00,5 -0500": datetime(2024, 5, 20, 20, 30),
}
PLACEHOLDERS = [
    "0001-01-01",
    "01/01/0001 00:00:00",
    "1753-01-01T00:00:00",
    "30/12/1899",
    "19000101",
    "1970-01-01T00:00:00Z",
]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        load_macros(connection)
        yield connection


def parse(con: duckdb.DuckDBPyConnection, values: Sequence[str | None], *, end_of_day: bool = False) -> list[tuple]:
    """[(moment, is it missing?)] of each value."""
    con.register("dates", pa.table({"i": range(len(values)), "v": pa.array(values, pa.string())}))
    return con.execute(
        f"select {'moment_by_end_of_day' if end_of_day else 'moment'}(v), is_missing(v) from dates order by i"
    ).fetchall()


def test_accepted_forms(con: duckdb.DuckDBPyConnection) -> None:
    assert parse(con, list(ACCEPTED)) == [(value, False) for value in ACCEPTED.values()]


def test_a_due_date_without_a_time_ends_with_the_day(con: duckdb.DuckDBPyConnection) -> None:
    found = [row[0] for row in parse(con, list(ACCEPTED), end_of_day=True)]
    dated = {"20240304", "2024-03-04", "4/3/2024", "04/03/2024", "4-3-2024"}
    expected = {text: END if text in dated else value for text, value in ACCEPTED.items()}
    expected["29/2/2024"] = datetime(2024, 2, 29, 23, 59, 59)
    assert dict(zip(ACCEPTED, found, strict=True)) == expected


def test_other_notations(con: duckdb.DuckDBPyConnection) -> None:
    assert dict(zip(OTHERS, (found for found, _ in parse(con, list(OTHERS))), strict=True)) == OTHERS
    due = dict(zip(OTHERS, (found for found, _ in parse(con, list(OTHERS), end_of_day=True)), strict=True))
    assert due == {text: at if at != DAY else datetime(2024, 5, 20, 23, 59, 59) for text, at in OTHERS.items()}


def test_the_no_date_values_of_platforms_are_missing(con: duckdb.DuckDBPyConnection) -> None:
    assert parse(con, PLACEHOLDERS) == [(None, True)] * len(PLACEHOLDERS)
    said = con.execute("select bool_and(is_placeholder(v, null)) from dates").fetchone()
    assert said == (True,)
    assert con.execute("select is_placeholder('01/01/2000', null)").fetchone() == (False,)


def test_missing_and_invalid_are_told_apart(con: duckdb.DuckDBPyConnection) -> None:
    assert parse(con, [*MISSING, None]) == [(None, True)] * (len(MISSING) + 1)
    assert {v: row for v, row in zip(INVALID, parse(con, INVALID), strict=True) if row != (None, False)} == {}


def number(low: int, high: int, width: int = 0) -> st.SearchStrategy[str]:
    return st.integers(low, high).map(lambda n: str(n).zfill(width))


def joined(*parts: str | st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*(st.just(p) if isinstance(p, str) else p for p in parts)).map("".join)


YEAR = number(1998, 2102)
MONTH, DAY_OF_MONTH, HOUR, MINUTE = number(0, 13, 2), number(0, 32, 2), number(0, 24, 2), number(0, 60, 2)
ONE_OR_TWO = st.one_of(number(0, 32), number(0, 32, 2))
ZONE = st.one_of(st.sampled_from(["", "Z", "z", "+0700"]), joined(st.sampled_from("+-"), HOUR, ":", MINUTE))
CLOCK = st.one_of(joined(HOUR, ":", MINUTE), joined(HOUR, ":", MINUTE, ":", MINUTE))
SHORT_CLOCK = st.one_of(joined(number(0, 25), ":", MINUTE), joined(number(0, 25), ":", MINUTE, ":", MINUTE))
FRACTION = st.one_of(st.just(""), joined(".", number(0, 99_999_999)))
DMY = st.one_of(joined(ONE_OR_TWO, "/", ONE_OR_TWO, "/", YEAR), joined(ONE_OR_TWO, "-", ONE_OR_TWO, "-", YEAR))
FORMS = st.one_of(
    joined(YEAR, MONTH, DAY_OF_MONTH),
    joined(YEAR, MONTH, DAY_OF_MONTH, HOUR, MINUTE),
    joined(YEAR, MONTH, DAY_OF_MONTH, HOUR, MINUTE, MINUTE),
    joined(YEAR, "-", MONTH, "-", DAY_OF_MONTH),
    joined(YEAR, "-", MONTH, "-", DAY_OF_MONTH, st.sampled_from("T "), CLOCK, FRACTION, ZONE),
    DMY,
    joined(DMY, st.sampled_from([" ", "  ", "T"]), SHORT_CLOCK),
    joined(SHORT_CLOCK, st.sampled_from([" ", "  "]), DMY),
    st.text("0123456789-/: TZ+.", max_size=25),
)


@st.composite
def broken(draw: st.DrawFn) -> str:
    """A form with one character changed, put in or taken away."""
    text = draw(FORMS)
    at = draw(st.integers(0, len(text)))
    return text[:at] + draw(st.text("0123456789-/: TZ+.xé", max_size=1)) + text[at + draw(st.integers(0, 1)) :]


def oracle(value: str, end_of_day: bool) -> tuple[datetime | None, bool]:
    try:
        found = moment(value, end_of_day)
    except BadValueError:
        return None, False
    return found, found is None


@settings(max_examples=examples(60))
@given(values=st.lists(st.one_of(FORMS, broken()), min_size=50, max_size=200), end_of_day=st.booleans())
@example(values=list(ACCEPTED) + MISSING + INVALID[:-1], end_of_day=True)
def test_the_oracle_agrees(values: list[str], end_of_day: bool) -> None:
    # The parser is given trimmed text, as canonical rows do.
    values = [value.strip() for value in values]
    with duckdb.connect(config={"threads": 1}) as con:
        load_macros(con)
        found = parse(con, values, end_of_day=end_of_day)
    for value, (read, missing) in zip(values, found, strict=True):
        wanted, nothing = oracle(value, end_of_day)
        if wanted is not None or read is None:
            assert (value, read, missing) == (value, wanted, nothing or missing)
        else:
            # Another notation than the oracle knows: at least the year that was read stands in the text.
            assert {str(read.year), str(read.year - 1), str(read.year + 1)} & {
                value[i : i + 4] for i in range(len(value))
            }
