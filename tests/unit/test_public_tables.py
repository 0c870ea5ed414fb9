"""Tables of a kind that somebody reported in public (data/public_cases of the specification): nothing of them is
lost in silence. Each case stands for its kind, other members of which are written here."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.portal.readers import FileRejected
from tests.support import properties, workbooks
from tests.support.exports import read

CASES = Path(__file__).parents[1] / "data" / "public_cases"
HEAD = ["Mã hồ sơ", "Tên thủ tục", "Ngày tiếp nhận", "Ngày hẹn trả", "Ngày có kết quả", "Ngày trả", "Trạng thái"]
TAIL = ["20/05/2024 08:30", "24/05/2024 17:00", "23/05/2024 10:00", "23/05/2024 15:00", "Đã trả kết quả"]


def row(number: int, *tail: str) -> list[str]:
    return [f"H39.18.25-240520-{number:04}", "Đăng ký khai sinh", *(tail or TAIL)]


def lines(first: int, last: int) -> list[list[str]]:
    return [row(number) for number in range(first, last + 1)]


def case(number: str, name: str = "*") -> bytes:
    (path,) = CASES.glob(f"{number}-*/*/dossiers/{name}")
    return path.read_bytes()


def page(*tables: list[list[str]]) -> str:
    cells = [["".join(f"<td>{text}</td>" for text in line) for line in table] for table in tables]
    return "".join("<table>" + "".join(f"<tr>{line}</tr>" for line in table) + "</table>" for table in cells)


def csv(table: list[list[str]]) -> str:
    return "".join(",".join(line) + "\n" for line in table)


def rules(facts: Any) -> list[str]:
    return [one.rule_id for one in facts.attention]


def codes(rows: list[dict]) -> list[str]:
    return [text["MaHoSo"] for text in rows]


@pytest.mark.parametrize(
    ("number", "name", "count"),
    [
        ("33", "hs_20240601.csv", 4),
        ("44", "*", 6),
        ("49", "*", 10),
        ("67", "*", 3),
        ("71", "*", 3),
        ("73", "*", 24),
        ("75", "*", 5),
        ("76", "*", 30),
        ("84", "*", 6),
        *(("98", f"hs_{form}_20240601.xls", 2) for form in ("br", "h3", "p", "text", "small_html_ns")),
        ("99", "hs_20240601.xlsx", 1),
        ("99", "hs_20240602.xls", 2),
        ("99", "hs_20240603.csv", 3),
    ],
)
def test_every_row_of_a_case_is_read(number: Any, name: Any, count: Any, tmp_path: Path) -> None:
    rows, facts = read(tmp_path, case(number, name))
    assert len(rows) == count == len(set(codes(rows)))
    assert all(one["is_record"] and one["NgayTiepNhan"] for one in rows) and not facts.attention


def test_letters_of_old_fonts(tmp_path: Path) -> None:
    rows, facts = read(tmp_path, case("36"))
    assert {one["TenTTHC"] for one in rows} == {"Đăng ký khai sinh"} and rules(facts) == ["WRN_LEGACY_TEXT"]
    rows, facts = read(tmp_path, case("78"))
    assert {one["TrangThaiHoSo"] for one in rows} == {"Đã trả kết quả"} and len(rows) == 24
    assert rules(facts) == ["WRN_LEGACY_TEXT"] and not facts.drift


def test_a_table_without_due_dates_is_told(tmp_path: Path) -> None:
    table = [[name if name != "Ngày hẹn trả" else "Mốc cam kết" for name in HEAD], *lines(1, 3)]
    for content in (csv(table), page(table), workbooks.xlsx(table)):
        _, facts = read(tmp_path, content)
        ((rule, detail),) = [(one.rule_id, one.detail) for one in facts.attention]
        assert rule == "WRN_FILE_NO_DUE" and "Mốc cam kết" in detail and detail.startswith("3 hồ sơ")


def test_formulas_without_a_value_refuse_the_file_and_say_why(tmp_path: Path) -> None:
    for name in ("hs_20240601.xlsx", "hs_openpyxl_20240602.xlsx"):
        with pytest.raises(FileRejected, match=r"Ngày hẹn trả: .* / .*open it in a spreadsheet and save it"):
            read(tmp_path, case("72", name))
    # xlsxwriter stores a 0 and asks that everything be computed on opening; Excel's XML has no data then.
    with pytest.raises(FileRejected, match="holds formulas"):
        read(tmp_path, written([HEAD, *lines(1, 2)], formulas={(1, 3): "=C2+1"}))
    cells = "".join(f'<Cell><Data ss:Type="String">{text}</Data></Cell>' for text in HEAD)
    line = "".join(f'<Cell><Data ss:Type="String">{text}</Data></Cell>' for text in row(1)[:3])
    with pytest.raises(FileRejected, match="holds formulas"):
        read(tmp_path, excel_xml(cells, line + '<Cell ss:Formula="=RC[-1]+1"/>'))


def test_formulas_beside_what_is_read_do_no_harm(tmp_path: Path) -> None:
    table = [["STT", *HEAD], ["", *row(1)], ["", *row(2)]]
    rows, facts = read(tmp_path, written(table, formulas={(1, 0): "=ROW()-1", (2, 0): "=ROW()-1"}))
    assert len(rows) == 2 and not facts.attention


def written(table: list[list[str]], formulas: dict | None = None, merged: list | None = None) -> bytes:
    """A workbook by xlsxwriter: formulas by their place, cells merged down as (first row, last row, column)."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet()
    for number, line in enumerate(table):
        sheet.write_row(number, 0, line)
    for (number, column), formula in (formulas or {}).items():
        sheet.write_formula(number, column, formula)
    for first, last, column in merged or []:
        sheet.merge_range(first, column, last, column, table[first][column])
    book.close()
    return out.getvalue()


