"""What every reader is made of: the one way out for errors, the facts of a file, bytes in bounded pieces."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol, TypeVar, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.portal.canonical import repeated_note
from pipelines.portal.readers.headings import Heading
from pipelines.portal.text_rows import TextRows

Bytes = npt.NDArray[np.uint8]
Positions = npt.NDArray[np.int64]
Item = TypeVar("Item")

#: Bytes handled at a time: temporary arrays of this size stay near the processor.
CHUNK = 4 * 1024 * 1024
#: Bytes of a batch of text rows, about: converting one has a fixed cost.
BATCH = 24 * 1024 * 1024
#: A single record, and everything of an envelope that is not a record, must fit into this.
MAX_RECORD = 64 * 1024 * 1024
#: As much of a file as is looked at to tell its shape.
HEAD = 1024 * 1024
#: portal-exports §6 REJ_FILE_UNREADABLE: more than so many times larger unpacked.
MAX_EXPANSION = 100
#: Workbooks that do not lie in the drop zone as they are (members of archives, packed ones) are read into memory first:
#: their readers jump to and fro. None may be larger than this.
MAX_IN_MEMORY = 256 * 1024 * 1024
#: Members that an archive may have.
MAX_MEMBERS = 10_000
#: Cells that a row may have to be looked at as a heading (Excel has 16,384 columns).
MAX_COLUMNS = 16_384

UNREADABLE = "REJ_FILE_UNREADABLE"
NO_HEADING = "REJ_FILE_NO_HEADING"
BOM = b"\xef\xbb\xbf"


class FileRejected(Exception):  # noqa: N818 - the name of the thing in portal-exports §6
    """The whole file cannot be read (on). reason: REJ_FILE_… of portal-exports §6; detail: what and where, no values
    of rows."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class NotAnExport(FileRejected):
    """There are no rows to be had from it: another format, empty, no heading. An archive that has other members passes
    over such a one with a note; everything else that is wrong with a member is wrong with the whole archive.

    holds_codes: there are codes of dossiers in it all the same, so that somebody must look at it. likely: (part name,
    what is most like a heading there), for people to look at.
    """

    def __init__(
        self,
        reason: str,
        detail: str,
        *,
        holds_codes: bool = False,
        likely: tuple[tuple[str, Heading], ...] = (),
    ) -> None:
        super().__init__(reason, detail)
        self.holds_codes = holds_codes
        self.likely = likely


@dataclass(frozen=True)
class Part:
    """A sheet of a workbook, a table of a page or a member of an archive that rows were read from.

    Rows are numbered through the whole file, so that a number is a place in it: row n of the part as people count is
    row `before` + n of the file. A file without parts, and the first part of one, have `before` 0.
    """

    name: str
    before: int


@dataclass(frozen=True)
class Attention:
    """Something of a file that somebody must look at although rows of it were read: read must never mean lost.

    rule_id: a rule of the catalogue on files (level `file`, severity `warn`), which says what it means and what to do.
    detail: `Vietnamese / English`, what and where in the file, without any value of a row.
    """

    rule_id: str
    detail: str


