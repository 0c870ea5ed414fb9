"""form, list, letter and export as people call them, on a small published district: figures of the marts, cells of the
right type, papers that can be read, files that our own readers take back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import settings as settings_of
from hypothesis import strategies as st
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from pipelines.cli import main
from pipelines.config import load_settings
from pipelines.serving.office.export import extract, write_csv, write_parquet, write_workbook
from pipelines.serving.office.form import COLUMNS, forms
from pipelines.serving.office.lists import LISTS
from pipelines.serving.published import open_published
from tests.support.command import KEY
from tests.support.district import District
from tests.support.exports import read
from tests.support.office import dossiers, published_of
from tests.support.properties import examples

pytestmark = pytest.mark.integration

Call = Callable[..., int]


@pytest.fixture(scope="module")
def warehouse(district: District) -> Path:
    return district.warehouse


@pytest.fixture
def call(warehouse: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """A call of `dunghan`, which returns its exit status."""
    monkeypatch.setenv("DUNGHAN_WAREHOUSE", str(warehouse))
    monkeypatch.setenv("DUNGHAN_PRIVACY_KEY", KEY)

    def called(*arguments: object) -> int:
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        return int(end.value.code or 0)

    return called


def asked(warehouse: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(warehouse / "published" / "dunghan.duckdb"), read_only=True) as con:
        return con.execute(query).fetchall()


def sheet(path: Path, place: int = 0) -> list[list[Any]]:
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_index(place).to_python(skip_empty_area=False)


def table(path: Path) -> list[dict[str, Any]]:
    """Rows of a list below its head."""
    rows = sheet(path)
    top = next(number for number, row in enumerate(rows) if row[0] == "STT")
    return [dict(zip(rows[top], row, strict=True)) for row in rows[top + 1 :]]


def text_of(path: Path) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(path).pages)


# ---- form II.06 -----------------------------------------------------------------------------------------------------


def test_the_form_has_the_figures_of_the_district(warehouse: Path, call: Call, tmp_path: Path) -> None:
    """timeliness §8, in small: what was generated stands in the columns, none is carried over, 3 = 7 + 11."""
    truth = json.loads((warehouse.parent / "truth" / "summary.json").read_text())
    out = tmp_path / "bieu.xlsx"
    assert call("form", "--period", "2024-H1", "--scheme", "calendar", "-o", out) == 0
    rows = sheet(out)
    total = next(row for row in rows if row[0] == "Tổng cộng")[2:13]
    received, _, _, carried, resolved, early, on_time, late, pending, in_time, overdue = total
    assert (received, resolved, pending) == (truth["received"], truth["resolved"], truth["pending"])
    assert (early, on_time, late, carried) == (truth["early"], truth["on_time"], truth["late"], 0)
    assert (in_time, overdue) == (truth["pending_in_time"], truth["pending_overdue"])
    assert received == resolved + pending
    lines = [row for row in rows if isinstance(row[0], float)]
    assert [sum(row[2 + place] for row in lines) for place in range(11)] == total
    expected = asked(
        warehouse,
        f"""select {", ".join(f"sum({column})::bigint" for column in COLUMNS)} from marts.rpt_form_ii06
        where source = 'dvcqg' and scheme = 'calendar' and period = '2024-H1'""",
    )
    assert tuple(total) == expected[0]
    texts = [str(cell) for row in rows for cell in row]
    assert "(3)=(4)+(5)+(6)" in texts
    assert any("UBND huyện Cần Giuộc" in text for text in texts)
    assert any("chưa kết thúc: số liệu tính đến 23:59 ngày 31/05/2024" in text for text in texts)
    assert any("nguồn có nhiều hồ sơ nhất" in text and "motcua" in text for text in texts)


def test_a_form_for_each_agency_of_a_level(warehouse: Path, call: Call, tmp_path: Path) -> None:
    out = tmp_path / "bieu.xlsx"
    assert call("form", "--period", "2024-05", "--level", 3, "--source", "dvcqg", "-o", out) == 0
    totals = {
        name: next(row for row in CalamineWorkbook.from_path(str(out)).get_sheet_by_name(name).to_python()
                   if row[0] == "Tổng cộng")[2]
        for name in CalamineWorkbook.from_path(str(out)).sheet_names
    }  # fmt: skip
    expected = asked(
        warehouse,
        """select agency_code, sum(received_total) from marts.rpt_form_ii06_levels
        where source = 'dvcqg' and scheme = 'reporting' and period = '2024-05' and level = 3 group by 1""",
    )
    assert totals == dict(expected)
    assert len(totals) > 3


def test_the_form_as_pdf_says_the_same(warehouse: Path, call: Call, tmp_path: Path) -> None:
    pytest.importorskip("typst")
    out = tmp_path / "bieu.pdf"
    assert call("form", "--period", "2024-H1", "--scheme", "calendar", "--agency", "h39.18", "-o", out) == 0
    page = PdfReader(out).pages[0]
    assert page.mediabox.width > page.mediabox.height
    text = " ".join(text_of(out).split())
    for words in ("TÌNH HÌNH, KẾT QUẢ GIẢI QUYẾT THỦ TỤC HÀNH CHÍNH", "6 tháng đầu năm 2024", "Tổng cộng", "(13)"):
        assert words in text
    settings = load_settings(warehouse=warehouse)
    with open_published(settings) as published:
        (form,) = forms(published, settings, "2024-H1", scheme="calendar", agency="H39.18")
    assert "Tổng cộng " + " ".join(str(n) for n in form.total) in text


def test_a_closed_period_says_so(warehouse: Path) -> None:
    settings = load_settings(warehouse=warehouse)
    with open_published(settings) as published:
        (form,) = forms(published, settings, "2024-Q1", source="motcua")
    assert form.notes[0].startswith("Số liệu của trọn kỳ báo cáo")
    assert form.notes[1] == "Nguồn dữ liệu: motcua."


# ---- lists ----------------------------------------------------------------------------------------------------------

COUNTS = {
    "overdue": "select count(*) from marts.mart_overdue_dossiers where source = 'dvcqg' and rule_set = 'form_ii06'",
    "late": "select count(*) from marts.mart_late_dossiers where source = 'dvcqg' and rule_set = 'form_ii06'",
    "due-soon": "select count(*) from marts.mart_due_soon where source = 'dvcqg' and rule_set = 'form_ii06'",
    "apologies": """select (select count(*) from marts.mart_overdue_dossiers where source = 'dvcqg'
        and rule_set = 'form_ii06' and apology_missed) + (select count(*) from marts.mart_due_soon
        where source = 'dvcqg' and rule_set = 'form_ii06' and apology_due)""",
    "waiting": "select count(*) from marts.mart_waiting_acceptance where source = 'dvcqg'",
    "reappointed": """select count(*) from marts.fct_dossiers where source = 'dvcqg'
        and list_contains(flags, 'WRN_REAPPOINTED')""",
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_holds_the_rows_of_its_mart(name: str, warehouse: Path, call: Call, tmp_path: Path) -> None:
    out = tmp_path / "a.xlsx"
    assert call("list", name, "-o", out) == 0
    rows = table(out)
    assert len(rows) == asked(warehouse, COUNTS[name])[0][0]
    if not rows:
        pytest.skip(f"the small district has no dossier for {name}")
    assert all(isinstance(row["Mã hồ sơ"], str) and isinstance(row["Thủ tục"], str) for row in rows)
    assert {row["Ghi chú của cơ quan"] for row in rows} == {""}
    assert all(row["Cơ quan"] != row["Mã cơ quan"] for row in rows)
    if name != "waiting":
        assert {type(row["Ngày tiếp nhận"]) for row in rows} == {datetime}
        assert not {row["Lý do"] for row in rows} & {"AFTER_DUE_DATE", "PAST_DUE_DATE", "BEFORE_DUE", ""}
    if name in ("overdue", "late"):
        days = [row["Quá hạn (ngày làm việc)"] for row in rows]
        assert days == sorted(days, reverse=True)
    said = [row[0] for row in sheet(out)[:9]]
    assert said[0].startswith("DANH SÁCH HỒ SƠ")
    assert "Chốt số liệu lúc: 23:59 ngày 31/05/2024" in said


def test_a_list_is_filtered_and_shown(warehouse: Path, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    (number,) = asked(
        warehouse,
        """select count(*) from marts.mart_due_soon where source = 'motcua' and rule_set = 'portal_766'
        and (agency_code = 'H39.18.25' or starts_with(agency_code, 'H39.18.25.'))""",
    )[0]
    asking = ("list", "due-soon", "--agency", "H39.18.25", "--source", "motcua", "--rule-set", "portal_766")
    assert call(*asking, "--limit", 0, "--lang", "en") == 0
    said = capsys.readouterr().out
    assert f"Dossiers: {number}\n" in said
    assert "National portal index 766" in said
    assert number > 1
    assert call(*asking, "--limit", 1) == 0
    assert f"1 trên {number}" in capsys.readouterr().out
    field = asked(warehouse, "select field_code, field_name from marts.dim_field where field_name = 'Hộ tịch'")[0]
    assert call("list", "due-soon", "--field", "hộ tịch", "--limit", 1) == 0
    assert f"Lĩnh vực: Hộ tịch ({field[0]})" in capsys.readouterr().out


# ---- the letter -----------------------------------------------------------------------------------------------------


def test_the_letter_of_an_overdue_dossier(
    warehouse: Path, call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("typst")
    code, procedure, days, due = asked(
        warehouse,
        """select dossier_code, procedure_name, working_days_overdue, due_at from marts.mart_overdue_dossiers
        where source = 'dvcqg' and rule_set = 'form_ii06' and reappointments = 0
        order by working_days_overdue desc, dossier_code limit 1""",
    )[0]
    assert call("letter", code, "--source", "dvcqg") == 0
    said = capsys.readouterr().out
    for words in (code, procedure, f"quá hạn {days} ngày làm việc", f"ngày {due:%d} tháng {due:%m} năm {due:%Y}",
                  "Kính gửi: Ông/Bà (Tổ chức) ……", "vào …… giờ ……", "Lý do: ……", "không gửi".upper()):  # fmt: skip
        assert words in said
    assert call("letter", code, "--source", "dvcqg", "-o", tmp_path / "thu.pdf") == 0
    pages = [" ".join(page.extract_text().split()) for page in PdfReader(tmp_path / "thu.pdf").pages]
    assert len(pages) == 2
    assert "PHIẾU XIN LỖI VÀ HẸN LẠI NGÀY TRẢ KẾT QUẢ" in pages[0]
    assert code in pages[0]
    assert "KHÔNG GỬI CHO CÔNG DÂN" in pages[1]
    assert call("letter", code, "-o", tmp_path / "thu.txt") == 0
    assert code in (tmp_path / "thu.txt").read_text(encoding="utf-8-sig")


def test_there_is_no_letter_without_a_delay(
    warehouse: Path, call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = asked(
        warehouse,
        """select dossier_code from marts.fct_verdicts where source = 'dvcqg' and rule_set = 'form_ii06'
        and reason = 'BEFORE_DUE_DATE' order by 1 limit 1""",
    )[0][0]
    assert call("letter", code, "--source", "dvcqg", "-o", tmp_path / "a.pdf") == 1
    assert "không phải xin lỗi" in capsys.readouterr().err
    assert call("letter", f"{code[:-1]}X", "-o", tmp_path / "a.pdf") == 1
    assert code in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


# ---- any mart as a file ---------------------------------------------------------------------------------------------


def test_every_mart_can_be_exported(warehouse: Path, tmp_path: Path) -> None:
    table, text = tmp_path / "a.parquet", tmp_path / "a.csv"
    with open_published(load_settings(warehouse=warehouse)) as published, duckdb.connect() as con:
        for mart in published.marts:
            found = extract(published, mart)
            write_parquet(found, table)
            write_csv(found, text, "vi")
            assert con.read_parquet(str(table)).columns == found.relation.columns
            read_again = con.read_csv(str(text), all_varchar=True, header=True)
            assert len(set(read_again.columns)) == len(found.relation.columns), mart
            rows = [con.read_parquet(str(table)), read_again, published.con.table(f"marts.{mart}")]
            assert len({relation.count("*").fetchone() for relation in rows}) == 1, mart


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_exported_dossiers_are_read_again(ending: str, warehouse: Path, call: Call, tmp_path: Path) -> None:
    """The contract's headings: what we export is an export to our own readers, with the same codes and moments."""
    out = tmp_path / f"a.{ending}"
    columns = "dossier_code,procedure_code,procedure_name,submitted_at,received_at,due_at,returned_at,status,channel"
    assert call("export", "fct_dossiers", "--columns", columns, "--agency", "H39.18", "-o", out) == 0
    rows, facts = read(tmp_path, out.read_bytes())
    assert not facts.drift
    expected = asked(
        warehouse,
        f"""select {columns} from marts.fct_dossiers where starts_with(agency_code, 'H39.18')
        order by source, dossier_code""",
    )
    assert [(row["MaHoSo"], row["TenTTHC"], row["TrangThaiHoSo"]) for row in rows] == [
        (row[0], row[2], str(row[7])) for row in expected
    ]
    assert [_moment(row["NgayHenTra"]) for row in rows] == [row[5] for row in expected]


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


