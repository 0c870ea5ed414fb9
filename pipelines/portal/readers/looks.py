"""What the values of a column look like, and which field a column that nobody knows probably is.

For proposals to people (`dunghan inspect`) only: no row is ever read by a guess.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pipelines import contract
from pipelines.contract import Kind, fold

_CODE = r"(?:[A-Z]\d{2}(?:\.\d{1,3}){0,4}|\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2})-\d{6}-\d{4,6}"
#: Dossier codes of portal-exports §5, anywhere in a text; the pattern for other engines; in bytes.
DOSSIER_CODE_PATTERN = f"(?i){_CODE}"
DOSSIER_CODE = re.compile(_CODE, re.IGNORECASE)
CODE_IN_BYTES = re.compile(_CODE.encode(), re.IGNORECASE)
#: How a date begins or what it contains, in any notation of portal-exports §4; a serial date.
_LIKE_DATE = re.compile(r"\d{1,4}\s*[-/.]\s*\d{1,2}\s*[-/.]\s*\d{2,4}|^\W?20\d{6}|^\d{5}(?:\.\d+)?$")
_AGENCY_CODE = re.compile(r"[A-Z]\d{2}(?:\.\d{1,3}){0,4}|\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2}", re.IGNORECASE)
#: portal-exports §5; local forms keep the tail.
_PROCEDURE_CODE = re.compile(
    r"\d\.\d{5,6}(?:\.\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2})?|\S+\.\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2}", re.I
)
_LEADING_NUMBER = re.compile(r"^\d{1,2} | \d{1,2}$")

#: What values look like: keys of the texts `look.…` of the command line.
CODE, PROCEDURE, AGENCY, DATE = "code", "procedure", "agency", "date"
STATUS, CHANNEL, APPLICANT, LIST, TEXT = "status", "channel", "applicant", "list", "text"
#: So large a share of the values must look alike.
_MOST = 0.8
#: A word of a list is no longer, and so many values tell that it is one.
_LONGEST_WORD, _FEWEST = 60, 4
#: A name is like a known heading above this (difflib).
_ALIKE = 0.75

#: Folded words of headings of dates → the field, the most certain first.
_DATE_WORDS = (
    ("NgayTuChoi", ("tu choi", "khong tiep nhan")),
    ("NgayHenTra", ("han", "hen", "phai tra", "du kien", "cam ket", "theo quy dinh")),
    ("NgayNopHoSo", ("nop", "dang ky")),
    ("NgayTiepNhan", ("tiep nhan", "nhan ho so", "nhan hs", "vao so")),
    ("NgayKetThucXuLy", ("ket thuc", "hoan thanh", "xong", "co ket qua", "giai quyet")),
    ("NgayTra", ("tra", "giao", "ban giao", "nhan ket qua")),
)
#: Folded words of headings that a verdict may hang on: never proposed to be ignored.
_WEIGHTY = (
    *("ngay", "han", "hen", "thoi diem", "thoi gian", "trang thai", "tinh trang", "ket qua", "ma", "hinh thuc", "kenh"),
    *("phuong thuc", "thu tuc", "linh vuc", "don vi", "co quan"),
)


def is_date(text: str) -> bool:
    """Does the text look like a date, in whatever notation?"""
    return _LIKE_DATE.search(text) is not None and DOSSIER_CODE.search(text) is None


def look(values: Iterable[str]) -> str:
    """What most of the values look like, `` when there are none. Nothing of them is kept."""
    filled = [text for value in values if (text := value.strip().lstrip("'’`"))]
    if not filled:
        return ""
    for name, fits in _LOOKS.items():
        if sum(map(fits, filled)) >= _MOST * len(filled):
            return name
    return LIST if _is_list(filled) else TEXT


def _is_list(texts: list[str]) -> bool:
    """Few different short texts, again and again: words or codes of a list, as of statuses that nobody knows."""
    short = all(len(text) <= _LONGEST_WORD and sum(c.isdigit() for c in text) <= 2 for text in texts)
    return short and len(texts) >= _FEWEST and len({fold(text) for text in texts}) <= len(texts) / 2


def _is_word_of(meanings: dict[str, str]) -> Callable[[str], bool]:
    return lambda text: _LEADING_NUMBER.sub("", fold(text)) in meanings


def _is_like_status(text: str) -> bool:
    """A word for a status, or made of what they are made of."""
    words = [word for word in fold(text).split() if not word.isdigit()]
    return len(words) > 1 and words[0] in contract.STATUS_BEGINNINGS and contract.STATUS_VOCABULARY.issuperset(words)


_LOOKS: dict[str, Callable[[str], bool]] = {
    CODE: lambda text: DOSSIER_CODE.fullmatch("".join(text.split())) is not None,
    PROCEDURE: lambda text: _PROCEDURE_CODE.fullmatch(text) is not None,
    AGENCY: lambda text: _AGENCY_CODE.fullmatch(text) is not None,
    DATE: is_date,
    CHANNEL: _is_word_of(contract.known_words("KenhThucHien")),
    APPLICANT: _is_word_of(contract.known_words("LoaiDoiTuong")),
    STATUS: _is_like_status,
}
#: What only a field of its own looks like.
_READ_AS = {"status_code": STATUS, "channel_code": CHANNEL, "applicant_code": APPLICANT}


@dataclass(frozen=True)
class Guess:
    """Which field a column probably is. field: contract name, None when nothing can be said. by: `name`, `values`,
    `both` or ``. matters: a verdict may hang on the column, so that nobody should ignore it unseen. choices: fields not
    yet taken whose values look like that.
    """

    field: str | None = None
    by: str = ""
    matters: bool = False
    choices: tuple[str, ...] = ()


def guess(kind: Kind, heading: str, looks: str, taken: Iterable[str]) -> Guess:
    """What a column with this heading, whose values look like that, probably is; not one of the fields taken."""
    used, folded = set(taken), fold(heading)
    free = [field for field in kind.names if field not in used]
    choices = tuple(field for field in free if _may_be(kind, field, looks))
    weighty = any(_has(folded, word) for word in _WEIGHTY)
    matters = weighty or (bool(choices) if looks == LIST else looks not in ("", TEXT))
    named = [field for field in _named(kind, folded) if field in free and _agrees(kind, field, looks)]
    if not named and (looks == DATE or (not looks and _has(folded, "ngay"))):
        named = [field for field, words in _DATE_WORDS if field in free and any(_has(folded, word) for word in words)][
            :1
        ]
    if named:
        return Guess(named[0], "both" if named[0] in choices else "name", matters, choices)
    if looks not in (DATE, LIST) and len(choices) == 1:
        return Guess(choices[0], "values", matters, choices)
    return Guess(None, "", matters, choices)


def look_of(kind: Kind, name: str) -> str:
    """What the values of a field look like."""
    field = kind.field(name)
    if name in kind.date_fields.values():
        return DATE
    if name == "MaTTHC":
        return PROCEDURE
    if name == "MaHoSo":
        return CODE
    if name in kind.heading:
        return AGENCY if kind is contract.AGENCIES else CODE
    return _READ_AS.get(field.reads, TEXT) if field else TEXT


def _agrees(kind: Kind, field: str, looks: str) -> bool:
    own = look_of(kind, field)
    return not looks or own == looks or (looks == LIST and own == TEXT) or _may_be(kind, field, looks)


def _may_be(kind: Kind, field: str, looks: str) -> bool:
    """Do the values look like those of this field, and of few others?"""
    if looks == LIST:
        return look_of(kind, field) in (STATUS, CHANNEL)
    return looks not in ("", TEXT) and look_of(kind, field) == looks


def _named(kind: Kind, folded: str) -> list[str]:
    """Fields whose known headings this name contains (the longest first), then those whose headings are like it."""
    known = {text: field for text, field in contract.folded_headings(kind).items() if field}
    inside = sorted((text for text in known if _has(folded, text)), key=len, reverse=True)
    kept = {text: field for text, field in known.items() if field not in kind.dropped}
    near = difflib.get_close_matches(folded, kept, n=3, cutoff=_ALIKE)
    return list(dict.fromkeys(known[text] for text in (*inside, *near)))


def _has(folded: str, words: str) -> bool:
    """Do these words stand in the folded text, whole and together?"""
    return f" {words} " in f" {folded} "


def looks_below(rows: Sequence[Sequence[str]], places: Iterable[int]) -> dict[int, str]:
    """Column → what its values in these rows look like."""
    return {place: look(cells[place] for cells in rows if place < len(cells)) for place in places}
