"""Lists that people work down: which dossiers, in which order, with which columns; as a workbook, as CSV, for the
screen. Every list is one query (sql/list_<name>.sql) on the marts; nothing is computed here."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.contract.marks import marked
from pipelines.serving.asking import AskedWronglyError, chosen_source, known
from pipelines.serving.office.words import said, word
from pipelines.serving.office.workbook import Book
from pipelines.serving.published import Published, Row

#: Columns that every list begins with; behind those of the list stand the office's remark, and then, beyond the printed
#: page, what is looked up more rarely.
_FIRST = ("dossier_code", "agency_name", "procedure_name")
_BEYOND = ("channel", "procedure_code", "agency_code")
#: Width of a column in characters; texts wrap.
_WIDTHS = {
    "no": 5, "dossier_code": 25, "agency_name": 19, "field_name": 20, "procedure_name": 30, "state": 17, "reason": 26,
    "task": 34, "remark": 22, "agency_code": 12, "procedure_code": 23, "channel": 14, "official_verdict": 16,
    "promise_verdict": 16,
}  # fmt: skip
_NARROW, _MOMENT, _LINE_HEIGHT = 11, 16, 15


@dataclass(frozen=True)
class Kind:
    """A list that people may ask for: its query (sql/<query>.sql), its own columns, those beyond the printed page, and
    those that a screen has room for. of_rule_set: it is of one rule set, and of dossiers with a field."""

    query: str
    columns: tuple[str, ...]
    beyond: tuple[str, ...] = ("field_name", "state")
    shown: tuple[str, ...] = ()
    of_rule_set: bool = True

    @property
    def printed(self) -> tuple[str, ...]:
        return (*_FIRST, *self.columns)

    @property
    def all_columns(self) -> tuple[str, ...]:
        """Every column with values, in the order of the sheet."""
        return (*self.printed, *self.beyond, *_BEYOND)


_OVERDUE = ("received_at", "due_at", "effective_due")
LISTS: dict[str, Kind] = {
    "overdue": Kind(
        "list_overdue",
        (*_OVERDUE, "working_days_overdue", "reappointments", "apology_missed", "reason"),
        ("calendar_days_overdue", "state", "field_name"),
        ("received_at", "effective_due", "working_days_overdue", "reason"),
    ),
    "late": Kind(
        "list_late",
        (*_OVERDUE, "effective_end", "working_days_overdue", "reappointments", "reason"),
        ("calendar_days_overdue", "state", "field_name"),
        ("effective_due", "effective_end", "working_days_overdue", "reason"),
    ),
    "due-soon": Kind(
        "list_due_soon",
        ("received_at", "due_at", "working_days_left", "apology_by", "apology_due"),
        ("state", "reason", "field_name"),
        ("received_at", "due_at", "working_days_left", "apology_by"),
    ),
    "apologies": Kind(
        "list_apologies",
        ("task", "received_at", "due_at", "working_days_overdue", "apology_by"),
        ("state", "reason", "field_name"),
        ("due_at", "working_days_overdue", "task"),
    ),
    "waiting": Kind(
        "list_waiting",
        ("submitted_at", "working_hours_waited", "over_8_hours"),
        (),
        ("submitted_at", "working_hours_waited", "over_8_hours"),
        of_rule_set=False,
    ),
    "reappointed": Kind(
        "list_reappointed",
        ("received_at", "promised_at", "due_at", "working_days_overdue", "more_than_once", "official_verdict",
         "promise_verdict"),
        ("ended_at", "state", "reason", "field_name"),
        ("promised_at", "due_at", "working_days_overdue", "official_verdict", "promise_verdict"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Listing:
    """A list of a published version in one language. head: (label, text) of the lines above it. all: how many rows
    there are, of which `rows` may be the first. by_day: its rule set compares days, so no clock is shown."""

    name: str
    lang: str
    head: list[tuple[str, str]]
    rows: list[Row]
    all: int
    by_day: bool

    @property
    def kind(self) -> Kind:
        return LISTS[self.name]

    def word(self, key: str) -> str:
        return word(self.lang, key)


def listing(
    published: Published,
    name: str,
    lang: str,
    *,
    agency: str | None = None,
    field: str | None = None,
    rule_set: str | None = None,
    source: str | None = None,
    limit: int | None = None,
) -> Listing:
    """The list as asked for; without a source that of the most dossiers, without a rule set the default one.

    Raises AskedWronglyError for a list, agency, field, rule set or source that there is none of.
    """
    name = known("list", name, LISTS)
    kind = LISTS[name]
    source = chosen_source(published, source)
    agencies = {row["agency_code"]: row["name"] for row in published.rows("agencies")}
    agency = known("agency", agency, agencies) if agency else None
    asked: dict[str, Any] = {"lang": lang, "source": source, "agency": agency}
    head = [("head.agency", f"{agencies[agency]} ({agency})" if agency else word(lang, "head.every_agency"))]
    by_day = False
    if kind.of_rule_set:
        fields = {row["field_code"]: row["field_name"] for row in published.rows("fields")}
        asked["field"] = known_field(field, fields) if field else None
        if asked["field"]:
            head.append(("head.field", f"{fields[asked['field']]} ({asked['field']})"))
        rule = chosen_rule_set(published, rule_set)
        asked["rule_set"], by_day = rule["rule_set"], rule["compares"] == "date"
        head.append(("head.rule_set", f"{rule['name_en' if lang == 'en' else 'name_vi']} ({rule['rule_set']})"))
    elif field or rule_set:
        raise AskedWronglyError("office.no_such_filter", name=name)
    ask = published.named().listed if kind.of_rule_set else published.named().rows
    found = ask(kind.query, **asked)
    for row in found:
        row["task"] = word(lang, f"task.{row['task']}") if row.get("task") else None
    rows = found[:limit] if limit else found
    head += [("head.source", source), *stamps(published, lang)]
    shown = said(lang, len(rows))
    counted = word(lang, "head.rows_of", shown=shown, all=said(lang, len(found)))
    head.append(("head.rows", shown if len(rows) == len(found) else counted))
    return Listing(name, lang, [(word(lang, key), text) for key, text in head], rows, len(found), by_day)


def chosen_rule_set(published: Published, rule_set: str | None) -> Row:
    """The row of dim_rule_set that is meant: the one that is named, else the default one."""
    rows = {str(row["rule_set"]): row for row in published.rows("rule_sets")}
    if rule_set is not None:
        return rows[known("rule_set", rule_set, rows)]
    return next(row for row in rows.values() if row["is_default"])


def known_field(field: str, fields: dict[str, str]) -> str:
    """The code of a field of administration, of its code or its name."""
    codes = {name: code for code, name in fields.items()}
    found = known("field", field, [*fields, *codes])
    return found if found in fields else codes[found]


def stamps(published: Published, lang: str) -> list[tuple[str, str]]:
    """(key of words, text): the moments, the definitions and the version that figures are of."""
    known_at = [("head.known_at", _moment(lang, published.known_at))] if published.known_at else []
    definitions = f"{published.definitions_version}, {word(lang, 'head.version')} {published.version}"
    return [("head.as_of", _moment(lang, published.as_of)), *known_at, ("head.definitions", definitions)]


def _moment(lang: str, moment: datetime) -> str:
    """With the clock always: `23:59 ngày 31/05/2024`."""
    return f"{moment:%Y-%m-%d %H:%M}" if lang == "en" else f"{moment:%H:%M} ngày {moment:%d/%m/%Y}"


def write_workbook(found: Listing, path: Path) -> None:
    """The list as .xlsx: lines that say what it is, a table with autofilter, a head that stays, a column to fill in."""
    book = Book(path)
    sheet = book.sheet(found.word(f"{found.name}.sheet"))
    printed, kind = ("no", *found.kind.printed, "remark"), found.kind
    columns = (*printed, *kind.beyond, *_BEYOND)
    widths = [_width(found, column) for column in columns]
    for place, width in enumerate(widths):
        sheet.set_column(place, place, width)
    top = _head(book, sheet, found, len(printed), sum(widths[: len(printed)]))
    sheet.set_row(top, 3 * _LINE_HEIGHT)
    for place, column in enumerate(columns):
        sheet.write_string(top, place, found.word(column), book.heading)
    for number, row in enumerate(found.rows, start=1):
        values = [({"no": number, "remark": ""} | row)[column] for column in columns]
        sheet.set_row(top + number, _height(values[: len(printed)], widths[: len(printed)]))
        for place, (column, value) in enumerate(zip(columns, values, strict=True)):
            if column == "remark":
                sheet.write_blank(top + number, place, None, book.remark)
            elif isinstance(value, bool):
                sheet.write_string(top + number, place, said(found.lang, value), book.flag)
            else:
                wrap = place < len(printed)
                book.cell(sheet, top + number, place, value, wrap=wrap, by_day=found.by_day)
    last = top + max(len(found.rows), 1)
    sheet.autofilter(top, 0, last, len(columns) - 1)
    sheet.freeze_panes(top + 1, 2)
    sheet.repeat_rows(top)
    sheet.print_area(0, 0, last, len(printed) - 1)
    sheet.ignore_errors({"number_stored_as_text": f"A{top + 1}:Z{last + 1}"})
    sheet.set_footer(f"&L{found.word(found.name)}&R{found.word('page')}")
    book.close()


def _width(found: Listing, column: str) -> int:
    moment = column.endswith(("_at", "_due", "_end")) and column != "apology_due"
    return _WIDTHS.get(column, _NARROW if found.by_day or not moment else _MOMENT)


def _height(values: Sequence[Any], widths: Sequence[int]) -> int:
    """Height of a row whose texts wrap: nobody works it out when the file is opened."""
    texts = [(len(value), width) for value, width in zip(values, widths, strict=True) if isinstance(value, str)]
    return _LINE_HEIGHT * max(1, *(-(-length * 10 // (11 * width)) for length, width in texts), 1) + 4


def _head(book: Book, sheet: Any, found: Listing, width: int, letters: int) -> int:
    """The lines above the table, over `width` columns of so many letters; returns the row of the table's head."""
    what = found.word(f"{found.name}.what")
    sheet.set_row(0, 24)
    sheet.write_string(0, 0, found.word(found.name), book.format(bold=True, font_size=15))
    sheet.merge_range(1, 0, 1, width - 1, what, book.format(italic=True, text_wrap=True, valign="top"))
    sheet.set_row(1, _height([what], [letters]))
    for row, (label, text) in enumerate(found.head, start=2):
        sheet.write_rich_string(row, 0, book.format(), f"{label}: ", book.format(bold=True), text, book.format())
    return len(found.head) + 3


def write_csv(found: Listing, path: Path) -> None:
    """The table alone, UTF-8 with a byte order mark, texts kept from being formulas; moments as ISO."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file, quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
        out.writerow([found.word(column) for column in found.kind.all_columns])
        for row in found.rows:
            out.writerow([_plain(found.lang, row[column]) for column in found.kind.all_columns])


def _plain(lang: str, value: Any) -> Any:
    value = said(lang, value) if isinstance(value, bool) else value
    return marked(value) if isinstance(value, str) else value


def on_screen(found: Listing) -> tuple[list[str], list[list[Any]]]:
    """(heads, rows) of the few columns that fit on a screen."""
    columns = ("dossier_code", "agency_name", *found.kind.shown)
    rows = [[_short(found, row[column]) for column in columns] for row in found.rows]
    return [found.word(column) for column in columns], rows


def _short(found: Listing, value: Any) -> Any:
    """For the screen, which puts whole numbers to the right by itself."""
    if isinstance(value, datetime) and found.by_day:
        value = value.date()
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole or value is None else said(found.lang, value)
