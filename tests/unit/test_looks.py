"""What values look like, and what an unknown column is guessed to be: proposals for people, never for reading."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.contract import AGENCIES, DOSSIERS, PROGRESS
from pipelines.portal.readers import headings
from pipelines.portal.readers.headings import NO_SYNONYMS
from pipelines.portal.readers.looks import guess, look


@pytest.mark.parametrize(
    ("values", "looks"),
    [
        (["H39.18.25-240520-0001", "h57.132 - 260804-0583"], "code"),
        (["000.00.19.H40-220214-0001"], "code"),
        (["1.001193", "2.000635.000.00.00.H22"], "procedure"),
        (["H39.18", "000.00.19.H39"], "agency"),
        (["20/05/2024 08:30", "24.5.2024", "", "2024-05-24", "'20240524083000", "45432"], "date"),
        (["Đang xử lý", "Đã trả kết quả", "9 - Đã xử lý xong"], "status"),
        (["Đúng hạn", "Trễ hạn", "Chưa đến hạn"], "status"),
        (["Trực tuyến", "Qua BCCI"], "channel"),
        (["Công dân", "Doanh nghiệp"], "applicant"),
        (["Nộp kiểu A", "Nộp kiểu B"] * 3, "list"),
        (["4", "9", "9", "4"], "list"),
        (["0912345678", "0912345679"], "text"),
        (["Đăng ký khai sinh", "Cấp phép xây dựng", "Khai tử", "Kết hôn"], "text"),
        (["1", "2", "3", "4", "5"], "text"),
        (["", "  "], ""),
    ],
)
def test_what_values_look_like(values: list[str], looks: str) -> None:
    assert look(values) == looks


@pytest.mark.parametrize(
    ("heading", "looks", "field", "by"),
    [
        ("Mốc cam kết", "date", "NgayHenTra", "both"),
        ("Thời hạn giải quyết hồ sơ", "date", "NgayHenTra", "both"),
        ("Dự kiến trả", "date", "NgayHenTra", "both"),
        ("Ngày hẹn tra kết qủa", "date", "NgayHenTra", "both"),
        ("Ngày hẹn trả", "text", None, ""),
        ("Phiếu", "code", "MaHoSo", "values"),
        ("Số TTHC", "procedure", "MaTTHC", "values"),
        ("Mã số thủ tục", "procedure", "MaTTHC", "both"),
        ("Tiến độ", "status", "TrangThaiHoSo", "values"),
        ("Cách nộp", "channel", "KenhThucHien", "values"),
        ("Tên thủ tục của hồ sơ", "text", "TenTTHC", "name"),
        ("Đơn vị tiếp nhận hồ sơ", "list", "DonViXuLy", "name"),
        ("Họ tên chủ hồ sơ", "text", "ChuHoSo", "name"),
        ("Ngày trả thực tế", "", "NgayTra", "name"),
    ],
)
def test_what_a_column_probably_is(heading: str, looks: str, field: str | None, by: str) -> None:
    found = guess(DOSSIERS, heading, looks, ())
    assert (found.field, found.by) == (field, by)


@pytest.mark.parametrize(
    ("heading", "looks", "taken"),
    [
        ("Ngày duyệt", "date", ()),
        ("Cột 7", "date", ("NgayHenTra",)),
        ("Mốc cam kết", "date", ("NgayHenTra",)),
        ("Mã khác", "code", ("MaHoSo",)),
        ("Kết quả xử lý", "status", ("TrangThaiHoSo",)),
        ("Cách nộp", "list", ()),
        ("Ngày gì đó", "", ()),
        ("Tình hình", "list", ("KenhThucHien",)),
    ],
)
def test_what_may_matter_is_never_proposed_to_be_ignored(heading: str, looks: str, taken: tuple[str, ...]) -> None:
    found = guess(DOSSIERS, heading, looks, taken)
    assert found.field is None and found.matters and not set(found.choices) & set(taken)


def test_what_says_nothing_may_be_ignored() -> None:
    assert not guess(DOSSIERS, "ĐT", "text", ()).matters
    assert not guess(DOSSIERS, "Loại", "list", ("TrangThaiHoSo", "KenhThucHien")).matters


def test_other_kinds() -> None:
    assert guess(PROGRESS, "Lúc", "date", ()).choices
    assert guess(AGENCIES, "Mã định danh mới", "agency", ()).field == "MaDonVi"


def likeliest(*rows: list[str], kind: Any = DOSSIERS) -> headings.Heading | None:
    found = headings.likeliest(kind, list(enumerate(rows, start=1)), NO_SYNONYMS)
    return found and found[1]


def test_the_likeliest_heading_stands_above_the_data() -> None:
    data = ["1", "H39.18.25-240520-0001", "20/05/2024", "24/05/2024", "Đang xử lý"]
    banner = [["UBND XÃ", "", "", "", ""], ["DANH SÁCH", "", "", "", ""]]
    found = likeliest(*banner, ["TT", "Phiếu", "Vào sổ", "Thời hạn", "Tiến độ"], data, data)
    assert found and (found.first_row, found.last_row) == (3, 3)
    assert [column.looks for column in found.columns] == ["", "code", "date", "date", "status"]
    two = likeliest(*banner, ["TT", "Phiếu", "Thời điểm", "", "Tiến độ"], ["", "", "vào", "ra", ""], data, data)
    assert two and (two.first_row, two.last_row) == (3, 4) and two.columns[3].heading == "Thời điểm ra"


def test_nothing_is_like_a_heading() -> None:
    data = ["1", "H39.18.25-240520-0001", "20/05/2024", "24/05/2024"]
    assert likeliest(data, data) is None
    assert likeliest(["Thưa ông bà,", "xin gửi", "văn bản"], ["kính chào", "", ""]) is None
    assert likeliest() is None
