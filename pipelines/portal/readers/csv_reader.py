"""CSV (portal-exports §2): separator and quotes by content, quoted line ends, banner lines, contract names or
Vietnamese headings.

The text is UTF-8 here. A piece whose lines are all simple rows goes to Arrow as it is. In any other the records are
found by the parity of quotes (numpy), so that line numbers are exact, and brought to the width of the heading first.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from pipelines.contract import Kind
from pipelines.contract.marks import DANGEROUS, MARK
from pipelines.portal.readers.base import (
    MAX_COLUMNS,
    UNREADABLE,
    Bytes,
    Content,
    FileFacts,
    FileRejected,
    Positions,
    chunks,
    invalid_utf8,
    prefetched,
    rebatched,
)
from pipelines.portal.readers.headings import Heading, Synonyms
from pipelines.portal.readers.legacy_text import letters_of
from pipelines.portal.readers.parts import Beginning, beginning, likeliest, no_heading
from pipelines.portal.readers.table import Cells, Table
from pipelines.portal.text_rows import TextRows

DELIMITERS = ",;\t|"
#: Bytes handled at a time: small enough that a piece made of separators alone stays within bounds.
CHUNK = 8 * 1024 * 1024
#: A record with all its lines must fit into this.
MAX_LINE = 16 * 1024 * 1024
#: Bytes of a line that a printer puts on a page, at most.
_MAX_LEFT_OUT = 400
_NEWLINE, _RETURN = 0x0A, 0x0D
_HEADING_ROWS = 40
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
#: Excel: `sep=;` as the first line says what separates the cells.
_SEP = re.compile(r'"?sep=([^\w\s"]|\t)"?[,;\t|\r]*\n', re.IGNORECASE)
#: A line of cells in single quotes; one in double quotes.
_SINGLE = re.compile(r"^'[^'\n]*'[,;\t|]'", re.MULTILINE)
_DOUBLE = re.compile(r'^"[^"\n]*"[,;\t|]"', re.MULTILINE)
#: Excel's way of keeping text as text: ="007", which inside proper quotes is "=""007""".
_KEPT_TEXT = r'^="((?s:.*))"$'


@dataclass(frozen=True)
class Form:
    """How the cells of a file are told apart: one ASCII character each."""

    delimiter: str
    quote: str

    @property
    def kept_text(self) -> re.Pattern[bytes]:
        """The `=` of ="007" at the start of a cell that is not quoted itself."""
        delimiter, quote = re.escape(self.delimiter.encode()), re.escape(self.quote.encode())
        return re.compile(rb"(^|[\n" + delimiter + rb"])=(?=" + quote + rb"[^\r\n" + quote + delimiter + rb"])")


def recognises(content: Content) -> bool:
    """Text of any kind: the heading decides later whether it is a table."""
    head = np.frombuffer(content.head, np.uint8)
    return bool((head == 0).mean() < 0.02)


def open_csv(content: Content, kind: Kind, synonyms: Synonyms, previous: Heading | None = None) -> CsvReader:
    """The reader for this table. Raises NotAnExport when no row is a heading.

    previous: heading of the member of an archive before this one, which it may go on with.
    """
    text = content.text_head.decode(errors="replace")
    # A lone return is white space in a file whose lines end otherwise.
    text = re.sub(r"\r(?!\n)", " ", text) if "\r" in text else text
    # When a quote in the banner is never closed, the heading is still a line of its own.
    for known, rows in ((None, _records), (None, _lines), (previous, _records)):
        for form in _forms(text):
            begins = beginning(kind, list(rows(text, form)), synonyms, known)
            if begins is not None:
                return CsvReader(content, kind, form, begins, synonyms)
    found = likeliest(kind, [list(_records(text, form)) for form in _forms(text)], synonyms)
    letters = letters_of(text.split("\n", _HEADING_ROWS)[:_HEADING_ROWS])
    raise no_heading(kind, letters, likely=(("", found),) if found else ())


def _forms(text: str) -> Iterator[Form]:
    said = _SEP.match(text)
    quote = "'" if _SINGLE.search(text) and not _DOUBLE.search(text) else '"'
    for delimiter in dict.fromkeys((said.group(1) if said else "") + DELIMITERS):
        yield Form(delimiter, quote)


