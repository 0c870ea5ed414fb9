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
from pipelines.serving.office.asking import AskedWronglyError, known
from pipelines.serving.office.words import said, word
from pipelines.serving.office.workbook import Book
from pipelines.serving.published import Published, Row

#: Columns that every list of dossiers begins with, and ends with.
_FIRST = ("dossier_code", "agency_name", "field_name", "procedure_name")
_LAST = ("state", "reason", "channel", "procedure_code", "agency_code")
#: Width of a column in characters; those named here wrap.
_WIDTHS = {
    "no": 5, "dossier_code": 25, "agency_name": 24, "field_name": 18, "procedure_name": 38, "state": 17, "reason": 34,
    "task": 40, "remark": 28, "agency_code": 12, "procedure_code": 21, "channel": 13, "submitted_at": 16,
    "received_at": 16, "due_at": 16, "effective_due": 16, "effective_end": 16, "ended_at": 16, "promised_at": 16,
    "official_verdict": 20, "promise_verdict": 20,
}  # fmt: skip
_NARROW = 11


@dataclass(frozen=True)
class Kind:
    """A list that people may ask for. columns: those between the first and the last that all lists have."""

    query: str
    columns: tuple[str, ...]
    of_rule_set: bool = True
    shown: tuple[str, ...] = ()

    @property
    def all_columns(self) -> tuple[str, ...]:
        """Every column, in the order of the sheet."""
        if not self.of_rule_set:
            return ("dossier_code", "agency_name", "procedure_name", *self.columns, *_LAST[2:])
        return (*_FIRST, *self.columns, *_LAST)


