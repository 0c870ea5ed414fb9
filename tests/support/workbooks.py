"""Workbooks of a test: xlsx, xls and ods from rows of cells, and ones that nobody should be able to make."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import chain
from typing import Any
from xml.sax.saxutils import escape

import xlsxwriter
import xlwt

Rows = Sequence[Sequence[Any]]

_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def xlsx(
    sheets: dict[str, Rows] | Rows,
    *,
    hidden: Sequence[str] = (),
    hidden_rows: Sequence[int] = (),
    from_1904: bool = False,
) -> bytes:
    """A workbook by xlsxwriter; dates become date cells. A single list of rows is one sheet."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "date_1904": from_1904})
    formats = {
        datetime: book.add_format({"num_format": "dd/mm/yyyy hh:mm:ss"}),
        date: book.add_format({"num_format": 14}),
    }
    for name, rows in (sheets if isinstance(sheets, dict) else {"Sheet1": sheets}).items():
        sheet = book.add_worksheet(name)
        if name in hidden:
            sheet.hide()
        for place in hidden_rows:
            sheet.set_row(place, None, None, {"hidden": True})
        for i, row in enumerate(rows):
            for j, value in enumerate(row):
                if type(value) in formats:
                    sheet.write_datetime(i, j, value, formats[type(value)])
                elif isinstance(value, str):
                    sheet.write_string(i, j, value)
                elif value is not None:
                    sheet.write(i, j, value)
    book.close()
    return out.getvalue()


def xls(rows: Rows, *, from_1904: bool = False) -> bytes:
    """A real BIFF workbook by xlwt."""
    book = xlwt.Workbook(encoding="utf-8")
    book.dates_1904 = from_1904
    sheet = book.add_sheet("Sheet1")
    styles = {
        datetime: xlwt.easyxf(num_format_str="DD/MM/YYYY HH:MM:SS"),
        date: xlwt.easyxf(num_format_str="DD/MM/YYYY"),
    }
    for i, row in enumerate(rows):
        for j, value in enumerate(row):
            if value not in (None, ""):
                sheet.write(i, j, value, styles.get(type(value), xlwt.Style.default_style))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def ods(rows: Rows, sheet_name: str = "Sheet1") -> bytes:
    """An OpenDocument spreadsheet, written by hand."""
    return ods_of(
        f'<table:table table:name="{escape(sheet_name)}">'
        + "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)
        + "</table:table>"
    )


def _ods_cell(value: Any) -> str:
    if value in (None, ""):
        return "<table:table-cell/>"
    if isinstance(value, date):
        kind = f'office:value-type="date" office:date-value="{value.isoformat()}"'
    elif isinstance(value, int | float):
        kind = f'office:value-type="float" office:value="{value}"'
    else:
        kind = 'office:value-type="string"'
    return f"<table:table-cell {kind}><text:p>{escape(str(value))}</text:p></table:table-cell>"


def ods_of(tables: str) -> bytes:
    """An OpenDocument spreadsheet with this XML of tables."""
    names = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content{names} office:version="1.2"><office:body>'
        f"<office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>'
    )
    return packed({"mimetype": kind, "content.xml": content, "META-INF/manifest.xml": manifest})


def packed(members: dict[str, str | bytes | Iterable[bytes]]) -> bytes:
    """A ZIP of these members; a large one may come in pieces."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            whole = content.encode() if isinstance(content, str) else content
            pieces = [whole] if isinstance(whole, bytes) else whole
            with archive.open(name, "w") as member:
                for piece in pieces:
                    member.write(piece)
    return out.getvalue()


def xlsx_of(sheet_data: str | Iterable[bytes], shared_strings: str | None = None) -> bytes:
    """An xlsx whose one sheet has this XML inside <sheetData>; shared_strings: a whole document."""
    data = [sheet_data.encode()] if isinstance(sheet_data, str) else sheet_data
    strings = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    members: dict[str, str | bytes | Iterable[bytes]] = {
        "[Content_Types].xml": f'<Types xmlns="{_TYPES}"><Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{strings}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{strings}.worksheet+xml"/>'
        f'<Override PartName="/xl/sharedStrings.xml" ContentType="{strings}.sharedStrings+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="rId1" Type="{_OFFICE}/officeDocument"'
        ' Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="rId1"'
        f' Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2"'
        f' Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": chain(
            [f'<worksheet xmlns="{_SHEET}"><sheetData>'.encode()], data, [b"</sheetData></worksheet>"]
        ),
    }
    if shared_strings is not None:
        members["xl/sharedStrings.xml"] = shared_strings
    return packed(members)


def ole2(streams: dict[str, bytes]) -> bytes:
    """An OLE2 file with these streams (up to three, each at least 4096 bytes long when written)."""
    sector, free, end, fat_mark = 512, 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    bodies = [data + bytes(max(4096, -len(data) % sector + len(data)) - len(data)) for data in streams.values()]
    fat = [fat_mark, end]
    starts = []
    for body in bodies:
        starts.append(len(fat))
        count = len(body) // sector
        fat += [*range(len(fat) + 1, len(fat) + count), end]
    assert len(fat) <= sector // 4
    directory = _entry("Root Entry", 5, end, 0, child=1)
    for index, (name, start, body) in enumerate(zip(streams, starts, bodies, strict=True), start=1):
        directory += _entry(name, 2, start, len(body), right=index + 1 if index < len(streams) else free)
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, end, 0, end, 0) + struct.pack("<I", 0) + b"\xff" * 4 * 108
    table = struct.pack(f"<{sector // 4}I", *fat, *[free] * (sector // 4 - len(fat)))
    return head + table + directory.ljust(sector, b"\0") + b"".join(bodies)


def _entry(name: str, kind: int, start: int, size: int, *, right: int = 0xFFFFFFFF, child: int = 0xFFFFFFFF) -> bytes:
    wide = name.encode("utf-16-le")
    return (
        wide.ljust(64, b"\0")
        + struct.pack("<HBB", len(wide) + 2, kind, 1)
        + struct.pack("<III", 0xFFFFFFFF, right, child)
        + bytes(36)
        + struct.pack("<IQ", start, size)
    )
