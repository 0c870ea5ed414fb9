"""Sheets as people make them: banner, headings over several rows, groups, page breaks, footer; .xlsx, .xls, .ods, HTML.

SQL lays the rows out, for all writers alike: table `sheet_rows` says what stands in which row of which sheet.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from pathlib import Path
from typing import Any, Literal

import duckdb

from pipelines.samples.fields import DIGITS, HEADINGS, WORDS, Field, day_first, in_words, is_date, literal, moment

#: In the cells of `sheet_rows`: a number follows; an ISO moment follows. Anything else is text.
_NUMBER, _MOMENT = "\x01", "\x02"
_CREATED = datetime(2024, 1, 1)
_BATCH = 5_000


@dataclass(frozen=True)
class Title:
    """What a file says of itself. day: of the export. signers: invented people below a report."""

    service: str
    agency: str
    first_day: date
    day: date
    signers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Place:
    """A row of a file: part (sheet, member; empty when there is only one) and number within it (portal-exports §6)."""

    part: str
    row: int


@dataclass(frozen=True)
class Rows:
    """What goes into a file: the `total` rows of `query` (one column, what `Shape.line` gives of `fields`, in order).

    wanted: the rows, counted from 0, whose places in the file are asked for.
    """

    query: str
    fields: Sequence[Field]
    title: Title
    total: int
    wanted: range = range(0)


DateStyle = Literal["text", "serial", "cell", "us"]


@dataclass(frozen=True)
class Sheet:
    """How a workbook is laid out.

    cover: a first sheet without a table. numbered: a row (1), (2), … below the heading. group: the field that stands in
    rows of its own above those it holds for, instead of a column. repeat: the heading again after so many rows.
    dates: how the columns of dates are written, in turn; "us": as a US spreadsheet leaves d/M dates, those that it
    could read are true ones with day and month exchanged, the others text. words: status and channel.
    """

    writer: Literal["xlsx", "xls", "ods", "html"]
    sheets: int = 1
    most_rows: int = 900_000
    cover: bool = False
    banner: bool = False
    heading_rows: int = 1
    numbered: bool = False
    group: str = ""
    repeat: int = 0
    footer: bool = False
    dates: tuple[DateStyle, ...] = ("cell",)
    words: bool = True


@dataclass(frozen=True)
class Cell:
    """A cell that the layout fixes: column from 0, merged over `across` columns and `down` rows."""

    column: int
    text: str
    across: int = 1
    down: int = 1


Row = list[Cell]


@dataclass(frozen=True)
class Layout:
    """The fixed rows of every sheet of one file. columns: headings, the running number first."""

    columns: list[str]
    above: list[Row]
    heading: list[Row]
    below: list[Row]

    @property
    def head(self) -> list[Row]:
        return [*self.above, *self.heading]


def write(con: duckdb.DuckDBPyConnection, rows: Rows, path: Path, sheet: Sheet) -> list[Place]:
    """Write the rows (column `line`: values of their fields, VARCHAR[]) as a workbook; returns the places wanted."""
    layout = _layout(sheet, [field.name for field in rows.fields if field.name != sheet.group], rows.title)
    _lay_out(con, rows, sheet, layout)
    names = [
        name
        for (name,) in con.execute(
            "select distinct sheet_name from sheet_rows order by length(sheet_name), sheet_name"
        ).fetchall()
    ]
    _WRITERS[sheet.writer](con, path, sheet, layout, names)
    places = con.execute(
        "select sheet_name, row from sheet_rows where position >= ? and position < ? order by position",
        [rows.wanted.start, rows.wanted.stop],
    ).fetchall()
    con.execute("drop table sheet_rows")
    return [Place("" if sheet.writer == "html" else name, row) for name, row in places]


# --- layout ---------------------------------------------------------------------------------------------------------


def _layout(sheet: Sheet, fields: list[str], title: Title) -> Layout:
    columns = ["STT", *(HEADINGS.get(name, name) for name in fields)]
    dates = frozenset(number for number, name in enumerate(fields, 1) if is_date(name))
    return Layout(
        columns,
        _banner(len(columns), title) if sheet.banner else [],
        [*_heading(columns, dates, sheet.heading_rows), *([_column_numbers(columns)] if sheet.numbered else [])],
        _footer(len(columns), title) if sheet.footer else [],
    )


def _banner(width: int, title: Title) -> list[Row]:
    half = width // 2
    both = lambda left, right: [Cell(0, left, half), Cell(half, right, width - half)]  # noqa: E731
    return [
        both("ỦY BAN NHÂN DÂN", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"),
        both(f"Mã định danh: {title.agency}", "Độc lập - Tự do - Hạnh phúc"),
        [],
        [Cell(0, "DANH SÁCH HỒ SƠ TIẾP NHẬN VÀ TRẢ KẾT QUẢ", width)],
        [Cell(0, f"(Từ ngày {title.first_day:%d/%m/%Y} đến ngày {title.day:%d/%m/%Y})", width)],
        [],
        [Cell(width - 2, "Đơn vị tính: hồ sơ", 2)],
    ]


def _heading(columns: list[str], dates: frozenset[int], rows: int) -> list[Row]:
    """One row of names; two: dates under a common name, the others reach down; three: one more name over everything."""
    if rows == 1:
        return [[Cell(number, name) for number, name in enumerate(columns)]]
    upper: Row = []
    for number, name in enumerate(columns):
        if number not in dates:
            upper.append(Cell(number, name, down=2))
        elif upper and upper[-1].text == _DATES and upper[-1].column + upper[-1].across == number:
            upper[-1] = Cell(upper[-1].column, _DATES, upper[-1].across + 1)
        else:
            upper.append(Cell(number, _DATES))
    lower = [Cell(number, columns[number]) for number in sorted(dates)]
    over = [[Cell(0, "THÔNG TIN HỒ SƠ", len(columns))]] if rows == 3 else []
    return [*over, upper, lower]


_DATES = "Thời gian giải quyết"


def _column_numbers(columns: list[str]) -> Row:
    return [Cell(number, f"({number + 1})") for number in range(len(columns))]


def _footer(width: int, title: Title) -> list[Row]:
    half = width // 2
    signers = title.signers or ("", "")
    return [
        [],
        [Cell(half, f"Ngày {title.day:%d} tháng {title.day:%m} năm {title.day:%Y}", width - half)],
        [Cell(0, "NGƯỜI LẬP BIỂU", half), Cell(half, "THỦ TRƯỞNG ĐƠN VỊ", width - half)],
        [Cell(0, "(Ký, ghi rõ họ tên)", half), Cell(half, "(Ký tên, đóng dấu)", width - half)],
        [],
        [Cell(0, signers[0], half), Cell(half, signers[1], width - half)],
    ]


def _lay_out(con: duckdb.DuckDBPyConnection, rows: Rows, sheet: Sheet, layout: Layout) -> None:
    """Make table sheet_rows: sheet_name, row (from 1), kind (data, group, heading), cells, position (of data)."""
    fields = [field.name for field in rows.fields]
    group = sheet.group if sheet.group in fields else ""
    con.execute(f"create or replace temp table sheet_lines as {rows.query}")
    con.execute(
        "create or replace temp table body as select line, row_number() over () - 1 as position from sheet_lines"
    )
    con.execute("drop table sheet_lines")
    per_sheet = min(sheet.most_rows, -(-rows.total // sheet.sheets))
    grouped = f"trim(line[{fields.index(group) + 1}])" if group else "''"
    values = [
        _value(name, f"line[{number}]", sheet, sum(map(is_date, fields[: number - 1])))
        for number, name in enumerate(fields, 1)
        if name != group
    ]
    turns = f"(n > 1 and (n - 1) % {sheet.repeat} = 0)" if sheet.repeat else "false"
    breaks = f"((n - 1) // {sheet.repeat})" if sheet.repeat else "0"
    high = len(layout.heading)
    con.execute(f"""
        create or replace temp table sheet_rows as
        with placed as (
            select *, row_number() over (partition by part order by grouped, position) as n
            from (select line, position, position // {per_sheet} as part, {grouped} as grouped from body)
        ),
        opened as (
            select *, {bool(group)} and grouped is distinct from lag(grouped) over (partition by part order by n)
                as opens
            from placed
        ),
        numbered as (
            select *, ('Trang ' || part + 1) as sheet_name, {turns} as turns,
                {len(layout.head)} + n + {high} * {breaks}
                    + (sum(opens::integer) over (partition by part order by n))::bigint as row
            from opened
        )
        select sheet_name, row, 'data' as kind, position,
            ['{_NUMBER}' || n, {", ".join(values)}]::varchar[] as cells
        from numbered
        union all
        select sheet_name, row - 1, 'group', null, [grouped] from numbered where opens
        union all
        select sheet_name, row - opens::integer - {high} + unnest(range({high})), 'heading', null, []::varchar[]
        from numbered where turns
    """)
    con.execute("drop table body")


def _value(name: str, value: str, sheet: Sheet, dates_before: int) -> str:
    """SQL of the cell of a value. What is no good date, digit or code stays text, as in a sheet."""
    if is_date(name):
        return _date(value, sheet.dates[dates_before % len(sheet.dates)])
    if name in WORDS and sheet.words:
        return in_words(name, value)
    if name in DIGITS:
        return f"case when regexp_full_match({value}, '[0-9]') then '{_NUMBER}' || {value} else {value} end"
    if name == "MaTTHC":
        # A code that ends in zero would lose it as a number: that is another story (portal-exports §5), and a warning.
        number = f"regexp_full_match({value}, '[0-9]\\.[0-9]{{5}}[1-9]')"
        return f"case when {number} then '{_NUMBER}' || {value} else {value} end"
    return value


def _date(value: str, style: DateStyle) -> str:
    """SQL of the cell of a date."""
    if style == "text":
        return day_first(value)
    if style == "us":
        exchanged = f"'{_MOMENT}' || strftime({moment(value)}, '%Y-%d-%mT%H:%M:%S')"
        return f"case when day({moment(value)}) <= 12 then {exchanged} else {day_first(value)} end"
    iso = f"'{_MOMENT}' || strftime({moment(value)}, '%Y-%m-%dT%H:%M:%S')"
    serial = f"'{_NUMBER}' || (epoch({moment(value)}) / 86400 + 25569)::double::varchar"
    return f"coalesce({iso if style == 'cell' else serial}, {value})"


def _rows(con: duckdb.DuckDBPyConnection, name: str, layout: Layout) -> Iterator[tuple[int, Row, list[str]]]:
    """(row from 1, its fixed cells, or else its values) of the table of one sheet, below its head."""
    con.execute("select row, kind, cells from sheet_rows where sheet_name = ? order by row", [name])
    turn = 0
    while batch := con.fetchmany(_BATCH):
        for row, kind, cells in batch:
            if kind == "heading":
                yield row, layout.heading[turn % len(layout.heading)], []
                turn += 1
            elif kind == "group":
                yield row, [Cell(0, cells[0], len(layout.columns))], []
            else:
                yield row, [], cells


def _last_row(con: duckdb.DuckDBPyConnection, name: str) -> int:
    row = con.execute("select max(row) from sheet_rows where sheet_name = ?", [name]).fetchone()
    assert row is not None
    return int(row[0])


# --- Excel ----------------------------------------------------------------------------------------------------------

Put = Callable[[int, int, Any, bool], None]
Merge = Callable[[tuple[int, int, int, int], str], None]


def _fill(con: duckdb.DuckDBPyConnection, name: str, layout: Layout, put: Put, merge: Merge) -> None:
    """Fill a sheet of Excel row by row. put(row, column, value, is it a date); merge((row, column, last, last), text).

    Rows and columns count from 0.
    """

    def fixed(row: int, cells: Row) -> None:
        for cell in cells:
            if cell.across == 1 and cell.down == 1:
                put(row, cell.column, cell.text, False)
            else:
                merge((row, cell.column, row + cell.down - 1, cell.column + cell.across - 1), cell.text)

    for row, cells in enumerate(layout.head):
        fixed(row, cells)
    for row, cells, values in _rows(con, name, layout):
        fixed(row - 1, cells)
        for column, text in enumerate(values):
            if text.startswith(_NUMBER):
                put(row - 1, column, float(text[1:]), False)
            elif text.startswith(_MOMENT):
                put(row - 1, column, _serial(text[1:]), True)
            elif text:
                put(row - 1, column, text, False)
    for row, cells in enumerate(layout.below, _last_row(con, name)):
        fixed(row, cells)


def _serial(iso: str) -> float:
    """Excel's number of a moment: days since 1899-12-30."""
    passed = datetime.fromisoformat(iso) - datetime(1899, 12, 30)
    return passed.days + passed.seconds / 86400


_COVER = ("BÁO CÁO TÌNH HÌNH GIẢI QUYẾT HỒ SƠ", "Danh sách ở các trang sau")
_DATE_FORMAT = "dd/mm/yyyy hh:mm:ss"


def _write_xlsx(con: duckdb.DuckDBPyConnection, path: Path, sheet: Sheet, layout: Layout, names: list[str]) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"constant_memory": True, "tmpdir": str(path.parent)}) as book:
        book.set_properties({"created": _CREATED})
        date_format = book.add_format({"num_format": _DATE_FORMAT})
        if sheet.cover:
            cover = book.add_worksheet("Bìa")
            for row, text in enumerate(_COVER):
                cover.write_string(row, 0, text)
        for name in names:
            page = book.add_worksheet(name)

            def put(row: int, column: int, value: Any, is_moment: bool, page: Any = page) -> None:
                if isinstance(value, str):
                    page.write_string(row, column, value)
                else:
                    page.write_number(row, column, value, date_format if is_moment else None)

            def merge(place: tuple[int, int, int, int], text: str, page: Any = page) -> None:
                page.merge_range(*place, text)

            _fill(con, name, layout, put, merge)


