"""CSV (portal-exports §2, §6, §9): headings, delimiters, quotes, exact line numbers, rows with a wrong number of
columns."""

from __future__ import annotations

import csv
import gzip
import io
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.contract import DOSSIERS, fold, heading_field
from pipelines.portal.readers import FileRejected, csv_reader
from pipelines.portal.readers.headings import NO_SYNONYMS
from tests.support.exports import read
from tests.support.properties import examples

HEAD = ["MaHoSo", "TenTTHC", "NgayTiepNhan", "TrangThaiHoSo", "ChuHoSo"]
ROWS = [
    ["H39.18.25-240304-0001", "Cấp, lại; giấy | tờ\tmới", "20240304083000", "4", "Nguyễn Văn A"],
    ["H39.18.25-240304-0002", 'hai dòng\r\nvà "ngoặc"', "04/03/2024", "", ""],
    ["H39.18.25-240304-0003", "", "", "", ""],
]


@pytest.fixture(params=[5, 61, 100_000], ids="chunk {}".format)
def chunk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(csv_reader, "CHUNK", request.param)
    return request.param


def written(rows: list[list[str]], **form: Any) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, **form).writerows(rows)
    return out.getvalue()


@pytest.mark.parametrize("packing", ["plain", "gz", "bom"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", csv_reader.DELIMITERS)
def test_every_form_gives_the_same_rows(delimiter: str, ends: str, packing: Any, chunk: int, tmp_path: Path) -> None:
    text = written([HEAD, *ROWS], delimiter=delimiter, lineterminator=ends)
    content = text.encode("utf-8-sig" if packing == "bom" else "utf-8")
    rows, facts = read(tmp_path, gzip.compress(content) if packing == "gz" else content)
    assert [row["row_number"] for row in rows] == [2, 3, 5]
    assert [row["is_record"] for row in rows] == [True] * 3
    names = [name for name in HEAD if name != "ChuHoSo"]
    assert [[row[name] for name in names] for row in rows] == [row[:4] for row in ROWS]
    assert all("ChuHoSo" not in row for row in rows), "personal data is not even read"
    assert facts.format.startswith("csv") and not facts.drift and not facts.notes


def test_banner_rows_and_vietnamese_headings(chunk: int, tmp_path: Path) -> None:
    content = (
        'UBND TỈNH,,,,\n"Cộng hòa\nxã hội",,,,\n,,,,\n'
        "STT,Mã hồ sơ,Lĩnh vực,NGÀY  TIẾP NHẬN:,Tình trạng,Cột lạ\n"
        "1,H39.18.25-240304-0001,Hộ tịch,4/3/2024,Đang xử lý,bí mật\n"
    )
    rows, facts = read(tmp_path, content)
    assert rows == [
        {
            "row_number": 6,
            "is_record": True,
            "MaHoSo": "H39.18.25-240304-0001",
            "TenLinhVuc": "Hộ tịch",
            "NgayTiepNhan": "4/3/2024",
            "TrangThaiHoSo": "Đang xử lý",
        }
    ]
    assert facts.drift == {"Cột lạ": 1}


def test_a_sheet_without_status_says_so(tmp_path: Path) -> None:
    _, facts = read(tmp_path, "MaHoSo,TenTTHC,NgayTiepNhan,NgayTra\nA1,,,\n")
    assert len(facts.notes) == 1 and "no status column" in facts.notes[0]


def test_wrong_numbers_of_columns_are_bad_rows(chunk: int, tmp_path: Path) -> None:
    content = "MaHoSo,TenTTHC,NgayTiepNhan,TrangThaiHoSo\nA1,a,b,1\nA2,a,b\n\nA3,a,b,1,c\n\r\nA4,a,b,1\nA5"
    rows, _ = read(tmp_path, content)
    assert [(row["row_number"], row["is_record"], row["MaHoSo"]) for row in rows] == [
        (2, True, "A1"),
        (3, False, None),
        (5, False, None),
        (7, True, "A4"),
        (8, False, None),
    ]


def test_stray_quotes_cost_no_neighbours(chunk: int, tmp_path: Path) -> None:
    content = 'MaHoSo,TenTTHC,NgayTiepNhan,TrangThaiHoSo\nA1,ống 5" dài,b,1\nA2,a "b" c,b,1\nA3,"d",b,1\n'
    rows, _ = read(tmp_path, content)
    assert [(row["row_number"], row["MaHoSo"], row["TenTTHC"]) for row in rows] == [
        (2, "A1", 'ống 5" dài'),
        (3, "A2", 'a "b" c'),
        (4, "A3", "d"),
    ]


def test_a_lone_carriage_return_is_white_space(chunk: int, tmp_path: Path) -> None:
    content = 'MaHoSo,TenTTHC,NgayTiepNhan,TrangThaiHoSo\nA1,a\rb,\r"c",1\r\nA2,"d\re",b,1\n'
    rows, _ = read(tmp_path, content)
    assert [(row["row_number"], row["MaHoSo"], row["TenTTHC"]) for row in rows] == [(2, "A1", "a b"), (3, "A2", "d e")]


def test_what_an_open_quote_swallows_is_counted(chunk: int, tmp_path: Path) -> None:
    content = 'MaHoSo,TenTTHC,NgayTiepNhan,TrangThaiHoSo\nA1,a,b,1\nA2,"chưa đóng,b,1\nA3,a,b,1\nA4,a,b,1\n'
    rows, _ = read(tmp_path, content)
    assert [(row["row_number"], row["is_record"]) for row in rows] == [(2, True), (3, False), (4, False), (5, False)]


def test_a_row_that_is_no_utf8_is_that_row_only(chunk: int, tmp_path: Path) -> None:
    content = b"MaHoSo,TenTTHC,NgayTiepNhan,TrangThaiHoSo\nA1,a,b,1\nA2,\xe1\xbb,b,1\nA3,a,b,1\n"
    rows, _ = read(tmp_path, content)
    assert [(row["row_number"], row["is_record"], row["MaHoSo"]) for row in rows] == [
        (2, True, "A1"),
        (3, False, None),
        (4, True, "A3"),
    ]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("MaHoSo,TenTTHC,ChuHoSo\nA1,b,c\n", "dossiers"),
        ("TenTTHC,NgayTiepNhan,NgayTra,TrangThaiHoSo,ChuHoSo\n", "dossiers"),
        ("một tệp văn bản\nbình thường\n", "dossiers"),
        ("MaHoSo,ThoiDiemXuLy,NguoiXuLy\nA1,b,c\n", "progress"),
    ],
)
def test_no_heading(content: Any, kind: Any, tmp_path: Path) -> None:
    with pytest.raises(FileRejected, match="REJ_FILE_NO_HEADING"):
        read(tmp_path, content, kind)


