"""Which rows of a sheet or CSV file are the heading, and which field each of its columns is (portal-exports §6, §9)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from pipelines.contract import Kind, fold, heading_field
from pipelines.portal.readers import looks

#: Headings that one source uses besides those of the contract: folded heading → contract name.
Synonyms = Mapping[str, str]
NO_SYNONYMS: Synonyms = {}

#: As many rows of a table are looked at to find its heading (banners take 6 to 8).
SEARCHED_ROWS = 60
#: A heading is at most so many rows high (portal-exports §2).
MAX_HEIGHT = 3
#: Columns further right are not looked at: what has so many is no list of dossiers.
_MAX_COLUMNS = 1000
#: No heading is longer: a cell with more text is not even compared.
_MAX_HEADING = 200
#: A cell with so many digits is a code, a date or a number: no heading.
_DATA_DIGITS = 5
#: Of so many unknown columns, and in so many rows of data, it is looked at what the values look like.
_LOOKED_AT, _SAMPLE = 60, 20
#: What has fewer columns is not shown as a likely heading.
_FEWEST_COLUMNS = 3

_COLUMN_NUMBER = re.compile(r"[(\[]?\s*(\d{1,3}|[A-Za-z])\s*[)\].]?(?:\s*=.*)?")


@dataclass(frozen=True)
class Column:
    """One column of a table. heading: as written; field: contract name, None when the column is not read.

    state: `mapped`, `ignored` (known and says nothing), `unknown`, `ambiguous` (an earlier column is this field
    already) or `empty` (no heading). looks: what the values below an unknown one look like (see looks.look).
    """

    heading: str
    field: str | None
    state: str
    looks: str = ""


@dataclass(frozen=True)
class Heading:
    """The heading of a table: rows first_row to last_row (as the part numbers them), one entry per column.

    words: folded texts of its cells; a row that holds nothing else repeats it.
    """

    first_row: int
    last_row: int
    columns: tuple[Column, ...]
    words: frozenset[str] = frozenset()

    @property
    def fields(self) -> tuple[str | None, ...]:
        """Contract name per column, None where the column is not read."""
        return tuple(column.field for column in self.columns)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Headings nobody knows."""
        return tuple(column.heading for column in self.columns if column.state == "unknown")

    @property
    def ambiguous(self) -> tuple[str, ...]:
        """Headings of columns that are not read because an earlier one is the same field."""
        return tuple(column.heading for column in self.columns if column.state == "ambiguous")

    @property
    def has_status(self) -> bool:
        return "TrangThaiHoSo" in self.fields


Rows = Sequence[tuple[int, Sequence[str]]]
_Lookup = Callable[[str], tuple[bool, str | None]]


def find(kind: Kind, rows: Iterable[tuple[int, Sequence[str]]], synonyms: Synonyms) -> Heading | None:
    """The heading among these (row number, cells), or None.

    It is the one to three consecutive rows that name most fields; of several such the lowest, then the first. Rows that
    belong to it without naming a field (a second line of unknown columns, column numbers) are within last_row.
    """
    if not kind.heading:
        return None
    searched = list(rows)[:SEARCHED_ROWS]
    known = cache(lambda text: heading_field(kind, text, synonyms))
    best: Heading | None = None
    best_rank, below = (0, 0, 0), 0
    for start in range(len(searched)):
        if best is not None and _is_data(searched[start][1]):
            # What stands below rows is the heading of other rows: it takes over there (see table.Table).
            break
        for height in range(1, MAX_HEIGHT + 1):
            block = searched[start : start + height]
            if len(block) < height or any(_is_data(cells) for _, cells in block[1:]):
                break
            found = _heading(block, known)
            fields = {field for field in found.fields if field}
            enough = fields.issuperset(kind.heading) and len(fields) >= len(kind.heading) + kind.heading_more
            # A banner row above the heading names nothing more: without it is the better.
            ignored = sum(column.state == "ignored" for column in found.columns)
            if enough and (rank := (len(fields), ignored, -height)) > best_rank:
                best, best_rank, below = found, rank, start + height
    if best is None:
        return None
    heading = _with_last_rows(best, searched, below, known)
    words = frozenset(folded for text in heading.words if (folded := fold(text[:_MAX_HEADING])))
    return replace(_with_looks(heading, searched), words=words)


def likeliest(kind: Kind, rows: Rows, synonyms: Synonyms) -> tuple[tuple[int, int, int], Heading] | None:
    """(rank, rows that are most like a heading) among these where `find` finds none; the highest rank is the likeliest.

    They name most known columns, or stand above most columns whose values can be told. None when that is less than two.
    """
    if not kind.heading:
        return None
    searched = list(rows)[:SEARCHED_ROWS]
    known = cache(lambda text: heading_field(kind, text, synonyms))
    ranked = []
    for start in range(len(searched)):
        for height in range(1, MAX_HEIGHT + 1):
            block = searched[start : start + height]
            if len(block) < height or any(_is_data(cells) for _, cells in block):
                break
            found = _with_looks(_heading(block, known), searched[start + height :])
            columns = [column for column in found.columns if column.state != "empty"]
            told = sum(column.state != "unknown" or column.looks not in ("", looks.TEXT) for column in columns)
            if told >= 2 and len(columns) >= _FEWEST_COLUMNS:
                ranked.append(((told, len(columns), -height), found))
    return max(ranked, key=lambda each: each[0]) if ranked else None


def _with_looks(heading: Heading, rows: Rows) -> Heading:
    """The heading with what the values of its unknown columns look like in the rows below it."""
    unknown = [place for place, column in enumerate(heading.columns) if column.state == "unknown"][:_LOOKED_AT]
    if not unknown:
        return heading
    below = [cells for number, cells in rows if number > heading.last_row and _is_data(cells)]
    seen = looks.looks_below(below[:_SAMPLE], unknown)
    columns = (replace(c, looks=seen[place]) if place in seen else c for place, c in enumerate(heading.columns))
    return replace(heading, columns=tuple(columns))


def _with_last_rows(heading: Heading, rows: Rows, below: int, known: _Lookup) -> Heading:
    """The heading together with the rows just below that name only columns nobody knows, and with column numbers."""
    height = heading.last_row - heading.first_row + 1
    if height < MAX_HEIGHT and below < len(rows) and _names_unread(heading, rows[below][1]):
        heading = _heading(rows[below - height : below + 1], known)
        below += 1
    if below < len(rows) and is_column_numbers(rows[below][1]):
        heading = replace(heading, last_row=rows[below][0])
    return heading


def _names_unread(heading: Heading, cells: Sequence[str]) -> bool:
    """Do these cells stand, two or more, only below columns that are not read, and hold no number?"""
    filled = [index for index, cell in enumerate(cells) if cell.strip()]
    states = [heading.columns[index].state if index < len(heading.columns) else "empty" for index in filled]
    below_unread = all(state in ("unknown", "empty") for state in states)
    return len(filled) >= 2 and below_unread and not any(c.isdigit() for index in filled for c in cells[index])


def is_column_numbers(cells: Sequence[str]) -> bool:
    """Are the cells a row of column numbers: `(1) (2) (3)`, `1 2 3`, `A B 1 2`, `(5)=(3)+(4)`?"""
    filled = [cell.strip() for cell in cells if cell.strip()]
    found = [_COLUMN_NUMBER.fullmatch(cell) for cell in filled]
    if len(filled) < 3 or not all(found):
        return False
    labels = [match.group(1) for match in found if match]
    numbers = [int(label) for label in labels if label.isdigit()]
    letters = [label.upper() for label in labels if not label.isdigit()]
    return numbers in (_counted(0, numbers), _counted(1, numbers)) and letters == [
        chr(65 + i) for i in range(len(letters))
    ]


def _counted(first: int, numbers: list[int]) -> list[int]:
    return list(range(first, first + len(numbers)))


def _is_data(cells: Sequence[str]) -> bool:
    """Is there a code, a date or a large number among the cells?"""
    return any(sum(c.isdigit() for c in cell) >= _DATA_DIGITS for cell in cells)


def _heading(rows: Rows, known: _Lookup) -> Heading:
    """What these rows are as one heading. Of two columns of one field the first counts."""
    whole = max(len(cells) for _, cells in rows)
    width = min(whole, _MAX_COLUMNS)
    texts = [[" ".join(cell.replace("\ufeff", "").split()) for cell in cells[:width]] for _, cells in rows]
    texts = [line + [""] * (width - len(line)) for line in texts]
    filled = [_fill_right(line) for line in texts[:-1]] + texts[-1:]
    columns: list[Column] = []
    taken: set[str] = set()
    for index in range(width):
        column = _column([line[index] for line in texts], [line[index] for line in filled], known)
        if column.field in taken:
            column = Column(column.heading, None, "ambiguous")
        elif column.field:
            taken.add(column.field)
        columns.append(column)
    columns += [Column("", None, "empty")] * (whole - width)
    return Heading(rows[0][0], rows[-1][0], tuple(columns), frozenset(cell for line in texts for cell in line))


def _fill_right(cells: list[str]) -> list[str]:
    """Merged cells hold their text in the first of them: blanks take what stands left of them."""
    last, filled = "", []
    for cell in cells:
        last = cell or last
        filled.append(last)
    return filled


def _column(own: list[str], filled: list[str], known: _Lookup) -> Column:
    """The column whose cells, top to bottom, are `own`, and `filled` when merged cells are spread."""
    if not any(own):
        return Column("", None, "empty")
    lowest = max(index for index, cell in enumerate(own) if cell)
    above = [cell for cell in filled[:lowest] if cell]
    for text in _candidates(own[lowest], above):
        is_known, field = known(text) if len(text) <= _MAX_HEADING else (False, None)
        if is_known:
            return Column(text, field, "mapped" if field else "ignored")
    return Column(" ".join((*above[-1:], own[lowest])), None, "unknown")


def _candidates(lowest: str, above: list[str]) -> Iterator[str]:
    """Readings of a column, the likeliest first: its lowest cell, joined with those above it, those above alone.

    `tiếp nhận` below `Ngày` is read as `Ngày tiếp nhận`, `Mã` below `Hồ sơ` as `Mã Hồ sơ`.
    """
    yield lowest
    for start in range(len(above) - 1, -1, -1):
        joined = " ".join(above[start:])
        yield f"{joined} {lowest}"
        yield f"{lowest} {joined}"
    yield from reversed(above)
