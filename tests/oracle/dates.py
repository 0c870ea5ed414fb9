"""Dates (portal-exports §4) read from their texts: every notation of the section as a small grammar, walked by hand.

Nothing of the product is used, nor any pattern: a reader takes a text and yields what it may have read with what is
left of the text. A text is a moment when some way through the grammar leaves nothing; two ways that mean different
moments would be a mistake of the grammar and are an AssertionError.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import product
from typing import TypeVar

T = TypeVar("T")
#: What may have been read, and what is left.
Readings = Iterator[tuple[T, str]]
Clock = tuple[int, int, int]

LOCAL = timedelta(hours=7)
END_OF_DAY = time(23, 59, 59)
EPOCH = datetime(1970, 1, 1)
DIGITS = "0123456789"
MARKS = "'’‘`´\""
WORDS_FOR_NOTHING = ("null", "nan", "nat", "none", "n/a")
#: The "no date" values of platforms, as days of the local wall clock.
PLACEHOLDERS = {date(1, 1, 1), date(1753, 1, 1), date(1899, 12, 30), date(1900, 1, 1), date(1970, 1, 1)}
WEEKDAYS = (
    *(f"thứ {number}" for number in ("hai", "ba", "tư", "năm", "sáu", "bảy", *"234567")),
    *("chủ nhật", "cn", *(f"t{number}" for number in "234567")),
)


class BadValueError(ValueError):
    """A non-empty value that cannot be read."""


def is_missing(raw: str) -> bool:
    """Does a text hold nothing: empty, a word for it, zeros alone, the "no date" value of a platform?"""
    text = _visible(raw)
    if not text or text in WORDS_FOR_NOTHING or not set(text) - set("-–—"):
        return True
    return ("0" in text and not set(text) - set("0:/ .tz-")) or is_placeholder(raw)


def is_placeholder(raw: str) -> bool:
    """Is it the "no date" value of a platform?"""
    found = _any_year(raw, end_of_day=False)
    return found is not None and found.date() in PLACEHOLDERS


def moment(raw: str, end_of_day: bool = False) -> datetime | None:
    """Wall clock of Asia/Ho_Chi_Minh, None when missing; `end_of_day` for due dates. Raises BadValueError."""
    if is_missing(raw):
        return None
    found = _any_year(raw, end_of_day)
    if found is None or not 2000 <= found.year <= 2100:
        raise BadValueError(raw)
    return found


def _any_year(raw: str, end_of_day: bool) -> datetime | None:
    text = _visible(raw)
    ways = [*_whole(_digits(text)), *_whole(_clock_and_day(text)), *_whole(_day_and_clock(text))]
    meant = {_at(*way, end_of_day) for way in ways} | {_since_1970(raw)}
    found = [at for at in meant if at is not None]
    assert len(found) <= 1, (raw, found)
    return found[0] if found else None


def _at(day: date, clock: Clock | None, offset: timedelta | None, end_of_day: bool) -> datetime | None:
    hms = time(*clock) if clock else END_OF_DAY if end_of_day else time()
    try:
        return datetime.combine(day, hms) + (LOCAL - offset if offset is not None else timedelta())
    except OverflowError:
        return None


def _since_1970(raw: str) -> datetime | None:
    """Milliseconds: a number of thirteen digits (before 1970 also of fourteen), any number in `/Date(…)/`, which may
    name an offset that changes nothing."""
    number: str = raw
    lengths: tuple[int, ...] = (13,)
    if raw.startswith("/Date(") and raw.endswith(")/"):
        number, lengths = raw[len("/Date(") : -len(")/")], tuple(range(1, 15))
        if number[-5:-4] in ("+", "-") and _is_number(number[-4:]):
            number = number[:-5]
    digits = number.removeprefix("-")
    if digits != number and lengths == (13,):
        lengths = (13, 14)
    if not _is_number(digits) or len(digits) not in lengths:
        return None
    try:
        return (EPOCH + timedelta(milliseconds=int(number)) + LOCAL).replace(microsecond=0)
    except OverflowError:
        return None


def _visible(raw: str) -> str:
    """Lower case; one space for whatever cannot be seen; no text mark in front."""
    text = "".join(
        " " if c.isspace() or unicodedata.category(c) in ("Cf", "Zs", "Zl", "Zp") else c
        for c in unicodedata.normalize("NFC", raw.lower())
    )
    return " ".join(text.lstrip(MARKS + " ").split())


def _is_number(text: str) -> bool:
    return bool(text) and not set(text) - set(DIGITS)


# ---- whole values ---------------------------------------------------------------------------------------------------


def _whole(readings: Readings[T]) -> Iterator[T]:
    return (found for found, left in readings if not left)


def _digits(text: str) -> Readings[tuple[date, Clock, timedelta | None]]:
    """`yyyyMMdd` and `HHmm[ss]`, glued or with one sign between; `.0` behind, after seconds any fraction."""
    for day_digits, left in _number(text, 8, 8):
        gaps = [left, left[1:]] if left[:1] in ("t", " ", "_", "-") else [left]
        for after_gap, length in product(gaps, (4, 6)):
            for clock_digits, rest in _number(after_gap, length, length):
                day = _calendar_day(day_digits[:4], day_digits[4:6], day_digits[6:])
                clock = _clock_of(clock_digits[:2], clock_digits[2:4], clock_digits[4:])
                if day is None or clock is None:
                    continue
                ends = _fraction(rest, ".,") if length == 6 else _point_zero(rest)
                for _, end in ends:
                    for offset, last in _offset(end):
                        yield (day, clock, offset), last


def _clock_and_day(text: str) -> Readings[tuple[date, Clock, None]]:
    for clock, left in _clock(text):
        for _, after_gap in _gap(left):
            for day, end in _named_day(after_gap):
                yield (day, clock, None), end


def _day_and_clock(text: str) -> Readings[tuple[date, Clock | None, timedelta | None]]:
    for day, left in _named_day(text):
        yield (day, None, None), left
        for _, after_gap in _gap(left):
            for clock, rest in _clock(after_gap):
                for offset, end in _offset(rest):
                    yield (day, clock, offset), end


# ---- days -----------------------------------------------------------------------------------------------------------


def _named_day(text: str) -> Readings[date]:
    """A day, with `ngày` and the weekday's name before it or not."""
    yield from _day(text)
    for _, after_one in _day_word(text):
        yield from _day(after_one)
        for _, after_two in _day_word(after_one):
            yield from _day(after_two)