def excel_xml(*rows: str) -> str:
    lines = "".join(f"<Row>{line}</Row>" for line in rows)
    return (
        '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"'
        ' xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="S"><Table>'
        f"{lines}</Table></Worksheet></Workbook>"
    )


def test_day_and_month_exchanged_by_a_spreadsheet(tmp_path: Path) -> None:
    _, facts = read(tmp_path, case("74"))
    assert rules(facts) == ["WRN_DAY_MONTH_SWAPPED"]
    # True dates of any day beside written ones are as they should be.
    mixed = [[*row(n)[:2], datetime(2024, 5, n), *row(n)[3:]] for n in range(1, 31)]
    _, facts = read(tmp_path, workbooks.xlsx([HEAD, *mixed, *lines(31, 40)]))
    assert not facts.attention


def test_errors_are_shown_as_they_are(tmp_path: Path) -> None:
    rows, _ = read(tmp_path, case("71"))
    assert rows[0]["NgayTra"] == "#N/A" and rows[1]["NgayHenTra"] == "#VALUE!"
    # An error is no code: the row is one that has none.
    for content in (csv([HEAD, ["#REF!", *row(1)[1:]]]), page([HEAD, ["#REF!", *row(1)[1:]]])):
        (only,) = read(tmp_path, content)[0]
        assert only["MaHoSo"] == "" and only["NgayTiepNhan"] == TAIL[0]


# --- parts ----------------------------------------------------------------------------------------------------------


def zipped(*members: str | bytes) -> bytes:
    return workbooks.packed({f"{number}.x": member for number, member in enumerate(members)})


def several(form: str, *tables: list[list[str]]) -> bytes | str:
    """The tables as sheets, tables of a page, members of an archive."""
    if form == "xlsx":
        return workbooks.xlsx({f"S{number}": table for number, table in enumerate(tables)})
    if form == "html":
        return page(*tables)
    make: dict[str, Callable[[list[list[str]]], str | bytes]] = {
        "zip of csv": csv,
        "zip of html": page,
        "zip of xlsx": workbooks.xlsx,
    }
    return zipped(*(make[form](table) for table in tables))


