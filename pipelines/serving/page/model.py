"""What a page is made of: sections with charts and tables, in words already; the template only lays them out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """A column of a table.

    kind: a method of Formats, or agency, field, code, path, yes, hours, points, short (a text without a break).
    link: id of the table that the figure counts the rows of; with the
    agency of the row picked there.
    """

    key: str
    heading: str
    kind: str = "text"
    link: str | None = None

    @property
    def is_number(self) -> bool:
        return self.kind in ("number", "measure", "percent", "share", "hours", "points")

    @property
    def css(self) -> str:
        """How its cells stand: n to the right, day without a break, else nothing."""
        return "n" if self.is_number else "day" if self.kind in ("day", "moment", "month", "short") else ""


@dataclass(frozen=True)
class Table:
    """rows: may carry agency_code and field_code, by which the reader filters. total: how many there are in all, when
    they may be more than shown. whole: the command that gives all of them. foot: a row of totals. brief: its rows stand
    behind a heading that opens (the figures of a chart)."""

    id: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    total: int | None = None
    whole: str | None = None
    foot: Row | None = None
    brief: bool = False
    is_list: bool = False

    @property
    def tall(self) -> bool:
        """Whether it stands in a window of its own, which scrolls."""
        return len(self.rows) > 20 or (self.is_list and len(self.rows) > 8)

    @property
    def cut(self) -> bool:
        return self.total is not None and self.total > len(self.rows)


@dataclass(frozen=True)
class Chart:
    """An image and what it shows, in words."""

    image: str
    title: str


@dataclass(frozen=True)
class Section:
    """lead: what is counted and of what. half: it needs half the width of a screen only."""

    id: str
    title: str
    lead: str
    charts: Sequence[Chart] = ()
    tables: Sequence[Table] = ()
    remarks: Sequence[str] = ()
    half: bool = False


@dataclass(frozen=True)
class Card:
    """A headline figure. measure: its name in page.js; good: which way it should go (1 up, -1 down, 0 neither).

    before, last: the change since the version before and since a year before, in words, with `better` or `worse`.
    """

    measure: str
    label: str
    value: str
    under: str
    target: str
    warm: bool
    before: tuple[str, str]
    last: tuple[str, str]


@dataclass(frozen=True)
class SourceView:
    """Everything of one source. name, dossiers: what it is called, how many it has, in words."""

    source: str
    name: str
    dossiers: str
    summary: str
    todo: Sequence[tuple[str, str]]
    cards: Sequence[Card]
    sections: Sequence[Section]


@dataclass(frozen=True)
class Page:
    """The whole page. facts, compared: (term, text): what the figures are of, what they are compared with.

    made: UTC, ISO. data: what page.js counts the headline anew from when the reader filters.
    """

    lang: str
    title: str
    scope: str
    made: str
    facts: Sequence[tuple[str, str]]
    compared: Sequence[tuple[str, str]]
    views: Sequence[SourceView]
    shared: Sequence[Section]
    agencies: Sequence[tuple[str, str]]
    fields: Sequence[tuple[str, str]]
    data: Row = field(default_factory=dict)