def _day_word(text: str) -> Readings[str]:
    for word in ("ngày", *WEEKDAYS):
        if text.startswith(word):
            left = text.removeprefix(word)
            end = left.lstrip(" ,.:")
            if end != left:
                yield word, end


def _day(text: str) -> Readings[date]:
    yield from _day_in_one(text)
    yield from _day_in_words(text)
    for sign in "/-.":
        for first, left in _number(text, 1, 4):
            for _, after_first in _sign(left, sign):
                for month, left_2 in _number(after_first, 1, 2):
                    for _, after_month in _sign(left_2, sign):
                        for last, end in _number(after_month, 1, 4):
                            yield from _either_end(first, month, last, end)


def _either_end(first: str, month: str, last: str, end: str) -> Readings[date]:
    """The year is the end that has four digits, the day the other one, of one or two."""
    if len(first) == 4 and len(last) <= 2:
        found = _calendar_day(first, month, last)
    elif len(last) == 4 and len(first) <= 2:
        found = _calendar_day(last, month, first)
    else:
        found = None
    if found is not None:
        yield found, end


def _day_in_one(text: str) -> Readings[date]:
    for digits, left in _number(text, 8, 8):
        found = _calendar_day(digits[:4], digits[4:6], digits[6:])
        if found is not None:
            for _, end in _point_zero(left):
                yield found, end


def _day_in_words(text: str) -> Readings[date]:
    """`20 tháng 5 năm 2024`, `20 tháng 5, 2024`, `20 tháng 5 2024`."""
    for day, left in _number(text, 1, 2):
        for _, after_word in _sign(left, "tháng"):
            for month, left_2 in _number(after_word, 1, 2):
                betweens = [*_sign(left_2, "năm"), *_sign(left_2, ",")]
                if left_2.startswith(" "):
                    betweens.append((" ", left_2[1:]))
                for _, after_month in betweens:
                    for year, end in _number(after_month, 4, 4):
                        found = _calendar_day(year, month, day)
                        if found is not None:
                            yield found, end


def _calendar_day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


# ---- times ----------------------------------------------------------------------------------------------------------


def _clock(text: str) -> Readings[Clock]:
    """A time of day, of twelve hours when it says which half."""
    for written in (_clock_with_colons, _clock_in_words):
        for clock, left in written(text):
            yield clock, left
            for half, end in _half(left):
                if 1 <= clock[0] <= 12:
                    yield (clock[0] % 12 + (12 if half in ("ch", "pm") else 0), *clock[1:]), end


def _clock_with_colons(text: str) -> Readings[Clock]:
    for hour, left in _number(text, 1, 2):
        for minute, after_minute in _after(left, ":", 2, 2):
            yield from _if_clock(hour, minute, "", after_minute)
            for second, after_second in _after(after_minute, ":", 2, 2):
                for _, end in _fraction(after_second, ".,:"):
                    yield from _if_clock(hour, minute, second, end)


