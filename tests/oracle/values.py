"""Single values of the exports: dates (portal-exports §4), codes (portal-exports §5), numbers. Text in, Python value
out."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import Any

from tests.oracle import dates
from tests.oracle.dates import BadValueError

OLD_DOSSIER = re.compile(r"(\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2})-(\d{6})-(\d{4,6})")
NEW_DOSSIER = re.compile(r"([A-Z]\d{2}(?:\.\d{1,3}){0,4})-(\d{6})-(\d{4,6})")
OLD_AGENCY = re.compile(r"\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2}")
PROCEDURE = re.compile(r"\d\.\d{6}(?:\.\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2})?")


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
    """Does a date field hold nothing (portal-exports §4)?"""
    return dates.is_missing(text(value))


def moment(value: Any, end_of_day: bool = False) -> datetime | None:
    """Wall clock of Asia/Ho_Chi_Minh, None when missing; `end_of_day` for due dates. Raises BadValueError."""
    return dates.moment(text(value), end_of_day)


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
