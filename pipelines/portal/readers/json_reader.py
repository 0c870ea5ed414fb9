"""JSON in every shape of portal-exports §2: NDJSON, bare array, envelope, single object; one line or pretty-printed.

Records are cut out of the bytes by their structure (numpy, whole chunks at a time) and never parsed here: DuckDB does
that. Only what is left of an envelope without its records is parsed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from pipelines.contract import Kind
from pipelines.portal.canonical import TextRows
from pipelines.portal.readers.base import (
    CHUNK,
    MAX_RECORD,
    UNREADABLE,
    Bytes,
    Content,
    FileFacts,
    FileRejected,
    Positions,
    ahead,
    chunks,
    gathered,
    json_rows,
)
from pipelines.portal.readers.headings import Synonyms

_QUOTE, _ESCAPE, _COMMA, _NEWLINE = 0x22, 0x5C, 0x2C, 0x0A
_SPACE = np.zeros(256, dtype=bool)
_SPACE[list(b" \t\r\n")] = True
_STRUCTURAL = np.zeros(256, dtype=bool)
_STRUCTURAL[list(b'{}[],"')] = True
_STEP = np.zeros(256, dtype=np.int8)
_STEP[list(b"{[")] = 1
_STEP[list(b"}]")] = -1
#: Bytes scanned at a time inside a chunk, so that the temporary arrays stay in the processor's cache.
_BLOCK = 512 * 1024
_KEY = re.compile(rb'"((?:[^"\\]|\\.)*)"\s*:\s*$')
_DATA = b"data"
_AGENCY = "madonvi"

_TRUNCATED = "tệp JSON bị cắt cụt / the JSON file is truncated"
_CORRUPT = "cấu trúc JSON bị hỏng / the JSON structure is broken"
_TOO_LARGE = f"một bản ghi lớn hơn {MAX_RECORD >> 20} MiB / one record is larger than {MAX_RECORD >> 20} MiB"


def recognises(content: Content) -> bool:
    """Does the content start like JSON, or like NDJSON whose first lines are bad?"""
    lines = [line for line in content.text_head.split(b"\n", 50) if line.strip()][:5]
    return bool(lines) and (lines[0].lstrip()[:1] in (b"{", b"[") or any(x.startswith(b'{"') for x in lines[1:]))


def open_json(content: Content, kind: Kind, _synonyms: Synonyms) -> LineReader | ArrayReader | DocumentReader:
    """The reader for this JSON. Raises FileRejected (an envelope that is broken before its first record)."""
    shape = _shape(content)
    if shape == "ndjson":
        return LineReader(content)
    if shape == "array":
        return ArrayReader(content, FileFacts("json array"), start=content.text_head.index(b"[") + 1, skeleton=None)
    if kind.document:
        return DocumentReader(content, kind)
    return _open_object(content, kind)


def _shape(content: Content) -> str:
    """`ndjson` | `array` | `object`, from the first lines."""
    head = content.text_head
    text = head.lstrip()
    if text[:1] == b"[":
        return "array"
    first, newline, rest = text.partition(b"\n")
    if not newline and not content.whole:
        return "object"
    try:
        value = json.loads(first)
        return "object" if isinstance(value, dict) and _envelope_member(value) is not None else "ndjson"
    except (ValueError, RecursionError):
        # Pretty-printed, or NDJSON with a bad first line: then the next line starts a record of its own.
        follows = rest.lstrip()[:1] == b"{" and not _inside_array(first)
        return "ndjson" if follows or first[:1] != b"{" else "object"


def _inside_array(line: bytes) -> bool:
    """Does the line end between the elements of an array that it opened?"""
    structure = Structure()
    _, signs, depths = structure.scan(np.frombuffer(line, np.uint8))
    openers = np.flatnonzero((_STEP[signs] == 1) & (depths == structure.depth))
    return not structure.in_string and structure.depth > 0 and bytes(signs[openers[-1:]]) == b"["


def _envelope_member(value: dict[str, Any]) -> str | None:
    """Name of the member that holds the records, if this object is an envelope."""
    return next(
        (name for name, inner in value.items() if name.lower() == "data" and isinstance(inner, list | dict)), None
    )


# --- NDJSON ---------------------------------------------------------------------------------------------------------


class LineReader:
    """NDJSON: a row is a physical line that is not empty; its number is that of the line."""

    def __init__(self, content: Content) -> None:
        self.facts = FileFacts("ndjson")
        self._content = content

    def batches(self) -> Iterator[TextRows]:
        """See Reader. A line that is no record stays a row: whoever converts it will see."""
        return gathered(self._rows() if self._content.whole else ahead(self._rows()))

    def _rows(self) -> Iterator[TextRows]:
        line, carry = 1, b""
        with self._content.open() as stream:
            for chunk in chunks(stream, CHUNK):
                data = carry + chunk if carry else chunk
                end = data.rfind(b"\n") + 1
                carry = data[end:]
                if len(carry) > MAX_RECORD:
                    raise FileRejected(UNREADABLE, f"dòng / line {line}: {_TOO_LARGE}")
                if end:
                    rows, lines = _lines(np.frombuffer(data, np.uint8, end), line)
                    line += lines
                    if rows is not None:
                        yield rows
        rows, _ = _lines(np.frombuffer(carry, np.uint8), line) if carry else (None, 0)
        if rows is not None:
            yield rows


def _lines(data: Bytes, first: int) -> tuple[TextRows | None, int]:
    """(rows of the lines that are not empty, number of lines); `first` is the number of the first line."""
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
        data = data[np.repeat(kept, np.diff(offsets))]
        offsets = np.concatenate(([0], np.cumsum(lengths[kept])))
    return json_rows(numbers[kept], data, offsets), len(ends)


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


# --- arrays and envelopes -------------------------------------------------------------------------------------------


class ArrayReader:
    """The elements of one array: the whole file, or the `data` of an envelope. Numbered from 1.

    start: position of the array's first byte after `[`. skeleton: text before it (None for a bare array).
    """

    def __init__(self, content: Content, facts: FileFacts, *, start: int, skeleton: bytes | None) -> None:
        self.facts = facts
        self.tail = b""
        self._content = content
        self._start = start
        self._skeleton = skeleton

    def batches(self) -> Iterator[TextRows]:
        """See Reader. Elements that are no objects stay rows. Raises FileRejected when the array never ends."""
        yield from gathered(self.elements() if self._content.whole else ahead(self.elements()))
        if self._skeleton is not None:
            _parse_skeleton(self._skeleton + b"[]" + self.tail)
        elif self.tail.strip(b" \t\r\n\0"):
            raise FileRejected(UNREADABLE, "có nội dung sau danh sách JSON / there is text after the JSON array")

    def elements(self) -> Iterator[TextRows]:
        """The rows; leaves what follows the array in `tail`."""
        structure, number, carry = Structure(), 1, b""
        with self._content.open() as stream:
            _skip(stream, self._start)
            pieces = chunks(stream, CHUNK)
            for chunk in pieces:
                data = np.frombuffer(carry + chunk, np.uint8).copy()
                positions, signs, depths = structure.scan(data[len(carry) :])
                positions += len(carry)
                borders = positions[(signs == _COMMA) & (depths == 0)]
                ends = positions[depths < 0]
                if len(ends):
                    close = int(ends[0])
                    self.tail = _limited_rest(data[close + 1 :].tobytes(), pieces)
                    borders = np.append(borders[borders < close], close)
                rows, number = _elements(data, borders, number, last=len(ends) > 0)
                if rows is not None:
                    yield rows
                if len(ends):
                    return
                # The border goes along as the space that it has become.
                carry = data[int(borders[-1]) if len(borders) else 0 :].tobytes()
                if len(carry) > MAX_RECORD:
                    raise FileRejected(UNREADABLE, f"bản ghi / record {number}: {_TOO_LARGE}")
        raise FileRejected(UNREADABLE, _TRUNCATED)


def _skip(stream: Any, size: int) -> None:
    while size > 0 and (read := len(stream.read(min(size, CHUNK)))):
        size -= read


def _elements(data: Bytes, borders: Positions, number: int, *, last: bool) -> tuple[TextRows | None, int]:
    """(rows of the elements that end at `borders`, number of the next one). Overwrites the commas by spaces.

    Every element starts at the border before it, so that rows lie side by side and nothing is copied.
    """
    if not len(borders):
        return None, number
    data[borders] = 0x20
    offsets = np.concatenate(([0], borders))
    if last and _blank(data, offsets[-2:-1], offsets[-1:])[0]:
        offsets = offsets[:-1]
    count = len(offsets) - 1
    if count == 0:
        return None, number
    rows = json_rows(np.arange(number, number + count), data[: offsets[-1]], offsets)
    return rows, number + count


def _parse_skeleton(text: bytes) -> dict[str, Any]:
    try:
        value = json.loads(text.decode("utf-8", errors="replace"))
    except ValueError as error:
        detail = _TRUNCATED if not text.rstrip().endswith(b"}") else _CORRUPT
        raise FileRejected(UNREADABLE, detail) from error
    except RecursionError as error:
        raise FileRejected(UNREADABLE, _CORRUPT) from error
    return value if isinstance(value, dict) else {}


def _agency(envelope: dict[str, Any]) -> str | None:
    found = next((value for name, value in envelope.items() if name.lower() == _AGENCY), None)
    return str(found).strip() or None if isinstance(found, str | int) else None


# --- objects --------------------------------------------------------------------------------------------------------


def _open_object(content: Content, kind: Kind) -> ArrayReader | DocumentReader:
    """An envelope (its `data` is an array) or a single object. Reads up to the start of `data`."""
    structure, seen = Structure(), b""
    with content.open() as stream:
        for chunk in chunks(stream, 1024 * 1024):
            base = len(seen)
            seen += chunk
            positions, signs, depths = structure.scan(np.frombuffer(chunk, np.uint8))
            for position in positions[(signs == ord("[")) & (depths == 2)] + base:
                key = _KEY.search(seen, max(0, int(position) - 256), int(position))
                if key and key.group(1).lower() == _DATA:
                    return _open_envelope(content, seen[: int(position)])
            if len(seen) > MAX_RECORD:
                raise FileRejected(UNREADABLE, _TOO_LARGE)
    return DocumentReader(content, kind)


def _open_envelope(content: Content, skeleton: bytes) -> ArrayReader:
    facts = FileFacts("json envelope", envelope_agency=_agency(_parse_skeleton(skeleton + b"[]}")))
    if facts.envelope_agency is None:
        facts.envelope_agency = _agency(_read_tail(content, skeleton))
    return ArrayReader(content, facts, start=len(skeleton) + 1, skeleton=skeleton)


def _read_tail(content: Content, skeleton: bytes) -> dict[str, Any]:
    """The envelope when `madonvi` stands behind its data: the file is gone through once more for it.

    A tail that cannot be read says nothing here: reading the rows will meet it again.
    """
    reader = ArrayReader(content, FileFacts(""), start=len(skeleton) + 1, skeleton=skeleton)
    try:
        for _ in reader.elements():
            pass
        return _parse_skeleton(skeleton + b"[]" + reader.tail)
    except FileRejected:
        return {}


class DocumentReader:
    """Objects at the top level that are no NDJSON: one record each (usually there is one). Numbered from 1."""

    def __init__(self, content: Content, kind: Kind) -> None:
        self.facts = FileFacts("json object")
        self._content = content
        self._kind = kind

    def batches(self) -> Iterator[TextRows]:
        """See Reader. The whole file must fit into MAX_RECORD."""
        with self._content.open() as stream:
            text = b"".join(_limited(chunks(stream, 1024 * 1024)))
        structure = Structure()
        data = np.frombuffer(text, np.uint8)
        positions, _, depths = structure.scan(data)
        if structure.depth != 0 or structure.in_string:
            raise FileRejected(UNREADABLE, _TRUNCATED if structure.depth > 0 or structure.in_string else _CORRUPT)
        ends = positions[(depths == 0) & (data[positions] != _COMMA)] + 1
        rest = text[int(ends[-1]) if len(ends) else 0 :]
        if not len(ends) or rest.strip(b" \t\r\n\0"):
            raise FileRejected(UNREADABLE, _CORRUPT)
        offsets = np.concatenate(([0], ends))
        if len(ends) == 1 and not self._kind.document:
            inner = self._single_member(text)
            if inner is not None:
                data = np.frombuffer(inner, np.uint8)
                offsets = np.array([0, len(data)])
        yield json_rows(np.arange(1, len(offsets)), data[: offsets[-1]], offsets)

    def _single_member(self, text: bytes) -> bytes | None:
        """The one record of an envelope whose `data` is an object instead of a list."""
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return None
        member = _envelope_member(value) if isinstance(value, dict) else None
        if member is None or not isinstance(value[member], dict):
            return None
        self.facts.format = "json envelope"
        self.facts.envelope_agency = _agency(value)
        return json.dumps(value[member], ensure_ascii=False).encode()


def _limited(pieces: Iterable[bytes]) -> Iterator[bytes]:
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > MAX_RECORD:
            raise FileRejected(UNREADABLE, _TOO_LARGE)
        yield piece


def _limited_rest(first: bytes, pieces: Iterable[bytes]) -> bytes:
    return b"".join(_limited(chain([first], pieces)))