def _clock_in_words(text: str) -> Readings[Clock]:
    """`8h`, `8h30`, `8 giờ 30 phút`, `8 giờ 30 phút 5 giây`."""
    for hour, left in _number(text, 1, 2):
        for _, after_hour in _unit(left, ("h", "giờ")):
            yield from _if_clock(hour, "", "", after_hour)
            for minute, left_2 in _number(after_hour.removeprefix(" "), 1, 2):
                yield from _if_clock(hour, minute, "", left_2)
                for _, after_minute in _unit(left_2, ("phút", "ph", "p")):
                    yield from _if_clock(hour, minute, "", after_minute)
                    for second, left_3 in _number(after_minute.removeprefix(" "), 1, 2):
                        for _, end in _unit(left_3, ("giây", "s")):
                            yield from _if_clock(hour, minute, second, end)


def _unit(text: str, names: tuple[str, ...]) -> Readings[str]:
    bare = text.removeprefix(" ")
    return ((name, bare.removeprefix(name)) for name in names if bare.startswith(name))


def _half(text: str) -> Readings[str]:
    return _unit(text, ("sa", "ch", "am", "pm"))


def _if_clock(hour: str, minute: str, second: str, left: str) -> Readings[Clock]:
    found = _clock_of(hour, minute, second)
    if found is not None:
        yield found, left


def _clock_of(hour: str, minute: str, second: str) -> Clock | None:
    """Midnight is hour 0, and no minute has a second 60."""
    found = int(hour), int(minute or 0), int(second or 0)
    return found if found[0] < 24 and found[1] < 60 and found[2] < 60 else None


def _fraction(text: str, signs: str) -> Readings[None]:
    """A fraction of a second of any length, or none; it is cut off."""
    yield None, text
    if text[:1] and text[0] in signs:
        for length in range(1, len(text)):
            if not _is_number(text[1 : length + 1]):
                return
            yield None, text[length + 1 :]


def _point_zero(text: str) -> Readings[None]:
    """`.0` as a number's decimals, or nothing."""
    yield None, text
    if text.startswith("."):
        for length in range(1, len(text)):
            if set(text[1 : length + 1]) != {"0"}:
                return
            yield None, text[length + 1 :]


def _offset(text: str) -> Readings[timedelta | None]:
    """`z`, `+07`, `+0700`, `+07:00`, then perhaps a zone's name in brackets; or nothing, which is home."""
    yield None, text
    for offset, left in _bare_offset(text.removeprefix(" ")):
        yield offset, left
        bracket = left.removeprefix(" ")
        name, closed, end = bracket.removeprefix("[").partition("]")
        if (
            bracket.startswith("[")
            and closed
            and name
            and all(c.isascii() and (c.isalnum() or c in "_/+:-") for c in name)
        ):
            yield offset, end


def _bare_offset(text: str) -> Readings[timedelta]:
    if text.startswith("z"):
        yield timedelta(), text[1:]
    if text[:1] in ("+", "-"):
        sign = -1 if text[0] == "-" else 1
        for hours, left in _number(text[1:], 2, 2):
            if int(hours) < 24:
                yield sign * timedelta(hours=int(hours)), left
                for minutes, end in _number(left.removeprefix(":"), 2, 2):
                    if int(minutes) < 60:
                        yield sign * timedelta(hours=int(hours), minutes=int(minutes)), end


# ---- signs ----------------------------------------------------------------------------------------------------------


def _gap(text: str) -> Readings[str]:
    """Between day and time: a space, or one sign with or without spaces."""
    if text.startswith(" "):
        yield " ", text[1:]
    bare = text.removeprefix(" ")
    if bare and bare[0] in "t,;_-–—":
        yield bare[0], bare[1:]
        if bare[1:2] == " ":
            yield bare[0], bare[2:]


def _sign(text: str, sign: str) -> Readings[str]:
    """A sign or word, with or without a space on each side."""
    bare = text.removeprefix(" ")
    if bare.startswith(sign):
        yield sign, bare.removeprefix(sign).removeprefix(" ")


def _after(text: str, sign: str, low: int, high: int) -> Readings[str]:
    if text.startswith(sign):
        yield from _number(text.removeprefix(sign), low, high)


def _number(text: str, low: int, high: int) -> Readings[str]:
    """Digits, `low` to `high` of them."""
    for length in range(low, high + 1):
        if len(text) >= length and _is_number(text[:length]):
            yield text[:length], text[length:]


__all__ = ["BadValueError", "is_missing", "is_placeholder", "moment"]
