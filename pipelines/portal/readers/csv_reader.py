"""CSV (01 §2): `,` `;` tab or `|`, quoted line ends, contract names or Vietnamese headings. UTF-8 here.

Records are found by the parity of quotes (numpy), so that line numbers are exact; the good ones are parsed by Arrow.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from pipelines.portal.canonical import TextRows
from pipelines.portal.contract import Kind
from pipelines.portal.readers import headings
from pipelines.portal.readers.base import (
    CHUNK,
    MAX_RECORD,
    NO_HEADING,
    UNREADABLE,
    Bytes,
    Content,
    FileFacts,
    FileRejected,
    NotAnExport,
    Positions,
    chunks,
    invalid_utf8,
)
from pipelines.portal.readers.headings import Heading, Synonyms

DELIMITERS = ",;\t|"
_QUOTE, _NEWLINE, _RETURN = 0x22, 0x0A, 0x0D
_HEADING_ROWS = 40
NO_STATUS_NOTE = (
    "không có cột trạng thái: suy ra từ ngày trả, ngày kết thúc"
    " / no status column: derived from the dates of return and end"
)


def recognises(content: Content) -> bool:
    """Text of any kind: the heading decides later whether it is a table."""
    return b"\0" not in content.head


def open_csv(content: Content, kind: Kind, synonyms: Synonyms) -> CsvReader:
    """The reader for this table. Raises NotAnExport when no row is a heading."""
    text = content.text_head.decode(errors="replace")
    for delimiter in DELIMITERS:
        heading = headings.find(kind, _head_rows(text, delimiter), synonyms)
        if heading:
            return CsvReader(content, kind, delimiter, heading)
    needed = ", ".join(kind.heading)
    raise NotAnExport(
        NO_HEADING,
        f"không thấy dòng tiêu đề (cần {needed} và ít nhất {kind.heading_more} cột khác)"
        f" / no heading row found (it needs {needed} and at least {kind.heading_more} more)",
    )


def _head_rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """(physical line, cells) of the first records."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    line = 1
    try:
        for _ in range(_HEADING_ROWS):
            cells = next(reader, None)
            if cells is None:
                return
            yield line, cells
            line = reader.line_num + 1
    except csv.Error:
        return


@dataclass
class _Split:
    """Records of a piece of CSV: [starts, ends), the ends including the line end; the line each begins at."""

    starts: Positions
    ends: Positions
    lines: Positions
    columns: Positions


