"""Rows of a table that are none (portal-exports §2): groups, totals, repeated headings, footers. And that nothing
else is lost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contract import AGENCIES, DOSSIERS
from pipelines.portal.readers import headings
from pipelines.portal.readers.base import FileFacts
from pipelines.portal.readers.headings import NO_SYNONYMS
from pipelines.portal.readers.parts import Beginning
from pipelines.portal.readers.table import EPOCH_1900, Cells, Table
from tests.support.properties import examples

HEAD = ["STT", "Mã hồ sơ", "Thủ tục", "Ngày nhận", "Hạn trả", "Tình trạng", "Ghi chú"]
WITH_BOTH = ["STT", "Mã hồ sơ", "Lĩnh vực", "Đơn vị xử lý", "Ngày nhận", "Tình trạng", "Cột lạ"]


def cells(rows: list[list[str]], first: int, width: int, **more: Any) -> Cells:
    padded = [row + [""] * (width - len(row)) for row in rows]
    columns = [pa.array([row[i] for row in padded], pa.string()) for i in range(width)]
    return Cells(np.arange(first, first + len(rows)), columns, **more)


def read(
    *rows: list[str], head: Any = HEAD, kind: Any = DOSSIERS, chunk: int = 1000, name: str = ""
) -> tuple[list[dict], FileFacts, Table]:
    """(text rows, facts, table) of rows below a heading in row 1."""
    heading = headings.find(kind, [(1, head)], NO_SYNONYMS)
    assert heading
    facts = FileFacts("")
    table = Table(kind, Beginning(heading), NO_SYNONYMS, facts, name)
    width = max(map(len, [head, *rows]))
    found = [
        row
        for start in range(0, len(rows), chunk)
        for batch in table.rows(cells(list(rows[start : start + chunk]), start + 2, width))
        for row in batch.table.to_pylist()
    ]
    table.finish()
    return found, facts, table


def code(number: int) -> str:
    return f"H39.18.25-240304-{number:04d}"


def row(number: int, *, field: str = "", agency: str = "", head: Any = HEAD) -> list[str]:
    values = {
        "STT": str(number), "Mã hồ sơ": code(number), "Thủ tục": "Đăng ký", "Lĩnh vực": field, "Đơn vị xử lý": agency,
        "Ngày nhận": "04/03/2024", "Hạn trả": "11/03/2024", "Tình trạng": "Đang xử lý",
    }  # fmt: skip
    return [values.get(name, "") for name in head]


def codes(found: list[dict]) -> list[str]:
    return [row["MaHoSo"] for row in found]


@pytest.mark.parametrize("chunk", [1, 2, 1000])
def test_groups_fill_what_is_missing(chunk: int) -> None:
    found, facts, _ = read(
        ["UBND xã Đông Sơn (25 hồ sơ)"],
        ["I", "Lĩnh vực: Đất đai"],
        row(1, head=WITH_BOTH),
        row(2, field="Hộ tịch", agency="Sở Nội vụ", head=WITH_BOTH),
        ["", "B. Lĩnh vực Hộ tịch - 3 hồ sơ"],
        row(3, head=WITH_BOTH),
        ["Chi cục Thuế khu vực X"],
        row(4, head=WITH_BOTH),
        head=WITH_BOTH,
        chunk=chunk,
    )
    assert codes(found) == [code(n) for n in (1, 2, 3, 4)]
    assert [r["row_number"] for r in found] == [4, 5, 7, 9]
    assert [r["TenLinhVuc"] for r in found] == ["Đất đai", "Hộ tịch", "Hộ tịch", "Hộ tịch"]
    assert [r["DonViXuLy"] for r in found] == [
        "UBND xã Đông Sơn", "Sở Nội vụ", "UBND xã Đông Sơn", "Chi cục Thuế khu vực X"
    ]  # fmt: skip
    assert facts.drift == {"Cột lạ": 4}
    assert [note for note in facts.notes if "group rows" in note and ": 4 (row 2, 3, 6, 8)" in note]


@pytest.mark.parametrize(
    ("text", "field", "agency"),
    [
        ("Hộ tịch", "Hộ tịch", None),
        ("LĨNH VỰC HỘ TỊCH: 12", "HỘ TỊCH", None),
        ("LINH VUC HO TICH", "LINH VUC HO TICH", None),
        ("Đơn vị: Phòng Tư pháp", None, "Phòng Tư pháp"),
        ("1. Phường Hạc Thành [7]", None, "Phường Hạc Thành"),
        ("UBND PHUONG HAC THANH", None, "UBND PHUONG HAC THANH"),
        ("Ủy ban nhân dân xã A", None, "Ủy ban nhân dân xã A"),
        ("Phong cảnh", "Phong cảnh", None),
        ("Công chứng", "Công chứng", None),
        ("Công an tỉnh", None, "Công an tỉnh"),
    ],
)
def test_what_a_group_names(text: str, field: str, agency: str | None) -> None:
    found, _, _ = read([text], row(1))
    assert (found[0].get("TenLinhVuc"), found[0].get("DonViXuLy")) == (field, agency)


def test_an_unnamed_group_is_what_has_no_column() -> None:
    head = ["STT", "Mã hồ sơ", "Lĩnh vực", "Ngày nhận", "Tình trạng"]
    found, _, _ = read(["Thạch Thành"], row(1, field="Đất đai", head=head), head=head)
    assert (found[0]["TenLinhVuc"], found[0]["DonViXuLy"]) == ("Đất đai", "Thạch Thành")


@pytest.mark.parametrize(
    "line",
    [
        ["5", "", "Đăng ký", "04/03/2024", "11/03/2024", "Đang xử lý"],
        ["", "", "Đăng ký", "", "", ""],
        ["", code(7)],
        ["", "MA-DIA-PHUONG-7", "", "", "", ""],
        ["7", "20240304001"],
        ["", "", "", "04/03/2024"],
        ["", "x" * 300],
        ["9", "chưa có mã", "Đăng ký", "04/03/2024", "", ""],
        ["Tổng cục thuế", "", "Đăng ký", "04/03/2024"],
        ["", "", "", "", "", "Đang xử lý"],
        ["", "0912345678"],
    ],
)
def test_rows_with_something_missing_are_rows(line: list[str]) -> None:
    found, facts, _ = read(row(1), line, row(2))
    assert len(found) == 3 and not facts.notes


def test_a_person_alone_in_a_row_is_no_group() -> None:
    head = ["Chủ hồ sơ", "Mã hồ sơ", "Thủ tục", "Ngày nhận", "Tình trạng"]
    found, _, _ = read(["Nguyễn Văn A"], row(1, head=head), head=head)
    assert len(found) == 2 and not any("Nguyễn" in str(value) for r in found for value in r.values())


def test_empty_and_numbered_rows() -> None:
    found, facts, table = read(row(1), [], ["", " ", "\u00a0"], ["2"], ["3", "", "", "", "", "", "chờ"], row(4))
    assert codes(found) == [code(1), code(4)]
    assert table.left_out == {"numbered": 2}
    assert facts.notes == ["dòng trống đánh số sẵn: 2 (dòng 5, 6) / pre-numbered empty rows: 2 (row 5, 6)"]


@pytest.mark.parametrize(
    "line",
    [
        ["Tổng cộng", "", "25", "", "12,5%"],
        ["", "Cộng"],
        ["", "Cộng: 12 hồ sơ"],
        ["", "TỔNG SỐ HỒ SƠ: 12"],
        ["", "Tổng số", "1.234", "hồ sơ"],
        ["II", "TONG CONG", "5"],
        ["Tổng", "", "3"],
        ["Cộng trang 3", "", "3"],
    ],
)
def test_totals(line: list[str]) -> None:
    found, _, table = read(row(1), line, row(2))
    assert codes(found) == [code(1), code(2)] and table.left_out == {"total": 1}


@pytest.mark.parametrize(
    "begin",
    [
        ["", "", "", "", "Thanh Hóa, ngày 15 tháng 6 năm 2024"],
        ["", "", "", "Thanh Hóa, ngày … tháng … năm …"],
        ["Người báo cáo", "", "", "Thủ trưởng đơn vị"],
        ["", "NGƯỜI LẬP BIỂU"],
        ["", "", "(Ký, ghi rõ họ tên)"],
        ["Nơi nhận:"],
        ["", "", "", "KT. CHỦ TỊCH"],
    ],
)
@pytest.mark.parametrize("chunk", [1, 1000])
def test_footers_hold_names_of_people(begin: list[str], chunk: int) -> None:
    found, facts, table = read(
        row(1), begin, ["- Như trên;"], ["", "Nguyễn Thị B", "", "Trần Văn C"], ["", "", "0912345678"], chunk=chunk
    )
    assert codes(found) == [code(1)]
    assert table.left_out == {"footer": 4}
    assert "Nguyễn" not in str(facts) and "footer rows" in facts.notes[0] and "3, 4, 5, 6" in facts.notes[0]


@pytest.mark.parametrize("chunk", [1, 1000])
def test_rows_after_a_footer_are_rows(chunk: int) -> None:
    found, _, table = read(
        row(1),
        ["", "Người lập"],
        ["", "Lê Văn C"],
        row(2),
        ["Hộ tịch"],
        row(3),
        ["", "Người lập"],
        HEAD,
        row(4),
        chunk=chunk,
    )
    assert codes(found) == [code(n) for n in (1, 2, 3, 4)]
    assert table.left_out == {"footer": 3, "group": 1, "heading": 1}
    assert found[2]["TenLinhVuc"] == "Hộ tịch"


@pytest.mark.parametrize("chunk", [1, 2, 1000])
def test_repeated_headings(chunk: int) -> None:
    numbers = ["(1)", "(2)", "(3)", "(4)", "(5)", "(6)", "(7)"]
    moved = ["STT", "Tình trạng", "Hạn trả", "Ngày nhận", "Thủ tục", "Mã hồ sơ"]
    found, _, table = read(
        numbers,
        row(1),
        HEAD,
        numbers,
        row(2),
        [w.upper() for w in moved],
        row(3, head=moved),
        row(4, head=moved),
        chunk=chunk,
    )
    assert codes(found) == [code(n) for n in (1, 2, 3, 4)]
    assert {(r["TenTTHC"], r["NgayHenTra"], r["TrangThaiHoSo"]) for r in found} == {
        ("Đăng ký", "11/03/2024", "Đang xử lý")
    }
    assert table.left_out == {"numbers": 2, "heading": 2}


@pytest.mark.parametrize("chunk", [1, 3, 1000])
def test_repeated_headings_of_two_rows(chunk: int) -> None:
    upper = ["STT", "Mã hồ sơ", "Thủ tục", "Ngày", "", "Tình trạng", ""]
    lower = ["", "", "", "tiếp nhận", "hẹn trả", "", ""]
    heading = headings.find(DOSSIERS, [(1, upper), (2, lower)], NO_SYNONYMS)
    assert heading and heading.last_row == 2
    table = Table(DOSSIERS, Beginning(heading), NO_SYNONYMS, FileFacts(""))
    rows = [upper, lower, row(1), upper, lower, row(2)]
    found = [
        r
        for start in range(0, len(rows), chunk)
        for batch in table.rows(cells(rows[start : start + chunk], start + 1, 7))
        for r in batch.table.to_pylist()
    ]
    assert codes(found) == [code(1), code(2)] and table.left_out == {"heading": 2}
    assert {r["NgayHenTra"] for r in found} == {"11/03/2024"}


def test_a_repeated_heading_of_two_rows_is_compared_as_a_whole() -> None:
    """Its first row alone has fewer columns; nothing may be cut there, for a report repeats it on every page."""
    upper, lower = [*HEAD[:6], ""], ["", "", "", "", "", "", "Đơn vị xử lý"]
    heading = headings.find(DOSSIERS, [(1, upper), (2, lower)], NO_SYNONYMS)
    assert heading and heading.last_row == 2
    table = Table(DOSSIERS, Beginning(heading), NO_SYNONYMS, FileFacts(""))
    (batch,) = table.rows(cells([upper, lower, row(1), upper, lower, row(2)], 1, 7))
    assert codes(batch.table.to_pylist()) == [code(1), code(2)]


def test_serial_dates_are_numbers_only() -> None:
    heading = headings.find(DOSSIERS, [(1, HEAD)], NO_SYNONYMS)
    values = ["45355.3541666667", "45355", "20240304", "73415.99999", "12.5", "45355", "73416"]
    rows = [["", code(n), "45355", value, "", "4"] for n, value in enumerate(values)]
    numeric = {2: np.ones(7, bool), 3: np.array([True] * 5 + [False, True])}
    assert heading
    table = Table(DOSSIERS, Beginning(heading), NO_SYNONYMS, FileFacts(""), serials_from=EPOCH_1900)
    (batch,) = table.rows(cells(rows, 2, 7, numeric=numeric))
    assert batch.table["NgayTiepNhan"].to_pylist() == [
        "2024-03-04T08:30:00", "2024-03-04", "20240304", "2100-12-31T23:59:59", "12.5", "45355", "73416"
    ]  # fmt: skip
    assert batch.table["TenTTHC"].to_pylist() == ["45355"] * 7


def test_codes_that_excel_rounded_are_noted() -> None:
    heading = headings.find(DOSSIERS, [(1, HEAD)], NO_SYNONYMS)
    assert heading
    facts = FileFacts("")
    table = Table(DOSSIERS, Beginning(heading), NO_SYNONYMS, facts)
    rows = [["", "1234567890123450", "a", "04/03/2024"], ["", "123456", "a", "04/03/2024"]]
    assert sum(batch.table.num_rows for batch in table.rows(cells(rows, 2, 7, numeric={1: np.ones(2, bool)}))) == 2
    table.finish()
    assert len(facts.notes) == 1 and "rounded" in facts.notes[0] and facts.notes[0].endswith(": 1")


def test_rows_that_could_not_be_cut_stay_rows() -> None:
    heading = headings.find(DOSSIERS, [(1, HEAD)], NO_SYNONYMS)
    assert heading
    table = Table(DOSSIERS, Beginning(heading), NO_SYNONYMS, FileFacts(""))
    given_cells = cells([[], [], row(1)], 2, 7, is_record=np.array([False, True, True]))
    (batch,) = table.rows(given_cells)
    assert batch.table["is_record"].to_pylist() == [False, True]


def test_other_kinds_have_no_groups() -> None:
    found, _, _ = read(
        ["", "Sở Nội vụ"], ["H39", "UBND tỉnh"], head=["Mã đơn vị", "TenDonVi", "MaDonVi"], kind=AGENCIES
    )
    assert len(found) == 2


def test_notes_name_the_part_and_no_value() -> None:
    _, facts, _ = read(row(1), ["Tổng cộng", "", "1"], name="Trang 1", head=[*HEAD[:5], "Ngày tiếp nhận", "x"])
    assert all(note.startswith("Trang 1: ") for note in facts.notes)
    assert [True for note in facts.notes if "Ngày tiếp nhận" in note] and any(
        "no status column" in n for n in facts.notes
    )


WORDS = st.sampled_from(
    ["", "", "", " ", "1", "I", "Tổng cộng", "Cộng", "25", code(1), code(2), "Hộ tịch", "UBND xã A", "Người lập", "(1)",
     "2", "(2)", "(3)", "04/03/2024", "Đang xử lý", "Nguyễn Văn A", "Mã hồ sơ", "Lĩnh vực: X", "A-1", "\u00a0",
     *HEAD]
)  # fmt: skip


@settings(max_examples=examples(100))
@given(st.lists(st.lists(WORDS, max_size=7) | st.just(HEAD), max_size=20), st.integers(1, 8))
def test_nothing_vanishes(rows: Any, chunk: int) -> None:
    found, _, table = read(*rows, chunk=chunk)
    empty = sum(not any(cell.strip() for cell in line) for line in rows)
    assert len(found) + empty + table.left_out.total() == len(rows)
    numbers = [r["row_number"] for r in found]
    assert numbers == sorted(set(numbers))
    whole, _, _ = read(*rows)
    assert [{k: v for k, v in r.items() if v} for r in found] == [{k: v for k, v in r.items() if v} for r in whole]
