"""Readers: files in, text rows out. The content tells the shape, never the name. A shape to add is one `_Shape`."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, cast

from pipelines.contract import KINDS, Kind
from pipelines.portal.discovery import ExportFile
from pipelines.portal.readers import archive, csv_reader, encoding, formats, html_reader, json_reader, workbook
from pipelines.portal.readers.base import (
    UNREADABLE,
    Content,
    FileFacts,
    FileRejected,
    Guarded,
    NotAnExport,
    Reader,
)
from pipelines.portal.readers.headings import NO_SYNONYMS, Heading, Synonyms

__all__ = ["FileFacts", "FileRejected", "Reader", "open_reader", "spans"]

#: Raised when readers read more, or otherwise: files that could not be read before are then read again.
READER_VERSION = 4

_GZIP = b"\x1f\x8b"
#: What a workbook begins with.
_WORKBOOK = (*archive.MAGIC, b"\xd0\xcf\x11\xe0")


@dataclass(frozen=True)
class _Shape:
    recognises: Callable[[Content], bool]
    open: Callable[[Content, Kind, Synonyms, Heading | None], Reader]


#: Asked in this order, with unpacked content: text is UTF-8 by then whatever it was, anything else comes as it is.
#: A ZIP that comes here is an office document; other archives have been taken apart before.
_MARKED = (
    _Shape(workbook.recognises, workbook.open_workbook),
    _Shape(html_reader.recognises, html_reader.open_html),
)
#: Texts without a mark of their own.
_PLAIN = (
    _Shape(json_reader.recognises, lambda content, kind, synonyms, _: json_reader.open_json(content, kind, synonyms)),
    _Shape(csv_reader.recognises, csv_reader.open_csv),
)


def open_reader(file: ExportFile, synonyms: Synonyms = NO_SYNONYMS, span: tuple[int, int] | None = None) -> Reader:
    """The reader for a file, by its content. Raises FileRejected: empty, unknown, corrupt, too large unpacked.

    synonyms: headings that this source uses besides those of the contract (`Settings.synonyms`). span: of a file of
    lines, the part that is read (`spans`); without meaning for other files, whose `facts.lines` stays None.
    """
    reader = _open_whole(file, synonyms)
    if span is not None and isinstance(reader, json_reader.LineReader):
        reader.read_only(span)
    return reader


def _open_whole(file: ExportFile, synonyms: Synonyms) -> Reader:
    kind = KINDS[file.kind]
    content = Content.of(lambda: cast(BinaryIO, Guarded(_open(file))))
    if content.head.startswith(archive.MAGIC) and not archive.is_workbook(content):
        return archive.open_archive(content, kind, partial(_open_unpacked, kind=kind, synonyms=synonyms))
    return _open_unpacked(content, file.size, None, kind=kind, synonyms=synonyms)


def spans(file: ExportFile, size: int, synonyms: Synonyms = NO_SYNONYMS) -> list[tuple[int, int]]:
    """Parts of about `size` bytes of a file of lines that may be read alone (LineReader.spans). An empty list for every
    other file, and for one that cannot be read: whoever reads it says why. Only its head is looked at."""
    kind = KINDS[file.kind]
    try:
        content = Content.of(lambda: cast(BinaryIO, Guarded(_open(file))))
        packed = content.head.startswith((_GZIP, *archive.MAGIC))
        if kind.document or packed or not json_reader.is_lines(content, kind, synonyms):
            return []
        reader = open_reader(file, synonyms)
        return reader.spans(size) if isinstance(reader, json_reader.LineReader) else []
    except (FileRejected, OSError):
        return []


def _open_unpacked(content: Content, size: int, previous: Heading | None, *, kind: Kind, synonyms: Synonyms) -> Reader:
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
            raise formats.nested("zip")
    name = None
    if not content.head.startswith(_WORKBOOK):
        if (refused := formats.binary(content.head)) is not None:
            raise refused
        content, name = encoding.as_utf8(content)
    if not content.text_head.strip():
        raise NotAnExport(UNREADABLE, "tệp rỗng / the file is empty")
    if not any(shape.recognises(content) for shape in _MARKED) and (refused := formats.text(content)) is not None:
        raise refused
    for shape in (*_MARKED, *_PLAIN):
        if shape.recognises(content):
            reader = shape.open(content, kind, synonyms, previous)
            if name and name != encoding.UTF8:
                reader.facts.encoding = name
                reader.facts.format += f" {name}"
            if packed:
                reader.facts.format += " gz"
            return reader
    raise NotAnExport(UNREADABLE, "không nhận ra định dạng / unknown format")


def _open(file: ExportFile) -> BinaryIO:
    try:
        return file.open()
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise FileRejected(UNREADABLE, f"không mở được ({why}) / cannot open ({why})") from error
