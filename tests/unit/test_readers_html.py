"""HTML tables called .xls, and Excel's XML of 2003 (portal-exports §2): cells as a browser shows them, spans,
several tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.portal.readers import FileRejected
from tests.support.exports import read
from tests.support.properties import examples
from tests.unit.test_readers_workbook import FIELDS, HEAD, values

CODE = "H39.18.25-240304-0001"
LINE = [CODE, "1.001193", "Hộ tịch", "04/03/2024 08:30", "45362", "4"]


def table(*rows: list[str], cell: str = "<td>{}</td>", row: str = "<tr>{}</tr>") -> str:
    return "<table>" + "".join(row.format("".join(cell.format(text) for text in cells)) for cells in rows) + "</table>"


@pytest.mark.parametrize(
    "page",
    [
        "{}",
        "<html><head><meta charset=windows-1258></head><body>{}</body></html>",
        "\ufeff \n<!DOCTYPE html>\n<!-- máy in --><HTML>{}",
        '<?xml version="1.0" encoding="UTF-16"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD" "http://x/y.dtd"><html>{}</html>',
        '<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head><style>td {{mso-number-format:"\\@"}}</style>'
        "<!--[if gte mso 9]><xml><x:ExcelWorkbook/></xml><![endif]--></head><body>{}",
        "<style>x</style>{}",
        "<div>{}</div>",
    ],
)
@pytest.mark.parametrize(
    "cell", ["<td>{}</td>", "<TD class=xl24 x:num>{}", "<td style='mso-number-format:\"\\@\"'> {}\n </td>"]
)
def test_every_form_of_page(page: str, cell: str, tmp_path: Path) -> None:
    rows, facts = read(tmp_path, page.format(table(HEAD, LINE, cell=cell)))
    assert values(rows) == [tuple(LINE)]
    assert rows[0]["row_number"] == 2 and rows[0]["is_record"]
    assert facts.format == "html" and not facts.notes and not facts.parts


def test_missing_end_tags_and_sections(tmp_path: Path) -> None:
    head = "".join(f"<th>{name}" for name in HEAD)
    line = "".join(f"<td>{text}" for text in LINE)
    page = f"<table border=1><caption>x</caption><thead><tr>{head}<tbody><tr>{line}<tr>{line}<tbody><tr>{line}<tfoot>"
    rows, _ = read(tmp_path, page + "<tr><td>Tổng cộng<td>3</table>")
    assert values(rows) == [tuple(LINE)] * 3 and [row["row_number"] for row in rows] == [2, 3, 4]


def test_text_of_cells(tmp_path: Path) -> None:
    cells = [
        f"<b><font>{CODE}</font></b><!-- x -->", "1.001193&nbsp;", "H&#7897;<br>tịch &amp;\n  quốc <i>tịch</i>",
        "<span>04/03/2024</span><p>08:30", '<a href="http://x">45362</a><script>alert(1)</script>', "4",
    ]  # fmt: skip
    rows, _ = read(tmp_path, table(HEAD, cells))
    assert values(rows) == [(CODE, "1.001193\u00a0", "Hộ tịch & quốc tịch", "04/03/2024 08:30", "45362", "4")]


def test_spans(tmp_path: Path) -> None:
    page = (
        "<table><tr><td colspan=7>UBND</td></tr>"
        "<tr><th rowspan=2>STT<th rowspan=2>Mã hồ sơ<th rowspan=2>Thủ tục<th colspan=2>Ngày"
        "<th rowspan=2>Tình trạng</tr>"
        "<tr><th>tiếp nhận<th>hẹn trả</tr>"
        '<tr><td colspan="6">Lĩnh vực Hộ tịch</td></tr>'
        f"<tr><td>1<td>{CODE}<td rowspan='2'>a<td>04/03/2024<td>05/03/2024<td>4</tr>"
        f"<tr><td>2<td>{CODE}<td>04/03/2024<td>05/03/2024<td>5</tr>"
        f"<tr><td>3<td>{CODE}<td colspan=x rowspan=-1>b<td>04/03/2024<td>05/03/2024<td>6</tr></table>"
    )
    rows, facts = read(tmp_path, page)
    names = ["row_number", "TenTTHC", "NgayTiepNhan", "NgayHenTra", "TrangThaiHoSo", "TenLinhVuc"]
    assert [[row[name] for name in names] for row in rows] == [
        [5, "a", "04/03/2024", "05/03/2024", "4", "Hộ tịch"],
        [6, "a", "04/03/2024", "05/03/2024", "5", "Hộ tịch"],
        [7, "b", "04/03/2024", "05/03/2024", "6", "Hộ tịch"],
    ]
    assert facts.headings[0][1].first_row == 2 and facts.headings[0][1].last_row == 3


def test_tables_are_parts_and_nested_ones_too(tmp_path: Path) -> None:
    inner = table(HEAD, LINE, LINE)
    page = f"<table><tr><td>Menu</td><td>{inner}</td></tr></table>{table(['a', 'b'])}{inner}"
    rows, facts = read(tmp_path, page)
    assert [(part.name, part.before) for part in facts.parts] == [("bảng 2", 0), ("bảng 4", 3)]
    assert [row["row_number"] for row in rows] == [2, 3, 5, 6]
    assert len(facts.notes) == 2


@pytest.mark.parametrize("page", ["<html></html>", "<table></table>", table(["a"]), "<html>Lỗi đăng nhập", "<table"])
def test_pages_without_a_table(page: str, tmp_path: Path) -> None:
    with pytest.raises(FileRejected) as caught:
        read(tmp_path, page)
    assert caught.value.reason == "REJ_FILE_NO_HEADING"


def excel_xml(rows: str) -> str:
    return (
        '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook'
        ' xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
        f'<Worksheet ss:Name="Tháng 1"><Table>{rows}</Table></Worksheet></Workbook>'
    )


def test_xml_of_excel_2003(tmp_path: Path) -> None:
    def row(cells: list[str]) -> str:
        return "<Row>" + "".join(f'<Cell><Data ss:Type="String">{text}</Data></Cell>' for text in cells) + "</Row>"

    far = (
        f'<Row ss:Index="9"><Cell><Data>{CODE}</Data></Cell><Cell ss:Index="4"><Data ss:Type="DateTime">'
        "2024-03-04T08:30:00.000</Data></Cell></Row>"
    )
    title = '<Row><Cell ss:MergeAcross="5"><Data ss:Type="String">UBND</Data></Cell></Row>'
    rows, facts = read(tmp_path, excel_xml(title + row(HEAD) + row(LINE) + far + row(LINE)))
    assert values(rows) == [tuple(LINE), (CODE, "", "", "2024-03-04T08:30:00.000", "", ""), tuple(LINE)]
    assert [r["row_number"] for r in rows] == [3, 9, 10]
    assert facts.format == "xml 2003"
    with pytest.raises(FileRejected, match="hỏng"):
        read(tmp_path, excel_xml(row(HEAD))[:-30])


def test_external_entities_are_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("bimat")
    page = excel_xml("<Row>" + "".join(f"<Cell><Data>{name}</Data></Cell>" for name in HEAD) + "</Row>")
    line = f"<Row><Cell><Data>{CODE}</Data></Cell><Cell><Data>&x;</Data></Cell><Cell><Data>a</Data></Cell></Row>"
    page = page.replace("<Workbook", f'<!DOCTYPE w [<!ENTITY x SYSTEM "file://{secret}">]><Workbook', 1)
    rows, _ = read(tmp_path, page.replace("</Table>", line + "</Table>"))
    assert len(rows) == 1 and rows[0]["MaTTHC"] == ""


PIECES = st.sampled_from(
    ["<td>", "</td>", "<tr>", "</tr>", "<table>", "</table>", "<td colspan=3>", "<td rowspan=2>", "<br>", CODE, "4",
     "\t", "\r", "\n", "&#13;", "&#9;", "&#10;", "Hộ tịch", "<!--", "-->", "<td colspan=99999999999>", "<th>", "&",
     "<![CDATA["]
)  # fmt: skip


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(PIECES, max_size=30))
def test_no_page_breaks_the_reader(pieces: Any, tmp_path: Path) -> None:
    rows, _ = read(tmp_path, table(HEAD, LINE).removesuffix("</table>") + "".join(pieces))
    assert values(rows)[0] == tuple(LINE) and set(FIELDS) <= set(rows[0])
