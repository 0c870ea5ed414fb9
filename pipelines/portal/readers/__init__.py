"""Readers: files in, text rows out. The content tells the shape, never the name. A shape to add is one `_Shape`."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, cast

from pipelines.contract import KINDS, Kind
from pipelines.portal.discovery import ExportFile
from pipelines.portal.readers import archive, csv_reader, encoding, html_reader, json_reader, workbook
from pipelines.portal.readers.base import (
    UNREADABLE,
    Content,
    FileFacts,
    FileRejected,
    Guarded,
    NotAnExport,
    Reader,
)
from pipelines.portal.readers.headings import NO_SYNONYMS, Synonyms

__all__ = ["FileFacts", "FileRejected", "Reader", "open_reader"]

#: Raised when readers read more, or otherwise: files that could not be read before are then read again.
READER_VERSION = 3

_GZIP = b"\x1f\x8b"
#: Formats that are told to the reader of the ledger by name, though they cannot be read.
_KNOWN = {
    b"%PDF": "pdf",
    b"\xd0\xcf\x11\xe0": "OLE2 (doc, xls)",
    b"{\\rtf": "rtf",
    b"\x89PNG": "png",
    b"\xff\xd8\xff": "jpeg",
    b"SQLite format 3": "sqlite",
    b"PAR1": "parquet",
}
#: Of these the ones that begin like text, and what a workbook begins with.
_LIKE_TEXT = (b"%PDF", b"{\\rtf")
_WORKBOOK = (*archive.MAGIC, b"\xd0\xcf\x11\xe0")
_ARCHIVES = {
    b"PK": "zip",
    b"Rar!": "rar",
    b"7z\xbc\xaf": "7z",
    b"\x1f\x8b": "gz",
    b"BZh": "bz2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zst",
}


@dataclass(frozen=True)
class _Shape:
    recognises: Callable[[Content], bool]
    open: Callable[[Content, Kind, Synonyms], Reader]


#: Asked in this order, with unpacked content: text is UTF-8 by then whatever it was, anything else comes as it is.
#: A ZIP that comes here is an office document; other archives have been taken apart before.
_SHAPES = (
    _Shape(workbook.recognises, workbook.open_workbook),
    _Shape(html_reader.recognises, html_reader.open_html),
    _Shape(json_reader.recognises, json_reader.open_json),
    _Shape(csv_reader.recognises, csv_reader.open_csv),
)


def open_reader(file: ExportFile, synonyms: Synonyms = NO_SYNONYMS) -> Reader:
    """The reader for a file, by its content. Raises FileRejected: empty, unknown, corrupt, too large unpacked.

    synonyms: headings that this source uses besides those of the contract (`Settings.synonyms`).
    """
    kind = KINDS[file.kind]
    content = Content.of(lambda: cast(BinaryIO, Guarded(_open(file))))
    if content.head.startswith(archive.MAGIC) and not archive.is_workbook(content):
        return archive.open_archive(content, kind, lambda member, size: _open_unpacked(member, size, kind, synonyms))
    return _open_unpacked(content, file.size, kind, synonyms)


def _open_unpacked(content: Content, size: int, kind: Kind, synonyms: Synonyms) -> Reader:
    """The reader for a file or a member of an archive of `size` bytes; .gz is unpacked once, no deeper."""
    packed = content.head.startswith(_GZIP)
    if packed:
        inner = content.opener
        content = Content.of(
            lambda: cast(BinaryIO, Guarded(cast(BinaryIO, gzip.GzipFile(fileobj=inner())), packed=size))
        )
    if content.head.startswith(archive.MAGIC):
        content = content.seekable()
        if not archive.is_workbook(content):
            raise _nested("zip")
    if content.head.startswith(_LIKE_TEXT):
        raise _unknown(content.head)
    content, name = (content, None) if content.head.startswith(_WORKBOOK) else encoding.as_utf8(content)
    if not content.text_head.strip():
        raise NotAnExport(UNREADABLE, "tệp rỗng / the file is empty")
    for shape in _SHAPES:
        if shape.recognises(content):
            reader = shape.open(content, kind, synonyms)
            if name and name != encoding.UTF8:
                reader.facts.encoding = name
                reader.facts.format += f" {name}"
            if packed:
                reader.facts.format += " gz"
            return reader
    raise _unknown(content.head)


def _unknown(head: bytes) -> FileRejected:
    for magic, name in _ARCHIVES.items():
        if head.startswith(magic):
            return _nested(name)
    for magic, name in _KNOWN.items():
        if head.startswith(magic):
            return NotAnExport(UNREADABLE, f"không đọc được định dạng này / this format cannot be read: {name}")
    return NotAnExport(UNREADABLE, "không nhận ra định dạng / unknown format")


def _nested(name: str) -> FileRejected:
    """What is in there has not been read: it must not be passed over like a member that is no export."""
    return FileRejected(
        UNREADABLE,
        f"không đọc tệp nén kiểu này, hãy giải nén trước: {name}"
        f" / this kind of archive is not read, unpack it first: {name}",
    )


def _open(file: ExportFile) -> BinaryIO:
    try:
        return file.open()
    except OSError as error:
        raise FileRejected(
            UNREADABLE, f"không mở được / cannot open ({error.strerror or type(error).__name__})"
        ) from error
