"""Moments (portal-exports §4): the SQL of moments.sql against written cases, against moments written in every
notation, and against the oracle's own parser for whatever else may stand in a cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

import duckdb
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.portal.sql import load_macros
from tests.oracle.dates import BadValueError, is_placeholder, moment
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
MISSING += ["NaN", "NaT", "None", "N/A", "n/a", "-", "--", "–", "'", "'-", "\u00a0", "0000-00-00T00:00:00Z"]
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
    *("20/05/24 8:30", "20/05/2024 24:00", "20/05/2567", "20/05/2024 13:30 CH", "20/05/2024 0:30 SA", "2024.5-20"),
    *("May 20, 2024", "Mon, 20/05/2024", "20/05/2024 08:30:60", "20/05/2024 8:5", "20-05/2024", "31 tháng 4 năm 2024"),
    *("20/05/2024 08:30 +7", "ngày", "8h30", "20 tháng 52024", "20/05/2024 20/05/2024", "08:30 20/05/2024 09:30"),
    *(
        "/Date(1716168600000",
        "171616860000",
        "20240520083000.0.0",
        "20240520.5",
        "2024-05-20T08:30:00[UTC]",
        "Đúng hạn",
    ),
]


MORNING, MORNING_DAY = datetime(2024, 5, 20, 8, 30), datetime(2024, 5, 20)
#: Notations that real senders use besides (portal-exports §4).
OTHERS = {
    **dict.fromkeys(
        [
            *("2024-05-20T08:30:00+07", "2024-05-20T08:30:00+0700", "2024-05-20T08:30:00 +07:00"),
            *("2024-05-20T01:30:00z", "2024-05-20T08:30:00+07:00[Asia/Ho_Chi_Minh]"),
            *("2024-05-20T08:30:00.1234567+07:00", "20/5/2024 8:30:00 AM +07:00"),
            *("20240520T083000", "20240520083000.0", "202405200830.0", "20240520 0830", "20240520T013000.123Z"),
            *("20/05/2024 08:30:00.000", "20/05/2024 08:30:00:000", "2024-5-20 8:30", "20240520 08:30:00"),
            *("20/05/2024, 08:30", "20/05/2024 - 08:30", "20/05/2024\n08:30", "20/05/2024\u00a008:30"),
            *("08:30, 20/05/2024", "8h30 20/5/2024", "20/05/2024 8h30", "20/5/2024T8:30"),
            *("08 giờ 30 phút ngày 20 tháng 5 năm 2024", "8h30 ngày 20/5/2024", "20 / 05 / 2024 08:30"),
            *("\u200e20/05/2024 08:30", "\ufeff'20/05/2024\t\x0b08:30", "20/05/2024\u200308:30"),
            *("20/05/2024 8:30 SA", "20/05/2024 08:30:00 AM", "08:30 SA 20/05/2024", "Thứ hai, 20/05/2024 08:30"),
            *("Thu\u031b\u0301 hai, nga\u0300y 20/05/2024 08:30", "'20/05/2024 08:30"),
            *("1716168600000", "1716168600999", "/Date(1716168600000)/", "/Date(1716168600000+0700)/"),
        ],
        MORNING,
    ),
    **dict.fromkeys(
        [
            *("2024/5/20", "2024-5-20", "20.5.2024", "ngày 20/05/2024", "’20/05/2024", "`20/05/2024", "20240520.0"),
            *("Thứ Hai, ngày 20/05/2024", "T2 20/05/2024", "ngày 20 tháng 05 năm 2024"),
        ],
        MORNING_DAY,
    ),
    "20/05/2024 04:30 CH": datetime(2024, 5, 20, 16, 30),
    "20/05/2024 12:30 SA": datetime(2024, 5, 20, 0, 30),
    "20/05/2024 12:30 CH": datetime(2024, 5, 20, 12, 30),
    "2024-05-20 08:30:00,5 -0500": datetime(2024, 5, 20, 20, 30),
    "/Date(946684800000)/": datetime(2000, 1, 1, 7),
}
PLACEHOLDERS = [
    "0001-01-01",
    "01/01/0001 00:00:00",
    "1753-01-01T00:00:00",
    "30/12/1899",
    "19000101",
    "1970-01-01T00:00:00Z",
    "'1900-01-01",
    "/Date(-62135596800000)/",
    "-62135596800000",
]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        load_macros(connection)
        yield connection


#: Why a text gave no moment, with what was made of it in the place of {}.
WHY = "no_moment(v, {}, coalesce(moment_as_written(v), moment_read_again(v, 0)))"


def parse(con: duckdb.DuckDBPyConnection, values: Sequence[str | None], *, end_of_day: bool = False) -> list[tuple]:
    """[(moment, is it missing?)] of each value."""
    con.register("dates", pa.table({"i": range(len(values)), "v": pa.array(values, pa.string())}))
    return con.execute(
        f"select moment(v, {86_399 if end_of_day else 0}),"
        f" coalesce({WHY.format('null')} <> 'bad', true) from dates order by i"
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
    assert due == {text: at if at != MORNING_DAY else datetime(2024, 5, 20, 23, 59, 59) for text, at in OTHERS.items()}


def test_the_no_date_values_of_platforms_are_missing(con: duckdb.DuckDBPyConnection) -> None:
    assert parse(con, PLACEHOLDERS) == [(None, True)] * len(PLACEHOLDERS)
    assert con.execute(f"select distinct {WHY.format('null')} from dates").fetchall() == [("placeholder",)]
    parse(con, ["01/01/2000"])
    assert con.execute(f"select {WHY.format('null')} from dates").fetchall() == [("bad",)]


def test_missing_and_invalid_are_told_apart(con: duckdb.DuckDBPyConnection) -> None:
    assert parse(con, [*MISSING, None]) == [(None, True)] * (len(MISSING) + 1)
    assert {v: row for v, row in zip(INVALID, parse(con, INVALID), strict=True) if row != (None, False)} == {}


# ---- moments in every notation, and what is left of them when somebody mistypes -----------------------------------

#: Day and time in every notation: how a moment is written, in the hands of `draw` where there is a choice.
Writer = Callable[[datetime, st.DrawFn], str]
WEEKDAYS = (
    *("thứ hai", "Thứ Ba", "THỨ TƯ", "thứ năm", "thứ sáu", "thứ bảy", "Chủ nhật", "CN", "T2", "t7", "Thứ 2", "thứ 7"),
)
SPACES = [" ", "  ", "\n", "\r\n", "\t", "\u00a0", "\u2003", "\u200b", " \u202f"]
GAPS = [*SPACES, ", ", ",", " - ", "-", " – ", ";"]


def plain_or_padded(draw: st.DrawFn, *numbers: int) -> list[str]:
    """Each number with a zero in front or without."""
    return [str(n).zfill(draw(st.sampled_from([1, 2]))) for n in numbers]


def slashed(at: datetime, draw: st.DrawFn) -> str:
    day, month = plain_or_padded(draw, at.day, at.month)
    return draw(st.sampled_from("/-.")).join((day, month, f"{at:%Y}"))


def year_first(at: datetime, draw: st.DrawFn) -> str:
    month, day = plain_or_padded(draw, at.month, at.day)
    return draw(st.sampled_from("/-")).join((f"{at:%Y}", month, day))


def in_words(at: datetime, draw: st.DrawFn) -> str:
    day, month = plain_or_padded(draw, at.day, at.month)
    return f"{day} tháng {month} năm {at:%Y}"


def named(at: datetime, draw: st.DrawFn) -> str:
    """A day with words in front."""
    weekday = draw(st.sampled_from(WEEKDAYS)) + draw(st.sampled_from([", ", " ", ","]))
    words = draw(st.sampled_from(["ngày ", "Ngày ", "ngày: ", weekday, weekday + "ngày "]))
    return words + draw(st.sampled_from([slashed, in_words]))(at, draw)


def fraction(draw: st.DrawFn) -> str:
    digits = draw(st.text("0123456789", max_size=12))
    return draw(st.sampled_from(".,")) + digits if digits else ""


def with_colons(at: datetime, draw: st.DrawFn) -> str:
    """Seconds, which may have a fraction, are there when the moment has some."""
    (hour,) = plain_or_padded(draw, at.hour)
    seconds = at.second or draw(st.booleans())
    return f"{hour}:{at:%M}" + (f":{at:%S}{fraction(draw)}" if seconds else "")


def of_twelve_hours(at: datetime, draw: st.DrawFn) -> str:
    (hour,) = plain_or_padded(draw, at.hour % 12 or 12)
    half = draw(st.sampled_from(["CH", "PM", "ch", "pm"] if at.hour >= 12 else ["SA", "AM", "sa", "am"]))
    return f"{hour}:{at:%M:%S}{fraction(draw)}{draw(st.sampled_from(['', *SPACES]))}{half}"


def with_letters(at: datetime, draw: st.DrawFn) -> str:
    hour, minute, second = plain_or_padded(draw, at.hour, at.minute, at.second)
    if at.second:
        return f"{hour} giờ {minute} phút {second} giây"
    return draw(
        st.sampled_from([f"{hour}h{at:%M}", f"{hour} giờ {minute} phút", f"{hour}h {minute}p", f"{hour}h{minute}"])
    )


def offset(minutes: int, draw: st.DrawFn) -> str:
    """An offset in any of its notations; minutes east of Greenwich."""
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    forms = [f"{sign}{hours:02}:{rest:02}", f"{sign}{hours:02}{rest:02}"]
    forms += [f"{sign}{hours:02}"] * (rest == 0) + ["Z", "z"] * (minutes == 0)
    name = draw(st.sampled_from(["", "", "[Asia/Ho_Chi_Minh]", " [UTC]"]))
    return draw(st.sampled_from(["", " "])) + draw(st.sampled_from(forms)) + name


def away(at: datetime, draw: st.DrawFn) -> str:
    """The moment by a clock elsewhere."""
    minutes = draw(st.one_of(st.sampled_from([0, 420]), st.integers(-14 * 60, 14 * 60)))
    there = at - timedelta(hours=7) + timedelta(minutes=minutes)
    day = draw(st.sampled_from([f"{there:%Y-%m-%d}T", f"{there:%Y-%m-%d} ", slashed(there, draw) + " "]))
    return day + draw(st.sampled_from([with_colons, of_twelve_hours]))(there, draw) + offset(minutes, draw)


def digits(at: datetime, draw: st.DrawFn) -> str:
    whole = f"{at:%Y%m%d}{draw(st.sampled_from(['', 'T', 't', ' ', '_', '-']))}{at:%H%M%S}"
    return draw(st.sampled_from([whole, whole + ".0", whole + fraction(draw)]))


def digits_away(at: datetime, draw: st.DrawFn) -> str:
    there = at - timedelta(hours=7)
    return f"{there:%Y%m%dT%H%M%S}{fraction(draw)}{offset(0, draw)}"


def milliseconds(at: datetime, draw: st.DrawFn) -> str:
    passed = int((at - datetime(1970, 1, 1, 7)).total_seconds()) * 1000 + draw(st.integers(0, 999))
    forms = [f"/Date({passed})/", f"/Date({passed}{draw(st.sampled_from(['+', '-']))}0700)/"]
    return draw(st.sampled_from([*forms, str(passed)] if passed >= 10**12 else forms))


DAYS: list[Writer] = [
    slashed,
    year_first,
    named,
    in_words,
    lambda at, _: f"{at:%Y-%m-%d}",
    lambda at, _: f"{at:%Y%m%d}",
]
CLOCKS: list[Writer] = [with_colons, of_twelve_hours, with_letters]
ALONE: list[Writer] = [away, digits, digits_away, milliseconds]


@st.composite
def written(draw: st.DrawFn) -> tuple[str, datetime, bool]:
    """(text, the moment it means, is it a day without a time) in some notation of portal-exports §4."""
    at = draw(st.datetimes(datetime(2000, 1, 1), datetime(2100, 12, 31, 23, 59, 59))).replace(microsecond=0)
    form = draw(st.integers(0, len(ALONE) + 3))
    mark = draw(st.sampled_from(["", "", "", "'", "’", "`", "' "]))
    if form < len(ALONE):
        text = ALONE[form](at, draw)
        return (text if text.startswith("/") or text.isdecimal() else mark + text), at, False
    day = mark + draw(st.sampled_from(DAYS))(at, draw)
    if form == len(ALONE):
        return day, at.replace(hour=0, minute=0, second=0), True
    clock = draw(st.sampled_from(CLOCKS))(at, draw)
    gap = draw(st.sampled_from(GAPS))
    if form == len(ALONE) + 1:
        return mark + clock + gap + day.removeprefix(mark), at, False
    return day + gap + clock, at, False


@settings(max_examples=examples(30))
@given(values=st.lists(written(), min_size=20, max_size=80), end_of_day=st.booleans())
def test_moments_are_read_in_every_notation(
    con: duckdb.DuckDBPyConnection, values: list[tuple[str, datetime, bool]], end_of_day: bool
) -> None:
    rest = timedelta(hours=23, minutes=59, seconds=59) if end_of_day else timedelta()
    meant = [(text, at + rest if day_only else at) for text, at, day_only in values]
    assert [(text, moment(text, end_of_day)) for text, _ in meant] == meant
    found = parse(con, [text for text, _ in meant], end_of_day=end_of_day)
    assert [(text, read) for (text, _), (read, _) in zip(meant, found, strict=True)] == meant


#: What stands in dates: texts of it in any order reach what no notation describes.
PIECES = [
    *"0123456789/-.:, \n\u00a0'’`TZhtz+[]_();–",
    *("00", "12", "24", "59", "60", "2024", "1900", "1970", "0001", "20240520", "0830", "083000", "20/05/2024"),
    *("8:30", "08:30:00", "5", "ngày", "tháng", "năm", "giờ", "phút", "thứ hai", "T2", "CN", "SA", "CH", "am", "PM"),
    *("+07:00", "+0700", "Z", ".0", ".000", "NaN", "null", "N/A", "May", "/Date(", ")/", "[UTC]", "２", "é"),
]
NUMBERS = st.integers(0, 2102).map(str)
GARBAGE = st.lists(st.one_of(st.sampled_from(PIECES), NUMBERS), max_size=12).map("".join)


@st.composite
def broken(draw: st.DrawFn) -> str:
    """A moment in some notation with one to three places changed, put in or taken away."""
    text = draw(written())[0]
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from(["", *PIECES])) + text[at + draw(st.integers(0, 2)) :]
    return text


def oracle(value: str, end_of_day: bool) -> tuple[datetime | None, bool]:
    try:
        found = moment(value, end_of_day)
    except BadValueError:
        return None, False
    return found, found is None


@settings(max_examples=examples(30))
@given(values=st.lists(st.one_of(broken(), GARBAGE), min_size=20, max_size=80), end_of_day=st.booleans())
@example(values=list(ACCEPTED) + list(OTHERS) + MISSING + INVALID + PLACEHOLDERS, end_of_day=True)
def test_the_oracle_agrees(con: duckdb.DuckDBPyConnection, values: list[str], end_of_day: bool) -> None:
    # The parser is given trimmed text, as canonical rows do.
    values = [value.strip() for value in values]
    found = parse(con, values, end_of_day=end_of_day)
    said = con.execute(
        f"select coalesce({WHY.format('moment(v, 0)')} = 'placeholder', false) from dates order by i"
    ).fetchall()
    wanted = [(value, *oracle(value, end_of_day), is_placeholder(value)) for value in values]
    # a text that is a moment is not asked whether it is missing
    shown = [(read, missing and read is None) for read, missing in found]
    assert [(value, *one, mark) for value, one, (mark,) in zip(values, shown, said, strict=True)] == wanted
