"""Readers: files in, text rows out. The content tells the shape, never the name. A shape to add is one `_Shape`."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, cast

from pipelines.portal.contract import KINDS, Kind
from pipelines.portal.discovery import ExportFile
from pipelines.portal.readers import csv_reader, json_reader
from pipelines.portal.readers.base import HEAD, UNREADABLE, Content, FileFacts, FileRejected, Guarded, Reader
from pipelines.portal.readers.headings import NO_SYNONYMS, Synonyms

__all__ = ["FileFacts", "FileRejected", "Reader", "open_reader"]

#: Raised when readers read more, or otherwise: files that could not be read before are then read again.
READER_VERSION = 2

_GZIP = b"\x1f\x8b"
#: Binary shapes that are told to the reader of the ledger by name, though they cannot be read.
_BINARY = {
    b"PK\x03\x04": "zip, xlsx, ods",
    b"PK\x05\x06": "zip",
    b"\xd0\xcf\x11\xe0": "xls, doc (OLE2)",
    b"%PDF": "pdf",
    b"Rar!": "rar",
    b"7z\xbc\xaf": "7z",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}


@dataclass(frozen=True)
class _Shape:
    recognises: Callable[[Content], bool]
    open: Callable[[Content, Kind, Synonyms], Reader]


#: Asked in this order.
_SHAPES = (
    _Shape(json_reader.recognises, json_reader.open_json),
    _Shape(csv_reader.recognises, csv_reader.open_csv),
)


def open_reader(file: ExportFile, synonyms: Synonyms = NO_SYNONYMS) -> Reader:
    """The reader for a file, by its content. Raises FileRejected: empty, unknown, corrupt, too large unpacked.

    synonyms: headings that this source uses besides those of the contract (`Settings.synonyms`).
    """
    kind = KINDS[file.kind]
    content = _content(lambda: Guarded(_open(file)))
    packed = content.head.startswith(_GZIP)
    if packed:
        content = _content(lambda: Guarded(cast(BinaryIO, gzip.GzipFile(fileobj=_open(file))), packed=file.size))
    if not content.text_head.strip():
        raise FileRejected(UNREADABLE, "tệp rỗng / the file is empty")
    for magic, name in _BINARY.items():
        if content.head.startswith(magic):
            raise FileRejected(UNREADABLE, f"không đọc được định dạng này / this format cannot be read: {name}")
    for shape in _SHAPES:
        if shape.recognises(content):
            reader = shape.open(content, kind, synonyms)
            if packed:
                reader.facts.format += " gz"
            return reader
    raise FileRejected(UNREADABLE, "không nhận ra định dạng / unknown format")


def _open(file: ExportFile) -> BinaryIO:
    try:
        return file.open()
    except OSError as error:
        raise FileRejected(
            UNREADABLE, f"không mở được / cannot open ({error.strerror or type(error).__name__})"
        ) from error


def _content(opener: Callable[[], Guarded]) -> Content:
    with opener() as stream:
        parts, missing = [], HEAD
        while missing and (part := stream.read(missing)):
            parts.append(part)
            missing -= len(part)
        whole = missing > 0
    return Content(lambda: cast(BinaryIO, opener()), b"".join(parts), whole)
