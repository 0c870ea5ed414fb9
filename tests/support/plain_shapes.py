"""The files of samples read again without the project's readers: json, csv, zipfile, calamine, lxml, and patience.

Only for files the generator made: what stands where is known. Values come back as the portal would send them.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import unicodedata
import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import lxml.html
from python_calamine import CalamineWorkbook

from pipelines.samples.fields import HEADINGS, WORDS, is_date

#: (part, row number in it) → record, None where a line is no record.
Records = dict[tuple[str, int], dict[str, Any] | None]

_SEPARATORS = {"csv": ",", "csv;bom": ";", "csv-tab": "\t", "csv-pipe": "|", "csv-sep": ";", "csv-utf16": "\t"}
_ENCODINGS = {"csv-utf16": "utf-16", "csv-1258": "cp1258"}
#: Field of a heading; the two kinds name their status alike.
_FIELDS = {heading: name for name, heading in reversed(HEADINGS.items())}


def read(path: Path, shape: str, kind: str = "dossiers") -> Records:
    """Every row of a file of the sample, bad ones too."""
    data = path.read_bytes()
    if shape.startswith("csv"):
        return _csv(data.decode(_ENCODINGS.get(shape, "utf-8-sig")), _SEPARATORS.get(shape, ";"), kind)
    if shape in ("xlsx", "xlsx-report", "xls", "ods"):
        return _workbook(path, kind)
    if shape == "html":
        return _page(data.decode(), kind)
    if shape == "zip":
        with zipfile.ZipFile(path) as archive:
            members = [name for name in archive.namelist() if name.endswith(".ndjson")]
            return {
                (name, row): record for name in members for row, record in _lines(archive.read(name).decode()).items()
            }
    text = (gzip.decompress(data) if shape.endswith(".gz") else data).decode("utf-8-sig")
    if shape.startswith("ndjson"):
        return {("", row): record for row, record in _lines(text).items()}
    document = json.loads(text)
    rows = document["data"] if isinstance(document, dict) else document
    return {("", row): _object(record) for row, record in enumerate(rows, 1)}


def _object(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


def _lines(text: str) -> dict[int, dict[str, Any] | None]:
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        try:
            found[number] = _object(json.loads(line))
        except json.JSONDecodeError:
            found[number] = None
    return found


def _csv(text: str, separator: str, kind: str) -> Records:
    lines = csv.reader(io.StringIO(unicodedata.normalize("NFC", text), newline=""), delimiter=separator)
    fields: list[str] = []
    found: Records = {}
    first = 1
    for cells in lines:
        if not fields:
            names = [_FIELDS.get(cell, cell) for cell in cells]
            fields = names if "MaHoSo" in names else []
        elif cells:
            whole = len(cells) == len(fields)
            found["", first] = _record(dict(zip(fields, cells, strict=True)), kind) if whole else None
        first = lines.line_num + 1
    return found


def _workbook(path: Path, kind: str) -> Records:
    book = CalamineWorkbook.from_path(str(path))
    found: Records = {}
    for name in book.sheet_names:
        fields: dict[int, str] = {}
        group = ""
        for number, cells in enumerate(book.get_sheet_by_name(name).to_python(skip_empty_area=False), 1):
            group = _take(found, (name, number), cells, fields, group, kind)
    return found


def _page(text: str, kind: str) -> Records:
    """A table of HTML; a heading cell that reaches down is below itself too."""
    found: Records = {}
    fields: dict[int, str] = {}
    group = ""
    reaching: dict[tuple[int, int], bool] = {}
    for number, row in enumerate(lxml.html.fromstring(text).iter("tr"), 1):
        cells: list[Any] = []
        column = 0
        for cell in row:
            while reaching.pop((number, column), False):
                cells.append("")
                column += 1
            cells.append(cell.text_content().replace("\u00a0", ""))
            across = int(cell.get("colspan", "1"))
            cells += [""] * (across - 1)
            if cell.get("rowspan") == "2":
                reaching |= {(number + 1, column + n): True for n in range(across)}
            column += across
        group = _take(found, ("", number), cells, fields, group, kind)
    return found


def _take(
    found: Records, place: tuple[str, int], cells: list[Any], fields: dict[int, str], group: str, kind: str
) -> str:
    """A row of a sheet: part of the heading, a record (it has a running number), a group, or nothing."""
    texts = [cell for cell in cells if cell != ""]
    if "Số hồ sơ" in cells or (fields and {"Ngày tiếp nhận", "ThoiDiemXuLy"} & set(cells)):
        fields |= {column: _FIELDS.get(str(cell), str(cell)) for column, cell in enumerate(cells) if cell != ""}
    elif fields and re.fullmatch(r"\d+(\.0)?", str(cells[0])):
        record = {name: _text(name, cells[column]) for column, name in fields.items() if column < len(cells)}
        missing = [name for name in ("TenLinhVuc", "DonViXuLy") if name not in record and kind == "dossiers"]
        found[place] = _record(record | dict.fromkeys(missing, group), kind)
    elif len(texts) == 1:
        return str(texts[0])
    return group


def _text(name: str, value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y%m%d%H%M%S}"
    if isinstance(value, float) and is_date(name):
        moment = datetime(1899, 12, 30) + timedelta(seconds=round(value * 86_400))
        return f"{moment:%Y%m%d%H%M%S}"
    return str(int(value)) if isinstance(value, float) and value == int(value) else str(value)


def _record(record: dict[str, str], kind: str) -> dict[str, str]:
    """The record as the portal would have sent it."""
    if kind == "progress" and "TrangThaiHoSo" in record:
        record["TrangThai"] = record.pop("TrangThaiHoSo")
    for name, value in record.items():
        if is_date(name) and re.fullmatch(r"\d\d/\d\d/\d{4} \d\d:\d\d:\d\d", value):
            record[name] = f"{datetime.strptime(value, '%d/%m/%Y %H:%M:%S'):%Y%m%d%H%M%S}"
        elif name in WORDS and value in WORDS[name]:
            record[name] = str(WORDS[name].index(value) + 1)
        elif name == "DonViXuLy":
            record[name] = value.strip()
    for name in ("STT", ""):
        record.pop(name, None)
    return {name: value.replace(",\n", ", ").replace("\u00a0", "\u200b") for name, value in record.items()}