LISTS: dict[str, Kind] = {
    "overdue": Kind(
        "list_overdue",
        ("received_at", "due_at", "effective_due", "working_days_overdue", "calendar_days_overdue", "reappointments",
         "apology_missed"),
        shown=("received_at", "effective_due", "working_days_overdue", "reason"),
    ),
    "late": Kind(
        "list_late",
        ("received_at", "due_at", "effective_due", "effective_end", "working_days_overdue", "calendar_days_overdue",
         "reappointments"),
        shown=("effective_due", "effective_end", "working_days_overdue", "reason"),
    ),
    "due-soon": Kind(
        "list_due_soon",
        ("received_at", "due_at", "working_days_left", "apology_by", "apology_due"),
        shown=("received_at", "due_at", "working_days_left", "apology_by"),
    ),
    "apologies": Kind(
        "list_apologies",
        ("task", "received_at", "due_at", "working_days_overdue", "apology_by"),
        shown=("due_at", "working_days_overdue", "task"),
    ),
    "waiting": Kind(
        "list_waiting",
        ("submitted_at", "working_hours_waited", "over_8_hours"),
        of_rule_set=False,
        shown=("submitted_at", "working_hours_waited", "over_8_hours"),
    ),
    "reappointed": Kind(
        "list_reappointed",
        ("received_at", "promised_at", "due_at", "ended_at", "working_days_overdue", "more_than_once",
         "official_verdict", "promise_verdict"),
        shown=("promised_at", "due_at", "working_days_overdue", "official_verdict", "promise_verdict"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Listing:
    """A list of a published version in one language. head: (label, text) of the lines above it. all: how many rows
    there are, of which `rows` may be the first."""

    name: str
    lang: str
    head: list[tuple[str, str]]
    columns: tuple[str, ...]
    rows: list[Row]
    all: int

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
    head = [
        ("head.agency", f"{agencies[agency]} ({agency})" if agency else word(lang, "head.every_agency")),
    ]
    if kind.of_rule_set:
        fields = {row["field_code"]: row["field_name"] for row in published.rows("fields")}
        asked["field"] = known_field(field, fields) if field else None
        if asked["field"]:
            head.append(("head.field", f"{fields[asked['field']]} ({asked['field']})"))
        rule = chosen_rule_set(published, rule_set)
        asked["rule_set"] = rule["rule_set"]
        head.append(("head.rule_set", f"{rule['name_en' if lang == 'en' else 'name_vi']} ({rule['rule_set']})"))
    elif field or rule_set:
        raise AskedWronglyError("office.no_such_filter", name=name)
    found = published.rows(kind.query, **asked)
    for row in found:
        row["task"] = word(lang, f"task.{row['task']}") if row.get("task") else None
    rows = found[:limit] if limit else found
    head += [("head.source", source), *stamps(published, lang)]
    shown = said(lang, len(rows))
    counted = word(lang, "head.rows_of", shown=shown, all=said(lang, len(found)))
    head.append(("head.rows", shown if len(rows) == len(found) else counted))
    return Listing(name, lang, [(word(lang, key), text) for key, text in head], kind.all_columns, rows, len(found))


def chosen_source(published: Published, source: str | None) -> str:
    """The source that is meant: the one that is named, else the one with most dossiers. Systems send the same dossiers,
    so sources are never put together."""
    names = [str(row["source"]) for row in published.rows("sources")]
    if source is None and names:
        return names[0]
    return known("source", source or "", names)


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
    """The list as .xlsx: lines that say what it is, a table with autofilter and a head that stays, a column to fill in."""
    book = Book(path)
    sheet = book.sheet(found.word(found.name).capitalize()[:31])
    columns = ("no", *found.columns[:-3], "remark", *found.columns[-3:])
    for place, column in enumerate(columns):
        sheet.set_column(place, place, _WIDTHS.get(column, _NARROW))
    top = _head(book, sheet, found, len(columns))
    sheet.set_row(top, 33)
    for place, column in enumerate(columns):
        sheet.write_string(top, place, found.word(column), book.heading)
    for number, row in enumerate(found.rows, start=1):
        values = {"no": number} | row
        for place, column in enumerate(columns):
            if column == "remark":
                sheet.write_blank(top + number, place, None, book.remark)
            else:
                book.cell(sheet, top + number, place, _cell(found.lang, values[column]), wrap=_WIDTHS.get(column, 0) > 16)
    last = top + max(len(found.rows), 1)
    sheet.autofilter(top, 0, last, len(columns) - 1)
    sheet.freeze_panes(top + 1, 2)
    sheet.repeat_rows(top)
    sheet.ignore_errors({"number_stored_as_text": f"A{top + 1}:Z{last + 1}"})
    sheet.set_footer(f"&L{found.word(found.name)}&R{found.word('page')}")
    book.close()


def _head(book: Book, sheet: Any, found: Listing, width: int) -> int:
    """The lines above the table; returns the row of the table's head."""
    sheet.set_row(0, 24)
    sheet.write_string(0, 0, found.word(found.name), book.format(bold=True, font_size=15))
    sheet.merge_range(1, 0, 1, width - 1, "", book.format(italic=True, text_wrap=True))
    sheet.write_string(1, 0, found.word(f"{found.name}.what"), book.format(italic=True, text_wrap=True))
    for row, (label, text) in enumerate(found.head, start=2):
        sheet.write_string(row, 0, f"{label}: {text}", book.format())
    return len(found.head) + 3


def _cell(lang: str, value: Any) -> Any:
    """Yes and no as words; everything else as it is."""
    return said(lang, value) if isinstance(value, bool) else value


def write_csv(found: Listing, path: Path) -> None:
    """The table alone, UTF-8 with a byte order mark, texts kept from being formulas; moments as ISO."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file, quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
        out.writerow([found.word(column) for column in found.columns])
        for row in found.rows:
            out.writerow([_plain(found.lang, row[column]) for column in found.columns])


def _plain(lang: str, value: Any) -> Any:
    value = _cell(lang, value)
    return marked(value) if isinstance(value, str) else value


def on_screen(found: Listing) -> tuple[list[str], list[Sequence[Any]]]:
    """(heads, rows) of the few columns that fit on a screen."""
    columns = ("dossier_code", "agency_name", *LISTS[found.name].shown)
    rows = [[said(found.lang, row[c]) if c != "working_days_overdue" else row[c] for c in columns] for row in found.rows]
    return [found.word(column) for column in columns], rows