@dataclass
class CsvReader:
    """Rows below the heading, numbered by physical line; a row with another number of columns is no record."""

    content: Content
    kind: Kind
    delimiter: str
    heading: Heading
    facts: FileFacts = field(init=False)
    _rows: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        names = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
        self.facts = FileFacts(f"csv {names[self.delimiter]}", headings=[("", self.heading)])
        if self.kind.name == "dossiers" and not self.heading.has_status:
            self.facts.notes.append(NO_STATUS_NOTE)

    def batches(self) -> Iterator[TextRows]:
        """See Reader. Raises FileRejected when a quote is never closed within MAX_RECORD bytes."""
        line, carry = 1, b""
        with self.content.open() as stream:
            for chunk in chunks(stream, CHUNK):
                data = carry + chunk
                split, used, lines = _split(np.frombuffer(data, np.uint8), ord(self.delimiter), line, last=False)
                if len(data) - used > MAX_RECORD:
                    raise FileRejected(
                        UNREADABLE, f"dòng / line {line + lines}: dấu ngoặc kép không đóng / a quote is never closed"
                    )
                yield from self._rows_of(np.frombuffer(data, np.uint8, used), split)
                line, carry = line + lines, data[used:]
        if carry:
            data_array = np.frombuffer(carry, np.uint8)
            split, _, _ = _split(data_array, ord(self.delimiter), line, last=True)
            yield from self._rows_of(data_array, split)
        for name in self.heading.unknown:
            self.facts.drift[name] += self._rows

    def _rows_of(self, data: Bytes, split: _Split) -> Iterator[TextRows]:
        below = split.lines > self.heading.last_row
        split = _Split(split.starts[below], split.ends[below], split.lines[below], split.columns[below])
        if not len(split.lines):
            return
        split = _unfold_bad(data, split, len(self.heading.fields))
        good = split.columns == len(self.heading.fields)
        good[good] = _is_utf8(data, split, good)
        table = self._parse(data, split, good)
        self._rows += table.num_rows
        yield TextRows(table)

    def _parse(self, data: Bytes, split: _Split, good: np.ndarray) -> pa.Table:
        """All rows of the split in order: parsed where they are good, empty where they are not."""
        parsed, readable = self._parse_good(data, split.starts[good], split.ends[good])
        good[good] = readable
        places = pa.array(np.where(good, np.cumsum(good) - 1, 0), mask=~good)
        columns = {"row_number": pa.array(split.lines, pa.int64()), "is_record": pa.array(good)}
        for index, name in enumerate(self.heading.fields):
            if name in self.kind.structure:
                columns[name] = parsed[index] if good.all() else parsed[index].combine_chunks().take(places)
        return pa.table(columns)

    def _parse_good(self, data: Bytes, starts: Positions, ends: Positions) -> tuple[pa.Table, np.ndarray]:
        """(table of the rows that Arrow reads as we do, which they are). A row that it reads otherwise is searched by
        halving, so that one oddity costs one row."""
        names = [f"c{i}" for i in range(len(self.heading.fields))]
        empty = pa.table({name: pa.array([], pa.string()) for name in names})
        if not len(starts):
            return empty, np.empty(0, dtype=bool)
        try:
            table = pa_csv.read_csv(
                pa.BufferReader(_pieces(data, starts, ends)),
                read_options=pa_csv.ReadOptions(column_names=names, block_size=len(data) + 1024),
                parse_options=pa_csv.ParseOptions(
                    delimiter=self.delimiter, newlines_in_values=True, ignore_empty_lines=False
                ),
                convert_options=pa_csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
                ),
            )
            if table.num_rows == len(starts):
                return table, np.ones(len(starts), dtype=bool)
        except pa.ArrowInvalid:
            pass
        if len(starts) == 1:
            return empty, np.zeros(1, dtype=bool)
        middle = len(starts) // 2
        first, first_good = self._parse_good(data, starts[:middle], ends[:middle])
        second, second_good = self._parse_good(data, starts[middle:], ends[middle:])
        return pa.concat_tables([first, second]), np.concatenate((first_good, second_good))


def _split(data: Bytes, delimiter: int, line: int, *, last: bool) -> tuple[_Split, int, int]:
    """(records, bytes used, lines used). An unfinished record at the end is left over unless `last`."""
    inside = _Quoting.of(data, delimiter)
    newlines = np.flatnonzero(data == _NEWLINE)
    ends = newlines[~inside.at(newlines)] + 1
    if last and (not len(ends) or ends[-1] != len(data)):
        ends = np.append(ends, len(data))
    if not len(ends):
        empty = np.empty(0, np.int64)
        return _Split(empty, empty, empty, empty), 0, 0
    starts = np.concatenate(([0], ends[:-1]))
    delimiters = np.flatnonzero(data == delimiter)
    delimiters = delimiters[~inside.at(delimiters)]
    columns = np.searchsorted(delimiters, ends) - np.searchsorted(delimiters, starts) + 1
    lines = line + np.searchsorted(newlines, starts)
    # Length without the line end tells empty lines, which are not rows.
    length = ends - starts
    length = length - ((length > 0) & (data[ends - 1] == _NEWLINE))
    length = length - ((length > 0) & (data[starts + length - 1] == _RETURN))
    kept = length > 0
    used = int(ends[-1])
    return (
        _Split(starts[kept], ends[kept], lines[kept], columns[kept]),
        used,
        int(np.searchsorted(newlines, used)),
    )


