"""Properties of all readers together: any bytes end in rows or FileRejected; any table comes back cell by cell.

The same examples at every run; `python -m tests.fuzz --minutes N` searches on.
"""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Iterator
from typing import Literal

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.contract import KINDS
from pipelines.portal.readers import open_reader
from pipelines.samples.shapes import SHAPES
from tests.fuzz.examine import Examiner, examiner, file_of
from tests.fuzz.mutations import NAMES, TOKENS, Change, seeds

steady = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.large_base_example],
)


@pytest.fixture(scope="module")
def watched() -> Iterator[Examiner]:
    with examiner() as one:
        yield one


def changes() -> st.SearchStrategy[list[Change]]:
    pieces = st.one_of(st.sampled_from(TOKENS), st.binary(max_size=12))
    sizes = st.sampled_from([1, 2, 3, 8, 41, 300, 3001])
    one = st.builds(Change, st.sampled_from(NAMES), st.floats(0, 1), sizes, pieces)
    return st.lists(one, min_size=1, max_size=4)


@settings(steady, max_examples=80)
@given(place=st.integers(0, 10_000), steps=changes(), other=st.integers(0, 10_000))
def test_changed_files_give_rows_or_a_reason(watched: Examiner, place: int, steps: list[Change], other: int) -> None:
    files = seeds()
    seed = files[place % len(files)]
    data = seed.data
    for step in steps:
        spliced = Change(step.name, step.at, step.size, files[other % len(files)].data)
        data = (spliced if step.name == "splice" else step).apply(data)
    assert watched.ask(data, seed.kind).fault == ""


@settings(steady, max_examples=60)
@given(head=st.sampled_from((b"", *TOKENS)), data=st.binary(max_size=300), kind=st.sampled_from(sorted(KINDS)))
def test_random_bytes_give_rows_or_a_reason(watched: Examiner, head: bytes, data: bytes, kind: str) -> None:
    assert watched.ask(head + data, kind).fault == ""


def test_valid_files_are_read_in_every_shape(watched: Examiner) -> None:
    """Otherwise the changed ones would test nothing."""
    for seed in seeds():
        verdict = watched.ask(seed.data, seed.kind)
        assert (verdict.fault, verdict.rejected) == ("", ""), seed.name
        assert verdict.rows >= 5, seed.name
    assert {seed.name.split()[0] for seed in seeds()} == set(SHAPES)


# --- random tables --------------------------------------------------------------------------------------------------

FIELDS = ("MaHoSo", "TenTTHC", "DonViXuLy", "TrangThaiHoSo", "GhiChu", "TenLinhVuc")
SHOWN = ("MaHoSo", "TenTTHC", "DonViXuLy", "TrangThaiHoSo", "TenLinhVuc")
#: What a cell may hold: quotes, separators, line ends, marks, markup, formulas; no lone surrogates or control signs.
CELL = st.text(
    st.one_of(
        st.sampled_from("aB1 \";,|\t\n'<>&=@+-\u0301\u00a0ếĐ/\\"),
        st.characters(codec="utf-8", exclude_categories=["C"]),
    ),
    max_size=12,
)
TABLE = st.lists(st.lists(CELL, min_size=len(FIELDS) - 1, max_size=len(FIELDS) - 1), min_size=1, max_size=8)


def coded(table: list[list[str]]) -> list[list[str]]:
    """The rows with a usual code in front: such a row is a dossier, whatever else it holds."""
    return [[f"H39.18-240102-{n:04}", *row] for n, row in enumerate(table, 1)]


def read(data: bytes) -> list[tuple[str, ...]]:
    """The shown fields of every row, trimmed as the canonical rows do it."""
    rows = []
    for batch in open_reader(file_of(data, "dossiers")).batches():
        assert all(batch.table.column("is_record").to_pylist())
        columns = [batch.table.column(name).to_pylist() for name in SHOWN]
        rows += [tuple(trimmed(cell) for cell in row) for row in zip(*columns, strict=True)]
    return rows


def trimmed(cell: str | None) -> str:
    return (cell or "").strip(" \t\n\r\v\f\u00a0\ufeff\u200b\x1c\x1d\x1e\x1f")


def wanted(rows: list[list[str]]) -> list[tuple[str, ...]]:
    return [tuple(trimmed(row[FIELDS.index(name)]) for name in SHOWN) for row in rows]


@settings(steady, max_examples=100)
@given(
    table=TABLE,
    separator=st.sampled_from(",;\t|"),
    ending=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_any_csv_table_comes_back(
    table: list[list[str]], separator: str, ending: str, quoting: Literal[0, 1], encoding: str
) -> None:
    rows = coded(table)
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, lineterminator=ending, quoting=quoting).writerows([FIELDS, *rows])
    assert read(text.getvalue().encode(encoding)) == wanted(rows)


@settings(steady, max_examples=40)
@given(table=TABLE)
def test_any_workbook_comes_back(table: list[list[str]]) -> None:
    rows = coded(table)
    data = io.BytesIO()
    with xlsxwriter.Workbook(data, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([FIELDS, *rows]):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, cell)
    assert read(data.getvalue()) == wanted(rows)


@settings(steady, max_examples=40)
@given(table=TABLE)
def test_any_page_comes_back(table: list[list[str]]) -> None:
    """A browser shows white space in a row as one space: so is it compared."""
    rows = coded(table)
    lines = ["".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in [list(FIELDS), *rows]]
    page = "<html><meta charset=utf-8><table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table></html>"
    collapsed = lambda found: [tuple(" ".join(cell.split()) for cell in row) for row in found]  # noqa: E731
    assert collapsed(read(page.encode())) == collapsed(wanted(rows))
