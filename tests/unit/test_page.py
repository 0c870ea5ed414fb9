"""The page without a warehouse: how figures are written, how long lists are cut, that nothing of the data is markup."""

from __future__ import annotations

import string
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import lxml.html
import pytest

from pipelines.formats import Formats
from pipelines.serving.page import LARGEST, fitted
from pipelines.serving.page.model import Card, Column, Page, Section, SourceView, Table
from pipelines.serving.page.words import TEXTS

VI, EN = Formats("vi"), Formats("en")


@pytest.mark.parametrize(
    ("method", "value", "vietnamese", "english"),
    [
        ("number", 33653, "33.653", "33,653"),
        ("number", -1234, "−1.234", "−1,234"),
        ("number", 0, "0", "0"),
        ("measure", 4.43, "4,43", "4.43"),
        ("measure", 33415.0, "33.415", "33,415"),
        ("percent", Decimal("51.25"), "51,25 %", "51.25%"),
        ("percent", 2.005, "2,01 %", "2.01%"),
        ("percent", 0, "0,00 %", "0.00%"),
        ("share", 0.998890860692103, "99,89 %", "99.89%"),
        ("signed", 12, "+12", "+12"),
        ("signed", -3, "−3", "−3"),
        ("signed", 0, "0", "0"),
        ("day", date(2024, 5, 31), "31/05/2024", "31/05/2024"),
        ("moment", datetime(2024, 5, 31, 17, 0), "17:00 31/05/2024", "17:00 31/05/2024"),
        ("month", "2024-05", "05/2024", "05/2024"),
        ("text", "", "–", "–"),
    ],
)
def test_figures_are_written_as_people_of_the_language_do(
    method: str, value: Any, vietnamese: str, english: str
) -> None:
    assert (getattr(VI, method)(value), getattr(EN, method)(value)) == (vietnamese, english)


@pytest.mark.parametrize(
    "method", ["number", "measure", "percent", "share", "signed", "day", "moment", "month", "text"]
)
def test_no_figure_is_a_dash(method: str) -> None:
    assert getattr(VI, method)(None) == "–"


def test_every_text_has_both_languages_and_the_same_places() -> None:
    def places(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for key, (vietnamese, english) in TEXTS.items():
        assert vietnamese.strip() and english.strip(), key
        assert places(vietnamese) == places(english), key


def page_with(rows: list[dict[str, Any]], total: int | None = None) -> Page:
    columns = [Column("code", "Mã", "code"), Column("agency_code", "Cơ quan", "agency"), Column("name", "Thủ tục")]
    table = Table(
        "list-dvcqg", "Danh sách", columns, rows, total=total, whole="dunghan list overdue -o x.xlsx", is_list=True
    )
    card = Card("overdue", "Đang quá hạn", "2", "", "list-dvcqg", True, ("–", "same"), ("–", "same"))
    section = Section("part-dvcqg", "Quá hạn", "Mẫu số", tables=[table])
    view = SourceView("dvcqg", "Cổng", "2", "Tóm tắt", [], [card], [section])
    names = [("H39", rows[0]["agency"])] if rows else []
    facts = [("Chốt", "31/05/2024")]
    return Page("vi", "Tiêu đề", "Tỉnh", "2024-06-01T00:00:00+00:00", facts, [], [view], [], names, [], {"sources": {}})


def rows_of(number: int, name: str = "Cấp bản sao", agency: str = "Tỉnh Long An") -> list[dict[str, Any]]:
    return [{"code": f"H39-{n}", "agency_code": "H39", "name": name, "agency": agency} for n in range(number)]


def test_lists_are_cut_until_the_page_is_small_enough_and_it_says_so() -> None:
    text = fitted(page_with(rows_of(200, name="Thủ tục " * 1500), total=30000))
    assert len(text.encode()) <= LARGEST
    parsed = lxml.html.fromstring(text)
    assert len(parsed.xpath("//tbody/tr")) == 100, "the longest list that fits"
    said = parsed.xpath("string(//p[@class='cut'])")
    assert "100 trong 30.000" in said and "dunghan list overdue -o x.xlsx" in said


def test_a_list_that_is_whole_says_nothing_of_a_cut() -> None:
    parsed = lxml.html.fromstring(fitted(page_with(rows_of(3), total=3)))
    assert "trong" not in parsed.xpath("string(//p[@class='cut'])")


def test_texts_of_the_data_are_never_markup() -> None:
    planted = """<script>alert(1)</script>"><img src=x onerror=alert(2)>'&"""
    text = fitted(page_with(rows_of(1, name=planted, agency=planted)))
    parsed = lxml.html.fromstring(text)
    assert not parsed.xpath("//img") and len(parsed.xpath("//script")) == 3
    assert parsed.xpath("//tbody//td")[1].text_content() == planted
    assert planted in parsed.xpath("string(//select[@id='agency'])")
