"""JSON in every shape of portal-exports §2: documents, one a line or one behind the other, pretty-printed or not.

Elements (lines, elements of a list) are cut out of the bytes by their structure (numpy, whole chunks at a time). Those
that are records as they stand, as nearly all are, are not parsed here: DuckDB does that. All others go through
json_records, which finds the records inside.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, groupby, pairwise
from operator import itemgetter
from typing import Any, BinaryIO

import numpy as np

from pipelines.bilingual import joined
from pipelines.contract import Kind
from pipelines.portal.readers.base import (
    BOM,
    CHUNK,
    HEAD,
    MAX_RECORD,
    UNREADABLE,
    Bytes,
    Content,
    FileFacts,
    FileRejected,
    Positions,
    chunks,
    json_rows,
    prefetched,
    rebatched,
)
from pipelines.portal.readers.headings import Synonyms
from pipelines.portal.readers.json_records import ANY, EACH, Path, Search, agency_of
from pipelines.portal.text_rows import TextRows

#: Rows of one agency (`madonvi` around them, None where none is nearer than the file's).
Segment = tuple[str | None, TextRows]

_QUOTE, _ESCAPE, _COMMA, _NEWLINE, _RETURN = 0x22, 0x5C, 0x2C, 0x0A, 0x0D
_OPEN, _CLOSE = 0x7B, 0x7D
_JOINED = _CLOSE | _OPEN << 8
_SPACE = np.zeros(256, dtype=bool)
_SPACE[list(b" \t\r\n")] = True
_STRUCTURAL = np.zeros(256, dtype=bool)
_STRUCTURAL[list(b'{}[],"')] = True
_STEP = np.zeros(256, dtype=np.int8)
_STEP[list(b"{[")] = 1
_STEP[list(b"}]")] = -1
#: Bytes scanned at a time inside a chunk, so that the temporary arrays stay in the processor's cache.
_BLOCK = 512 * 1024
#: Of a file larger than what its shape is told from: as much is parsed to see what its elements are.
_SAMPLE = 64 * 1024
#: What may stand between documents, and a byte order mark (see json_records).
_BETWEEN = b" \t\r\n,\x1e\0\xef\xbb\xbf"
#: As much of an element is compared with how the others begin.
_BEGINNING_BYTES = 24
_DATA: Path = ("data", EACH)
_KEY = re.compile(rb'"((?:[^"\\]|\\.)*)"\s*:\s*$')
#: What JSON may begin with besides brackets: a JSON text as the whole document, a comment, a script around it.
_BEGINNING = re.compile(
    rb'"(?:\s|\\[nrt])*[\[{](?:\s|\\[nrt]|[\[{])*\\"|//|/\*|\)\]\}\'|(?:(?:var|let|const)\s+)?[A-Za-z_$][\w.$]*\s*[(=]\s*[\[{]'
)

_TRUNCATED = "tệp JSON bị cắt cụt / the JSON file is truncated"
_CORRUPT = "cấu trúc JSON bị hỏng / the JSON structure is broken"
_COMMENTED = "JSON có chú thích (//, /* */), hãy bỏ đi / JSON with comments (//, /* */), take them out"
_TOO_LARGE = (
    f"một bản ghi, hoặc một tài liệu không rõ danh sách bản ghi, lớn hơn {MAX_RECORD >> 20} MiB"
    f" / one record, or a document whose list of records is not found, is larger than {MAX_RECORD >> 20} MiB"
)


def recognises(content: Content) -> bool:
    """Does the content start like JSON, or like NDJSON whose first lines are bad?"""
    lines = [line for line in content.text_head.split(b"\n", 50) if line.strip(_BETWEEN)][:5]
    if not lines:
        return False
    first = lines[0].lstrip(_BETWEEN)
    return (
        first[:1] in (b"{", b"[")
        or _BEGINNING.match(first) is not None
        or any(line.startswith(b'{"') for line in lines[1:])
    )


def is_lines(content: Content, kind: Kind, synonyms: Synonyms) -> bool:
    """Is the content NDJSON, by its head alone?"""
    return recognises(content) and _shape(content, Search(kind, synonyms)) == "ndjson"


def open_json(content: Content, kind: Kind, synonyms: Synonyms) -> LineReader | ArrayReader | DocumentReader:
    """The reader for this JSON. Raises FileRejected (what is broken before its first record; comments)."""
    search = Search(kind, synonyms)
    shape = _shape(content, search.fresh())
    if shape == "ndjson":
        lines = LineReader(content, search)
        # Lines that are no JSON, in a text that is one: pretty-printed.
        whole = lines.broken and content.whole and _documents(content, search.fresh()) is not None
        return _open_document(content, search) if whole else lines
    if shape == "array":
        start = content.text_head.index(b"[") + 1
        elements = ArrayReader(content, FileFacts("json array"), search.fresh((EACH,)), start=start)
        # A list without records in it may be a table with its names on top.
        whole = content.whole and not elements.found and _documents(content, search.fresh()) is not None
        return _open_document(content, search, elements) if whole else elements
    if kind.document:
        return _open_document(content, search)
    return (_open_envelope if content.whole else _open_large)(content, search)


def _shape(content: Content, search: Search) -> str:
    """`ndjson` | `array` | `object`, from the first lines."""
    text = content.text_head.lstrip(_BETWEEN)
    first, newline, rest = text.partition(b"\n")
    array = "array" if text[:1] == b"[" else "object"
    if (not newline and not content.whole) or _BEGINNING.match(text):
        return array
    try:
        search.documents(first.decode())
        return "ndjson" if rest.strip(_BETWEEN) else array
    except (ValueError, RecursionError):
        # Pretty-printed, or NDJSON with a bad first line: then the next line starts a record of its own.
        follows = rest.lstrip()[:1] == b"{" and not _inside_array(first)
        return array if array == "array" else "ndjson" if follows or first[:1] != b"{" else "object"


def _inside_array(line: bytes) -> bool:
    """Does the line end between the elements of an array that it opened?"""
    structure = Structure()
    _, signs, depths = structure.scan(np.frombuffer(line, np.uint8))
    openers = np.flatnonzero((_STEP[signs] == 1) & (depths == structure.depth))
    return not structure.in_string and structure.depth > 0 and bytes(signs[openers[-1:]]) == b"["


def _documents(content: Content, search: Search) -> list[Any] | None:
    """The documents of a content that is whole; None: it is no JSON."""
    try:
        return search.documents(_text(content.text_head))
    except (ValueError, RecursionError):
        return None


def _text(raw: bytes) -> str:
    """Bytes that are no UTF-8 stay what they are through `_raw`."""
    return raw.decode(errors="surrogateescape")


def _raw(text: str) -> bytes:
    try:
        return text.encode(errors="surrogateescape")
    except UnicodeEncodeError:  # half a character, written as an escape: no text
        return text.encode(errors="surrogatepass")


# --- elements -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stretch:
    """Elements side by side in a text, from `start` on: their numbers, and where they begin and end after it."""

    numbers: Positions
    text: bytes | bytearray
    start: int
    offsets: Positions

    @property
    def data(self) -> Bytes:
        """The bytes of the elements, not copied."""
        return np.frombuffer(self.text, np.uint8, int(self.offsets[-1]), self.start)

    def element(self, index: int) -> bytes:
        """The bytes of one element."""
        return bytes(self.text[self.start + self.offsets[index] : self.start + self.offsets[index + 1]])


class Elements:
    """The records of elements, stretch by stretch. Only suspects are parsed: those that do not begin as the records of
    a sample all do; every one where the sample had other things than records as they stand (`thorough`).

    Where elements hold one record each a row has its element's number, else rows are counted from 1 (`ordinal`).
    """

    def __init__(self, search: Search, sample: list[bytes]) -> None:
        trial, plain = search.fresh(), []
        for element in sample:
            before = trial.chosen.total()
            trial.texts(_text(element))
            plain += [element] if trial.chosen.total() > before else []
        self.search = search
        self.broken, self.commented = trial.broken > 0, trial.commented
        self.found = bool(trial.chosen)
        search.chosen.update(dict.fromkeys(trial.chosen, 0))
        self._thorough = trial.changed or not trial.chosen
        # The first element of a list has no border in front of it.
        self._beginning = _common([element[:_BEGINNING_BYTES] for element in plain[1:] or plain])
        self._ordinal = trial.several or any(EACH in path or ANY in path for path in trial.chosen)
        self._shift = self._given = 0

    @property
    def plain(self) -> bool:
        """Is every element so far a record as it stands, or no record that says anything of others? Then a part of
        them can be read alone."""
        search = self.search
        odd = self._thorough or self._ordinal or self._shift or search.changed or search.broken
        return not odd and set(search.chosen) <= {()}

    def segments(self, stretch: Stretch, odd: Positions | None = None) -> Iterator[Segment]:
        """The records. odd: elements that are suspect besides."""
        found: dict[int, list[tuple[str | None, str]]] = {}
        for index in self._suspects(stretch, odd):
            text = _text(stretch.element(index))
            records = self.search.texts(text)
            if records != [(None, text)]:
                found[int(index)] = records
        counts = np.ones(len(stretch.numbers), np.int64)
        counts[list(found)] = [len(records) for records in found.values()]
        numbers = self._numbered(stretch.numbers, counts)
        if found:
            yield from _segments(stretch, numbers, found)
        else:
            yield None, json_rows(numbers, stretch.data, stretch.offsets)

    def _suspects(self, stretch: Stretch, odd: Positions | None) -> Positions:
        if self._thorough:
            return np.arange(len(stretch.numbers))
        data, starts = stretch.data, stretch.offsets[:-1]
        other = np.zeros(len(starts), dtype=bool)
        for place, byte in enumerate(self._beginning):
            other |= data[np.minimum(starts + place, len(data) - 1)] != byte
        suspects = np.flatnonzero(other)
        return suspects if odd is None else np.union1d(suspects, odd)

    def _numbered(self, numbers: Positions, counts: Positions) -> Positions:
        total, before = int(counts.sum()), np.cumsum(counts) - counts
        places = np.arange(total)
        if self._ordinal:
            numbers = self._given + 1 + places
        elif self._shift or total != len(numbers):
            moved = numbers + self._shift + before - np.arange(len(numbers))
            numbers = np.repeat(moved - before, counts) + places
        self._given += total
        self._shift += total - len(counts)
        return numbers


def _common(texts: list[bytes]) -> bytes:
    """What all of the texts begin with."""
    low, high = min(texts, default=b""), max(texts, default=b"")
    return low[: next((place for place in range(len(low)) if low[place] != high[place]), len(low))]


def _segments(
    stretch: Stretch, numbers: Positions, found: dict[int, list[tuple[str | None, str]]]
) -> Iterator[Segment]:
    """The rows of a stretch, its elements in `found` replaced by what was found in them."""
    rows: list[tuple[str | None, bytes]] = []
    for index in range(len(stretch.numbers)):
        if index in found:
            rows += [(agency, _raw(text)) for agency, text in found[index]]
        else:
            rows.append((None, stretch.element(index)))
    start = 0
    for agency, group in groupby(rows, key=itemgetter(0)):
        texts = [text for _, text in group]
        yield agency, _json_rows(numbers[start : start + len(texts)], texts)
        start += len(texts)


def _json_rows(numbers: Positions, texts: list[bytes]) -> TextRows:
    together = _together(numbers, texts)
    return json_rows(numbers, together.data, together.offsets)


def _together(numbers: Positions, texts: list[bytes]) -> Stretch:
    offsets = np.concatenate(([0], np.cumsum([len(text) for text in texts], dtype=np.int64)))
    return Stretch(numbers, b"".join(texts), 0, offsets)


def _batches(facts: FileFacts, segments: Iterator[Segment], search: Search) -> Iterator[TextRows]:
    """Batches of one agency each; then what people should know, into the facts."""
    around = facts.envelope_agency
    for agency, group in groupby(segments, key=itemgetter(0)):
        for rows in rebatched(rows for _, rows in group):
            facts.envelope_agency = agency or around
            yield rows
    search.tell(facts)


# --- NDJSON ---------------------------------------------------------------------------------------------------------


class LineReader:
    """NDJSON: an element is a physical line that is not empty; its number is that of the line."""

    def __init__(self, content: Content, search: Search) -> None:
        self.facts = FileFacts("ndjson")
        self._content = content
        self._span: tuple[int, int] | None = None
        self._line = 1
        head = content.text_head if content.whole else content.text_head[:_SAMPLE].rpartition(b"\n")[0]
        self._elements = Elements(search, [line for line in head.split(b"\n") if line.strip()])
        self.broken = self._elements.broken

    def spans(self, size: int) -> list[tuple[int, int]]:
        """(start, stop) in bytes of parts of the file, each of whole lines and of about `size` bytes, that may be read
        alone (`read_only`). An empty list where they may not: the file is small, packed, or begins with more than
        records as they stand. Raises FileRejected, OSError."""
        with self._content.opener() as stream:
            if self._content.whole or not stream.seekable() or not self._elements.plain:
                return []
            end = stream.seek(0, io.SEEK_END)
            borders = [len(BOM) if self._content.head.startswith(BOM) else 0]
            while borders[-1] < end:
                borders.append(_behind_line(stream, borders[-1] + size, end))
        return list(pairwise(borders))

    def read_only(self, span: tuple[int, int]) -> None:
        """Read this span, its lines numbered from 1; `facts.lines` then says whether it could be read alone."""
        self._span = span

    def batches(self) -> Iterator[TextRows]:
        """See Reader. A line that is no record stays a row: whoever converts it will see."""
        segments = self._segments() if self._content.whole else prefetched(self._segments())
        yield from _batches(self.facts, segments, self._elements.search)
        if self._span is not None and self._elements.plain and not (self.facts.notes or self.facts.attention):
            self.facts.lines = self._line - 1

    def _segments(self) -> Iterator[Segment]:
        for stretch in self._stretches():
            yield from self._elements.segments(stretch, _odd_lines(stretch))

    def _stretches(self) -> Iterator[Stretch]:
        carry = b""
        with self._content.open() if self._span is None else self._content.between(*self._span) as stream:
            for chunk in chunks(stream, CHUNK):
                # The line that the chunk before began is a text of its own, so that the chunk need not be copied.
                first, end = chunk.find(b"\n") + 1 if carry else 0, chunk.rfind(b"\n") + 1
                if len(carry) + first > MAX_RECORD:
                    raise self._too_large()
                for text, start, stop in ((carry + chunk[:first], 0, len(carry) + first), (chunk, first, end)):
                    if end and start < stop:
                        stretch, lines = _lines(text, start, stop, self._line)
                        self._line += lines
                        if stretch is not None:
                            yield stretch
                carry = chunk[end:] if end else carry + chunk
                if len(carry) > MAX_RECORD:
                    raise self._too_large()
        last, lines = _lines(carry, 0, len(carry), self._line) if carry else (None, 0)
        self._line += lines
        if last is not None:
            yield last

    def _too_large(self) -> FileRejected:
        return FileRejected(UNREADABLE, joined([f"dòng {self._line} / line {self._line}", _TOO_LARGE], ": "))


def _behind_line(stream: BinaryIO, position: int, end: int) -> int:
    """Where the line ends in which `position` lies, its line feed included; `end`, that of the file, at most."""
    stream.seek(position)
    for chunk in chunks(stream, HEAD):
        if (found := chunk.find(b"\n")) >= 0:
            return position + found + 1
        position += len(chunk)
    return end


def _lines(text: bytes, start: int, stop: int, first: int) -> tuple[Stretch | None, int]:
    """(lines of text[start:stop] that are not empty, number of lines); `first` is the number of the first line."""
    data = np.frombuffer(text, np.uint8, stop - start, start)
    ends = np.flatnonzero(data == _NEWLINE) + 1
    if not len(ends) or ends[-1] != len(data):
        ends = np.append(ends, len(data))
    offsets = np.concatenate(([0], ends))
    numbers = np.arange(first, first + len(ends))
    kept = ~_blank(data, offsets[:-1], offsets[1:])
    if not kept.any():
        return None, len(ends)
    if not kept.all():
        lengths = np.where(kept, np.diff(offsets), 0)
        text, start = data[np.repeat(kept, np.diff(offsets))].tobytes(), 0
        offsets = np.concatenate(([0], np.cumsum(lengths[kept])))
    return Stretch(numbers[kept], text, start, offsets), len(ends)


def _odd_lines(stretch: Stretch) -> Positions:
    """Lines that do not begin and end as an object does, or where one object follows another."""
    data, last = stretch.data, stretch.offsets[1:] - 1
    last = np.where(data[last] == _NEWLINE, last - 1, last)
    last = np.where(data[last] == _RETURN, last - 1, last)
    odd = (data[stretch.offsets[:-1]] != _OPEN) | (data[np.maximum(last, 0)] != _CLOSE)
    for first in (0, 1):
        # Two bytes at a time, which is faster than any search.
        pairs = np.frombuffer(data[first : len(data) - (len(data) - first) % 2], "<u2") == _JOINED
        if pairs.any():
            places = np.flatnonzero(pairs) * 2 + first
            odd[np.searchsorted(stretch.offsets, places, side="right") - 1] = True
    return np.flatnonzero(odd)


def _blank(data: Bytes, starts: Positions, ends: Positions) -> Any:
    """Which pieces of data (side by side, `ends` the next one's start) hold nothing but white space."""
    blank = (starts == ends) | _SPACE[data[np.minimum(starts, len(data) - 1)]]
    if (blank & (starts != ends)).any():
        solid = np.concatenate(([0], np.cumsum(~_SPACE[data[starts[0] : ends[-1]]])))
        blank = solid[starts - starts[0]] == solid[ends - starts[0]]
    return blank


# --- structure ------------------------------------------------------------------------------------------------------


@dataclass
class Structure:
    """Where a JSON text has its brackets and commas, chunk by chunk. State between chunks: depth, inside a string?"""

    depth: int = 0
    in_string: bool = False
    escapes: int = 0

    def scan(self, data: Bytes) -> tuple[Positions, Bytes, Positions]:
        """Brackets and commas outside strings in `data`: positions, the bytes there, the depth after each."""
        parts = [self._scan_block(data[start : start + _BLOCK], start) for start in range(0, len(data), _BLOCK)]
        if not parts:
            return np.empty(0, np.int64), np.empty(0, np.uint8), np.empty(0, np.int64)
        positions, signs, depths = (np.concatenate(column) for column in zip(*parts, strict=True))
        return positions, signs, depths

    def _scan_block(self, data: Bytes, base: int) -> tuple[Positions, Bytes, Positions]:
        positions = np.flatnonzero(_STRUCTURAL[data])
        signs = data[positions]
        quotes = signs == _QUOTE
        quotes &= ~self._escaped(data, positions)
        inside = np.logical_xor.accumulate(np.concatenate(([self.in_string], quotes)))
        self.in_string = bool(inside[-1])
        # A quote opens or closes; neither it nor anything inside a string is structure.
        kept = ~inside[1:] & (signs != _QUOTE)
        positions, signs = positions[kept], signs[kept]
        depths = np.cumsum(_STEP[signs], dtype=np.int64) + self.depth
        if len(depths):
            self.depth = int(depths[-1])
        return positions + base, signs, depths

    def _escaped(self, data: Bytes, positions: Positions) -> Any:
        """Which of the positions stand after an odd number of backslashes (counted over the border of the block)."""
        slashes = np.flatnonzero(data == _ESCAPE)
        before = self.escapes
        if not len(slashes):
            self.escapes = 0
            escaped = np.zeros(len(positions), dtype=bool)
            if len(positions) and positions[0] == 0:
                escaped[0] = before % 2 == 1
            return escaped
        new_run = np.concatenate(([True], np.diff(slashes) != 1))
        run_start = slashes[np.maximum.accumulate(np.where(new_run, np.arange(len(slashes)), 0))]
        length = slashes - run_start + 1 + np.where(run_start == 0, before, 0)
        index = np.searchsorted(slashes, positions) - 1
        follows = (index >= 0) & (slashes[np.maximum(index, 0)] == positions - 1)
        escaped = follows & (length[np.maximum(index, 0)] % 2 == 1)
        if len(positions) and positions[0] == 0:
            escaped[0] = before % 2 == 1
        self.escapes = int(length[-1]) if slashes[-1] == len(data) - 1 else 0
        return escaped


# --- lists and envelopes --------------------------------------------------------------------------------------------


class ArrayReader:
    """The elements of one list: the whole file, or the list of an envelope. Numbered from 1.

    start: position of the list's first byte after `[`. search: for what stands in it, its prefix the list's path.
    skeleton: text before the list (None for a bare one). found: are there records among the first elements?
    """

    def __init__(
        self,
        content: Content,
        facts: FileFacts,
        search: Search,
        *,
        start: int,
        skeleton: bytes | None = None,
    ) -> None:
        self.facts = facts
        self.tail = b""
        self._content = content
        self._start = start
        self._skeleton = skeleton
        self._search = search
        head = content.text_head[start:] if content.whole else content.text_head[start : start + _SAMPLE]
        self._elements = Elements(search, _first_elements(head))
        self.found = self._elements.found
        if self._elements.commented:
            raise FileRejected(UNREADABLE, _COMMENTED)

    def batches(self) -> Iterator[TextRows]:
        """See Reader. Elements that are no objects stay rows. Raises FileRejected when the list never ends."""
        segments = self._segments() if self._content.whole else prefetched(self._segments())
        return _batches(self.facts, segments, self._search)

    def _segments(self) -> Iterator[Segment]:
        number = 1
        for stretch in self.stretches():
            number += len(stretch.numbers)
            yield from self._elements.segments(stretch)
        rest = self._rest()
        if rest:
            places = np.arange(len(rest))
            yield from self._elements.segments(_together(number + places, rest), odd=places)

    def _rest(self) -> list[bytes]:
        """The documents behind the list, or behind its envelope."""
        if self._skeleton is None:
            lists = _behind_list(self.tail, self._search)
            others = [one for document in lists for one in (document if isinstance(document, list) else [document])]
        else:
            envelope, *others = _parsed(self._skeleton + b"[]" + self.tail, self._search)
            self._search.look_around(envelope)
        return [_raw(json.dumps(other, ensure_ascii=False)) for other in others]

    def stretches(self) -> Iterator[Stretch]:
        """The elements; leaves what follows the list in `tail`."""
        with self._content.open() as stream:
            _skip(stream, self._start)
            pieces, number, again = chunks(stream, CHUNK), 1, True
            while again:
                number, size, pieces = yield from _list(pieces, number)
                if self._skeleton is not None:
                    break
                rest = next((text for piece in pieces if (text := piece.lstrip(_BETWEEN))), b"")
                # Large lists one behind the other are read as they come, small ones together.
                again = rest.startswith(b"[") and size > CHUNK
                pieces = chain([rest[1:] if again else rest], pieces)
            self.tail = b"".join(_limited(pieces))


def _list(pieces: Iterator[bytes], number: int) -> Generator[Stretch, None, tuple[int, int, Iterator[bytes]]]:
    """The elements of a list up to its end. Returns (number of the next element, bytes, what follows)."""
    structure, size, carry = Structure(), 0, bytearray()
    for chunk in pieces:
        size += len(chunk)
        text = carry + chunk
        positions, signs, depths = structure.scan(np.frombuffer(chunk, np.uint8))
        positions += len(carry)
        borders = positions[(signs == _COMMA) & (depths == 0)]
        ends = positions[depths < 0]
        close = int(ends[0]) if len(ends) else None
        if close is not None:
            borders = np.append(borders[borders < close], close)
        stretch, number = _cut(text, borders, number, last=close is not None)
        if stretch is not None:
            yield stretch
        if close is not None:
            return number, size, chain([bytes(text[close + 1 :])], pieces)
        # The border goes along as the space that it has become.
        carry = text[int(borders[-1]) if len(borders) else 0 :]
        if len(carry) > MAX_RECORD:
            raise FileRejected(UNREADABLE, joined([f"bản ghi {number} / record {number}", _TOO_LARGE], ": "))
    raise FileRejected(UNREADABLE, _TRUNCATED)


def _cut(text: bytearray, borders: Positions, number: int, *, last: bool) -> tuple[Stretch | None, int]:
    """(the elements that end at `borders`, number of the next one). Overwrites the commas by spaces.

    Every element starts at the border before it, so that rows lie side by side and nothing is copied.
    """
    if not len(borders):
        return None, number
    data = np.frombuffer(text, np.uint8)
    data[borders] = 0x20
    offsets = np.concatenate(([0], borders))
    if last and _blank(data, offsets[-2:-1], offsets[-1:])[0]:
        offsets = offsets[:-1]
    count = len(offsets) - 1
    if count == 0:
        return None, number
    return Stretch(np.arange(number, number + count), text, 0, offsets), number + count


def _first_elements(head: bytes) -> list[bytes]:
    """The elements that end in the first bytes of a list."""
    positions, signs, depths = Structure().scan(np.frombuffer(head, np.uint8))
    borders = positions[((signs == _COMMA) & (depths == 0)) | (depths == -1)]
    ends = np.flatnonzero(depths[np.searchsorted(positions, borders)] < 0)
    borders = borders[: int(ends[0]) + 1] if len(ends) else borders
    stretch, _ = _cut(bytearray(head), borders, 1, last=len(ends) > 0)
    return [stretch.element(index) for index in range(len(stretch.numbers))] if stretch else []


def _skip(stream: Any, size: int) -> None:
    while size > 0 and (read := len(stream.read(min(size, CHUNK)))):
        size -= read


def _limited(pieces: Iterable[bytes]) -> Iterator[bytes]:
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > MAX_RECORD:
            raise FileRejected(UNREADABLE, _TOO_LARGE)
        yield piece


def _behind_list(text: bytes, search: Search) -> list[Any]:
    """The documents behind a list. Raises FileRejected."""
    try:
        return search.documents(_text(text))
    except (ValueError, RecursionError) as error:
        detail = "có nội dung sau danh sách JSON / there is text after the JSON array"
        raise FileRejected(UNREADABLE, detail) from error


def _parsed(raw: bytes, search: Search) -> list[Any]:
    """The documents of a text. Raises FileRejected."""
    text = _text(raw)
    try:
        return search.documents(text)
    except (ValueError, RecursionError) as error:
        if search.is_commented(text):
            raise FileRejected(UNREADABLE, _COMMENTED) from error
        structure = Structure()
        structure.scan(np.frombuffer(raw, np.uint8))
        open_ended = structure.depth > 0 or structure.in_string
        raise FileRejected(UNREADABLE, _TRUNCATED if open_ended else _CORRUPT) from error


# --- documents ------------------------------------------------------------------------------------------------------


class DocumentReader:
    """Documents whose records are found by parsing all of them: at the top, or anywhere inside. Numbered from 1."""

    def __init__(self, documents: list[Any], search: Search) -> None:
        self.facts = FileFacts("json envelope" if any(search.chosen) else "json object")
        self._documents = documents
        self._search = search

    def batches(self) -> Iterator[TextRows]:
        """See Reader."""
        return _batches(self.facts, self._segments(), self._search)

    def _segments(self) -> Iterator[Segment]:
        taken = self._search.taken(self._documents)
        start = 1
        for agency, group in groupby(taken, key=lambda one: one[0]):
            texts = [_raw(json.dumps(record, ensure_ascii=False)) for _, record in group]
            yield agency, _json_rows(np.arange(start, start + len(texts)), texts)
            start += len(texts)


def _open_document(
    content: Content, search: Search, otherwise: ArrayReader | None = None
) -> ArrayReader | DocumentReader:
    """All documents of a content, parsed. otherwise: the reader if there are no records in them. Raises FileRejected:
    broken, too large."""
    with content.open() as stream:
        raw = b"".join(_limited(chunks(stream, 1024 * 1024)))
    documents = _parsed(raw, search)
    search.choose(documents)
    return otherwise if otherwise and not search.chosen else DocumentReader(documents, search)


def _open_envelope(content: Content, search: Search) -> ArrayReader | DocumentReader:
    """Of an object that fits into the head. The portal's own envelope, with no other records around its `data`, is read
    by its elements."""
    raw = content.text_head
    positions, signs, depths = Structure().scan(np.frombuffer(raw, np.uint8))
    for start in positions[(signs == ord("[")) & (depths == 2)]:
        key = _KEY.search(raw, max(0, int(start) - 256), int(start))
        ends = positions[(positions > start) & (depths == 1)]
        if key and key.group(1).lower() == b"data" and len(ends):
            envelope = _parsed(raw[: int(start)] + b"[]" + raw[int(ends[0]) + 1 :], search.fresh())
            if len(envelope) == 1 and not search.holds_records(envelope[0]):
                facts = FileFacts("json envelope", envelope_agency=agency_of(envelope[0]))
                skeleton = raw[: int(start)]
                elements = ArrayReader(content, facts, search.fresh(_DATA), start=int(start) + 1, skeleton=skeleton)
                # A list without records in it may be a table with its names beside it.
                readable = elements.found or _documents(content, search.fresh()) is None
                return elements if readable else _open_document(content, search, elements)
            break
    return _open_document(content, search)


def _open_large(content: Content, search: Search) -> ArrayReader | DocumentReader:
    """Of an object larger than the head: the outermost list that holds the first record is read by its elements, unless
    it ends at once. Everything else must be parsed as a whole."""
    structure, seen = Structure(), b""
    brackets: list[tuple[int, int]] = []
    with content.open() as stream:
        for chunk in chunks(stream, HEAD):
            base, seen = len(seen), seen + chunk
            code = search.code_pattern.search(seen, max(0, base - 256))
            positions, signs, _ = structure.scan(np.frombuffer(chunk, np.uint8))
            for position, sign in zip(positions.tolist(), signs.tolist(), strict=True):
                if code and base + position > code.start():
                    break
                if _STEP[sign]:
                    brackets = [*brackets, (base + position, sign)] if _STEP[sign] > 0 else brackets[:-1]
            if code or len(seen) > MAX_RECORD:
                break
    start = next((position for position, sign in brackets if sign == ord("[")), None)
    if not code or start is None or _ends_within(seen[start:]):
        return _open_document(content, search)
    return _open_list(content, search, seen[:start])


def _ends_within(text: bytes) -> bool:
    _, _, depths = Structure().scan(np.frombuffer(text, np.uint8))
    return bool((depths == 0).any())


def _open_list(content: Content, search: Search, skeleton: bytes) -> ArrayReader:
    closers = "".join("}" for _ in range(_depth(skeleton)))
    (envelope, *_) = _parsed(skeleton + b"[]" + closers.encode(), search.fresh())
    path, agency = search.end_of(envelope)
    reader = ArrayReader(
        content,
        FileFacts("json envelope", envelope_agency=agency),
        search.fresh(path),
        start=len(skeleton) + 1,
        skeleton=skeleton,
    )
    if agency is None and path == _DATA:
        reader.facts.envelope_agency = _agency_behind(content, search, skeleton)
    return reader


def _depth(text: bytes) -> int:
    structure = Structure()
    structure.scan(np.frombuffer(text, np.uint8))
    return structure.depth


def _agency_behind(content: Content, search: Search, skeleton: bytes) -> str | None:
    """`madonvi` when it stands behind the records: the file is gone through once more for it.

    A tail that cannot be read says nothing here: reading the rows will meet it again.
    """
    reader = ArrayReader(content, FileFacts(""), search.fresh(), start=len(skeleton) + 1, skeleton=skeleton)
    try:
        for _ in reader.stretches():
            pass
        return agency_of(_parsed(skeleton + b"[]" + reader.tail, search.fresh())[0])
    except FileRejected:
        return None