FORMS = ["xlsx", "html", "zip of csv", "zip of html", "zip of xlsx"]


@pytest.mark.parametrize("form", FORMS)
def test_a_part_without_a_heading_goes_on(form: Any, tmp_path: Path) -> None:
    rows, facts = read(tmp_path, several(form, [HEAD, *lines(1, 3)], lines(4, 9), lines(10, 11)))
    assert codes(rows) == [line[0] for line in lines(1, 11)] and not facts.attention
    assert len({one["row_number"] for one in rows}) == 11
    assert sum("goes on with the one before" in note for note in facts.notes) >= 1


@pytest.mark.parametrize("form", FORMS)
def test_a_part_that_does_not_fit_is_told(form: Any, tmp_path: Path) -> None:
    other = [[line[1], line[0], *line[2:]] for line in lines(4, 9)]
    rows, facts = read(tmp_path, several(form, [HEAD, *lines(1, 3)], other))
    assert len(rows) == 3 and rules(facts) == ["WRN_FILE_PART_SKIPPED"]
    assert not any(line[0] in str(facts) for line in other)
    rows, facts = read(tmp_path, several(form, lines(4, 9), [HEAD, *lines(1, 3)]))
    assert len(rows) == 3 and rules(facts) == ["WRN_FILE_PART_SKIPPED"]
    _, facts = read(tmp_path, several(form, [HEAD, *lines(1, 3)], [["Ghi chú", "x"], ["a", "b"]]))
    assert not facts.attention


def test_a_second_table_at_the_right_is_told(tmp_path: Path) -> None:
    left, right = [HEAD, *lines(1, 3)], [HEAD, *lines(4, 5), [""] * len(HEAD)]
    table = [[*one, "", *other] for one, other in zip(left, right, strict=True)]
    for content in (page(table), workbooks.xlsx(table), csv(table)):
        rows, facts = read(tmp_path, content)
        assert codes(rows) == [line[0] for line in lines(1, 3)]
        assert rules(facts) == ["WRN_FILE_PART_SKIPPED"] and "2 mã hồ sơ khác" in facts.attention[0].detail
    rows, facts = read(tmp_path, page([[*one, "", *one] for one in left]))
    assert len(rows) == 3 and not facts.attention, "the same table twice loses nothing"


def test_a_second_heading_does_not_lose_the_rows_above_it(tmp_path: Path) -> None:
    """The longer heading stands lower: the rows between are those of the first."""
    short = [name for name in HEAD if name != "Ngày trả"]
    table = [short, *([*line[:5], line[6]] for line in lines(1, 3)), [], HEAD, *lines(4, 6)]
    for content in (page(table), workbooks.xlsx(table)):
        rows, _ = read(tmp_path, content)
        assert codes(rows) == [line[0] for line in lines(1, 6)]
    rows, _ = read(tmp_path, csv(table))
    assert (
        codes(rows)[:3] == [line[0] for line in lines(1, 3)] and [one["is_record"] for one in rows[3:]] == [False] * 4
    )


def test_merged_cells_count_for_every_row(tmp_path: Path) -> None:
    rows, _ = read(tmp_path, case("75"))
    assert [one["DonViXuLy"] for one in rows] == ["UBND xã A"] * 4 + ["UBND xã B"]
    assert [one["TenLinhVuc"] for one in rows] == ["Hộ tịch"] * 2 + ["Đất đai"] * 2 + ["Chứng thực"]
    # Two rows of cells that are all merged are one row.
    tall = [HEAD, row(1), [""] * 7, row(2), [""] * 7]
    rows, _ = read(tmp_path, written(tall, merged=[(n, n + 1, column) for n in (1, 3) for column in range(7)]))
    assert codes(rows) == [row(1)[0], row(2)[0]]
    cells = [[f'<Cell><Data ss:Type="String">{text}</Data></Cell>' for text in line] for line in (HEAD, row(1), row(2))]
    cells[1][1] = cells[1][1].replace("<Cell>", '<Cell ss:MergeDown="1">')
    cells[2][1:3] = [cells[2][2].replace("<Cell>", '<Cell ss:Index="3">')]
    rows, _ = read(tmp_path, excel_xml(*map("".join, cells)))
    assert [one["TenTTHC"] for one in rows] == ["Đăng ký khai sinh"] * 2