def _records(text: str, form: Form) -> Iterator[tuple[int, list[str]]]:
    """(physical line, cells) of the first records."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=form.delimiter, quotechar=form.quote)
    line = 1
    try:
        for _ in range(_HEADING_ROWS):
            cells = next(reader, None)
            if cells is None:
                return
            if len(cells) <= MAX_COLUMNS:
                yield line, cells
            line = reader.line_num + 1
    except csv.Error:
        return


def _lines(text: str, form: Form) -> Iterator[tuple[int, list[str]]]:
    """(physical line, cells) of the first lines, each taken by itself."""
    for number, line in enumerate(text.split("\n", _HEADING_ROWS)[:_HEADING_ROWS], start=1):
        for _, cells in _records(line, form):
            yield number, cells


@dataclass
class CsvReader:
    """Rows below the heading, numbered by physical line; a row with another number of columns is no record.

    Extra cells at the end of a row that are empty, and columns at the right without a heading, do no harm.
    """

    content: Content
    kind: Kind
    form: Form
    begins: Beginning
    synonyms: Synonyms
    facts: FileFacts = field(init=False)
    _table: Table = field(init=False)

    def __post_init__(self) -> None:
        self.facts = FileFacts(f"csv {_NAMES.get(self.form.delimiter, self.form.delimiter)}")
        self._table = Table(self.kind, self.begins, self.synonyms, self.facts)

    def batches(self) -> Iterator[TextRows]:
        """See Reader. Raises FileRejected when a record does not end within MAX_LINE bytes."""
        stretches = self._stretches() if self.content.whole else prefetched(self._stretches())
        yield from rebatched(rows for cells in stretches for rows in self._table.rows(cells))
        self._table.finish()

    def _stretches(self) -> Iterator[Cells]:
        line, carry = max(1, self.begins.heading.first_row), b""
        with self.content.open() as stream:
            _skip_lines(stream, self.content.text_head, line - 1)
            for chunk in chunks(stream, CHUNK):
                data = self._without_equals(carry + chunk)
                cells, used, lines = self._cells(data, line, last=False)
                if len(data) - used > MAX_LINE:
                    raise FileRejected(UNREADABLE, _too_long(line + lines))
                yield cells
                line, carry = line + lines, data[used:]
        if carry:
            yield self._cells(carry, line, last=True)[0]

    def _without_equals(self, data: bytes) -> bytes:
        """="007" → "007": proper quotes, so that what they hold is one cell."""
        # One byte is searched for much faster than two.
        found = b"=" in data and b"=" + self.form.quote.encode() in data
        return self.form.kept_text.sub(rb"\1", data) if found else data

    def _cells(self, data: bytes, line: int, *, last: bool) -> tuple[Cells, int, int]:
        """(cells of the records that end in `data`, bytes used, lines used). `line`: number of the first line."""
        if last and not data.endswith(b"\n"):
            data += b"\n"
        found = self._simple(data, line) or self._any(data, line, last=last)
        cells, used, lines = found
        if b"=" in data and f"={self.form.quote * 2}".encode() in data:
            cells = replace(cells, columns=[_unwrapped(column) for column in cells.columns])
        if b"'" in data:
            cells = replace(cells, columns=[_unmarked(column) for column in cells.columns])
        return cells, used, lines

    @property
    def _width(self) -> int:
        return len(self.begins.heading.columns)

    @property
    def _needed(self) -> int:
        """Cells that a row must have: up to the last heading."""
        named = [index for index, column in enumerate(self.begins.heading.columns) if column.state != "empty"]
        return named[-1] + 1

    # --- pieces of simple lines --------------------------------------------------------------------------------------

    def _simple(self, data: bytes, line: int) -> tuple[Cells, int, int] | None:
        """What `_any` finds, when every line is a row by itself, of one width; else None."""
        used = data.rfind(b"\n") + 1
        block = np.frombuffer(data, np.uint8, used)
        newlines = np.flatnonzero(block == _NEWLINE)
        if not len(newlines) or not self._plain(data, block, newlines):
            return None
        # Separators may follow the last column; a line with quotes is counted by `_any` only.
        first = data[: int(newlines[0])]
        quoted = self.form.quote.encode() in first
        width = self._width if quoted else max(first.count(self.form.delimiter.encode()) + 1, self._needed)
        table = self._parsed(block, width, len(newlines), newlines_in_values=False)
        columns = [column.combine_chunks() for column in table.columns] if table else []
        if table is None or any(pc.max(pc.binary_length(column)).as_py() for column in columns[self._width :]):
            return None
        columns += [pa.nulls(len(newlines), pa.string())] * (self._width - width)
        return Cells(np.arange(line, line + len(newlines)), columns[: self._width]), used, len(newlines)

    def _plain(self, data: bytes, block: Bytes, newlines: Positions) -> bool:
        """UTF-8 without zero bytes, lone returns and line ends inside quotes."""
        quotes = np.flatnonzero(block == ord(self.form.quote))
        folded = len(quotes) > 0 and bool((np.searchsorted(quotes, newlines) % 2).any())
        return not folded and b"\0" not in data and not (b"\r" in data and len(_lone(block))) and _valid(block)

    def _parsed(self, block: Bytes, width: int, rows: int, *, newlines_in_values: bool) -> pa.Table | None:
        """The table that Arrow reads, None when it does not read `rows` rows of `width` columns."""
        names = [f"c{i}" for i in range(width)]
        size = len(block) + 1024 if newlines_in_values else len(block) // 2 + 1024
        try:
            table = pa_csv.read_csv(
                pa.BufferReader(pa.py_buffer(block)),
                read_options=pa_csv.ReadOptions(column_names=names, block_size=size),
                parse_options=pa_csv.ParseOptions(
                    delimiter=self.form.delimiter,
                    quote_char=self.form.quote,
                    newlines_in_values=newlines_in_values,
                    ignore_empty_lines=False,
                ),
                convert_options=pa_csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
                ),
            )
        except pa.ArrowInvalid:
            return None
        return table if table.num_rows == rows else None

    # --- any piece ---------------------------------------------------------------------------------------------------

    def _any(self, data: bytes, line: int, *, last: bool) -> tuple[Cells, int, int]:
        block = np.frombuffer(data, np.uint8)
        split, used, lines = _split(block, self.form, line, self._width, last=last)
        split = _unfold_bad(block, split, ~self._fits(split))
        readable = self._fits(split)
        starts, ends = split.starts[readable], split.ends[readable]
        padding = self._width - split.columns[readable]
        kept = ~self._left_out(block, split)
        readable[readable] = _are_text(_assembled(block, starts, ends, padding, self.form), ends - starts + padding + 1)
        starts, ends, padding = split.starts[readable], split.ends[readable], self._width - split.columns[readable]
        table, understood = self._parse(_Pieces(block, starts, ends, padding))
        readable[readable] = understood
        places = pa.array(np.where(readable, np.cumsum(readable) - 1, 0), mask=~readable)
        columns = [column.combine_chunks() for column in table.columns]
        if not readable.all():
            columns = [column.take(places) for column in columns]
        cells = Cells(split.lines, columns, is_record=readable)
        return (cells if kept.all() else cells.filter(kept)), used, lines

    def _left_out(self, block: Bytes, split: _Split) -> np.ndarray:
        """Which lines have too few cells for a row and are none, as page numbers and banners are."""
        short = (split.columns > 0) & (split.columns < self._needed) & (split.ends - split.starts <= _MAX_LEFT_OUT)
        for place in np.flatnonzero(short):
            line = block[split.starts[place] : split.ends[place]].tobytes().decode(errors="replace")
            texts = [text.strip(f" \t\r{self.form.quote}") for text in line.split(self.form.delimiter)]
            texts = [text for text in texts if text]
            short[place] = self._table.leaves_out(int(split.lines[place]), texts)
        return short

    def _fits(self, split: _Split) -> np.ndarray:
        return (split.columns >= self._needed) & (split.columns <= self._width)

    def _parse(self, pieces: _Pieces) -> tuple[pa.Table, np.ndarray]:
        """(table of the pieces that Arrow reads as we do, which they are). A row that it reads otherwise is searched by
        halving, so that one oddity costs one row."""
        count = len(pieces.starts)
        if count:
            table = self._parsed(
                _assembled(pieces.data, pieces.starts, pieces.ends, pieces.padding, self.form),
                self._width,
                count,
                newlines_in_values=True,
            )
            if table is not None:
                return table, np.ones(count, dtype=bool)
        if count <= 1:
            empty = pa.table({f"c{i}": pa.array([], pa.string()) for i in range(self._width)})
            return empty, np.zeros(count, dtype=bool)
        first, first_good = self._parse(pieces.slice(0, count // 2))
        second, second_good = self._parse(pieces.slice(count // 2, count))
        return pa.concat_tables([first, second]), np.concatenate((first_good, second_good))


def _too_long(line: int) -> str:
    return (
        f"dòng {line}: dài hơn {MAX_LINE >> 20} MiB hoặc dấu ngoặc kép không đóng"
        f" / line {line}: longer than {MAX_LINE >> 20} MiB, or a quote is never closed"
    )


def _skip_lines(stream: BinaryIO, head: bytes, count: int) -> None:
    """Move behind the first lines, which lie in the head. What stands above a heading need not be well-formed."""
    position = 0
    for _ in range(count):
        position = head.index(b"\n", position) + 1
    while position and (piece := stream.read(position)):
        position -= len(piece)


def _unwrapped(column: pa.Array) -> pa.Array:
    wrapped = pc.starts_with(column, '="')
    return pc.replace_substring_regex(column, _KEPT_TEXT, r"\1") if pc.any(wrapped).as_py() else column


def _unmarked(column: pa.Array) -> pa.Array:
    """Without the mark that keeps a text from being a formula (contract/marks.py)."""
    dangerous = pc.starts_with(column, MARK)
    if not pc.any(dangerous).as_py():
        return column
    dangerous = pc.and_(dangerous, pc.match_substring_regex(column, DANGEROUS))
    return pc.if_else(dangerous, pc.utf8_slice_codeunits(column, 1), column)


def _valid(block: Bytes) -> bool:
    """Is all of it UTF-8?"""
    text = pa.StringArray.from_buffers(1, pa.py_buffer(np.array([0, len(block)], np.int32)), pa.py_buffer(block))
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


@dataclass
class _Split:
    """Records of a piece of CSV: [starts, ends) without the line end and what is empty beyond the heading's columns;
    the line each begins at; how many columns it has, -1 when that is not to be known."""

    starts: Positions
    ends: Positions
    lines: Positions
    columns: Positions


@dataclass
class _Pieces:
    """Rows to be read: data[starts:ends), and separators to be put behind."""

    data: Bytes
    starts: Positions
    ends: Positions
    padding: Positions

    def slice(self, start: int, end: int) -> _Pieces:
        return _Pieces(self.data, self.starts[start:end], self.ends[start:end], self.padding[start:end])


def _split(data: Bytes, form: Form, line: int, width: int, *, last: bool) -> tuple[_Split, int, int]:
    """(records, bytes used, lines used). An unfinished record at the end is left over unless `last`."""
    inside = _Quoting.of(data, form)
    newlines = np.flatnonzero(data == _NEWLINE)
    stops = newlines[~inside.at(newlines)] + 1
    if last and (not len(stops) or stops[-1] != len(data)):
        stops = np.append(stops, len(data))
    if not len(stops):
        empty = np.empty(0, np.int64)
        return _Split(empty, empty, empty, empty), 0, 0
    starts, used = np.concatenate(([0], stops[:-1])), int(stops[-1])
    lines = line + np.searchsorted(newlines, starts)
    ends = stops - ((stops > starts) & (data[stops - 1] == _NEWLINE))
    ends = ends - ((ends > starts) & (data[np.maximum(ends, 1) - 1] == _RETURN))
    # Empty lines are not rows (portal-exports §6).
    kept = ends > starts
    starts, ends, lines = starts[kept], ends[kept], lines[kept]
    delimiters = np.flatnonzero(data == ord(form.delimiter))
    delimiters = delimiters[~inside.at(delimiters)]
    first = np.searchsorted(delimiters, starts)
    columns = np.searchsorted(delimiters, ends) - first + 1
    if len(delimiters):
        # Separators alone behind the last column are no columns.
        cut = delimiters[np.minimum(first + width - 1, len(delimiters) - 1)]
        trailing = (columns > width) & (ends - cut == columns - width)
        ends, columns = np.where(trailing, cut, ends), np.where(trailing, width, columns)
    return _Split(starts, ends, lines, columns), used, int(np.searchsorted(newlines, used))


@dataclass(frozen=True)
class _Quoting:
    """Where text is inside quotes. Only runs of an odd number of quotes change that (a pair is an escaped quote).

    A run at the start of a field opens or closes; any other closes, and is plain text outside: `5" pipe` opens nothing.
    """

    runs: Positions
    inside: np.ndarray

    @classmethod
    def of(cls, data: Bytes, form: Form) -> _Quoting:
        quotes = np.flatnonzero(data == ord(form.quote))
        if not len(quotes):
            return cls(quotes, np.empty(0, dtype=bool))
        first = np.flatnonzero(np.concatenate(([True], np.diff(quotes) != 1)))
        length = np.diff(np.append(first, len(quotes)))
        runs = quotes[first][length % 2 == 1]
        before = np.where(runs > 0, data[np.maximum(runs - 1, 0)], _NEWLINE)
        at_start = (before == ord(form.delimiter)) | (before == _NEWLINE)
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


def _unfold_bad(data: Bytes, split: _Split, bad: np.ndarray) -> _Split:
    """A record of several lines with a wrong number of columns is a quote gone astray: every line is a bad row then,
    so that what it has swallowed is counted."""
    newlines = np.flatnonzero(data == _NEWLINE)
    inner = np.searchsorted(newlines, split.ends) - np.searchsorted(newlines, split.starts)
    folded = bad & (inner > 0)
    if not folded.any():
        return split
    starts, ends, lines = [split.starts], [split.ends], [split.lines]
    for index in np.flatnonzero(folded):
        breaks = newlines[(newlines >= split.starts[index]) & (newlines < split.ends[index])]
        starts.append(breaks + 1)
        ends.append(np.append(breaks[1:], split.ends[index]))
        lines.append(split.lines[index] + np.arange(1, len(breaks) + 1))
    columns = np.where(folded, -1, split.columns)
    all_starts, all_ends, all_lines = map(np.concatenate, (starts, ends, lines))
    all_columns = np.concatenate((columns, np.full(len(all_lines) - len(split.lines), -1)))
    order = np.argsort(all_lines, kind="stable")
    return _Split(all_starts[order], all_ends[order], all_lines[order], all_columns[order])


def _assembled(data: Bytes, starts: Positions, ends: Positions, padding: Positions, form: Form) -> Bytes:
    """The pieces one behind the other, each padded with separators and ended by a line end."""
    sizes = ends - starts
    behind = np.cumsum(sizes + padding + 1)
    block = np.full(int(behind[-1]) if len(behind) else 0, ord(form.delimiter), np.uint8)
    begins = behind - sizes - padding - 1
    block[_within(begins, begins + sizes, len(block))] = data[_within(starts, ends, len(data))]
    block[behind - 1] = _NEWLINE
    # Arrow would end the row there; in a file whose lines end otherwise it is white space.
    block[_lone(block)] = 0x20
    return block


def _lone(block: Bytes) -> Positions:
    """Where a return stands that no line feed follows."""
    returns = np.flatnonzero(block == _RETURN)
    return returns[block[np.minimum(returns + 1, len(block) - 1)] != _NEWLINE]


def _within(starts: Positions, ends: Positions, size: int) -> np.ndarray:
    """Which of `size` positions lie in one of the pieces."""
    marks = np.zeros(size + 1, np.int8)
    marks[starts] += 1
    np.subtract.at(marks, ends, 1)
    return np.cumsum(marks[:-1], dtype=np.int8).astype(bool)


def _are_text(block: Bytes, sizes: Positions) -> np.ndarray:
    """Which of the rows side by side in the block are UTF-8 without a zero byte?"""
    offsets = np.concatenate(([0], np.cumsum(sizes))).astype(np.int32)
    texts = pa.StringArray.from_buffers(len(sizes), pa.py_buffer(offsets), pa.py_buffer(block))
    good = np.ones(len(sizes), dtype=bool)
    good[invalid_utf8(texts)] = False
    zeros = np.flatnonzero(block == 0)
    good[np.searchsorted(offsets, zeros, side="right") - 1] = False
    return good
