"""How the Data Docs look: pages that open without a network and without scripts, their fixed words in Vietnamese.

Great Expectations' own pages fetch styles, scripts and pictures from seven sites. An office without internet would see
an empty first page, and one with it would tell those sites who reads about the quality of its dossiers.
"""

from __future__ import annotations

import re
from html import escape
from typing import Any

from great_expectations.render.view import DefaultJinjaPageView

_FROM_OUTSIDE = re.compile(
    r"<link\b[^>]*>"
    r"|<script\b.*?</script>"
    r"|<img\b[^>]*>"
    r"|<footer>.*?</footer>"
    r"|<style>.*?</style>"
    r"|<a href=\"https?://[^>]*>.*?</a>",
    re.DOTALL,
)

_STYLE = """<style>
body { font-family: system-ui, "Segoe UI", "Noto Sans", sans-serif; margin: 0; color: #222; background: #fff }
nav.navbar { padding: .6rem 1.2rem; border-bottom: 1px solid #ccc }
nav ol { list-style: none; padding: 0; margin: 0 } nav li { display: inline; margin-right: .6rem }
.container-fluid, main { padding: 1rem 1.2rem } .col-lg-2 { display: none }
table { border-collapse: collapse; margin: .6rem 0 } td table { font-size: .85em }
td, th { border: 1px solid #ccc; padding: .35rem .6rem; text-align: left; vertical-align: top }
th { background: #f2f2f2 } .modal, .ge-info, .card, .ge-walkthrough-modal, .cooltip .top { display: none }
.fa-check-circle::before { content: "✓"; color: #1b6e2b }
.fa-times::before, .fa-exclamation-triangle::before { content: "!"; color: #a30000; font-weight: bold }
</style>
"""

#: Fixed words of the pages, longest first where one holds another.
_WORDS = {
    "<title>Data documentation compiled by Great Expectations</title>": "<title>Đúng Hạn: chất lượng dữ liệu</title>",
    "Evaluates whether a batch of data matches expectations.": "Lô dữ liệu có đúng như các quy tắc đòi hỏi không.",
    "Expectation Validation Result": "Kết quả kiểm tra",
    "Unsuccessful Expectations": "Quy tắc có dòng vi phạm",
    "Successful Expectations": "Quy tắc không có dòng vi phạm",
    "Evaluated Expectations": "Quy tắc đã kiểm tra",
    "Table-Level Expectations": "Các quy tắc",
    "Expectation Suite:": "Bộ quy tắc:",
    "Data asset:": "Lô dữ liệu:",
    "Status:": "Tình trạng:",
    "Failed": "có dòng vi phạm",
    "Succeeded": "không có dòng vi phạm",
    "Success Percent": "Tỷ lệ quy tắc không bị vi phạm",
    "Show more info...": "Chi tiết…",
    "Observed Value": "Số dòng",
    ">Home<": ">Trang đầu<",
    "Overview": "Tổng quan",
    "Validations /": "Kiểm tra /",
    "Statistics": "Thống kê",
}
_CELLS = {"Status": "", "Expectation": "Quy tắc", "file_name": "Tệp", "row_number": "Dòng", "source": "Nguồn"}


class PageView(DefaultJinjaPageView):
    """A page of validation results, without anything that a browser would fetch or run."""

    def render(self, document: Any, template: Any = None, **kwargs: Any) -> str:
        page = _FROM_OUTSIDE.sub("", super().render(document, template, **kwargs)).replace(
            "</head>", _STYLE + "</head>", 1
        )
        for english, vietnamese in _WORDS.items():
            page = page.replace(english, vietnamese)
        for english, vietnamese in _CELLS.items():
            page = re.sub(rf"(<th[^>]*>\s*){english}(\s*</th>)", rf"\g<1>{vietnamese}\g<2>", page)
        return page


class IndexRenderer:
    """Hands the links to the view as they are. Great Expectations' own index is a table that only scripts can fill."""

    def __init__(self, **_: Any) -> None:
        pass

    def render(self, links: Any) -> Any:
        return links


class IndexView:
    """The first page: the validations that are kept, newest first."""

    def __init__(self, **_: Any) -> None:
        pass

    def render(self, links: Any, **_: Any) -> str:
        rows = "\n".join(
            f'<tr><td><i class="fa-{"check-circle" if link["validation_success"] else "times"}"></i></td>'
            f'<td><a href="{escape(link["filepath"])}">{escape(link["expectation_suite_name"])}</a></td>'
            f"<td>{escape(_shown(link['run_name']))}</td></tr>"
            for link in links.get("validations_links", [])
        )
        return f"""<!DOCTYPE html>
<html lang="vi"><head><meta charset="UTF-8"><title>Đúng Hạn: chất lượng dữ liệu</title>
{_STYLE}</head><body><main>
<h1>Chất lượng dữ liệu</h1>
<p>Mỗi lần nạp, mọi quy tắc được đếm trên lô mới trước khi tách dòng nhận và dòng cách ly (<em>validate.…</em>),
rồi trên các bảng kết quả (<em>marts</em>). Dấu ! nghĩa là có dòng vi phạm; dòng bị loại đã nằm trong khu cách ly.</p>
<table><thead><tr><th></th><th>Lô dữ liệu</th><th>Lúc kiểm tra</th></tr></thead><tbody>
{rows}
</tbody></table></main></body></html>
"""


def _shown(run_name: str) -> str:
    """20240601T060000123456 → 01/06/2024 06:00:00"""
    day, time = run_name[:8], run_name[9:15]
    return f"{day[6:8]}/{day[4:6]}/{day[:4]} {time[:2]}:{time[2:4]}:{time[4:6]}"