def test_what_a_printer_puts_between_the_rows(tmp_path: Path) -> None:
    between = [
        ["Trang 1/3"],
        ["", "", "", "", "", "", "Trang số 2 trên 3"],
        ["Ngày in: 01/06/2024 08:00"],
        ["DANH SÁCH HỒ SƠ ĐÃ GIẢI QUYẾT"],
        ["(Từ ngày 01/05/2024 đến ngày 31/05/2024)"],
        ["Page 2 of 3"],
        ["In lúc 08:00 01/06/2024", "", "", "Người in: Nguyễn Văn A"],
        ["- 2 -"],
    ]
    table = [between[3], between[4], HEAD, *lines(1, 2), *between, HEAD, *lines(3, 4)]
    for content in (csv(table), page(table), workbooks.xlsx(table)):
        rows, facts = read(tmp_path, content)
        assert codes(rows) == [line[0] for line in lines(1, 4)]
        assert all(one.get("TenLinhVuc") is None for one in rows) and "Nguyễn" not in str(facts.notes)
        assert any("page numbers and print dates: 6" in note for note in facts.notes)
        assert any("repeated banner rows: 2" in note for note in facts.notes)


# --- formats --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (case("46"), "XML, HTML \\(soap:Envelope\\)"),
        (b'<?xml version="1.0"?>\n<!-- x -->\n<DanhSach><HoSo/></DanhSach>', "XML, HTML \\(DanhSach\\)"),
        (b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x\r\n", "MHTML"),
        (b"From: <Saved by Excel>\r\nSubject: \r\nMIME-Version: 1.0\r\n\r\n<table><tr>", "MHTML"),
        (b"\r\n%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "PDF"),
        (b"{\\rtf1\\ansi\\deff0 x}", "RTF"),
        (b"\x09\x00\x04\x00\x02\x00\x10\x00" + bytes(100), "BIFF"),
        (b"\x09\x04\x06\x00\x00\x04\x10\x00" + bytes(100), "BIFF"),
        (b"GIF89a" + bytes(20), "GIF"),
        (b"SQLite format 3\x00" + bytes(100), "SQLite"),
        (b"MZ\x90\x00\x03" + bytes(100), "EXE"),
        (workbooks.packed({"[Content_Types].xml": "<Types/>", "word/document.xml": "<x/>"}), "Word"),
        (workbooks.ole2({"WordDocument": bytes(4096)}), "Word"),
    ],
)
def test_what_is_no_export_is_refused_by_its_name(content: Any, name: Any, tmp_path: Path) -> None:
    with pytest.raises(FileRejected, match=f"REJ_FILE_UNREADABLE: .*{name}.* / .*{name}.*export it again as Excel"):
        read(tmp_path, content)


def test_a_page_without_a_table_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileRejected, match="a web page without a table"):
        read(tmp_path, "<html><body><form>Đăng nhập</form></body></html>")


def test_an_extent_that_names_no_cell(tmp_path: Path) -> None:
    book = written([HEAD, *lines(1, 3)])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name.replace("/", "\\"), old.read(name).replace(b'ref="A1:G4"', b'ref="A0"'))
    assert len(read(tmp_path, out.getvalue())[0]) == 3


@pytest.mark.parametrize(
    "start", ["\ufeff<br>", "Notice: x in a.php on line 3\n", "<!-- x --><p>a</p>", "<font><b>a</b>"]
)
def test_pages_that_begin_with_anything(start: Any, tmp_path: Path) -> None:
    assert len(read(tmp_path, start + page([HEAD, *lines(1, 3)]))[0]) == 3


