"""Any mart of a published version as a file: .xlsx for people, .csv, and .parquet for programs.

In .xlsx and .csv columns are headed in words; those of fct_dossiers by the contract's Vietnamese headings, so that the
readers take such a file back. In .parquet everything stays as it is published.
"""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from duckdb import CaseExpression, ColumnExpression, ConstantExpression, Expression, FunctionExpression
from xlsxwriter.worksheet import Worksheet

from pipelines.contract import DOSSIERS
from pipelines.contract.marks import DANGEROUS, MARK
from pipelines.offers import offered
from pipelines.serving.asking import AskedWronglyError, known
from pipelines.serving.catalogue import heading, marts
from pipelines.serving.office.lists import stamps
from pipelines.serving.office.words import said, word
from pipelines.serving.office.workbook import MOST_ROWS, Book
from pipelines.serving.published import Published

#: Columns by which a mart is of a period or month, in the order in which they are looked for.
_PERIODS = ("period", "month")
_BOM = b"\xef\xbb\xbf"
_AT_ONCE = 10_000


@dataclass(frozen=True)
class Extract:
    """Rows and columns of a mart, ordered by its key. `rows`: how many. agency, period: what was asked for."""

    mart: str
    relation: duckdb.DuckDBPyRelation
    rows: int
    agency: str | None
    period: str | None

    def heads(self, lang: str) -> list[str]:
        """What the columns are called; names that would stand twice say which column they are of."""
        called = [_heading(self.mart, column, lang) for column in self.relation.columns]
        often = Counter(called)
        return [
            f"{text} ({column})" if often[text] > 1 else text
            for text, column in zip(called, self.relation.columns, strict=True)
        ]


def extract(
    published: Published,
    mart: str,
    *,
    agency: str | None = None,
    period: str | None = None,
    columns: Sequence[str] | None = None,
) -> Extract:
    """What was asked for of a mart. Raises AskedWronglyError for what there is none of."""
    mart = known("mart", mart, published.marts)
    relation = published.con.table(f"marts.{mart}")
    agency_code, there = agency, relation.columns
    if agency:
        if "agency_code" not in there:
            raise AskedWronglyError("office.mart_without", name=mart, known=_having(published, ("agency_code",)))
        agency_code = known("agency", agency, [str(row["agency_code"]) for row in published.rows("agencies")])
        relation = relation.filter(_of_agency(agency_code))
    if period:
        by = next((column for column in _PERIODS if column in there), None)
        if by is None:
            raise AskedWronglyError("office.mart_without", name=mart, known=_having(published, _PERIODS))
        periods = [str(row[0]) for row in published.con.table(f"marts.{mart}").select(by).distinct().fetchall()]
        period = known("period_of_mart", period, sorted(periods, reverse=True))
        relation = relation.filter(ColumnExpression(by).cast("varchar") == ConstantExpression(period))
    key = marts()[mart].key if mart in marts() else ()
    relation = relation.sort(*(ColumnExpression(column) for column in key if column in there)) if key else relation
    if columns:
        relation = relation.select(*(ColumnExpression(known("column", column.strip(), there)) for column in columns))
    counted = relation.count("*").fetchone()
    return Extract(mart, relation, counted[0] if counted else 0, agency_code, period)


def _of_agency(agency: str) -> Expression:
    """The agency itself and those below it."""
    code = ColumnExpression("agency_code")
    below = FunctionExpression("starts_with", code, ConstantExpression(f"{agency}."))
    return (code == ConstantExpression(agency)) | below


def _having(published: Published, columns: Sequence[str]) -> str:
    """The marts that have one of the columns, by the catalogue."""
    found = [name for name in published.marts if name in marts() and any(c in marts()[name].columns for c in columns)]
    return offered("", found)


def _heading(mart: str, column: str, lang: str) -> str:
    field = DOSSIERS.field(column) if mart == "fct_dossiers" or column == "dossier_code" else None
    if lang != "en" and field and field.headings and not field.personal:
        return field.headings[0].capitalize()
    return heading(mart, column, lang)


def write_parquet(found: Extract, path: Path) -> None:
    """As it is published: names and types of the mart."""
    found.relation.write_parquet(str(path), compression="zstd")


def write_csv(found: Extract, path: Path, lang: str) -> None:
    """UTF-8 with a byte order mark, every cell in quotes, texts kept from being formulas; moments as ISO."""
    heads = found.heads(lang)
    cells = [
        _cell(column, str(kind)).alias(head)
        for column, kind, head in zip(found.relation.columns, found.relation.types, heads, strict=True)
    ]
    body = path.with_suffix(".body")
    try:
        found.relation.select(*cells).write_csv(str(body), header=True, quoting=csv.QUOTE_ALL)
        with path.open("wb") as out, body.open("rb") as rows:
            out.write(_BOM)
            shutil.copyfileobj(rows, out, 1 << 20)
    finally:
        body.unlink(missing_ok=True)


