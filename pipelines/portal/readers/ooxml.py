"""Workbooks of Office Open XML (xlsx, xlsm), mended in memory before calamine reads them: it takes error cells and
formulas without a stored value for empty ones, and stumbles over some writers' ways.

Most workbooks need nothing and stay as they are: their sheets are only searched, piece by piece.
"""

from __future__ import annotations

import io
import re
import zipfile
from typing import BinaryIO, cast

from pipelines.portal.readers.base import CHUNK, chunks
from pipelines.portal.readers.table import NOT_CALCULATED

_SHEET = re.compile(r"xl/(?:worksheets|sheets)/[^/]+\.xml", re.IGNORECASE)
_WORKBOOK = "xl/workbook.xml"
#: The workbook asks for its formulas to be computed when it is opened: a stored 0 may stand for "never computed".
_COMPUTED_ON_LOAD = re.compile(rb"\bfullCalcOnLoad\s*=\s*[\"'](?:1|true)")
#: A cell that is an error, up to the letter that says so.
_ERROR = re.compile(rb"(<(?:\w+:)?c\s[^>]*?\bt\s*=\s*[\"'])e(?=[\"'])")
_FORMULA = re.compile(
    rb"<((?:\w+:)?)c(\s[^>]*)>\s*<\1f\b(?:[^>]*/>|[^>]*>[^<]*</\1f>)\s*"
    rb"(?P<value><\1v\s*/>|<\1v>\s*(?P<zero>0(?:\.0)?)?\s*</\1v>)?\s*</\1c>"
)
_TYPE = re.compile(rb"\st\s*=\s*[\"'](\w+)[\"']")
#: The extent of a sheet, where it names no cell.
_NO_EXTENT = re.compile(rb"<(?:\w+:)?dimension\b[^>]*\bref\s*=\s*[\"'](?![A-Z]+[1-9])[^>]*>")
#: As far as the extent of a sheet, and the prefix of its names, stand.
_BEGINNING = 4096


def mended(data: bytes) -> bytes:
    """The workbook as calamine reads it without loss; itself when there is nothing to mend."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = {info.filename: info.filename.replace("\\", "/") for info in archive.infolist()}
        on_load = _computed_on_load(archive, names)
        changed = {}
        for name, known in names.items():
            if _SHEET.fullmatch(known) and _may_need_it(archive, name):
                sheet = archive.read(name)
                better = _sheet(sheet, computed_on_load=on_load)
                if better != sheet:
                    changed[name] = better
        if not changed and all(name == known for name, known in names.items()):
            return data
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as copy:
            for name, known in names.items():
                copy.writestr(known, changed.pop(name) if name in changed else archive.read(name))
    return out.getvalue()


def _computed_on_load(archive: zipfile.ZipFile, names: dict[str, str]) -> bool:
    book = next((name for name, known in names.items() if known == _WORKBOOK), None)
    return book is not None and _COMPUTED_ON_LOAD.search(archive.read(book)) is not None


def _may_need_it(archive: zipfile.ZipFile, name: str) -> bool:
    """Is there an error, a formula or a wrong extent?"""
    with archive.open(name) as sheet:
        formula, last = None, b""
        for piece in chunks(cast(BinaryIO, sheet), CHUNK):
            if formula is None:
                head = piece[:_BEGINNING]
                if _NO_EXTENT.search(head):
                    return True
                prefix = re.search(rb"<(\w+:)?worksheet\b", head)
                # A compiled literal is found twice as fast as by `in`.
                formula = re.compile(b"<" + ((prefix and prefix[1]) or b"") + rb"f")
            # Errors begin with a sign that is rare in a sheet.
            if b"#" in piece or formula.search(last + piece[:8]) or formula.search(piece):
                return True
            last = piece[-8:]
    return False


def _sheet(sheet: bytes, *, computed_on_load: bool) -> bytes:
    """Errors become texts, and formulas without a value the text NOT_CALCULATED."""

    def formula(match: re.Match[bytes]) -> bytes:
        prefix, attributes = match[1], match[2]
        kind = _TYPE.search(attributes)
        stored = match["value"] is not None if kind and kind[1] != b"n" else match["zero"] and not computed_on_load
        if stored:
            return match[0]
        attributes = _TYPE.sub(b"", attributes)
        return b'<%sc%s t="str"><%sv>%s</%sv></%sc>' % (
            *(prefix, attributes, prefix), NOT_CALCULATED.encode(), *(prefix, prefix)
        )  # fmt: skip

    return _NO_EXTENT.sub(b"", _FORMULA.sub(formula, _ERROR.sub(rb"\1str", sheet)), count=1)