@dataclass
class FileFacts:
    """What is known of a file beyond its rows. Complete only when the last batch has been taken.

    format: shape as the ledger shows it. encoding: of text, as Python names it. envelope_agency: `madonvi` as written
    (of an archive: of the member whose rows come next). drift: unknown heading → rows. parts: of a file that has
    several sheets or members, in their order. headings: (part name, heading) of every table. likely: (part name,
    what is most like a heading) of every table that has none. notes: what people should know, `Vietnamese / English`,
    without any value of a row. attention: what they must act on. repeated: see canonical.Converted.
    lines: of a span of NDJSON that was read alone (open_reader), its lines, if its rows are those that one pass over
    the file gives; else None. respelled: were names understood that are spelled otherwise? (canonical.Converted)
    """

    format: str
    encoding: str = "utf-8"
    envelope_agency: str | None = None
    drift: Counter[str] = field(default_factory=Counter)
    parts: list[Part] = field(default_factory=list)
    headings: list[tuple[str, Heading]] = field(default_factory=list)
    likely: list[tuple[str, Heading]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    attention: list[Attention] = field(default_factory=list)
    repeated: int = 0
    lines: int | None = None
    respelled: bool = False

    @property
    def all_notes(self) -> list[str]:
        """The notes, with what only the conversion of the rows could tell."""
        return [*self.notes, *([repeated_note(self.repeated)] if self.repeated else [])]


class Reader(Protocol):
    """A file being read. `batches` may be taken once; it raises FileRejected and nothing else."""

    facts: FileFacts

    def batches(self) -> Iterator[TextRows]:
        """Text rows in the order of the file."""
        ...


@dataclass(frozen=True)
class Content:
    """The unpacked bytes of a file, openable again. head: the first bytes, BOM included."""

    opener: Callable[[], BinaryIO]
    head: bytes
    whole: bool

    def open(self) -> BinaryIO:
        """The unpacked bytes from the start, byte order mark skipped. Reading raises FileRejected only."""
        stream = self.opener()
        if self.head.startswith(BOM):
            stream.read(len(BOM))
        return stream

    def between(self, start: int, stop: int) -> BinaryIO:
        """Bytes `start` to `stop`, a byte order mark counted. Raises FileRejected only, reading too."""
        stream = self.opener()
        try:
            stream.seek(start)
        except OSError as error:
            raise _read_error(error) from error
        return cast(BinaryIO, _Span(stream, stop - start))

    @property
    def text_head(self) -> bytes:
        """The head less the byte order mark."""
        return self.head.removeprefix(BOM)

    @classmethod
    def of(cls, opener: Callable[[], BinaryIO]) -> Content:
        """What the opener opens, looked into. Raises FileRejected."""
        with opener() as stream:
            head = next(chunks(stream, HEAD), b"")
        return cls(opener, head, len(head) < HEAD)

    def seekable(self) -> Content:
        """The same bytes, to jump to and fro in. Raises FileRejected: larger than MAX_IN_MEMORY."""
        with self.opener() as stream:
            if stream.seekable():
                return self
            data = _in_memory(stream)
        return Content(lambda: io.BytesIO(data), self.head, self.whole)


def _in_memory(stream: BinaryIO) -> bytes:
    pieces, total = [], 0
    for piece in chunks(stream):
        pieces.append(piece)
        total += len(piece)
        if total > MAX_IN_MEMORY:
            limit = MAX_IN_MEMORY >> 20
            raise FileRejected(UNREADABLE, f"giải nén lớn hơn {limit} MiB / larger than {limit} MiB unpacked")
    return b"".join(pieces)


class Guarded(io.RawIOBase):
    """A stream whose errors are FileRejected and that never unpacks more than MAX_EXPANSION times `packed` bytes."""

    def __init__(self, inner: BinaryIO, packed: int | None = None) -> None:
        self._inner = inner
        self._limit = None if packed is None else packed * MAX_EXPANSION
        self._total = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        """Only where nothing is unpacked."""
        return self._limit is None and self._inner.seekable()

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._inner.seek(offset, whence)  # its OSError tells zipfile that something is no ZIP

    def tell(self) -> int:
        return self._inner.tell()

    def read(self, size: int = -1, /) -> bytes:
        try:
            data = self._inner.read(size)
        except EOFError as error:
            raise FileRejected(UNREADABLE, "tệp nén bị cắt cụt / the compressed file is truncated") from error
        except (gzip.BadGzipFile, zlib.error, zipfile.BadZipFile) as error:
            raise FileRejected(UNREADABLE, "tệp nén bị hỏng / the compressed file is corrupt") from error
        except OSError as error:
            raise _read_error(error) from error
        self._total += len(data)
        if self._limit is not None and self._total > self._limit:
            raise FileRejected(
                UNREADABLE, f"giải nén lớn hơn {MAX_EXPANSION} lần / more than {MAX_EXPANSION} times larger unpacked"
            )
        return data

    def close(self) -> None:
        self._inner.close()
        super().close()


def _read_error(error: OSError) -> FileRejected:
    why = error.strerror or type(error).__name__
    return FileRejected(UNREADABLE, f"lỗi đọc ({why}) / read error ({why})")


class _Span(io.RawIOBase):
    """The next bytes of a stream, as if it ended behind them."""

    def __init__(self, inner: BinaryIO, size: int) -> None:
        self._inner, self._left = inner, size

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        data = self._inner.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        return data

    def close(self) -> None:
        self._inner.close()
        super().close()


def chunks(stream: BinaryIO, size: int = CHUNK) -> Iterator[bytes]:
    """The stream in pieces of `size` bytes; the last may be smaller, none is empty."""
    while True:
        parts, missing = [], size
        while missing and (part := stream.read(missing)):
            parts.append(part)
            missing -= len(part)
        if not parts:
            return
        yield parts[0] if len(parts) == 1 else b"".join(parts)
        if missing:
            return


def prefetched(items: Iterator[Item]) -> Iterator[Item]:
    """The same items in the same order; the next one is made in a thread while the last one is used."""
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(next, items, None)
        while (item := waiting.result()) is not None:
            waiting = pool.submit(next, items, None)
            yield item


def rebatched(stretches: Iterator[TextRows]) -> Iterator[TextRows]:
    """The same rows in batches of about BATCH bytes; nothing is copied. Before a fault all rows in front of it come."""
    waiting: list[pa.Table] = []
    fault = None
    while fault is None:
        try:
            rows = next(stretches, None)
        except FileRejected as error:
            rows, fault = None, error
        if waiting and (
            rows is None or rows.table.schema != waiting[0].schema or sum(table.nbytes for table in waiting) >= BATCH
        ):
            yield TextRows(pa.concat_tables(waiting))
            waiting = []
        if rows is None:
            break
        waiting.append(rows.table)
    if fault:
        raise fault


def json_rows(numbers: Positions, buffer: Bytes, offsets: Positions) -> TextRows:
    """Text rows of JSON: row i is buffer[offsets[i]:offsets[i+1]], not copied. Rows that are no UTF-8 become null."""
    records = pa.StringArray.from_buffers(
        len(offsets) - 1, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(np.ascontiguousarray(buffer))
    )
    bad = invalid_utf8(records)
    if len(bad):
        valid = np.ones(len(records), dtype=bool)
        valid[bad] = False
        # Taking the good rows and putting nulls between them leaves no invalid byte in the array that goes on.
        places = np.where(valid, np.cumsum(valid) - 1, -1)
        good = records.filter(pa.array(valid))
        records = good.take(pa.array(places, mask=~valid))
    return TextRows(pa.table({"row_number": pa.array(numbers, pa.int64()), "record": records}))


def invalid_utf8(texts: pa.StringArray) -> Positions:
    """Indexes of the elements that are no UTF-8. One fast pass if all are; halves the search otherwise."""
    found: list[int] = []
    pending = [(0, len(texts))]
    while pending:
        start, end = pending.pop()
        try:
            texts.slice(start, end - start).validate(full=True)
        except pa.ArrowInvalid:
            if end - start == 1:
                found.append(start)
            else:
                middle = (start + end) // 2
                pending += [(start, middle), (middle, end)]
    return np.array(sorted(found), dtype=np.int64)
