"""Rows and whole files that are bad on purpose (portal-exports §6), made from the records of ghost dossiers so that
they look real.

A ghost that a reader lets through would change the district's figures: that is the point.
"""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.samples.fields import Field, literal
from pipelines.samples.records import dossier_fields, event_fields, override
from pipelines.samples.shapes import SHAPES, Shape
from pipelines.samples.spec import SampleSpec
from pipelines.samples.story import GHOSTS_PER_FILE

Change = Callable[[list[Field]], dict[str, str]]


@dataclass(frozen=True)
class BadRow:
    """One bad row: SQL of its line over the row of its ghost (counted from 0), and the reasons a reader must give."""

    ghost: int
    sql: str
    reasons: str


def _value(fields: list[Field], name: str) -> str:
    return next(field.sql for field in fields if field.name == name)


# Per kind, the variants in turn: field -> SQL of the wrong value. Some are personal data in the wrong column.
VARIANTS: dict[str, list[Change]] = {
    "REJ_NO_CODE": [
        lambda f: {"MaHoSo": "''"},
        lambda f: {"MaHoSo": "'   '"},
        lambda f: {"MaHoSo": "chr(8203)"},
    ],
    "REJ_CODE_TOO_LONG": [
        lambda f: {"MaHoSo": f"{_value(f, 'MaHoSo')} || '-' || repeat('0', 40)"},
        lambda f: {
            "MaHoSo": " || ' ' || ".join(_value(f, name) for name in ("MaHoSo", "ChuHoSo", "SoDienThoai", "MaHoSo"))
        },
    ],
    "REJ_BAD_STATUS": [
        lambda f: {"TrangThaiHoSo": "'11'"},
        lambda f: {"TrangThaiHoSo": "'0'"},
        lambda f: {"TrangThaiHoSo": "''"},
        lambda f: {"TrangThaiHoSo": "'4.5'"},
        lambda f: {"TrangThaiHoSo": _value(f, "ChuHoSo")},
    ],
    "REJ_NO_RECEPTION": [
        lambda f: {"NgayTiepNhan": "''"},
        lambda f: {"NgayTiepNhan": "'00000000000000'"},
    ],
    "REJ_BAD_DATE": [
        lambda f: {"NgayHenTra": "'20240231170000'"},
        lambda f: {"NgayHenTra": _value(f, "SoDienThoai")},
        lambda f: {"NgayTiepNhan": "'32/05/2024'"},
        lambda f: {"NgayHenTra": "'5/3/24'"},
        lambda f: {"NgayNopHoSo": "'19990105080000'"},
        lambda f: {"NgayTiepNhan": _value(f, "ChuHoSo")},
    ],
    "REJ_BAD_DATE+REJ_BAD_STATUS": [
        lambda f: {"NgayHenTra": "'2024-13-01'", "TrangThaiHoSo": "'99'"},
    ],
}
EVENT_VARIANTS: dict[str, list[Change]] = {
    "REJ_NO_CODE": [lambda f: {"MaHoSo": "''"}],
    "REJ_BAD_DATE": [lambda f: {"ThoiDiemXuLy": "'20240230101010'"}, lambda f: {"ThoiDiemXuLy": "'25:61 01/02/2024'"}],
    "REJ_BAD_STATUS": [lambda f: {"TrangThai": "'13'"}, lambda f: {"TrangThai": "'đang xử lý nhưng chưa xong'"}],
}


def _not_records(shape: Shape, fields: list[Field]) -> list[str]:
    """SQL of lines that are no record in this shape; the good line is at hand to be cut or broken.

    In a sheet every row is one: there are none.
    """
    if shape.sheet is not None:
        return []
    good, code = shape.line(fields), _value(fields, "MaHoSo")
    if shape.wide and any(field.name == shape.wide for field in fields):
        # As many lines as the other rows take; an empty one is no row.
        return [f"{code} || {literal(shape.between)}"]
    if shape.separator:
        return [f"({good}) || '{shape.separator}' || 'thừa cột'", code]
    whole = ["'\"' || " + code + " || '\"'", "'[\"không phải bản ghi\", 4]'", "'42'"]
    return [f"left({good}, 150)", *whole] if shape.lines else whole


def bad_rows(
    spec: SampleSpec, fields: list[Field], kinds: dict[str, int], variants: dict[str, list[Change]]
) -> list[BadRow]:
    """The bad rows asked for that the shape can express, in order; every row asked for has its own ghost."""
    shape, rows, ghost = SHAPES[spec.shape], [], -1
    broken = _not_records(shape, fields)
    for kind, number in kinds.items():
        for n in range(number):
            ghost += 1
            if kind == "REJ_NOT_A_RECORD":
                rows += [BadRow(ghost, broken[n % len(broken)], kind)] if broken else []
            else:
                change = variants[kind][n % len(variants[kind])]
                rows.append(BadRow(ghost, shape.line(override(fields, **change(fields))), kind))
    return rows


def dossier_rows(spec: SampleSpec, cut: int) -> list[BadRow]:
    """Bad dossier rows. Their ghosts are pending and past nothing: status 4."""
    return bad_rows(spec, _ghost_fields(spec, cut), spec.bad_rows, VARIANTS)


def _ghost_fields(spec: SampleSpec, cut: int) -> list[Field]:
    return override(dossier_fields(spec, cut), TrangThaiHoSo="'4'")


