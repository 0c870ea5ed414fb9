"""How our workbooks look, and cells of the right type: numbers as numbers, days as days, all else as text, so that no
code becomes 3.05E+15 and no text a formula."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

FONT = "Times New Roman"
#: Rows and characters that Excel's sheets and cells hold.
MOST_ROWS = 1_048_576
LONGEST = 32_767
_BLUE, _PALE, _LINE = "#1F3864", "#DCE6F1", "#9AA5B1"
_A4 = 9
_WHOLE, _BROKEN = "#,##0", "#,##0.00"
_DAY, _MINUTE, _SECOND = "dd/mm/yyyy", "dd/mm/yyyy hh:mm", "dd/mm/yyyy hh:mm:ss"
_NUMBERS = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "DOUBLE",
    "FLOAT",
)
_NO_CLOCK = (time.min, time(23, 59, 59))


class Book:
    """A workbook being written, closed by `close`. `cut`: cells whose text was too long for Excel."""

    def __init__(self, path: Path, *, large: bool = False) -> None:
        """large: rows go to disk as they come (each sheet from top to bottom), for any number of them."""
        self._book = xlsxwriter.Workbook(
            str(path),
            {
                "constant_memory": large,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "nan_inf_to_errors": True,
            },
        )
        self._formats: dict[tuple[tuple[str, Any], ...], Format] = {}
        self.cut = 0

    def close(self) -> None:
        self._book.close()

    def sheet(self, name: str) -> Worksheet:
        """A new sheet for A4 landscape, one page wide."""
        sheet = self._book.add_worksheet(name[:31])
        sheet.set_paper(_A4)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.hide_gridlines(2)
        return sheet

    def format(self, **properties: Any) -> Format:
        """A format with our face; the same properties give the same format."""
        properties = {"font_name": FONT, "font_size": 11, "valign": "vcenter"} | properties
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format(properties)
        return self._formats[key]

    @property
    def heading(self) -> Format:
        """Of the heads of a table's columns."""
        return self.format(
            bold=True, font_color="#FFFFFF", bg_color=_BLUE, border=1, border_color=_LINE, align="center",
            text_wrap=True,
        )  # fmt: skip

    @property
    def flag(self) -> Format:
        """Of cells that say yes or nothing."""
        return self.format(border=1, border_color=_LINE, align="center")

    @property
    def remark(self) -> Format:
        """Of cells that people fill in."""
        return self.format(bg_color="#FFF9E5", border=1, border_color=_LINE, text_wrap=True)

    def cell(
        self, sheet: Worksheet, row: int, column: int, value: Any, *, wrap: bool = False, by_day: bool = False
    ) -> None:
        """A value by its type, in a bordered cell; None leaves it empty. by_day: moments show their day, the clock
        stays in the cell."""
        look: dict[str, Any] = {"border": 1, "border_color": _LINE}
        right, centre = look | {"align": "right", "indent": 1}, look | {"align": "center"}
        match value:
            case None:
                sheet.write_blank(row, column, None, self.format(**look))
            case bool():
                sheet.write_boolean(row, column, value, self.format(**centre))
            case int() | float():
                places = _WHOLE if isinstance(value, int) else _BROKEN
                sheet.write_number(row, column, value, self.format(**right, num_format=places))
            case datetime():
                # a day without a clock is its first or, for due dates, its last second (portal-exports §4)
                shown = _DAY if by_day or value.time() in _NO_CLOCK else _MINUTE
                sheet.write_datetime(row, column, value, self.format(**centre, num_format=shown))
            case date():
                sheet.write_datetime(row, column, value, self.format(**centre, num_format=_DAY))
            case _:
                sheet.write_string(row, column, self._fitting(str(value)), self.format(**look, text_wrap=wrap))

    def writer(self, kind: str) -> Callable[[Worksheet, int, int, Any], Any]:
        """What writes the values, none of them None, of a column of that DuckDB type: for the bulk of a table, in
        plain cells."""
        if kind == "BOOLEAN":
            look = self.format()
            return lambda sheet, row, column, value: sheet.write_boolean(row, column, value, look)
        if kind.startswith("TIMESTAMP") or kind == "DATE":
            look = self.format(num_format=_DAY if kind == "DATE" else _SECOND)
            return lambda sheet, row, column, value: sheet.write_datetime(row, column, value, look)
        if kind in _NUMBERS:
            look = self.format(num_format=_BROKEN if kind in ("DOUBLE", "FLOAT") else _WHOLE)
            return lambda sheet, row, column, value: sheet.write_number(row, column, value, look)
        look, fitting = self.format(num_format="@"), self._fitting
        if kind.endswith("[]"):
            return lambda sheet, row, column, value: sheet.write_string(row, column, fitting(", ".join(value)), look)
        return lambda sheet, row, column, value: sheet.write_string(row, column, fitting(str(value)), look)

    def _fitting(self, text: str) -> str:
        """As much of the text as a cell of Excel holds, which counts in UTF-16."""
        if len(text) <= LONGEST // 2 or len(wide := text.encode("utf-16-le")) <= 2 * LONGEST:
            return text
        self.cut += 1
        return wide[: 2 * LONGEST].decode("utf-16-le", errors="ignore")