def test_progress_takes_the_status_heading_of_dossiers(tmp_path: Path) -> None:
    rows, _ = read(tmp_path, "Mã hồ sơ;ThoiDiemXuLy;Trạng thái;Cán bộ thụ lý\nA1;20240304;9;B\n", "progress")
    assert rows[0]["TrangThai"] == "9" and rows[0]["NguoiXuLy"] == "B"


def test_headings_are_folded() -> None:
    assert fold("  Số HỒ  sơ (*): ") == "so ho so"
    assert fold("Đơn vị xử lý") == fold("ĐƠN VỊ XỬ LÝ") == "don vi xu ly"
    assert heading_field(DOSSIERS, "Ghi chú", NO_SYNONYMS) == (True, None)
    assert heading_field(DOSSIERS, "mahoso", NO_SYNONYMS) == (True, "MaHoSo")
    assert heading_field(DOSSIERS, "Hạn giải quyết", NO_SYNONYMS) == (True, "NgayHenTra")
    assert heading_field(DOSSIERS, "gì đó", NO_SYNONYMS) == (False, None)


CODES = ["H39.18.25-240304-0001", "H39.18.25-240304-0002", "H39.18.25-240304-0003"]


def codes(rows: list[dict]) -> list[tuple[int, str | None]]:
    return [(row["row_number"], row["MaHoSo"] if row["is_record"] else None) for row in rows]


@pytest.mark.parametrize("first", ["sep=;", "SEP=;", '"sep=;"', "sep=^", "sep=\t"])
def test_a_line_may_say_what_separates(first: str, chunk: int, tmp_path: Path) -> None:
    delimiter = first.strip('"')[4]
    body = written([HEAD, ["A1-0001", "a,b|c", "d", "1", ""]], delimiter=delimiter, lineterminator="\r\n")
    rows, facts = read(tmp_path, first + "\r\n" + body)
    assert [(row["row_number"], row["MaHoSo"], row["TenTTHC"]) for row in rows] == [(3, "A1-0001", "a,b|c")]
    assert facts.format == {";": "csv semicolon", "\t": "csv tab"}.get(delimiter, f"csv {delimiter}")


def test_trailing_separators_do_no_harm(chunk: int, tmp_path: Path) -> None:
    heading = "MaHoSo;TenTTHC;NgayTiepNhan;TrangThaiHoSo"
    body = f"{CODES[0]};a;b;1;;;\n{CODES[1]};a;b;1\n{CODES[2]};a;b;1;x\nA4-0001;a;b\n"
    rows, _ = read(tmp_path, f"{heading}\n{body}")
    assert codes(rows) == [(2, CODES[0]), (3, CODES[1]), (4, None), (5, None)]
    rows, _ = read(tmp_path, f"{heading};;\n{body}")
    assert codes(rows) == [(2, CODES[0]), (3, CODES[1]), (4, CODES[2]), (5, None)]
    everywhere = "".join(f"{code};a;b;1;;\n" for code in CODES)
    rows, facts = read(tmp_path, f"{heading}\n{everywhere}")
    assert codes(rows) == list(zip([2, 3, 4], CODES, strict=True)) and not facts.drift
    assert rows[0]["TrangThaiHoSo"] == "1"


@pytest.mark.parametrize("first", ["", '"UBND TỈNH\n', "UBND TỈNH; '\n\n", '5" dài;x\n'])
def test_what_stands_above_the_heading_need_not_be_well_formed(first: str, chunk: int, tmp_path: Path) -> None:
    content = first + written([HEAD, [CODES[0], "a;b\nc", "d", "1", ""]], delimiter=";", lineterminator="\n")
    rows, _ = read(tmp_path, content)
    assert codes(rows) == [(2 + first.count("\n"), CODES[0])] and rows[0]["TenTTHC"] == "a;b\nc"


def test_excels_way_of_keeping_text(chunk: int, tmp_path: Path) -> None:
    content = (
        "MaHoSo;MaTTHC;TenTTHC;NgayTiepNhan\n"
        f'="{CODES[0]}";="1.001190";"a =""b""";=""\n'
        f'"=""{CODES[1]}""";=1+1;"=""c;d""";="e;f"\n'
    )
    rows, _ = read(tmp_path, content)
    assert [[row[name] for name in ("MaHoSo", "MaTTHC", "TenTTHC", "NgayTiepNhan")] for row in rows] == [
        [CODES[0], "1.001190", 'a ="b"', ""],
        [CODES[1], "=1+1", "c;d", "e;f"],
    ]


def test_single_quotes(chunk: int, tmp_path: Path) -> None:
    content = f"'MaHoSo','TenTTHC','NgayTiepNhan','TrangThaiHoSo'\n'{CODES[0]}','a,\n b''c','d','1'\n"
    rows, _ = read(tmp_path, content)
    assert codes(rows) == [(2, CODES[0])] and rows[0]["TenTTHC"] == "a,\n b'c"


def test_a_sheet_saved_as_csv_is_read_like_the_sheet(chunk: int, tmp_path: Path) -> None:
    content = (
        "UBND TỈNH THANH HÓA;;;;\nCỘNG HÒA;;;;\n;;;;\n"
        "STT;Hồ sơ;;Ngày;Trạng thái\n;Mã;Thủ tục;tiếp nhận;\n(1);(2);(3);(4);(5)\n"
        f"I;UBND xã Ngọc Lặc;;;\n1;{CODES[0]};a;04/03/2024;4\n"
        "STT;Hồ sơ;;Ngày;Trạng thái\n;Mã;Thủ tục;tiếp nhận;\n"
        f"2;{CODES[1]};b;04/03/2024;4\n;;;;\nTổng cộng;2;;;\n;;;Người lập biểu;\n"
    )
    rows, facts = read(tmp_path, content)
    assert codes(rows) == [(8, CODES[0]), (11, CODES[1])]
    assert {row["DonViXuLy"] for row in rows} == {"UBND xã Ngọc Lặc"}
    (heading,) = facts.headings
    assert (heading[1].first_row, heading[1].last_row) == (4, 6)
    assert any("totals" in note for note in facts.notes)


def test_a_column_that_means_the_same_again_is_noted(tmp_path: Path) -> None:
    content = f"Mã hồ sơ,Số hồ sơ,Tên thủ tục,Ngày nhận,Trạng thái\n{CODES[0]},2,a,04/03/2024,4\n"
    rows, facts = read(tmp_path, content)
    assert codes(rows) == [(2, CODES[0])]
    assert any("Số hồ sơ" in note for note in facts.notes)


def test_short_lines_are_bad_rows_and_never_a_group_or_footer(chunk: int, tmp_path: Path) -> None:
    """A line that a stray line end has cut off must not vanish, nor name the rows below."""
    content = f"MaHoSo,TenTTHC,TenLinhVuc,NgayTiepNhan\n{CODES[0]},a\nghi chú tiếp\n{CODES[1]},a,,b\n"
    rows, _ = read(tmp_path, content)
    assert codes(rows) == [(2, None), (3, None), (4, CODES[1])]
    assert not rows[2]["TenLinhVuc"]


CELL = st.text('ab",;\n é', max_size=6)


@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cells=st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=8),
    size=st.integers(1, 50),
    ends=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_well_formed_tables_are_read_as_python_does(
    cells: Any, size: int, ends: str, quoting: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_reader, "CHUNK", size)
    head = HEAD[:4]
    cells = [[f"H39.18.25-240304-{i:04d}", *row] for i, row in enumerate(cells)]
    content = written([head], lineterminator=ends) + written(cells, lineterminator=ends, quoting=quoting)
    rows, _ = read(tmp_path, content)
    assert [[row[name] for name in head] for row in rows] == cells
    assert all(row["is_record"] for row in rows)
    lines = [2]
    for row in cells[:-1]:
        lines.append(lines[-1] + 1 + sum(cell.count("\n") for cell in row))
    assert [row["row_number"] for row in rows] == lines


@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.text('a",\n\r', max_size=60), size=st.integers(1, 50))
def test_nothing_breaks_the_reader(body: str, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any text below a heading gives numbered rows, never an exception, and no line is counted twice."""
    monkeypatch.setattr(csv_reader, "CHUNK", size)
    rows, _ = read(tmp_path, ",".join(HEAD[:4]) + "\n" + body)
    numbers = [row["row_number"] for row in rows]
    assert numbers == sorted(set(numbers))
    assert all(2 <= number <= body.count("\n") + 2 for number in numbers)


PLAIN = st.text("ab\",;|\t='\n é", max_size=6)


@settings(max_examples=examples(100), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cells=st.lists(st.lists(PLAIN, min_size=3, max_size=3), min_size=1, max_size=6),
    size=st.integers(1, 60),
    delimiter=st.sampled_from(csv_reader.DELIMITERS),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    code=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    banner=st.sampled_from([[], [["UBND TỈNH", "", ""]], [["a"], ["b", "c"], []]]),
    trailing=st.integers(0, 2),
    packed=st.booleans(),
)
def test_round_trip(
    cells: Any,
    size: int,
    delimiter: str,
    end: str,
    quoting: Any,
    code: str,
    banner: list[list[str]],
    trailing: Any,
    packed: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever way a table is written, its cells and the lines of its rows come back."""
    monkeypatch.setattr(csv_reader, "CHUNK", size)
    cells = [[f"H39.18.25-240304-{i:04d}", *row] for i, row in enumerate(cells)]
    extra = [""] * trailing
    content = written(banner, delimiter=delimiter, lineterminator=end) + written(
        [row + extra for row in [HEAD[:4], *cells]], delimiter=delimiter, lineterminator=end, quoting=quoting
    )
    raw = content.encode(code)
    rows, _ = read(tmp_path, gzip.compress(raw) if packed else raw)
    kept_text = re.compile(r'="(.*)"', re.DOTALL)
    # what says "this is a text" to a spreadsheet is no part of it (portal-exports §2)
    marked = re.compile(r"'('*[=+\-@\t\r].*)", re.DOTALL)
    expected = [
        [m.group(1) if (m := kept_text.fullmatch(cell) or marked.fullmatch(cell)) else cell for cell in row]
        for row in cells
    ]
    assert [[row[name] for name in HEAD[:4]] for row in rows] == expected
    lines = [len(banner) + 2]
    for row in cells[:-1]:
        lines.append(lines[-1] + 1 + sum(cell.count("\n") for cell in row))
    assert [row["row_number"] for row in rows] == lines
