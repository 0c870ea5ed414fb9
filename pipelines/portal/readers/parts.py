"""The parts of a file (sheets, tables of a page, members of an archive): which heading the rows of each go by, and what
is told of a part that has none (portal-exports §2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.bilingual import joined
from pipelines.contract import Kind, fold
from pipelines.portal.readers import headings, legacy_text
from pipelines.portal.readers.base import NO_HEADING, Attention, FileFacts, NotAnExport
from pipelines.portal.readers.headings import Heading, Rows, Synonyms
from pipelines.portal.readers.legacy_text import Letters
from pipelines.portal.readers.looks import DOSSIER_CODE_PATTERN, is_date

PART_SKIPPED = "WRN_FILE_PART_SKIPPED"

#: A line with fewer cells is no row of dossiers.
_ROW_CELLS = 3


@dataclass(frozen=True)
class Beginning:
    """How a table is to be read. letters: of an old font, in which its texts are written. goes_on: the heading is that
    of the part before. above: folded texts that stand above the heading."""

    heading: Heading
    letters: Letters | None = None
    goes_on: bool = False
    above: frozenset[str] = frozenset()


def beginning(kind: Kind, rows: Rows, synonyms: Synonyms, previous: Heading | None = None) -> Beginning | None:
    """How the table that begins with these (row number, cells) is to be read, None when it has no heading.

    previous: heading of the part before, for one that goes on without a heading.
    """
    letters, rows = _in_unicode(rows)
    heading = headings.find(kind, rows, synonyms)
    if heading is not None:
        above = {fold(cell[:1000]) for number, cells in rows if number < heading.first_row for cell in cells}
        return Beginning(heading, letters, above=frozenset(above - {""}))
    if previous is not None and (first := _goes_on(kind, previous, rows)):
        return Beginning(replace(previous, first_row=first - 1, last_row=first - 1), letters, goes_on=True)
    return None


def likeliest(kind: Kind, readings: Iterable[Rows], synonyms: Synonyms) -> Heading | None:
    """What is most like a heading of a table that has none, for people to look at; None when nothing is.

    readings: its first rows, in every way that they can be cut into cells.
    """
    found = [headings.likeliest(kind, _in_unicode(rows)[1], synonyms) for rows in readings]
    ranked = [each for each in found if each is not None]
    return max(ranked, key=lambda each: each[0])[1] if ranked else None


def _in_unicode(rows: Rows) -> tuple[Letters | None, Rows]:
    """(letters of an old font in which the rows are written, the rows in Unicode)."""
    letters = legacy_text.letters_of(cell for _, cells in rows for cell in cells)
    if letters is None:
        return None, rows
    return letters, [(number, [letters.converted(cell) for cell in cells]) for number, cells in rows]


def _goes_on(kind: Kind, heading: Heading, rows: Rows) -> int | None:
    """Number of the first row that this heading fits: as many columns, codes where codes were and dates where dates
    were. None when it does not fit."""
    width = max(place for place, column in enumerate(heading.columns) if column.state != "empty") + 1
    code = heading.fields.index(kind.heading[0])
    dates = [place for place, name in enumerate(heading.fields) if name in kind.date_fields.values()]
    lines = [(number, [cell.strip() for cell in cells]) for number, cells in rows]
    lines = [(number, cells) for number, cells in lines if len(cells) - cells.count("") >= _ROW_CELLS]
    coded = [cells for _, cells in lines if len(cells) > code and _is_code(cells[code]) and not any(cells[width:])]
    dated = [cells[place] for cells in coded for place in dates if place < len(cells) and cells[place]]
    fits = len(coded) > len(lines) / 2 and (not dates or sum(map(is_date, dated)) > len(dated) / 2)
    return lines[0][0] if fits else None


def _is_code(text: str) -> bool:
    return any(c.isdigit() for c in text) and len(text.split()) == 1 and not is_date(text)


@dataclass
class Parts:
    """The parts of one file in their order. previous: heading that a part without one may go on with."""

    kind: Kind
    synonyms: Synonyms
    facts: FileFacts
    previous: Heading | None = None
    _found: int = field(default=0, init=False)
    _legacy: Letters | None = field(default=None, init=False)
    _likely: Heading | None = field(default=None, init=False)

    def begin(self, rows: Iterable[tuple[int, Sequence[str]]]) -> Beginning | None:
        """How the next part is to be read, by its first rows; None when it has no heading."""
        searched = list(rows)
        begins = beginning(self.kind, searched, self.synonyms, self.previous)
        if begins is not None:
            self.previous = begins.heading
            self._found += 1
        else:
            self._legacy = self._legacy or legacy_text.letters_of(cell for _, cells in searched for cell in cells)
            self._likely = likeliest(self.kind, [searched], self.synonyms)
        return begins

    def pass_over(self, name: str, stretches: Iterable[Sequence[pa.Array]]) -> None:
        """Note the part that `begin` found no heading of; with codes of dossiers in it somebody must look at it."""
        if self._likely is not None:
            self.facts.likely.append((name, self._likely))
        self.facts.notes.append(f"{name}: bỏ qua, không có tiêu đề / {name}: passed over, no heading")
        if any(map(_holds_codes, stretches)):
            self.facts.attention.append(
                Attention(
                    PART_SKIPPED,
                    f"{name}: có mã hồ sơ nhưng không có dòng tiêu đề phù hợp, không đọc được"
                    f" / {name}: holds dossier codes but no heading that fits, not read",
                )
            )

    def finish(self) -> None:
        """Raises NotAnExport: no part had a heading."""
        if not self._found:
            raise no_heading(
                self.kind, self._legacy, holds_codes=bool(self.facts.attention), likely=tuple(self.facts.likely)
            )


def _holds_codes(columns: Sequence[pa.Array]) -> bool:
    return any(pc.any(pc.match_substring_regex(column, DOSSIER_CODE_PATTERN)).as_py() for column in columns)


def no_heading(
    kind: Kind,
    letters: Letters | None = None,
    *,
    holds_codes: bool = False,
    likely: tuple[tuple[str, Heading], ...] = (),
) -> NotAnExport:
    """REJ_FILE_NO_HEADING (portal-exports §6). likely: see NotAnExport."""
    needed = ", ".join(kind.heading)
    what = [
        f"không thấy dòng tiêu đề (cần {needed} và ít nhất {kind.heading_more} cột khác)"
        f" / no heading row found (it needs {needed} and at least {kind.heading_more} more)"
    ]
    if letters is not None:
        what.append(
            f"chữ kiểu {letters.name}, hãy chuyển sang Unicode / letters of {letters.name}, convert them to Unicode"
        )
    return NotAnExport(
        NO_HEADING,
        joined(what),
        holds_codes=holds_codes,
        likely=likely,
    )