def _write_xls(con: duckdb.DuckDBPyConnection, path: Path, sheet: Sheet, layout: Layout, names: list[str]) -> None:
    try:
        import xlwt
    except ModuleNotFoundError as error:
        raise RuntimeError(
            "Mẫu có tệp .xls cần xlwt; hãy chạy `make setup` hoặc `pip install dunghan[samples]`\n"
            "The sample's .xls files need xlwt; run `make setup` or `pip install dunghan[samples]`"
        ) from error

    book = xlwt.Workbook(encoding="utf-8")
    plain, moment_style = xlwt.XFStyle(), xlwt.XFStyle()
    moment_style.num_format_str = _DATE_FORMAT
    for name in names:
        page = book.add_sheet(name)

        def put(row: int, column: int, value: Any, is_moment: bool, page: Any = page) -> None:
            page.write(row, column, value, moment_style if is_moment else plain)

        def merge(place: tuple[int, int, int, int], text: str, page: Any = page) -> None:
            row, column, last, last_column = place
            page.write_merge(row, last, column, last_column, text, plain)

        _fill(con, name, layout, put, merge)
        page.flush_row_data()
    book.save(str(path))


# --- OpenDocument and HTML: lines of markup, written by COPY --------------------------------------------------------


@dataclass(frozen=True)
class Markup:
    """How a row becomes a line, and what stands before and after all of them.

    cell: SQL of one value `c` with its mark; group: SQL of the line of a merged value {c}.
    """

    before: str
    after: str
    row: tuple[str, str]
    cell: str
    group: str
    fixed: Callable[[Row, int], str]