@dataclass(frozen=True)
class _Quoting:
    """Where text is inside quotes. Only runs of an odd number of quotes change that (a pair is an escaped quote).

    A run at the start of a field opens or closes; any other closes, and is plain text outside: `5" pipe` opens nothing.
    """

    runs: Positions
    inside: np.ndarray

    @classmethod
    def of(cls, data: Bytes, delimiter: int) -> _Quoting:
        quotes = np.flatnonzero(data == _QUOTE)
        if not len(quotes):
            return cls(quotes, np.empty(0, dtype=bool))
        first = np.flatnonzero(np.concatenate(([True], np.diff(quotes) != 1)))
        length = np.diff(np.append(first, len(quotes)))
        runs = quotes[first][length % 2 == 1]
        before = np.where(runs > 0, data[np.maximum(runs - 1, 0)], _NEWLINE)
        at_start = (before == delimiter) | (before == _NEWLINE)
        opened = np.cumsum(at_start)
        closed_at = np.maximum.accumulate(np.where(at_start, 0, np.arange(1, len(runs) + 1)))
        since = opened - np.where(closed_at > 0, opened[np.maximum(closed_at - 1, 0)], 0)
        return cls(runs, since % 2 == 1)

    def at(self, positions: Positions) -> np.ndarray:
        """Which positions are inside quotes."""
        if not len(self.runs):
            return np.zeros(len(positions), dtype=bool)
        index = np.searchsorted(self.runs, positions) - 1
        return (index >= 0) & self.inside[np.maximum(index, 0)]


def _unfold_bad(data: Bytes, split: _Split, columns: int) -> _Split:
    """A record of several lines with a wrong number of columns is a quote gone astray: every line is a bad row then,
    so that what it has swallowed is counted."""
    newlines = np.flatnonzero(data == _NEWLINE)
    inner = np.searchsorted(newlines, split.ends - 1) - np.searchsorted(newlines, split.starts)
    folded = (split.columns != columns) & (inner > 0)
    if not folded.any():
        return split
    starts, ends, lines = [split.starts], [split.ends], [split.lines]
    for index in np.flatnonzero(folded):
        breaks = newlines[(newlines >= split.starts[index]) & (newlines < split.ends[index] - 1)]
        starts.append(breaks + 1)
        ends.append(np.append(breaks[1:] + 1, split.ends[index]))
        lines.append(split.lines[index] + np.arange(1, len(breaks) + 1))
    all_starts, all_ends, all_lines = map(np.concatenate, (starts, ends, lines))
    all_columns = np.concatenate((split.columns, np.full(len(all_lines) - len(split.lines), -1)))
    order = np.argsort(all_lines, kind="stable")
    return _Split(all_starts[order], all_ends[order], all_lines[order], all_columns[order])


def _pieces(data: Bytes, starts: Positions, ends: Positions) -> bytes:
    """The pieces side by side, each ended by a line end."""
    if len(starts) == 1 or (starts[1:] == ends[:-1]).all():
        block = data[starts[0] : ends[-1]]
    else:
        marks = np.zeros(len(data) + 1, np.int8)
        np.add.at(marks, starts, 1)
        np.add.at(marks, ends, -1)
        block = data[np.cumsum(marks[:-1]).astype(bool)]
    returns = np.flatnonzero(block == _RETURN)
    lone = returns[block[np.minimum(returns + 1, len(block) - 1)] != _NEWLINE]
    if len(lone):
        # Arrow would end the row there; in a file whose lines end otherwise it is white space.
        block = block.copy()
        block[lone] = 0x20
    text = block.tobytes()
    return text if text.endswith(b"\n") else text + b"\n"


def _is_utf8(data: Bytes, split: _Split, good: np.ndarray) -> np.ndarray:
    """For the good rows: are they UTF-8?"""
    starts, ends = split.starts[good], split.ends[good]
    if not len(starts):
        return np.empty(0, dtype=bool)
    offsets = np.concatenate(([0], np.cumsum(ends - starts))).astype(np.int32)
    texts = pa.StringArray.from_buffers(len(starts), pa.py_buffer(offsets), pa.py_buffer(_pieces(data, starts, ends)))
    valid = np.ones(len(starts), dtype=bool)
    valid[invalid_utf8(texts)] = False
    return valid