@pytest.mark.parametrize("letters", ["TCVN3", "VNI", "UTF-8"])
def test_legacy_letters_in_every_form(letters: Any, tmp_path: Path) -> None:
    table = legacy(letters)
    raw = csv(table).encode("latin-1") if letters != "UTF-8" else csv(table)
    for content in (csv(table), raw, page(table), workbooks.xlsx(table)):
        rows, facts = read(tmp_path, content)
        assert {one["TrangThaiHoSo"] for one in rows} == {"Đã trả kết quả"} and rules(facts) == ["WRN_LEGACY_TEXT"]
        assert {one["TenTTHC"] for one in rows} == {"Đăng ký khai sinh"} and len(rows) == 3


def legacy(letters: str) -> list[list[str]]:
    if letters == "UTF-8":
        cells = [[text.encode() for text in line] for line in [HEAD, *lines(1, 3)]]
        return [
            ["".join(bytes([b]).decode("cp1252", "ignore") or chr(b) for b in text) for text in line] for line in cells
        ]
    head, procedure, status = {
        "TCVN3": (
            "M· hå s¬|Tªn thñ tôc|Ngµy tiÕp nhËn|Ngµy hÑn tr¶|Ngµy cã kÕt qu¶|Ngµy tr¶|Tr¹ng th¸i",
            *("§¨ng ký khai sinh", "§· tr¶ kÕt qu¶"),
        ),
        "VNI": (
            "Maõ hoà sô|Teân thuû tuïc|Ngaøy tieáp nhaän|Ngaøy heïn traû|Ngaøy coù keát quaû|Ngaøy traû|Traïng thaùi",
            *("Ñaêng kyù khai sinh", "Ñaõ traû keát quaû"),
        ),
    }[letters]
    return [head.split("|"), *([line[0], procedure, *line[2:-1], status] for line in lines(1, 3))]


# --- rows read + rows refused = rows written ------------------------------------------------------------------------

BANNERS = [["UBND TỈNH THANH HÓA"], [], ["DANH SÁCH HỒ SƠ"], ["(Từ ngày 01/05/2024 đến ngày 31/05/2024)"]]


@settings(
    max_examples=properties.examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    sizes=st.lists(st.integers(1, 6), min_size=1, max_size=4),
    headed=st.lists(st.booleans(), min_size=4, max_size=4),
    order=st.permutations(range(len(HEAD))),
    banner=st.integers(0, 4),
    split=st.booleans(),
    pages=st.booleans(),
    footer=st.booleans(),
    form=st.sampled_from(FORMS),
)
def test_rows_read_are_rows_written(
    sizes: Any, headed: Any, order: Any, banner: Any, split: Any, pages: Any, footer: Any, form: Any, tmp_path: Path
) -> None:
    tables, number = [], 0
    for place, size in enumerate(sizes):
        body = [[line[index] for index in order] for line in lines(number + 1, number + size)]
        number += size
        if pages:
            body.insert(1, ["Trang 1/2"])
        if footer:
            body += [[], ["", "", "NGƯỜI LẬP BIỂU"], ["", "", "Trần Thị B"]]
        head = [[HEAD[index] for index in order]]
        if split and form != "zip of csv":
            head = [[name.split(" ", 1)[0] for name in head[0]], [name.split(" ", 1)[1] for name in head[0]]]
        tables.append([*BANNERS[:banner], *head, *body] if place == 0 or headed[place] else body)
    if split and form in ("xlsx", "html"):
        # The first heading alone in a part of its own.
        tables[:1] = [tables[0][: banner + 2], tables[0][banner + 2 :]]
    rows, facts = read(tmp_path, several(form, *tables))
    assert [code for code in codes(rows) if code] == [line[0] for line in lines(1, number)]
    assert not facts.attention
