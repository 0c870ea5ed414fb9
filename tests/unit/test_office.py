"""What an office is given: names that are asked for, files written whole, texts of papers by date, cells, faces."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import settings as settings_of
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from pipelines.config import Settings, load_settings
from pipelines.contract import DOSSIERS
from pipelines.contract.headings import heading_field
from pipelines.contract.marks import marked
from pipelines.offers import offered
from pipelines.serving.asking import AskedWronglyError, known
from pipelines.serving.office.export import extract, write_csv, write_parquet, write_workbook
from pipelines.serving.office.files import checked, whole
from pipelines.serving.office.form import Form, Line, period_name, reporting_unit
from pipelines.serving.office.headings import headings
from pipelines.serving.office.lists import LISTS
from pipelines.serving.office.typeset import FOLDERS, OWN_FACE, chosen_face, has_letters
from pipelines.serving.office.words import WORDS, said
from pipelines.serving.office.workbook import LONGEST, Book
from pipelines.serving.published import SQL
from tests.support.exports import read
from tests.support.office import dossiers, published_of
from tests.support.properties import examples


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = load_settings(warehouse=tmp_path / "warehouse", drop_zone=str(tmp_path / "inbox"))
    settings.layout.create()
    return settings


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute("create schema marts")
        con.execute("create table marts.dim_agency as select 'H39.18' as agency_code, 'A' as name, 2 as level, "
                    "'H39' as parent, true as is_latest")  # fmt: skip
        yield con


# ---- names ----------------------------------------------------------------------------------------------------------


def test_a_name_is_found_whatever_its_case_and_diacritics() -> None:
    assert known("field", "ho tich", ["Hộ tịch", "Đất đai"]) == "Hộ tịch"
    assert known("mart", "DIM_AGENCY", ["dim_agency"]) == "dim_agency"


def test_an_unknown_name_is_told_with_the_nearest_first() -> None:
    with pytest.raises(AskedWronglyError) as told:
        known("list", "overdu", LISTS)
    assert told.value.key == "office.unknown_list"
    assert told.value.values["known"].startswith("overdue, ")
    assert offered("x", []) == "–"


# ---- files ----------------------------------------------------------------------------------------------------------


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    target.write_text("before")
    with pytest.raises(RuntimeError), whole(target) as work:
        work.write_text("half")
        assert target.read_text() == "before"
        raise RuntimeError
    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]
    with whole(target) as work:
        work.write_text("after")
    assert target.read_text() == "after"
    assert list(tmp_path.iterdir()) == [target]
    if os.name == "posix":
        mask = os.umask(0)
        os.umask(mask)
        assert stat.S_IMODE(target.stat().st_mode) == 0o666 & ~mask


def test_files_go_where_they_may(settings: Settings, tmp_path: Path) -> None:
    for path, key in (
        (tmp_path / "a.doc", "office.unknown_ending"),
        (tmp_path / "none" / "a.csv", "office.no_folder"),
        (settings.layout.published / "a.csv", "office.published_place"),
        (settings.layout.lake / "x" / "a.csv", "office.published_place"),
    ):
        with pytest.raises(AskedWronglyError) as told:
            checked(settings, path, (".csv",))
        assert told.value.key == key
    assert checked(settings, tmp_path / "a.CSV", (".csv",)) == (tmp_path / "a.CSV").resolve()


# ---- texts of papers ------------------------------------------------------------------------------------------------


def test_texts_of_papers_hold_from_their_day(settings: Settings) -> None:
    before, after = (headings(settings, "letter", day)["form"] for day in (date(2025, 6, 30), date(2025, 7, 1)))
    assert "01/2018/TT-VPCP" in before
    assert "118/2025/NĐ-CP" in after
    settings.layout.form_headings.write_text(
        "paper,key,valid_from,text\nform_ii06,number,2026-01-01,Biểu số 7\nform_ii06,basis,2000-01-01,Theo tỉnh\n"
    )
    form = headings(settings, "form_ii06", date(2026, 1, 1))
    assert (form["number"], form["basis"]) == ("Biểu số 7", "Theo tỉnh")
    assert headings(settings, "form_ii06", date(2025, 12, 31))["number"] == "Biểu số II.06"


def test_periods_are_called_as_officials_do() -> None:
    said_of = {"2024-05": "tháng 5 năm 2024", "2024-Q2": "quý II năm 2024", "2024-H1": "6 tháng đầu năm 2024"}
    for period, name in (said_of | {"2024": "năm 2024"}).items():
        assert period_name(period, "reporting") == name
        assert period_name(period, "calendar") == f"{name} (theo dương lịch)"


def test_the_reporting_unit_is_the_lowest_that_holds_everything() -> None:
    rows = [
        {"agency_code": "H39", "level": 1, "received_total": 9},
        {"agency_code": "H39.18", "level": 2, "received_total": 9},
        {"agency_code": "H39.18.1", "level": 3, "received_total": 4},
        {"agency_code": "unknown", "level": 0, "received_total": 2},
    ]
    assert reporting_unit(rows) == "H39.18"
    assert reporting_unit([*rows, {"agency_code": "H40", "level": 1, "received_total": 1}]) is None


def test_a_form_adds_up_its_lines() -> None:
    lines = [Line("a", tuple(range(11))), Line("b", tuple(range(11)))]
    form = Form(None, "", "", "", "2024", date(2024, 1, 1), date(2024, 12, 31), {"period": "", "days": ""}, lines, [])
    assert form.total == tuple(2 * n for n in range(11))
    assert form.document()["total"][10] == "20"


# ---- words and faces ------------------------------------------------------------------------------------------------


def test_every_list_has_its_words_and_its_query() -> None:
    for name, kind in LISTS.items():
        assert {name, f"{name}.what", f"{name}.sheet", *kind.all_columns} <= WORDS.keys()
        assert set(kind.shown) <= set(kind.all_columns)
        assert (SQL / f"{kind.query}.sql").exists()
        assert len(WORDS[f"{name}.sheet"].vi) <= 31


def test_values_are_said_as_people_write_them() -> None:
    assert [said("vi", v) for v in (33653, 12.5, None, True, False, date(2024, 5, 31), datetime(2024, 5, 31, 17))] == [
        "33.653", "12,5", "–", "có", "", "31/05/2024", "31/05/2024 17:00",
    ]  # fmt: skip
    assert said("en", 33653) == "33,653"


def test_a_face_must_have_the_letters(tmp_path: Path) -> None:
    assert chosen_face((tmp_path,)) == (OWN_FACE, None)
    (tmp_path / "times.ttf").write_bytes(b"\0\1\0\0 no font at all")
    assert chosen_face((tmp_path, tmp_path)) == (OWN_FACE, None)
    face, folder = chosen_face(FOLDERS)
    if folder is None:
        pytest.skip("no face for papers is installed (Debian: fonts-liberation2)")
    font = next(file for file in folder.iterdir() if has_letters(file, "ếữợĐ"))
    assert not has_letters(font, "\u4e00")
    assert face != OWN_FACE


# ---- cells ----------------------------------------------------------------------------------------------------------


def test_cells_keep_their_type(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = Book(path)
    listed, bulk = book.sheet("A"), book.sheet("B")
    long = "x" * (LONGEST + 5)
    values = ["=1+1", "0012", 33653, 1.5, datetime(2024, 5, 31, 17), date(2024, 5, 31), long, True]
    kinds = ["VARCHAR", "VARCHAR", "BIGINT", "DOUBLE", "TIMESTAMP", "DATE", "VARCHAR", "BOOLEAN"]
    for place, (value, kind) in enumerate(zip(values, kinds, strict=True)):
        book.cell(listed, 0, place, value)
        book.writer(kind)(bulk, 0, place, value)
    book.writer("VARCHAR[]")(bulk, 0, len(values), ["a", "b"])
    book.close()
    expected = [*values[:6], "x" * LONGEST, True]
    read = [CalamineWorkbook.from_path(str(path)).get_sheet_by_index(place).to_python()[0] for place in (0, 1)]
    assert read == [expected, [*expected, "a, b"]]
    assert book.cut == 2


# ---- any mart as a file ---------------------------------------------------------------------------------------------


def test_columns_of_dossiers_are_headed_as_the_readers_know_them(con: duckdb.DuckDBPyConnection) -> None:
    found = dossiers(con, ["a"])
    heads = dict(zip(found.relation.columns, found.heads("vi"), strict=True))
    read_as = {column: heading_field(DOSSIERS, head, {})[1] for column, head in heads.items()}
    assert read_as["dossier_code"] == "MaHoSo"
    assert read_as["due_at"] == "NgayHenTra"
    assert read_as["received_at"] == "NgayTiepNhan"
    assert read_as["status"] == "TrangThaiHoSo"


#: Formulas, quotes, separators, line ends, marks, Vietnamese, and how our own marks look.
_PIECES = st.sampled_from(
    [
        "=",
        "+",
        "-",
        "@",
        "'",
        '"',
        ",",
        ";",
        "|",
        "\t",
        "\n",
        "\r\n",
        " ",
        "a",
        "ế",
        "Đ",
        "1",
        "=cmd|' /C calc'!A0",
        '="007"',
        "sep=;",
    ]
)
TEXTS = st.lists(_PIECES, min_size=1, max_size=6).map("".join)


@settings_of(max_examples=examples(60))
@given(texts=st.lists(TEXTS, min_size=1, max_size=8))
def test_what_is_exported_as_csv_is_read_back_exactly(
    texts: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The mark that keeps texts from being formulas is there in the file, and gone for our readers."""
    folder = tmp_path_factory.mktemp("csv")
    with duckdb.connect() as con:
        con.execute("create schema marts")
        write_csv(dossiers(con, texts), folder / "a.csv", "vi")
    content = (folder / "a.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows, _ = read(folder, content)
    assert [row["TenTTHC"] for row in rows] == texts
    assert [row["MaHoSo"] for row in rows] == [f"H39.18.25-240520-{number:04}" for number in range(len(texts))]
    assert {row["NgayHenTra"] for row in rows} == {"2024-05-24 17:00:00"}


@given(text=st.text())
def test_no_marked_text_is_a_formula(text: str) -> None:
    cell = marked(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert cell in (text, f"'{text}")


def test_a_mart_is_filtered_and_cut_to_columns(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    con.execute(
        """create table marts.rpt_form_ii06 as select * from (values
            ('s', 'reporting', '2024-Q1', 'H39.1', 'F', 1),
            ('s', 'reporting', '2024-Q2', 'H39.18', 'F', 2),
            ('s', 'reporting', '2024-Q2', 'H39.18.25', 'F', 3)
        ) as t(source, scheme, period, agency_code, field_code, n)"""
    )
    version = published_of(con)
    found = extract(version, "rpt_form_ii06", agency="H39.18", period="2024-q2", columns=["n", " period"])
    assert (found.rows, found.relation.fetchall()) == (2, [(2, "2024-Q2"), (3, "2024-Q2")])
    write_parquet(found, tmp_path / "a.parquet")
    assert con.read_parquet(str(tmp_path / "a.parquet")).columns == ["n", "period"]
    for wrong, key in (
        ({"mart": "rpt"}, "office.unknown_mart"),
        ({"period": "2023-Q1"}, "office.unknown_period_of_mart"),
        ({"columns": ["m"]}, "office.unknown_column"),
        ({"agency": "H40"}, "office.unknown_agency"),
        ({"mart": "dim_agency", "period": "2024"}, "office.mart_without"),
    ):
        with pytest.raises(AskedWronglyError) as told:
            extract(version, **({"mart": "rpt_form_ii06"} | wrong))
        assert told.value.key == key


def test_many_rows_go_on_over_further_sheets(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    con.execute("create table marts.dim_date as select date '2024-01-01' + range::integer as day from range(25)")
    version = published_of(con)
    assert write_workbook(extract(version, "dim_date"), tmp_path / "a.xlsx", version, "vi", most=11) == 3
    book = CalamineWorkbook.from_path(str(tmp_path / "a.xlsx"))
    sheets = [book.get_sheet_by_index(place).to_python() for place in range(4)]
    assert [len(sheet) for sheet in sheets[:3]] == [11, 11, 6]
    assert [sheet[0] for sheet in sheets[:3]] == [["Ngày"]] * 3
    days = [row[0] for sheet in sheets[:3] for row in sheet[1:]]
    assert days == [date(2024, 1, 1 + n) for n in range(25)]
    assert any("3 trang tính" in str(row[0]) for row in sheets[3])
