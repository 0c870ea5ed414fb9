"""Which rows of a table are its heading (portal-exports §6, §9): one to three rows, merged cells, banners, column
numbers."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.contract import AGENCIES, DOSSIERS, PORTAL_REPORTS, PROGRESS
from pipelines.portal.readers import headings
from pipelines.portal.readers.headings import NO_SYNONYMS

BANNER = [
    ["UBND TỈNH THANH HÓA", "", "", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"],
    ["SỞ NỘI VỤ", "", "", "Độc lập - Tự do - Hạnh phúc"],
    ["", "", "", ""],
    ["DANH SÁCH HỒ SƠ ĐÃ TIẾP NHẬN"],
    ["(Từ ngày 01/01/2024 đến ngày 31/03/2024)"],
    [],
    ["Đơn vị: hồ sơ"],
]
DATA = ["1", "H39.18.25-240304-0001", "Hộ tịch", "Trực tuyến", "04/03/2024", "11/03/2024", "Đang xử lý"]


def found(*rows: list[str], kind: Any = DOSSIERS, synonyms: Any = NO_SYNONYMS) -> headings.Heading | None:
    return headings.find(kind, enumerate(rows, start=1), synonyms)


def test_one_row_below_a_banner() -> None:
    heading = found(*BANNER, ["STT", "Mã hồ sơ", "Lĩnh vực", "Kênh", "Ngày nhận", "Hạn trả", "Trạng thái"], DATA)
    assert heading and (heading.first_row, heading.last_row) == (8, 8)
    assert heading.fields == (
        None, "MaHoSo", "TenLinhVuc", "KenhThucHien", "NgayTiepNhan", "NgayHenTra", "TrangThaiHoSo"
    )  # fmt: skip
    assert heading.columns[0].state == "ignored"


def test_two_rows_with_merged_cells() -> None:
    upper = ["STT", "Mã hồ sơ", "Lĩnh vực", "Kênh", "Ngày", "", "Trạng thái"]
    lower = ["", "", "", "", "tiếp nhận", "hẹn trả", ""]
    heading = found(*BANNER, upper, lower, DATA)
    assert heading and (heading.first_row, heading.last_row) == (8, 9)
    assert heading.fields[1:] == (
        "MaHoSo", "TenLinhVuc", "KenhThucHien", "NgayTiepNhan", "NgayHenTra", "TrangThaiHoSo"
    )  # fmt: skip


def test_three_rows_and_column_numbers() -> None:
    rows = [
        ["STT", "Thông tin hồ sơ", "", "", "Thời gian", "", ""],
        ["", "Hồ sơ", "", "Kênh", "Ngày", "", "Trạng thái"],
        ["", "Mã", "Lĩnh vực", "", "tiếp nhận", "hẹn trả", ""],
        ["(1)", "(2)", "(3)", "(4)", "(5)", "(6)=(5)+10", "(7)"],
        DATA,
    ]
    heading = found(*BANNER, *rows)
    assert heading and (heading.first_row, heading.last_row) == (8, 11)
    assert heading.fields[1:] == (
        "MaHoSo", "TenLinhVuc", "KenhThucHien", "NgayTiepNhan", "NgayHenTra", "TrangThaiHoSo"
    )  # fmt: skip


@pytest.mark.parametrize(
    "numbers", ["1 2 3 4 5", "(1) (2) (3) (4) (5)", "A B 1 2 3", "A B C D E", "[1] 2. 3) 4 5", "0 1 2 3 4"]
)
def test_column_numbers_belong_to_the_heading(numbers: Any) -> None:
    heading = found(["STT", "Mã hồ sơ", "Lĩnh vực", "Ngày nhận", "Tình trạng"], numbers.split(), DATA)
    assert heading and heading.last_row == 2


@pytest.mark.parametrize(
    "cells", [["1", "2"], ["1", "3", "4"], ["2", "3", "4"], ["1", "2", "Hộ tịch"], ["B", "C", "D"]]
)
def test_other_rows_are_no_column_numbers(cells: Any) -> None:
    assert not headings.is_column_numbers(cells)


def test_a_second_row_below_unknown_columns_only_belongs_to_the_heading() -> None:
    upper = ["STT", "Mã hồ sơ", "Lĩnh vực", "Ngày nhận", "Tình trạng", "Kết quả", ""]
    heading = found(upper, ["", "", "", "", "", "Đúng hạn", "Quá hạn"], DATA)
    assert heading and heading.last_row == 2
    assert heading.unknown == ("Kết quả Đúng hạn", "Kết quả Quá hạn")


@pytest.mark.parametrize(
    "below",
    [
        ["1", "H39.18.25-240304-0001", "", "", ""],
        ["", "", "Hộ tịch", "", ""],
        ["I", "Lĩnh vực đất đai", "", "", ""],
        ["1", "", "Hộ tịch", "", "Đang xử lý"],
    ],
)
def test_no_row_below_is_swallowed(below: Any) -> None:
    heading = found(["STT", "Mã hồ sơ", "Lĩnh vực", "Ngày nhận", "Tình trạng"], below, DATA)
    assert heading and heading.last_row == 1


def test_of_two_columns_of_one_field_the_first_counts() -> None:
    heading = found(["Mã hồ sơ", "Ngày nhận", "Ngày tiếp nhận", "Lĩnh vực", "Tình trạng"])
    assert heading and heading.fields[2] is None and heading.ambiguous == ("Ngày tiếp nhận",)


@pytest.mark.parametrize(
    "row",
    [["Mã hồ sơ", "Lĩnh vực", "Tình trạng"], ["Lĩnh vực", "Tình trạng", "Ngày nhận", "Kênh"], ["a", "b", "c", "d"]],
)
def test_code_and_three_more_are_needed(row: Any) -> None:
    assert found(row) is None


def test_kinds_and_synonyms() -> None:
    assert found(["code", "name"], kind=AGENCIES)
    assert found(
        ["Mã hồ sơ", "Thời điểm xử lý", "Trạng thái"], kind=PROGRESS, synonyms={"thoi diem xu ly": "ThoiDiemXuLy"}
    )
    assert found(["code", "data", "x", "y"], kind=PORTAL_REPORTS) is None
    assert found(["Số phiếu", "Lĩnh vực", "Ngày nhận", "Kênh"]) is None
    assert found(["Số phiếu", "Lĩnh vực", "Ngày nhận", "Kênh"], synonyms={"so phieu": "MaHoSo"})


@pytest.mark.integration
def test_wide_and_long_cells_take_no_time() -> None:
    assert found(*[["x" * 10_000, *map(str, range(100_000))]] * 60) is None
