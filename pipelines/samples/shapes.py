"""The file formats a sample can be written in, each one entry of SHAPES. Add a new one here and nowhere else.

A shape of text says how one record becomes a line and how lines become a file: DuckDB's COPY does the writing, in
order. A shape of sheets gives a list of values instead of a line; pipelines.samples.sheets lays them out.
"""

from __future__ import annotations

import unicodedata
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from pipelines.samples import sheets
from pipelines.samples.fields import Field, for_people, literal, scalars
from pipelines.samples.sheets import Place, Rows, Sheet, Title


@dataclass(frozen=True)
class Shape:
    """How records become a file: a line each, `between` after it; `head` is made from fields and title.

    about: in one line, what is special. first_row: number of the first row (portal-exports §6). wide: name of a free
    text that has a line break, so that a row with it takes two lines. members: so many files in a .zip. encode:
    bytes of a text.
    """

    about: str
    extension: str
    line: Callable[[Sequence[Field]], str]
    head: Callable[[Sequence[Field], Title], str] = lambda _fields, _title: ""
    tail: str = ""
    between: str = "\n"
    first_row: int = 1
    separator: str = ""
    wide: str = ""
    gzip: bool = False
    lines: bool = False
    members: int = 0
    encode: Callable[[str], bytes] | None = None
    mark: bytes = b""
    sheet: Sheet | None = None

    @property
    def table(self) -> bool:
        """Rows under a heading, which have no lists."""
        return bool(self.separator) or self.sheet is not None


def json_line(fields: Sequence[Field], gap: str = "", start: str = "{", after: str = ", ", end: str = "}") -> str:
    """SQL for one JSON object, every scalar a string as the portal sends it. `gap`: before every name."""
    parts: list[str] = []
    constant = start
    for number, field in enumerate(fields):
        constant += f'{after if number else ""}{gap}"{field.name}": '
        if field.kind == "json":
            parts += [literal(constant), field.sql]
            constant = ""
            continue
        value = rf"replace(replace({field.sql}, '\', '\\'), '" + r""""', '\"')""" if field.kind == "free" else field.sql
        parts += [literal(constant + '"'), f"({value})"]
        constant = '"'
    return " || ".join([*parts, literal(constant + end)])


def _pretty(fields: Sequence[Field]) -> str:
    return json_line(fields, gap="\r\n    ", start="  {", after=",", end="\r\n  }")


def _list_of_values(fields: Sequence[Field]) -> str:
    """SQL for the values of a row of a sheet, a VARCHAR[]."""
    return f"[{', '.join(f'({field.sql})' for field in scalars(fields))}]"


def _envelope(_fields: Sequence[Field], title: Title) -> str:
    return (
        f'{{"session": "", "madonvi": "{title.agency}", "service": "{title.service}", "isUpdating": "False",'
        ' "data": [\n'
    )


def _csv(
    about: str,
    separator: str,
    *,
    people: bool = False,
    trailing: bool = False,
    before: Sequence[str] = (),
    wide: str = "",
    bom: bool = False,
    between: str = "\n",
    encode: Callable[[str], bytes] | None = None,
    mark: bytes = b"",
) -> Shape:
    """A shape of lines with separators; lists are left out, free text is quoted.

    people: headings and values as people write them. trailing: a separator behind every line. before: lines above the
    heading, which are filled up with separators as spreadsheets do, unless they hold one.
    """
    end = separator if trailing else ""

    def columns(fields: Sequence[Field]) -> list[Field]:
        return [for_people(field) if people else field for field in scalars(fields)]

    def line(fields: Sequence[Field]) -> str:
        values = []
        for name, field in zip([f.name for f in scalars(fields)], columns(fields), strict=True):
            text = f"replace({field.sql}, ', ', e',\\n')" if name == wide else field.sql
            values.append(f"""'"' || replace({text}, '"', '""') || '"'""" if field.kind == "free" else f"({field.sql})")
        return f" || '{separator}' || ".join(values) + (f" || '{end}'" if end else "")

    def head(fields: Sequence[Field], _title: Title) -> str:
        names = [field.name for field in columns(fields)]
        above = [text if separator in text else text + separator * (len(names) - 1) + end for text in before]
        return ("\ufeff" if bom else "") + "".join(text + between for text in [*above, separator.join(names) + end])

    return Shape(
        about,
        "csv",
        line,
        head,
        between=between,
        first_row=2 + len(before),
        separator=separator,
        wide=wide,
        encode=encode,
        mark=mark,
    )


def _sheet(about: str, extension: str, sheet: Sheet) -> Shape:
    return Shape(about, extension, _list_of_values, sheet=sheet)


