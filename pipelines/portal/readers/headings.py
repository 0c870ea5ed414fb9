"""Which rows of a sheet or CSV file are the heading, and which field each of its columns is (01 §6, §9)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipelines.portal.contract import Kind, heading_field

#: Headings that one source uses besides those of the contract: folded heading → contract name.
Synonyms = Mapping[str, str]
NO_SYNONYMS: Synonyms = {}


@dataclass(frozen=True)
class Column:
    """One column of a table. heading: as written; field: contract name, None when the column is not read.

    state: `mapped`, `ignored` (known and says nothing), `unknown`, `ambiguous` (an earlier column is this field
    already) or `empty` (no heading).
    """

    heading: str
    field: str | None
    state: str


@dataclass(frozen=True)
class Heading:
    """The heading of a table: rows first_row to last_row (as the part numbers them), one entry per column."""

    first_row: int
    last_row: int
    columns: tuple[Column, ...]

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


def recognise(kind: Kind, cells: Sequence[str], row: int, synonyms: Synonyms) -> Heading | None:
    """The heading that these cells are for `kind`, or None. Of two columns of one field the first counts."""
    columns: list[Column] = []
    for cell in cells:
        text = cell.strip()
        known, field = heading_field(kind, cell, synonyms)
        if not text:
            state, field = "empty", None
        elif not known:
            state = "unknown"
        elif field is None:
            state = "ignored"
        elif any(column.field == field for column in columns):
            state, field = "ambiguous", None
        else:
            state = "mapped"
        columns.append(Column(text, field, state))
    named = {column.field for column in columns if column.field}
    enough = named.issuperset(kind.heading) and len(named) >= len(kind.heading) + kind.heading_more
    return Heading(row, row, tuple(columns)) if enough else None


def find(kind: Kind, rows: Iterable[tuple[int, Sequence[str]]], synonyms: Synonyms) -> Heading | None:
    """The first of the (row number, cells) that is a heading."""
    return next((heading for number, cells in rows if (heading := recognise(kind, cells, number, synonyms))), None)
