"""Workbooks (portal-exports §2): xlsx, xlsm, xlsb, real BIFF xls and ods, read by calamine in a confined process.

Every visible or hidden sheet with a heading is a table. Cells become text; macros and formulas are never run: what a
formula gave when the workbook was saved is its value.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import chain, islice
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import python_calamine as calamine

from pipelines.bilingual import prefixed
from pipelines.contract import Kind
from pipelines.masking import masked_name
from pipelines.portal.readers import formats, headings, ooxml
from pipelines.portal.readers.base import (
    MAX_EXPANSION,
    UNREADABLE,
    Content,
    FileFacts,
    FileRejected,
    Part,
)
from pipelines.portal.readers.confined import ConfinedReader
from pipelines.portal.readers.headings import Heading, Synonyms
from pipelines.portal.readers.parts import Parts
from pipelines.portal.readers.table import EPOCH_1900, EPOCH_1904, Cells, Mask, Table, iso_texts
from pipelines.portal.text_rows import TextRows

_ZIP = b"PK"
_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: BIFF 5 and 8: what a workbook begins with, and records of it.
_BIFF_BEGIN = re.compile(rb"\x09\x08[\x08\x10]\x00\x00[\x05\x06]\x05\x00")
_FILEPASS, _DATEMODE, _SHEET_LIST, _SECTOR = 0x2F, 0x22, 0x85, 512
_DATE_1904 = re.compile(rb"<(?:\w+:)?workbookPr\b[^>]*\bdate1904\s*=\s*[\"'](?:1|true|on)[\"']")
_MIB = 1024 * 1024
#: Cells that are turned into text at a time.
_CHUNK_CELLS = 300_000
_NUMERIC = (float, int)

_LOCKED = "có mật khẩu, hãy bỏ mật khẩu rồi lưu lại / protected by a password: save it without one"
_CORRUPT = "bảng tính bị hỏng hoặc cắt cụt / the workbook is corrupt or truncated"


def recognises(content: Content) -> bool:
    """A ZIP (archives have been taken apart before) or an OLE2 file."""
    return content.head.startswith((_ZIP, _OLE2))


def open_workbook(content: Content, kind: Kind, synonyms: Synonyms, previous: Heading | None = None) -> ConfinedReader:
    """The reader for this workbook. Raises FileRejected: more than MAX_EXPANSION times larger unpacked."""
    form = "xls" if content.head.startswith(_OLE2) else _packed_form(content)
    return ConfinedReader("workbook", content, kind, synonyms, FileFacts(form), previous)


def _packed_form(content: Content) -> str:
    """`xlsx`, `xlsm`, `xlsb` or `ods`; what its directory says of its size is checked. (What it hides is limited.)"""
    try:
        with content.seekable().open() as stream, zipfile.ZipFile(stream) as archive:
            size = stream.seek(0, 2)
            members = {info.filename.replace("\\", "/"): info.file_size for info in archive.infolist()}
            encrypted = any(info.flag_bits & 0x1 for info in archive.infolist())
    except FileRejected:
        raise
    except Exception as error:  # zipfile lets many kinds through on damaged bytes
        raise FileRejected(UNREADABLE, _CORRUPT) from error
    if encrypted:
        raise FileRejected(UNREADABLE, _LOCKED)
    if sum(members.values()) > MAX_EXPANSION * size:
        raise FileRejected(
            UNREADABLE, f"giải nén lớn hơn {MAX_EXPANSION} lần / more than {MAX_EXPANSION} times larger unpacked"
        )
    if "xl/workbook.bin" in members:
        return "xlsb"
    if "content.xml" in members:
        return "ods"
    return "xlsm" if "xl/vbaProject.bin" in members else "xlsx"


# --- inside the confined process ------------------------------------------------------------------------------------


def read(
    stream: BinaryIO, kind: Kind, synonyms: Synonyms, facts: FileFacts, previous: Heading | None
) -> Iterator[TextRows]:
    """Text rows of every sheet that has a heading (see confined.Parser). Raises FileRejected."""
    data = stream.read()
    book = _load(data)
    epoch = EPOCH_1904 if _counts_from_1904(data) else EPOCH_1900
    sheets = [sheet for sheet in book.sheets_metadata if sheet.typ == calamine.SheetTypeEnum.WorkSheet]
    parts = Parts(kind, synonyms, facts, previous)
    last = 0
    for meta in sheets:
        name = masked_name(meta.name) if len(sheets) > 1 else ""
        sheet = _sheet(book, meta.name)
        rows = sheet.iter_rows()
        head = list(islice(rows, headings.SEARCHED_ROWS))
        begins = parts.begin(enumerate(_head_texts(head), start=1))
        if begins is None:
            if head:
                parts.pass_over(masked_name(meta.name), (cells.columns for cells in _stretches(chain(head, rows))))
            continue
        if name:
            facts.parts.append(Part(name, last))
        if meta.visible != calamine.SheetVisibleEnum.Visible:
            facts.notes.append(
                prefixed(f"{masked_name(meta.name)}: ", "trang ẩn, vẫn đọc / hidden sheet, read all the same")
            )
        table = Table(kind, begins, synonyms, facts, name, before=last, serials_from=epoch, uncalculated=True)
        for cells in _stretches(_merged_down(chain(head, rows), sheet, begins.heading.last_row)):
            for text_rows in table.rows(cells):
                last = text_rows.table["row_number"][-1].as_py()
                yield text_rows
        table.finish()
    parts.finish()


def _merged_down(rows: Iterator[list[Any]], sheet: calamine.CalamineSheet, above: int) -> Iterator[list[Any]]:
    """The rows; below row `above` a cell merged over several rows counts for each of them that has cells of its own."""
    left = sheet.start[1] if sheet.start else 0
    ranges = [(top, column - left, bottom) for (top, column), (bottom, _) in sheet.merged_cell_ranges or ()]
    waiting = sorted((area for area in ranges if area[2] > area[0] >= above and area[1] >= 0), reverse=True)
    return _filled_down(rows, waiting) if waiting else rows


def _filled_down(rows: Iterator[list[Any]], waiting: list[tuple[int, int, int]]) -> Iterator[list[Any]]:
    """waiting: (first row, column, last row) from 0, the first at the end."""
    covering: list[tuple[int, int, Any]] = []
    for number, row in enumerate(rows):
        if covering and any(cell != "" for cell in row):
            for _, column, value in covering:
                row[column] = value if row[column] == "" else row[column]
        covering = [area for area in covering if area[0] > number]
        while waiting and waiting[-1][0] <= number:
            _, column, bottom = waiting.pop()
            if column < len(row) and row[column] != "":
                covering.append((bottom, column, row[column]))
        yield row


def _load(data: bytes) -> calamine.CalamineWorkbook:
    if data.startswith(_OLE2):
        if _is_cut(data):
            raise FileRejected(UNREADABLE, _CORRUPT)
        if _wide("EncryptedPackage") in data:
            raise FileRejected(UNREADABLE, _LOCKED)
        if _wide("Workbook") not in data and _wide("Book") not in data:
            names = {"WordDocument": "Word (doc)", "PowerPoint Document": "PowerPoint (ppt)"}
            name = next((name for stream, name in names.items() if _wide(stream) in data), "OLE2 (doc, ppt, msi)")
            raise formats.not_an_export(name)
        if _FILEPASS in _first_records(data):
            raise FileRejected(UNREADABLE, _LOCKED)
    try:
        book = calamine.load_workbook(io.BytesIO(ooxml.mended(data) if data.startswith(_ZIP) else data))
    except calamine.PasswordError as error:
        raise FileRejected(UNREADABLE, _LOCKED) from error
    except Exception as error:  # the library has no base class for all it raises
        raise FileRejected(UNREADABLE, _CORRUPT) from error
    if not book.sheets_metadata:
        raise FileRejected(UNREADABLE, _CORRUPT)
    return book


def _is_cut(data: bytes) -> bool:
    """Does an OLE2 file end before its directory, of which the header says where it begins?"""
    return len(data) < _SECTOR or (int.from_bytes(data[48:52], "little") + 2) * _SECTOR > len(data)


def _first_records(data: bytes) -> dict[int, bytes]:
    """BIFF records from the beginning of a workbook up to the list of its sheets, as far as its sectors lie together.

    calamine neither knows the oldest form of encryption nor tells which day dates count from.
    """
    begin = _BIFF_BEGIN.search(data)
    start = begin.start() if begin else len(data)
    records: dict[int, bytes] = {}
    while start + 4 <= len(data) and len(records) < 200 and _SHEET_LIST not in records:
        record, size = struct.unpack_from("<HH", data, start)
        records[record] = data[start + 4 : start + 4 + size]
        start += 4 + size
    return records


def _counts_from_1904(data: bytes) -> bool:
    """Do serial dates of this workbook count from 1904?"""
    if data.startswith(_OLE2):
        return _first_records(data).get(_DATEMODE, b"")[:1] == b"\x01"
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open("xl/workbook.xml") as member:
            return _DATE_1904.search(member.read(_MIB)) is not None
    except Exception:  # zipfile lets many kinds through; calamine has the last word on what is damaged
        return False


def _wide(name: str) -> bytes:
    return name.encode("utf-16-le")


def _sheet(book: calamine.CalamineWorkbook, name: str) -> calamine.CalamineSheet:
    try:
        return book.get_sheet_by_name(name)
    except Exception as error:
        raise FileRejected(UNREADABLE, _CORRUPT) from error


def _head_texts(rows: list[list[Any]]) -> Iterator[list[str]]:
    columns = [_text(column)[0].to_pylist() for column in zip(*rows, strict=True)]
    yield from map(list, zip(*columns, strict=True))


def _stretches(rows: Iterator[list[Any]]) -> Iterator[Cells]:
    """The rows, turned into columns of text by the thousand."""
    number = 1
    first = next(rows, None)
    if not first:
        return
    rows = chain([first], rows)
    size = max(1, _CHUNK_CELLS // len(first))
    while chunk := list(islice(rows, size)):
        texts = [_text(column) for column in zip(*chunk, strict=True)]
        yield Cells(
            np.arange(number, number + len(chunk)),
            [text for text, _ in texts],
            {place: numeric for place, (_, numeric) in enumerate(texts) if numeric is not None},
        )
        number += len(chunk)


def _text(column: Sequence[Any]) -> tuple[pa.Array, Mask | None]:
    """(text of the cells of a column, which are true numbers or None when none is)."""
    kinds = set(map(type, column))
    if kinds == {str}:
        return pa.array(column, pa.string()), None
    if len(kinds) == 1:
        (kind,) = kinds
        return _CONVERTERS.get(kind, _others)(list(column)), np.ones(len(column), bool) if kind in _NUMERIC else None
    texts = pa.array([cell if type(cell) is str else "" for cell in column], pa.string())
    numeric = None
    for kind in kinds - {str}:
        mask = np.fromiter((type(cell) is kind for cell in column), bool, len(column))
        converted = _CONVERTERS.get(kind, _others)([cell for cell in column if type(cell) is kind])
        texts = pc.replace_with_mask(texts, pa.array(mask), converted)
        if kind in _NUMERIC:
            numeric = mask if numeric is None else numeric | mask
    return texts, numeric


def _numbers(cells: list[float]) -> pa.Array:
    """Digits: a whole number without a point, any other as short as it can be written."""
    values = np.array(cells, dtype=np.float64)
    whole = np.isfinite(values) & (np.abs(values) < 2**63) & (values == np.floor(values))
    texts = pc.cast(pa.array(values), pa.string())
    return pc.replace_with_mask(texts, pa.array(whole), pc.cast(pa.array(values[whole].astype(np.int64)), pa.string()))


def _moments(cells: list[datetime]) -> pa.Array:
    """Rounded to seconds: a serial date is a fraction of a day, and not exact."""
    micros = pa.array(cells, pa.timestamp("us")).cast(pa.int64()).to_numpy()
    return iso_texts((micros + 500_000) // 1_000_000)


def _others(cells: list[Any]) -> pa.Array:
    return pa.array([str(cell) for cell in cells], pa.string())


_CONVERTERS: dict[type, Callable[[list[Any]], pa.Array]] = {
    float: _numbers,
    int: _numbers,
    bool: lambda cells: pa.array(["1" if cell else "0" for cell in cells], pa.string()),
    datetime: _moments,
    date: lambda cells: pc.cast(pa.array(cells, pa.date32()), pa.string()),
    time: _others,
    timedelta: _others,
}