def _windows_1258_table() -> dict[int, str]:
    """Vietnamese letters that Windows-1258 has not, as a letter and a combining tone; a zero-width space as a hard."""
    table = {0x200B: "\u00a0"}
    for code in (*range(0xC0, 0x250), *range(0x1EA0, 0x1EFA)):
        letter = chr(code)
        marks = unicodedata.normalize("NFD", letter)
        tones = [mark for mark in marks[1:] if mark in "\u0300\u0301\u0303\u0309\u0323"]
        if letter.encode("cp1258", "ignore") or len(tones) != 1:
            continue
        rest = "".join(mark for mark in marks if mark not in tones)
        table[code] = unicodedata.normalize("NFC", rest) + tones[0]
    return table


_WINDOWS_1258 = _windows_1258_table()
_BANNER = ("ỦY BAN NHÂN DÂN", "DANH SÁCH HỒ SƠ", "")

SHAPES: dict[str, Shape] = {
    "ndjson": Shape("một bản ghi mỗi dòng / a record a line", "ndjson", json_line, lines=True),
    "ndjson.gz": Shape("như trên, nén gzip / the same, packed", "ndjson.gz", json_line, lines=True, gzip=True),
    "ndjson-bom": Shape(
        "NDJSON có BOM, CRLF / NDJSON with BOM and CRLF",
        "json",
        json_line,
        lambda *_: "\ufeff",
        between="\r\n",
        lines=True,
    ),
    "json": Shape("một mảng / one array", "json", json_line, lambda *_: "[\n", "\n]", between=",\n"),
    "json-pretty": Shape(
        "mảng thụt dòng, BOM, CRLF / indented array, BOM and CRLF",
        "json",
        _pretty,
        lambda *_: "\ufeff[\r\n",
        "\r\n]\r\n",
        between=",\r\n",
    ),
    "envelope": Shape("phong bì của Cổng / the portal's envelope", "json", json_line, _envelope, "\n]}", between=",\n"),
    "zip": Shape(
        "ba tệp NDJSON trong các thư mục, nén zip / three NDJSON files in nested folders, zipped",
        "zip",
        json_line,
        lines=True,
        members=3,
    ),
    "csv": _csv("dấu phẩy, tên của hợp đồng / commas, contract names", ","),
    "csv;bom": _csv("dấu chấm phẩy, BOM / semicolons, BOM", ";", bom=True),
    "csv-tab": _csv(
        "tab, tiêu đề tiếng Việt, ngày/tháng/năm, chữ, xuống dòng trong ô, CRLF"
        " / tabs, Vietnamese headings, dd/MM/yyyy, words, line breaks in cells, CRLF",
        "\t",
        people=True,
        wide="TrichYeuHoSo",
        between="\r\n",
    ),
    "csv-pipe": _csv(
        "gạch đứng, chữ tổ hợp (NFD), thừa dấu cuối dòng / pipes, NFD text, trailing separators",
        "|",
        people=True,
        trailing=True,
        encode=lambda text: unicodedata.normalize("NFD", text).encode(),
    ),
    "csv-sep": _csv(
        "dòng sep=; ở đầu, CRLF / first line sep=;, CRLF", ";", people=True, before=("sep=;",), bom=True, between="\r\n"
    ),
    "csv-utf16": _csv(
        "UTF-16 (văn bản Unicode của Excel) / UTF-16, Excel's Unicode text",
        "\t",
        people=True,
        between="\r\n",
        encode=lambda text: text.encode("utf-16-le"),
        mark=b"\xff\xfe",
    ),
    "csv-1258": _csv(
        "Windows-1258 có dấu tổ hợp, dòng tên cơ quan trên tiêu đề"
        " / Windows-1258 with combining marks, banner lines above the heading",
        ";",
        people=True,
        before=_BANNER,
        between="\r\n",
        encode=lambda text: text.translate(_WINDOWS_1258).encode("cp1258"),
    ),
    "xlsx": _sheet(
        "Excel, tiêu đề ở dòng 1, ô ngày thật / Excel, heading in row 1, true date cells",
        "xlsx",
        Sheet("xlsx", words=False),
    ),
    "xlsx-report": _sheet(
        "Excel báo cáo: 3 trang, tiêu đề gộp ô, nhóm theo lĩnh vực, cuối trang"
        " / report: cover and 3 sheets, merged headings, group rows per field, repeated headings, footer, mixed dates",
        "xlsx",
        Sheet(
            "xlsx",
            sheets=3,
            cover=True,
            banner=True,
            heading_rows=2,
            numbered=True,
            group="TenLinhVuc",
            repeat=50,
            footer=True,
            dates=("text", "serial", "cell"),
        ),
    ),
    "xls": _sheet(
        "Excel 97-2003 (BIFF), mỗi trang tối đa 65.000 dòng, số ngày"
        " / real BIFF, at most 65,000 rows a sheet, serial dates, three heading rows",
        "xls",
        Sheet("xls", sheets=2, most_rows=65_000, banner=True, heading_rows=3, footer=True, dates=("serial",)),
    ),
    "ods": _sheet(
        "LibreOffice, 2 trang, ô ngày / LibreOffice, 2 sheets, date cells and text",
        "ods",
        Sheet("ods", sheets=2, banner=True, numbered=True, dates=("cell", "text")),
    ),
    "html": _sheet(
        "bảng HTML mang tên .xls, nhóm theo đơn vị / HTML table named .xls, group rows per agency",
        "xls",
        Sheet(
            "html",
            banner=True,
            heading_rows=2,
            numbered=True,
            group="DonViXuLy",
            repeat=100,
            footer=True,
            dates=("text",),
        ),
    ),
}