def event_rows(spec: SampleSpec) -> list[BadRow]:
    return bad_rows(spec, event_fields(spec), spec.bad_events, EVENT_VARIANTS)


def lines_query(rows: list[BadRow], first_ghost: int, source: str = "lives") -> str:
    """Query giving the lines of the bad rows in order."""
    parts = [f"(select {row.sql} as line from {source} where i = {first_ghost + row.ghost})" for row in rows]
    return " union all ".join(parts)


def write_bad_files(
    con: duckdb.DuckDBPyConnection, spec: SampleSpec, folder: Path, first_ghost: int, cut: int
) -> list[tuple[Path, str]]:
    """Write the bad files asked for into `folder`, dated before the last export; returns (path, reason)."""
    written = []
    for kind, number in spec.bad_files.items():
        for n in range(number):
            ghosts = f"i >= {first_ghost} and i < {first_ghost + GHOSTS_PER_FILE}"
            first_ghost += GHOSTS_PER_FILE
            extension, content = _FILES[kind](con, spec, ghosts, cut, n)
            name = f"loi_{kind.removeprefix('REJ_FILE_').lower()}_{n + 1}_{spec.last_day:%Y%m%d}T0800.{extension}"
            (folder / name).write_bytes(content)
            written.append((folder / name, kind))
    return written


def _ghost_lines(con: duckdb.DuckDBPyConnection, line: str, ghosts: str) -> list[str]:
    return [row[0] for row in con.execute(f"select {line} from lives where {ghosts} order by i").fetchall()]


def _zip(content: bytes, *, encrypted: bool = False) -> bytes:
    """A zip of one member that is the same at every run; `encrypted` sets the flag that says so."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("hoso.json", (2024, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    packed = bytearray(buffer.getvalue())
    if encrypted:
        for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            packed[packed.index(signature) + offset] |= 1
    return bytes(packed)


def _unreadable(con: duckdb.DuckDBPyConnection, spec: SampleSpec, ghosts: str, cut: int, n: int) -> tuple[str, bytes]:
    lines = _ghost_lines(con, SHAPES["ndjson"].line(_ghost_fields(spec, cut)), ghosts)
    array = ("[" + ",\n".join(lines) + "]").encode()
    variants: list[Callable[[], tuple[str, bytes]]] = [
        lambda: ("json", array[: len(array) // 2]),
        lambda: ("ndjson", b""),
        lambda: ("ndjson.gz", gzip.compress(array, mtime=0)[:-200]),
        lambda: ("zip", _zip(array, encrypted=True)),
        lambda: ("xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes((17 * k * k + n) % 251 for k in range(3000))),
        lambda: ("zip", _zip(b"[" + b" " * 30_000_000 + b"]")),
    ]
    return variants[n % len(variants)]()


def _no_heading(con: duckdb.DuckDBPyConnection, spec: SampleSpec, ghosts: str, cut: int, n: int) -> tuple[str, bytes]:
    return "csv", ("\n".join(_ghost_lines(con, SHAPES["csv"].line(_ghost_fields(spec, cut)), ghosts)) + "\n").encode()


SHIFTED_HEADINGS = "Số hồ sơ;Trạng thái;Đơn vị xử lý;Ghi chú;Ngày tiếp nhận;Ngày hẹn trả;Tên thủ tục;Chủ hồ sơ"


def _shifted(con: duckdb.DuckDBPyConnection, spec: SampleSpec, ghosts: str, cut: int, n: int) -> tuple[str, bytes]:
    """The template that prints "Ghi chú" without its column: every later value stands one column to the left."""
    fields = {field.name: field for field in _ghost_fields(spec, cut)}
    names = ["MaHoSo", "TrangThaiHoSo", "DonViXuLy", "NgayTiepNhan", "NgayHenTra", "TenTTHC", "ChuHoSo", "Fax"]
    line = SHAPES["csv;bom"].line([fields[name] for name in names])
    return "csv", "\n".join(["\ufeff" + SHIFTED_HEADINGS, *_ghost_lines(con, line, ghosts), ""]).encode()


def _mostly_bad(con: duckdb.DuckDBPyConnection, spec: SampleSpec, ghosts: str, cut: int, n: int) -> tuple[str, bytes]:
    fields = override(_ghost_fields(spec, cut), TrangThaiHoSo="case when i % 3 = 0 then '4' else 'xong' end")
    return "ndjson", ("\n".join(_ghost_lines(con, SHAPES["ndjson"].line(fields), ghosts)) + "\n").encode()


_FILES: dict[str, Callable[[duckdb.DuckDBPyConnection, SampleSpec, str, int, int], tuple[str, bytes]]] = {
    "REJ_FILE_UNREADABLE": _unreadable,
    "REJ_FILE_NO_HEADING": _no_heading,
    "REJ_FILE_SHIFTED": _shifted,
    "REJ_FILE_MOSTLY_BAD": _mostly_bad,
}


def duplicates(path: Path, number: int) -> Iterator[Path]:
    """Copies of a file under other names with the same date: sent again."""
    stem, dot, extension = path.name.partition(".")
    for n in range(1, number + 1):
        copy = path.with_name(f"{stem}_gui_lai_{n}{dot}{extension}")
        copy.write_bytes(path.read_bytes())
        yield copy