def _escaped(value: str) -> str:
    return f"replace(replace(replace({value}, '&', '&amp;'), '<', '&lt;'), '>', '&gt;')"


def _write_lines(
    con: duckdb.DuckDBPyConnection, path: Path, layout: Layout, markup: Markup, sheets: list[tuple[str, str, str]]
) -> None:
    """Write every row as a line. sheets: (name, line before it, line after it)."""
    fixed: list[tuple[str, int, str]] = []
    width = len(layout.columns)
    for name, before, after in sheets:
        last = _last_row(con, name)
        fixed.append((name, 0, before))
        fixed += [(name, row, markup.fixed(cells, width)) for row, cells in enumerate(layout.head, 1)]
        headings = con.execute(
            "select row from sheet_rows where kind = 'heading' and sheet_name = ? order by row", [name]
        ).fetchall()
        for turn, (row,) in enumerate(headings):
            fixed.append((name, row, markup.fixed(layout.heading[turn % len(layout.heading)], width)))
        fixed += [(name, row, markup.fixed(cells, width)) for row, cells in enumerate(layout.below, last + 1)]
        fixed.append((name, last + len(layout.below) + 1, after))
    con.execute("create or replace temp table fixed_rows (sheet_name varchar, row bigint, text varchar)")
    con.executemany("insert into fixed_rows values (?, ?, ?)", fixed)
    cells = f"list_transform(cells, lambda c: {markup.cell})"
    query = f"""
        select text
        from (
            select sheet_name, row, case when kind = 'group' then {markup.group.replace("{c}", "cells[1]")}
                else '{markup.row[0]}' || array_to_string({cells}, '') || '{markup.row[1]}' end as text
            from sheet_rows
            where kind <> 'heading'
            union all
            from fixed_rows
        )
        order by length(sheet_name), sheet_name, row
    """
    con.execute(
        f"copy ({query}) to {literal(str(path))} (format csv, header false, quote '', escape '', delimiter e'\\x01',"
        f" new_line e'\\n', prefix {literal(markup.before)}, suffix {literal(markup.after)})"
    )
    con.execute("drop table fixed_rows")