_PIECES = st.sampled_from(
    ["=", "+", "-", "@", "'", '"', ",", "\n", " ", "a", "ế", "Đ", "1", "_x0041_", '="007"', "<b>", "&"]
)


@settings_of(max_examples=examples(8))
@given(texts=st.lists(st.lists(_PIECES, min_size=1, max_size=6).map("".join), min_size=30, max_size=60))
def test_what_is_exported_as_a_workbook_is_read_back_exactly(
    texts: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("xlsx")
    with duckdb.connect() as con:
        con.execute("create schema marts")
        found = dossiers(con, texts)
        write_workbook(found, folder / "a.xlsx", published_of(con), "vi")
    rows, _ = read(folder, (folder / "a.xlsx").read_bytes())
    assert [row["TenTTHC"] for row in rows] == texts


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("form", "--period", "2031-Q1"), "2024-Q2"),
        (("form", "--period", "2024-Q2", "--scheme", "lunar"), "reporting"),
        (("form", "--period", "2024-Q2", "--level", "7"), "3"),
        (("export", "fct_dossier"), "fct_dossiers"),
        (("export", "fct_dossiers", "--columns", "due"), "due_at"),
        (("export", "fct_dossiers", "--agency", "H39.81"), "H39.18"),
        (("list", "late", "--rule-set", "766"), "portal_766"),
        (("list", "late", "--source", "dvc"), "dvcqg"),
        (("list", "waiting", "--field", "x"), "--field"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(
    arguments: tuple[str, ...], told: str, call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ending = "xlsx"
    assert call(*arguments, "-o", tmp_path / f"a.{ending}") == 2
    assert told in capsys.readouterr().err
    assert call(*arguments, "-o", tmp_path / "a.docx") == 2
    assert ".xlsx" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_among_the_published(warehouse: Path, call: Call) -> None:
    assert call("export", "dim_date", "-o", warehouse / "published" / "current" / "a.csv") == 2
    assert not list((warehouse / "published").rglob("a.csv"))


def test_nothing_published_is_exit_status_1(tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUNGHAN_WAREHOUSE", str(tmp_path / "empty"))
    assert call("export", "dim_date", "-o", tmp_path / "a.csv") == 1
