"""Form II.06 as a workbook: a sheet per reporting unit, A4 landscape, ready to print and to be signed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from xlsxwriter.utility import xl_col_to_name, xl_range
from xlsxwriter.worksheet import Worksheet

from pipelines.serving.office.form import NUMBERS, Form
from pipelines.serving.office.workbook import Book

_WIDTHS = (5, 33, 14, 8, 11, 8, 15, 8, 8, 8, 13, 8, 8)
_LAST = len(_WIDTHS) - 1
#: Sums over the columns beside them: column → first and last of its parts (from 0).
_SUMS = {2: (3, 5), 6: (7, 9), 10: (11, 12)}
#: Rows of the sheet, from 0.
_HEADS, _NUMBERS, _BODY = 7, 10, 11
_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\']")


def write_forms(forms: list[Form], path: Path) -> None:
    """The forms, each on a sheet of its own, called after its agency."""
    book = Book(path)
    for form in forms:
        _sheet(book, book.sheet(_NOT_IN_A_NAME.sub(" ", form.agency or "II.06")), form)
    book.close()


def _sheet(book: Book, sheet: Worksheet, form: Form) -> None:
    for place, width in enumerate(_WIDTHS):
        sheet.set_column(place, place, width)
    _above(book, sheet, form)
    _heads(book, sheet, form.texts)
    behind = _body(book, sheet, form)
    _below(book, sheet, form, behind)
    sheet.repeat_rows(_HEADS, _NUMBERS)
    sheet.freeze_panes(_BODY, 2)
    sheet.center_horizontally()
    sheet.set_footer("&RTrang &P/&N")


def _above(book: Book, sheet: Worksheet, form: Form) -> None:
    texts = form.texts
    left, centre = book.format(text_wrap=True, valign="top"), book.format(align="center")
    sheet.merge_range(0, 0, 0, 1, texts["number"], book.format(bold=True, valign="top"))
    sheet.merge_range(1, 0, 2, 1, texts["basis"], book.format(italic=True, font_size=9, text_wrap=True, valign="top"))
    sheet.merge_range(0, 2, 1, 8, texts["title"], book.format(bold=True, font_size=13, align="center", text_wrap=True))
    sheet.merge_range(2, 2, 2, 8, form.period_line, book.format(bold=True, align="center"))
    sheet.merge_range(3, 2, 3, 8, form.days_line, book.format(italic=True, align="center"))
    sheet.merge_range(
        0, 9, 0, _LAST, f"{texts['unit']} {form.unit}", book.format(bold=True, text_wrap=True, valign="top")
    )
    sheet.merge_range(1, 9, 2, _LAST, f"{texts['receiver']} {form.receiver}", left)
    sheet.merge_range(5, 9, 5, _LAST, texts["measure"], book.format(italic=True, align="right"))
    sheet.set_row(0, 34)
    sheet.set_row(1, 18)
    sheet.set_row(2, 18)
    sheet.set_row(4, 6, centre)
    sheet.set_row(6, 4, centre)


def _heads(book: Book, sheet: Worksheet, texts: dict[str, str]) -> None:
    head = book.format(bold=True, border=1, align="center", text_wrap=True)
    top, middle, low = _HEADS, _HEADS + 1, _HEADS + 2
    for place in (0, 1):
        sheet.merge_range(top, place, low, place, texts[f"c{place + 1}"], head)
    for first, last, group in ((2, 5, "received"), (6, 9, "resolved"), (10, 12, "pending")):
        sheet.merge_range(top, first, top, last, texts[group], head)
    sheet.merge_range(middle, 3, middle, 4, texts["in_period"], head)
    for place in (3, 4):
        sheet.write_string(low, place, texts[f"c{place + 1}"], head)
    for place in (2, *range(5, _LAST + 1)):
        sheet.merge_range(middle, place, low, place, texts[f"c{place + 1}"], head)
    sheet.set_row(top, 20)
    sheet.set_row(middle, 18)
    sheet.set_row(low, 48)
    small = book.format(italic=True, border=1, align="center", font_size=9, text_wrap=True)
    for place, number in enumerate(NUMBERS):
        sheet.write_string(_NUMBERS, place, number, small)
    sheet.set_row(_NUMBERS, 24)


def _body(book: Book, sheet: Worksheet, form: Form) -> int:
    """One row per field and the totals, sums as formulas with their values; returns the row behind."""
    for number, line in enumerate(form.lines):
        row = _BODY + number
        sheet.write_number(row, 0, number + 1, book.format(border=1, align="center"))
        sheet.write_string(row, 1, line.name, book.format(border=1, text_wrap=True))
        _figures(book, sheet, row, line.figures, bold=False)
        sheet.set_row(row, 20 if len(line.name) <= 42 else 34)
    last = _BODY + len(form.lines)
    sheet.merge_range(last, 0, last, 1, form.texts["total"], book.format(border=1, bold=True, align="center"))
    sheet.set_row(last, 22)
    if form.lines:
        look = book.format(border=1, bold=True, num_format="#,##0", align="right", indent=1)
        for place, figure in enumerate(form.total, start=2):
            column = xl_col_to_name(place)
            sheet.write_formula(last, place, f"=SUM({column}{_BODY + 1}:{column}{last})", look, figure)
    else:
        _figures(book, sheet, last, form.total, bold=True)
    return last + 1


def _figures(book: Book, sheet: Worksheet, row: int, figures: tuple[int, ...], *, bold: bool) -> None:
    look: Any = book.format(border=1, bold=bold, num_format="#,##0", align="right", indent=1)
    strong: Any = book.format(border=1, bold=True, num_format="#,##0", align="right", indent=1)
    for place, figure in enumerate(figures, start=2):
        if place in _SUMS:
            parts = xl_range(row, _SUMS[place][0], row, _SUMS[place][1])
            sheet.write_formula(row, place, f"=SUM({parts})", strong, figure)
        else:
            sheet.write_number(row, place, figure, look)


def _below(book: Book, sheet: Worksheet, form: Form, row: int) -> None:
    texts, note = form.texts, book.format(italic=True, font_size=9, text_wrap=True, valign="top")
    for number, text in enumerate(form.notes, start=row + 1):
        sheet.merge_range(number, 0, number, _LAST, text, note)
        sheet.set_row(number, 13 if len(text) < 200 else 25)
    row += len(form.notes) + 2
    centre, strong = book.format(align="center", italic=True), book.format(align="center", bold=True)
    sheet.merge_range(row, 8, row, _LAST, texts["place_and_day"], centre)
    sheet.merge_range(row + 1, 0, row + 1, 3, texts["drawn_up_by"], strong)
    sheet.merge_range(row + 1, 8, row + 1, _LAST, texts["head"], strong)
    sheet.merge_range(row + 2, 0, row + 2, 3, texts["drawn_up_sign"], centre)
    sheet.merge_range(row + 2, 8, row + 2, _LAST, texts["head_sign"], centre)