def _cell(column: str, kind: str) -> Expression:
    """The column as CSV: texts that a spreadsheet would take for a formula get the mark (contract/marks.py)."""
    text: Expression = ColumnExpression(column)
    if kind == "VARCHAR[]":
        text = FunctionExpression("array_to_string", text, ConstantExpression(", "))
    elif kind != "VARCHAR":
        return text
    dangerous = FunctionExpression("regexp_matches", text, ConstantExpression(DANGEROUS))
    return CaseExpression(dangerous, FunctionExpression("concat", ConstantExpression(MARK), text)).otherwise(text)


def write_workbook(found: Extract, path: Path, published: Published, lang: str, *, most: int = MOST_ROWS) -> int:
    """A workbook with the rows, then a sheet that says what they are. More than a sheet holds (`most`, its head
    counted: Excel's limit) go on over further sheets; returns how many sheets hold rows."""
    book = Book(path, large=True)
    heads, room = found.heads(lang), most - 1
    sheets = max(1, -(-found.rows // room))
    result = found.relation.execute()
    for number in range(1, sheets + 1):
        sheet = book.sheet(found.mart if sheets == 1 else f"{found.mart[:26]} ({number})")
        _head(book, sheet, found, heads, min(found.rows - (number - 1) * room, room))
        _rows(book, sheet, found, _taken(result, room))
    _about(book, found, published, lang, sheets)
    book.close()
    return sheets


def _head(book: Book, sheet: Worksheet, found: Extract, heads: list[str], rows: int) -> None:
    """The head of a sheet of so many rows: it stays, is printed on every page, and filters."""
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    sheet.autofilter(0, 0, max(rows, 1), len(heads) - 1)
    sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{rows + 1}"})
    sheet.set_row(0, 45)
    for place, (column, kind) in enumerate(zip(found.relation.columns, found.relation.types, strict=True)):
        sheet.set_column(place, place, _width(column, str(kind)))
        sheet.write_string(0, place, heads[place], book.heading)


def _rows(book: Book, sheet: Worksheet, found: Extract, rows: Iterable[tuple[Any, ...]]) -> None:
    writers = [book.writer(str(kind)) for kind in found.relation.types]
    for number, row in enumerate(rows, start=1):
        for place, (write, value) in enumerate(zip(writers, row, strict=True)):
            if value is not None:
                write(sheet, number, place, value)


def _taken(result: duckdb.DuckDBPyRelation, most: int) -> Iterator[tuple[Any, ...]]:
    """The next rows, at most so many, some thousands in memory at a time."""
    while most and (rows := result.fetchmany(min(most, _AT_ONCE))):
        most -= len(rows)
        yield from rows


def _width(column: str, kind: str) -> int:
    """Width of a column in characters."""
    if kind.startswith("VARCHAR"):
        return 36 if column.endswith(("_name", "_vi", "_en")) else 26 if column.endswith("_code") else 18
    return 19 if kind == "TIMESTAMP" else 12


def _about(book: Book, found: Extract, published: Published, lang: str, sheets: int) -> None:
    """The sheet that says which mart, rows and version this is, and what the columns mean."""
    sheet = book.sheet(word(lang, "about"))
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 30)
    sheet.set_column(2, 2, 90)
    mart = marts().get(found.mart)
    lines = [
        (word(lang, "about.mart"), f"{mart.title(lang)} ({found.mart})" if mart else found.mart),
        *([(word(lang, "about.grain"), " ".join(mart.grain(lang).split()))] if mart else []),
        (word(lang, "head.agency"), found.agency or word(lang, "head.every_agency")),
        (word(lang, "about.period"), found.period or word(lang, "about.all")),
        (word(lang, "about.rows"), said(lang, found.rows)),
        *((word(lang, key), text) for key, text in stamps(published, lang)),
    ]
    notes = [word(lang, "about.sheets", n=sheets)] if sheets > 1 else []
    notes += [word(lang, "about.cut", n=said(lang, book.cut))] if book.cut else []
    for row, (label, text) in enumerate(lines):
        sheet.write_string(row, 0, label, book.format(bold=True))
        sheet.write_string(row, 1, text, book.format())
    for row, text in enumerate(notes, start=len(lines)):
        sheet.write_string(row, 0, text, book.format(bold=True, font_color="#9C0006"))
    top = len(lines) + len(notes) + 1
    for place, key in enumerate(("about.heading", "about.column", "about.meaning")):
        sheet.write_string(top, place, word(lang, key), book.heading)
    meanings = {name: column.meaning(lang) for name, column in mart.columns.items()} if mart else {}
    for row, (head, column) in enumerate(zip(found.heads(lang), found.relation.columns, strict=True), start=top + 1):
        for place, text in enumerate((head, column, meanings.get(column, ""))):
            sheet.write_string(row, place, text, book.format(border=1, text_wrap=True, valign="top"))
