"""Workbooks (portal-exports §2, §4): xlsx, xls and ods as provinces make them; cells as text, dates in every form."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.bilingual import one_language
from pipelines.contract import DOSSIERS
from pipelines.portal.readers import FileRejected, workbook
from pipelines.portal.readers.base import Content
from tests.support import workbooks
from tests.support.exports import read
from tests.support.properties import examples

MOMENT, DAY = datetime(2024, 3, 4, 8, 30, 15), date(2024, 3, 11)
HEAD: list[Any] = ["Mã hồ sơ", "Mã thủ tục", "Lĩnh vực", "Ngày tiếp nhận", "Hạn trả", "Trạng thái"]
ROWS: list[list[Any]] = [
    HEAD,
    ["H39.18.25-240304-0001", "1.001193", "Hộ tịch", MOMENT, DAY, 4],
    ["H39.18.25-240304-0002", 1.00119, "Đất đai", "04/03/2024 08:30:15", 45362, "Đang xử lý"],
]
EXPECTED = [
    ("H39.18.25-240304-0001", "1.001193", "Hộ tịch", "2024-03-04T08:30:15", "2024-03-11", "4"),
    ("H39.18.25-240304-0002", "1.00119", "Đất đai", "04/03/2024 08:30:15", "2024-03-11", "Đang xử lý"),
]
FIELDS = ["MaHoSo", "MaTTHC", "TenLinhVuc", "NgayTiepNhan", "NgayHenTra", "TrangThaiHoSo"]
MAKERS: dict[str, Callable[..., bytes]] = {"xlsx": workbooks.xlsx, "xls": workbooks.xls, "ods": workbooks.ods}


def values(rows: list[dict]) -> list[tuple]:
    return [tuple(row[name] for name in FIELDS) for row in rows]


@pytest.mark.parametrize("form", MAKERS)
def test_every_format_gives_the_same_rows(form: Any, tmp_path: Path) -> None:
    rows, facts = read(tmp_path, MAKERS[form](ROWS))
    assert values(rows) == EXPECTED
    assert [row["row_number"] for row in rows] == [2, 3] and all(row["is_record"] for row in rows)
    assert facts.format == form and not facts.notes and not facts.parts and not facts.drift


PROVINCE = [
    ["UBND TỈNH THANH HÓA", "", "", "", "", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"],
    ["TRUNG TÂM PHỤC VỤ HÀNH CHÍNH CÔNG", "", "", "", "", "Độc lập - Tự do - Hạnh phúc"],
    [],
    ["", "", "DANH SÁCH HỒ SƠ TIẾP NHẬN VÀ GIẢI QUYẾT"],
    ["", "", "(Từ ngày 01/03/2024 đến ngày 31/03/2024)"],
    [],
    ["Đơn vị tính: hồ sơ"],
    ["STT", "Mã hồ sơ", "Tên thủ tục", "Chủ hồ sơ", "Thông tin xử lý", "", "", "Tình trạng", "Ghi chú"],
    ["", "", "", "", "Ngày", "", "", "", ""],
    ["", "", "", "", "tiếp nhận", "hẹn trả", "có kết quả", "", ""],
    ["(1)", "(2)", "(3)", "(4)", "(5)", "(6)", "(7)", "(8)", "(9)"],
    ["I", "SỞ TƯ PHÁP (2 hồ sơ)"],
    ["Lĩnh vực: Hộ tịch"],
    [1, "H56.20-240304-0001", "Đăng ký khai sinh", "Nguyễn Văn A", MOMENT, DAY, "", "Đang xử lý", ""],
    [2, "H56.20-240304-0002", "Đăng ký khai tử", "Trần Thị B", MOMENT, DAY, date(2024, 3, 8), "Đã xử lý xong", "gấp"],
    ["", "Cộng", 2],
    ["STT", "Mã hồ sơ", "Tên thủ tục", "Chủ hồ sơ", "Thông tin xử lý", "", "", "Tình trạng", "Ghi chú"],
    ["", "", "", "", "Ngày", "", "", "", ""],
    ["", "", "", "", "tiếp nhận", "hẹn trả", "có kết quả", "", ""],
    ["II", "UBND XÃ ĐÔNG SƠN"],
    [3, "H56.31.07-240304-0001", "Đăng ký kết hôn", "Lê Văn C", MOMENT, DAY, "", "Đang xử lý", ""],
    [4, "", "", "", "", "", "", "", ""],
    ["", "TỔNG CỘNG", 3],
    [],
    ["", "", "", "", "", "Thanh Hóa, ngày 31 tháng 3 năm 2024"],
    ["", "NGƯỜI LẬP BIỂU", "", "", "", "THỦ TRƯỞNG ĐƠN VỊ"],
    ["", "(Ký, ghi rõ họ tên)", "", "", "", "(Ký tên, đóng dấu)"],
    [],
    ["", "Phạm Thị D", "", "", "", "Hoàng Văn E"],
]


@pytest.mark.parametrize("form", MAKERS)
def test_a_sheet_as_a_province_makes_it(form: Any, tmp_path: Path) -> None:
    rows, facts = read(tmp_path, MAKERS[form](PROVINCE))
    assert [(r["row_number"], r["MaHoSo"], r["DonViXuLy"], r["TenLinhVuc"]) for r in rows] == [
        (14, "H56.20-240304-0001", "SỞ TƯ PHÁP", "Hộ tịch"),
        (15, "H56.20-240304-0002", "SỞ TƯ PHÁP", "Hộ tịch"),
        (21, "H56.31.07-240304-0001", "UBND XÃ ĐÔNG SƠN", "Hộ tịch"),
    ]
    assert [(r["NgayTiepNhan"], r["NgayHenTra"]) for r in rows] == [("2024-03-04T08:30:15", "2024-03-11")] * 3
    assert rows[1]["NgayKetThucXuLy"] == "2024-03-08"
    ((_, heading),) = facts.headings
    assert (heading.first_row, heading.last_row) == (8, 11)
    assert not any(name in str(facts.notes) + str(rows) for name in ("Phạm", "Hoàng", "Nguyễn"))
    assert [one_language(note, "en") for note in facts.notes] == [
        "pre-numbered empty rows: 1 (row 22)",
        "repeated heading rows: 3 (row 17, 18, 19)",
        "group rows (name of an agency or field): 3 (row 12, 13, 20)",
        "rows of totals: 2 (row 16, 23)",
        "footer rows (signatures …): 4 (row 25, 26, 27, 29)",
    ]


def test_the_template_whose_values_stand_one_column_left(tmp_path: Path) -> None:
    head = ["Mã hồ sơ", "Tên thủ tục", "Lĩnh vực", "Chủ hồ sơ", "Ngày nhận", "Hạn trả", "Trạng thái"]
    line = ["H56.20-240304-0001", "Đăng ký khai sinh", "Nguyễn Văn A", MOMENT, DAY, "Đang xử lý", ""]
    rows, _ = read(tmp_path, workbooks.xlsx([head, *[line] * 30]))
    assert len(rows) == 30
    assert (rows[0]["TenLinhVuc"], rows[0]["NgayTiepNhan"], rows[0]["NgayHenTra"]) == (
        "Nguyễn Văn A", "2024-03-11", "Đang xử lý"
    )  # fmt: skip


def test_sheets_are_parts(tmp_path: Path) -> None:
    sheets: dict[str, workbooks.Rows] = {
        "Tháng 1": ROWS,
        "Ghi chú": [["ghi chú"], ["khác"]],
        "Trống": [],
        "Tháng 2": [[], *ROWS],
        "Ẩn 012345678": ROWS,
    }
    rows, facts = read(tmp_path, workbooks.xlsx(sheets, hidden=["Ẩn 012345678"]))
    assert [(part.name, part.before) for part in facts.parts] == [("Tháng 1", 0), ("Tháng 2", 3), ("Ẩn #########", 7)]
    assert [row["row_number"] for row in rows] == [2, 3, 6, 7, 9, 10]
    assert values(rows) == EXPECTED * 3
    assert [name for name, _ in facts.headings] == ["Tháng 1", "Tháng 2", "Ẩn #########"]
    assert len(facts.notes) == 2 and "no heading" in facts.notes[0] and "hidden sheet" in facts.notes[1]
    assert "012345678" not in str(facts)


def test_hidden_rows_are_read(tmp_path: Path) -> None:
    rows, _ = read(tmp_path, workbooks.xlsx(ROWS, hidden_rows=[1, 2]))
    assert values(rows) == EXPECTED


def test_a_table_that_does_not_begin_in_the_corner(tmp_path: Path) -> None:
    for make in MAKERS.values():
        rows, _ = read(tmp_path, make([[], [], *[["", "", *row] for row in ROWS]]))
        assert values(rows) == EXPECTED and [row["row_number"] for row in rows] == [4, 5]


def test_formulas_are_what_they_gave(tmp_path: Path) -> None:
    link = '=HYPERLINK("http://x","y")'
    rows, _ = read(tmp_path, workbooks.xlsx([HEAD, ["H39-240304-0001", link, True, 20240304, 12.5, "#REF!"]]))
    assert rows[0]["MaTTHC"] == link
    assert (rows[0]["TenLinhVuc"], rows[0]["NgayTiepNhan"], rows[0]["NgayHenTra"]) == ("1", "20240304", "12.5")


def test_cells_of_a_formula_and_errors(tmp_path: Path) -> None:
    cells = "".join(f'<c r="{c}1" t="inlineStr"><is><t>{t}</t></is></c>' for c, t in zip("ABCDEF", HEAD, strict=True))
    line = (
        '<c r="A2" t="str"><f>A1&amp;"x"</f><v>H39-240304-0001</v></c><c r="B2" t="e"><v>#REF!</v></c>'
        '<c r="C2" t="str"><f>HYPERLINK("http://x")</f><v>Hộ tịch</v></c><c r="D2"><f>NOW()</f><v>45355.3544</v></c>'
        '<c r="E2" t="b"><v>1</v></c><c r="F2"><v>4</v></c>'
    )
    rows, _ = read(tmp_path, workbooks.xlsx_of(f'<row r="1">{cells}</row><row r="2">{line}</row>'))
    assert rows[0]["MaHoSo"] == "H39-240304-0001" and rows[0]["TenLinhVuc"] == "Hộ tịch"
    assert rows[0]["NgayTiepNhan"] == "2024-03-04T08:30:20" and rows[0]["TrangThaiHoSo"] == "4"
    assert rows[0]["MaTTHC"] == "#REF!", "an error is shown as it is"


@pytest.mark.parametrize("form", ["xlsx", "xls"])
def test_workbooks_that_count_from_1904(form: Any, tmp_path: Path) -> None:
    line = [ROWS[1][0], "a", "b", MOMENT, 45362 - 1462, "4"]
    rows, _ = read(tmp_path, MAKERS[form]([HEAD, line], from_1904=True))
    assert (rows[0]["NgayTiepNhan"], rows[0]["NgayHenTra"]) == ("2024-03-04T08:30:15", "2024-03-11")


def test_macros_do_not_matter(tmp_path: Path) -> None:
    import io
    import zipfile

    data = io.BytesIO(workbooks.xlsx(ROWS))
    with zipfile.ZipFile(data, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0 Shell")
    rows, facts = read(tmp_path, data.getvalue())
    assert values(rows) == EXPECTED and facts.format == "xlsm"


@pytest.mark.parametrize(
    "content", [[["a", "b"]], [], [HEAD[:2]], pytest.param([["x"] * 300] * 100, marks=pytest.mark.integration)]
)
def test_no_heading(content: Any, tmp_path: Path) -> None:
    with pytest.raises(FileRejected) as caught:
        read(tmp_path, workbooks.xlsx(content))
    assert caught.value.reason == "REJ_FILE_NO_HEADING"


def test_synonyms_reach_the_process(tmp_path: Path) -> None:
    data = workbooks.xlsx([["Số biên nhận", *HEAD[1:]], *ROWS[1:]])
    reader = workbook.open_workbook(
        Content(lambda: __import__("io").BytesIO(data), data[:1000], False), DOSSIERS, {"so bien nhan": "MaHoSo"}
    )
    assert values([row for batch in reader.batches() for row in batch.table.to_pylist()]) == EXPECTED


CELLS = st.one_of(
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), max_size=8),
    st.integers(-(10**17), 10**17),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.datetimes(datetime(1990, 1, 1), datetime(2110, 1, 1)),
    st.sampled_from(["H39.18.25-240304-0001", "A1", "Tổng cộng", "", 45355.5]),
)


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(CELLS, min_size=1, max_size=7), max_size=12))
def test_no_row_vanishes_and_nothing_breaks(rows: Any, tmp_path: Path) -> None:
    found, facts = read(tmp_path, workbooks.xlsx([HEAD, *rows]))
    empty = sum(all(isinstance(cell, str) and not cell.strip() for cell in row) for row in rows)
    noted = sum(int(note.partition(" (dòng ")[0].rpartition(": ")[2]) for note in facts.notes if "(dòng" in note)
    assert len(found) + empty + noted == len(rows)
