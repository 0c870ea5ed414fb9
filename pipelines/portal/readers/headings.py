"""Which row of a sheet or CSV file is the heading, and which field each of its columns is (01 §6, §9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipelines.portal.contract import Kind, heading_field


@dataclass(frozen=True)
class Heading:
    """A row that is the heading. fields: contract name per column (None: ignored); unknown: names nobody knows."""

    row: int
    fields: tuple[str | None, ...]
    unknown: tuple[str, ...]

    @property
    def has_status(self) -> bool:
        return "TrangThaiHoSo" in self.fields


def recognise(kind: Kind, cells: Sequence[str], row: int) -> Heading | None:
    """The heading that these cells are for `kind`, or None. Of two columns of one field the first counts."""
    fields: list[str | None] = []
    unknown: list[str] = []
    for cell in cells:
        known, field = heading_field(kind, cell)
        fields.append(None if field in fields else field)
        if not known and cell.strip():
            unknown.append(cell.strip())
    named = {field for field in fields if field}
    enough = named.issuperset(kind.heading) and len(named) >= len(kind.heading) + kind.heading_more
    return Heading(row, tuple(fields), tuple(unknown)) if enough else None


def find(kind: Kind, rows: Iterable[tuple[int, Sequence[str]]]) -> Heading | None:
    """The first of the (row number, cells) that is a heading."""
    return next((heading for number, cells in rows if (heading := recognise(kind, cells, number))), None)