def _text_cell(text: str) -> str:
    return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'


def _ods_row(cells: Row, width: int) -> str:
    """A row of fixed cells; those that a merged cell covers are covered cells."""
    parts, column = [], 0
    for cell in cells:
        parts.append("<table:table-cell/>" * (cell.column - column))
        spans = f' table:number-columns-spanned="{cell.across}" table:number-rows-spanned="{cell.down}"'
        content = f"<text:p>{escape(cell.text)}</text:p>"
        parts.append(f'<table:table-cell office:value-type="string"{spans}>{content}</table:table-cell>')
        parts.append("<table:covered-table-cell/>" * (cell.across - 1))
        column = cell.column + cell.across
    return f"<table:table-row>{''.join(parts) or '<table:table-cell/>'}</table:table-row>"


_OFFICE = "urn:oasis:names:tc:opendocument:xmlns"
_ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
_ODS_START = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    f'<office:document-content xmlns:office="{_OFFICE}:office:1.0" xmlns:table="{_OFFICE}:table:1.0"'
    f' xmlns:text="{_OFFICE}:text:1.0" office:version="1.2"><office:body><office:spreadsheet>\n'
)
_ODS_END = "\n</office:spreadsheet></office:body></office:document-content>\n"
_ODS_MANIFEST = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    f'<manifest:manifest xmlns:manifest="{_OFFICE}:manifest:1.0" manifest:version="1.2">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{_ODS_TYPE}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>\n'
)