#: What no sample has as a whole, for it says something else than was meant (portal-exports §8.8, §8.9).
US_SPREADSHEET = _sheet(
    "Excel kiểu Mỹ đã đảo ngày và tháng / a US spreadsheet exchanged day and month",
    "xlsx",
    Sheet("xlsx", dates=("us",)),
)
MISREAD = _csv(
    "UTF-8 bị đọc như Windows-1252 rồi lưu lại / UTF-8 read as Windows-1252 and saved again",
    ";",
    people=True,
    encode=lambda text: _read_as_windows_1252(text.encode()).encode(),
)


def _read_as_windows_1252(content: bytes) -> str:
    """As Windows reads it: the five bytes that the code page leaves open become control characters."""
    return "".join(byte.decode("cp1252", "ignore") or byte.decode("latin-1") for byte in (bytes([b]) for b in content))


def write(con: duckdb.DuckDBPyConnection, rows: Rows, path: Path, shape: Shape) -> list[Place]:
    """Write the rows to `path`; returns where the wanted ones of them stand in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if shape.sheet is not None:
        return sheets.write(con, replace(rows, fields=scalars(rows.fields)), path, shape.sheet)
    head = shape.head(rows.fields, rows.title)
    if shape.members:
        return _write_zip(con, rows, path, shape, head)
    _write_text(con, rows.query, path, shape, head)
    step = 2 if shape.wide and any(field.name == shape.wide for field in rows.fields) else 1
    return [Place("", shape.first_row + step * n) for n in rows.wanted]


def _write_text(con: duckdb.DuckDBPyConnection, query: str, path: Path, shape: Shape, head: str) -> None:
    options = {
        "format": "csv",
        "header": "false",
        "quote": "''",
        "escape": "''",
        "delimiter": r"e'\x01'",
        "new_line": literal(shape.between),
        "compression": "gzip" if shape.gzip else "none",
    }
    if head or shape.tail:
        options |= {"prefix": literal(head), "suffix": literal(shape.tail or shape.between)}
    written = ", ".join(f"{name} {value}" for name, value in options.items())
    con.execute(f"copy ({query}) to {literal(str(path))} ({written})")
    if shape.encode is not None:
        _encode(path, shape.encode, shape.mark)


def _encode(path: Path, encode: Callable[[str], bytes], mark: bytes) -> None:
    """Put a UTF-8 file into another encoding, some lines at a time."""
    plain = path.rename(path.with_name(f"{path.name}.utf8"))
    with plain.open(encoding="utf-8", newline="") as lines, path.open("wb") as out:
        out.write(mark)
        while some := lines.readlines(1 << 20):
            out.write(encode("".join(some)))
    plain.unlink()


_MEMBERS = ("2024/hoso_1.ndjson", "2024/bo_sung/dot_2/hoso_2.ndjson", "2025/hoso_3.ndjson")
#: What people put beside: no export, and to be passed over.
_LEAFLET = ("HUONG DAN.txt", "Giải nén rồi gửi về bộ phận một cửa.\n")


def _write_zip(con: duckdb.DuckDBPyConnection, rows: Rows, path: Path, shape: Shape, head: str) -> list[Place]:
    """The rows in consecutive lots, one member each; few rows make fewer members."""
    size = -(-rows.total // shape.members)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_entry(_LEAFLET[0]), _LEAFLET[1])
        for number, name in enumerate(_MEMBERS[: -(-rows.total // size)]):
            plain = path.with_name(f"{path.name}.member")
            _write_text(con, f"({rows.query}) limit {size} offset {size * number}", plain, shape, head)
            with plain.open("rb") as source, archive.open(_entry(name), "w") as out:
                while piece := source.read(1 << 20):
                    out.write(piece)
            plain.unlink()
    return [Place(_MEMBERS[n // size], n % size + shape.first_row) for n in rows.wanted]


def _entry(name: str) -> zipfile.ZipInfo:
    """A member with a fixed time, so that the same rows give the same bytes."""
    entry = zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry
