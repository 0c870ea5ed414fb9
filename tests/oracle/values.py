"""Single values of the exports: dates (portal-exports §4), codes (portal-exports §5), numbers. Text in, Python value
out."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from typing import Any

LOCAL = timedelta(hours=7)
END_OF_DAY = time(23, 59, 59)

_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?")
_ZONE = r"Z|[+-](?:[01]\d|2[0-3]):[0-5]\d"
_ISO = re.compile(rf"(\d{{4}})-(\d{{2}})-(\d{{2}})(?:[T ](\d{{2}}):(\d{{2}})(?::(\d{{2}})(?:\.\d+)?)?({_ZONE})?)?")
_CLOCK = r"(\d{1,2}):(\d{2})(?::(\d{2}))?"
_DAY = r"(\d{1,2})(?P<dash>[/-])(\d{1,2})(?P=dash)(\d{4})"
_DAY_FIRST = re.compile(rf"{_DAY}(?: +{_CLOCK})?")
_CLOCK_FIRST = re.compile(rf"{_CLOCK} +{_DAY}")

OLD_DOSSIER = re.compile(r"(\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2})-(\d{6})-(\d{4,6})")
NEW_DOSSIER = re.compile(r"([A-Z]\d{2}(?:\.\d{1,3}){0,4})-(\d{6})-(\d{4,6})")
OLD_AGENCY = re.compile(r"\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2}")
PROCEDURE = re.compile(r"\d\.\d{6}(?:\.\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2})?")


class BadValueError(ValueError):
    """A non-empty value that cannot be read."""


def text(value: Any) -> str:
    """The scalar as trimmed text; null is empty (portal-exports §3: every scalar may arrive as a string)."""
    if value is None or isinstance(value, list | dict):
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value).strip()


def folded(name: str) -> str:
    """A name without case, diacritics and punctuation (portal-exports §9)."""
    decomposed = unicodedata.normalize("NFD", name.lower().replace("đ", "d"))
    return " ".join(re.findall(r"[a-z0-9]+", "".join(c for c in decomposed if not unicodedata.combining(c))))


def is_missing(value: Any) -> bool:
    """Does a date field hold nothing: empty, `null`, all zeros (portal-exports §4)?"""
    raw = text(value)
    if not raw or raw.lower() in ("null", "nan", "nat", "none", "n/a") or set(raw) == {"-"}:
        return True
    return "0" in raw and set(raw) <= set("0:/ .TZ-")


def moment(value: Any, end_of_day: bool = False) -> datetime | None:
    """Wall clock of Asia/Ho_Chi_Minh, None when missing; `end_of_day` for due dates. Raises BadValueError
    (portal-exports §4)."""
    raw = text(value)
    if is_missing(raw):
        return None
    parts = _parts(raw)
    if parts is None:
        raise BadValueError(raw)
    (year, month, day), clock, offset = parts
    try:
        hms = time(*clock) if clock else END_OF_DAY if end_of_day else time()
        at = datetime.combine(date(year, month, day), hms)
    except ValueError as error:
        raise BadValueError(raw) from error
    if offset is not None:
        at += LOCAL - offset
    if not 2000 <= at.year <= 2100:
        raise BadValueError(raw)
    return at


def _parts(raw: str) -> tuple[tuple[int, int, int], tuple[int, int, int] | None, timedelta | None] | None:
    if found := _COMPACT.fullmatch(raw):
        year, month, day, *clock = found.groups()
        return (int(year), int(month), int(day)), _clock(clock), None
    if found := _ISO.fullmatch(raw):
        year, month, day, *clock, zone = found.groups()
        return (int(year), int(month), int(day)), _clock(clock), _offset(zone)
    if found := _DAY_FIRST.fullmatch(raw):
        day, _, month, year, *clock = found.groups()
        return (int(year), int(month), int(day)), _clock(clock), None
    if found := _CLOCK_FIRST.fullmatch(raw):
        *clock, day, _, month, year = found.groups()
        return (int(year), int(month), int(day)), _clock(clock), None
    return None


def _clock(groups: list[str | None]) -> tuple[int, int, int] | None:
    if groups[0] is None:
        return None
    hour, minute, second = (int(g or 0) for g in groups)
    return hour, minute, second


def _offset(zone: str | None) -> timedelta | None:
    if zone is None:
        return None
    if zone == "Z":
        return timedelta()
    sign = -1 if zone[0] == "-" else 1
    return sign * timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))


def moment_or_none(value: Any, end_of_day: bool = False) -> datetime | None:
    """As `moment`, but unreadable is None: for values whose badness rejects nothing."""
    try:
        return moment(value, end_of_day)
    except BadValueError:
        return None


def code(value: Any) -> str:
    """A code as matched: NFC, no spaces or zero-width characters, upper case, every dash `-` (portal-exports §5)."""
    kept: list[str] = []
    for char in unicodedata.normalize("NFC", text(value)):
        if not kept and char in "'’‘`´":
            continue
        category = unicodedata.category(char)
        if char.isspace() or category == "Cf":
            continue
        kept.append("-" if category == "Pd" or char in "−⁃" else char)
    return "".join(kept).upper()


def agency(raw: Any) -> str:
    """Canonical agency code: the new form; "" when there is none (portal-exports §5)."""
    value = code(raw)
    if not OLD_AGENCY.fullmatch(value):
        return value
    return ".".join(group for group in reversed(value.split(".")) if set(group) != {"0"})


def agency_of(dossier_code: str, envelope: str) -> str:
    """The agency of a dossier: in its code, else the envelope's, else `unknown` (portal-exports §5)."""
    found = OLD_DOSSIER.fullmatch(dossier_code) or NEW_DOSSIER.fullmatch(dossier_code)
    return agency(found.group(1)) if found else agency(envelope) or "unknown"


def procedure(raw: Any) -> str:
    """A procedure code with the zeros that Excel lost put back (portal-exports §5)."""
    value = code(raw)
    if found := re.fullmatch(r"(\d)\.(\d{1,5})", value):
        return f"{found.group(1)}.{found.group(2):0<6}"
    return value


def procedure_key(procedure_code: str) -> str | None:
    """The canonical key: the first eight characters of a well-formed code."""
    return procedure_code[:8] if PROCEDURE.fullmatch(procedure_code) else None


def status(raw: Any) -> int | None:
    """1..10, or None when it is not an integer in that range. JSON's 4.0 is an integer, its true is none."""
    value = "" if isinstance(raw, bool) else text(raw).removesuffix(".0")
    return int(value) if value.isdecimal() and 1 <= int(value) <= 10 else None


def whole(raw: Any) -> int:
    """A count or an amount; anything unreadable is 0."""
    value = text(raw)
    return int(value) if value.isdecimal() else 0