def _ods_markup() -> Markup:
    number = """'<table:table-cell office:value-type="float" office:value="' || c[2:] || '"><text:p>' || c[2:]"""
    date = """'<table:table-cell office:value-type="date" office:date-value="' || c[2:] || '"><text:p>' || c[2:]"""
    close = "'</text:p></table:table-cell>'"
    before, after = _text_cell("|").split("|")
    return Markup(
        _ODS_START,
        _ODS_END,
        ("<table:table-row>", "</table:table-row>"),
        f"""case when c = '' then '<table:table-cell/>'
            when c[1] = '{_NUMBER}' then {number} || {close}
            when c[1] = '{_MOMENT}' then {date} || {close}
            else '{before}' || {_escaped("c")} || '{after}' end""",
        f"'<table:table-row>{before}' || {_escaped('{c}')} || '{after}</table:table-row>'",
        _ods_row,
    )


def _write_ods(con: duckdb.DuckDBPyConnection, path: Path, sheet: Sheet, layout: Layout, names: list[str]) -> None:
    content = path.with_name(f"{path.name}.content")
    sheets = [(name, f'<table:table table:name="{name}">', "</table:table>") for name in names]
    _write_lines(con, content, layout, _ods_markup(), sheets)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo("mimetype", _CREATED.timetuple()[:6]), _ODS_TYPE)
        for name in ("content.xml", "META-INF/manifest.xml"):
            entry = zipfile.ZipInfo(name, _CREATED.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w") as out:
                if name != "content.xml":
                    out.write(_ODS_MANIFEST.encode())
                    continue
                with content.open("rb") as source:
                    while piece := source.read(1 << 20):
                        out.write(piece)
    content.unlink()


def _html_row(cells: Row, width: int) -> str:
    """A row of fixed cells; below a cell that reaches down there is none."""
    spans = lambda cell: f' colspan="{cell.across}" rowspan="{cell.down}"'  # noqa: E731
    parts = [f"<td{spans(cell)}><b>{escape(cell.text)}</b></td>" for cell in cells]
    return f"<tr>{''.join(parts) or f'<td colspan={width}>&nbsp;</td>'}</tr>"


_HTML_START = (
    '<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head>'
    '<meta http-equiv="Content-Type" content="text/html; charset=utf-8">'
    "<style>td { border: thin solid; mso-number-format:'\\@' }</style></head>\n<body>\n"
)


def _write_html(con: duckdb.DuckDBPyConnection, path: Path, sheet: Sheet, layout: Layout, names: list[str]) -> None:
    width = len(layout.columns)
    markup = Markup(
        _HTML_START,
        "\n</body></html>\n",
        ("<tr>", "</tr>"),
        f"""case when c = '' then '<td>&nbsp;</td>' when c[1] in ('{_NUMBER}', '{_MOMENT}')
            then '<td align=right>' || c[2:] || '</td>' else '<td>' || {_escaped("c")} || '</td>' end""",
        f"'<tr><td colspan={width}><i>' || {_escaped('{c}')} || '</i></td></tr>'",
        _html_row,
    )
    sheets = [(name, "<table border=1>", "</table>") for name in names]
    _write_lines(con, path, layout, markup, sheets)


_WRITERS = {"xlsx": _write_xlsx, "xls": _write_xls, "ods": _write_ods, "html": _write_html}
