"""Files that are no export, told by their first bytes: refused by their name, with what to do."""

from __future__ import annotations

import re

from pipelines.portal.readers.base import UNREADABLE, Content, FileRejected, NotAnExport

#: What each is called → how it begins.
_BINARY = {
    "PDF": rb"(?s).{0,1000}?%PDF-",
    "RTF (Word)": rb"\{\\rtf",
    "BIFF (Excel 2–5)": rb"\x09[\x00\x02\x04\x08][\x04\x06\x08\x10]\x00",
    "OLE2 (doc, xls)": rb"\xd0\xcf\x11\xe0",
    "MHTML": rb"(?i)\s*(?:[\w-]+:[^\n]*\n(?:[ \t][^\n]*\n)*)*?(?:MIME-Version:|Content-Type:\s*multipart/)",
    "PNG": rb"\x89PNG",
    "JPEG": rb"\xff\xd8\xff",
    "GIF": rb"GIF8[79]a",
    "TIFF": rb"II\*\x00|MM\x00\*",
    "BMP": rb"(?s)BM.{4}\x00\x00\x00\x00",
    "WebP": rb"(?s)RIFF.{4}WEBP",
    "SQLite": rb"SQLite format 3\x00",
    "Access": rb"\x00\x01\x00\x00Standard (?:Jet|ACE) DB",
    "Parquet": rb"PAR1",
    "Arrow": rb"ARROW1",
    "EXE (Windows)": rb"(?s)MZ.{0,300}\x00",
    "ELF (Linux)": rb"\x7fELF",
}
_ARCHIVES = {
    "zip": rb"PK[\x03\x05]",
    "rar": rb"Rar!",
    "7z": rb"7z\xbc\xaf",
    "gz": rb"\x1f\x8b",
    "bz2": rb"BZh\d",
    "xz": rb"\xfd7zXZ",
    "zst": rb"\x28\xb5\x2f\xfd",
}
_ELEMENT = re.compile(rb"<([A-Za-z_][\w:.-]{0,80})")
_BEGINNING = 4096


def binary(head: bytes) -> FileRejected | None:
    """Why a file that begins like this is refused before its text is looked at, None when nothing speaks against it."""
    for name, beginning in _ARCHIVES.items():
        if re.match(beginning, head):
            return nested(name)
    for name, beginning in _BINARY.items():
        if re.match(beginning, head):
            return not_an_export(name)
    return None


def text(content: Content) -> FileRejected | None:
    """The same for a text that is no page and no sheet."""
    head = content.text_head[:_BEGINNING].lstrip()
    if head.startswith(b"<"):
        element = _ELEMENT.search(head)
        name = f" ({element[1].decode(errors='replace')})" if element else ""
        return not_an_export(f"XML, HTML{name}")
    return None


def not_an_export(name: str) -> NotAnExport:
    """The refusal of a format by its name."""
    return NotAnExport(
        UNREADABLE,
        f"không đọc được định dạng này: {name}; hãy xuất lại dưới dạng Excel, CSV hoặc JSON"
        f" / this format cannot be read: {name}; export it again as Excel, CSV or JSON",
    )


def nested(name: str) -> FileRejected:
    """What is in there has not been read: it must not be passed over like a member that is no export."""
    return FileRejected(
        UNREADABLE,
        f"không đọc tệp nén kiểu này, hãy giải nén trước: {name}"
        f" / this kind of archive is not read, unpack it first: {name}",
    )
