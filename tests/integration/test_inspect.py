"""`dunghan inspect`: what it says of files, that it says what a run would do, and that it writes nothing."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from pipelines.cli import app
from pipelines.config import ConfigurationError, Settings, load_settings
from pipelines.inspection import Inspection, inspect_path, letters, part_of, place
from pipelines.portal.readers.base import Part
from tests.support import workbooks

pytestmark = pytest.mark.integration

HEADING = "Mã hồ sơ;Chủ hồ sơ;Ngày tiếp nhận;Ngày hẹn trả;Hẹn trả;Trạng thái;Số biên lai"


def row(n: int, due: str = "08/03/2024", status: str = "Đang xử lý") -> str:
    return f"H39.18.25-240304-{n:04d};Nguyễn Thị Riêng Tư;04/03/2024;{due};x;{status};0912345678"


def record(n: int, **fields: Any) -> dict[str, Any]:
    return {
        "MaHoSo": f"H39.18.25-240304-{n:04d}",
        "NgayTiepNhan": "20240304",
        "TrangThaiHoSo": "4",
        "SoGiayToChuHoSo": "079012345678",
    } | fields


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DUNGHAN_WAREHOUSE", str(tmp_path / "warehouse"))
    return load_settings()


def put(folder: Path, content: bytes | str, name: str = "motcua/dossiers/hoso_20240601.csv") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def look(settings: Settings, path: Path, **asked: Any) -> Inspection:
    (seen,) = inspect_path(settings, path, **({"kind": None, "source": None, "rows": 10} | asked))
    return seen


def test_a_table_column_by_column(settings: Settings, tmp_path: Path) -> None:
    lines = ["UBND XÃ;;;;;;", HEADING, row(1), row(2, due="31/02/2024"), row(3, status="lạ"), row(4)]
    seen = look(settings, put(tmp_path, "\n".join(lines)), rows=2)
    assert (seen.source, seen.kind, seen.format) == ("motcua", "dossiers", "csv semicolon")
    assert seen.exported_at == "2024-06-01 23:59:59"
    assert seen.headings == [{"part": None, "first_row": 2, "last_row": 2}]
    assert [(c["column"], c["number"], c["field"], c["state"]) for c in seen.columns] == [
        ("A", 1, "MaHoSo", "mapped"),
        ("B", 2, "ChuHoSo", "dropped"),
        ("C", 3, "NgayTiepNhan", "mapped"),
        ("D", 4, "NgayHenTra", "mapped"),
        ("E", 5, None, "ambiguous"),
        ("F", 6, "TrangThaiHoSo", "mapped"),
        ("G", 7, None, "unknown"),
    ]
    assert seen.columns[3]["meaning_vi"] == "Ngày hẹn trả"
    assert seen.synonyms == ["[headings.motcua]", '"Số biên lai" = ""']
    assert (seen.rows_read, seen.rejected, seen.accepted, seen.reason) == (4, 2, 2, None)
    assert {rule: (t.count, t.first) for rule, t in seen.reasons.items()} == {
        "REJ_BAD_DATE": (1, [(None, 4)]),
        "REJ_BAD_STATUS": (1, [(None, 5)]),
    }
    assert [shown["row_number"] for shown in seen.rows] == [3, 4]
    assert "Riêng" not in repr(seen) and "0912345678" not in repr(seen)


def test_headings_of_the_configuration_are_used(settings: Settings, tmp_path: Path) -> None:
    path = put(tmp_path, "\n".join([HEADING.replace("Mã hồ sơ", "Số phiếu"), row(1)]))
    assert look(settings, path).reason == "REJ_FILE_NO_HEADING"
    known = settings.model_copy(update={"headings": {"motcua": {"SO PHIEU": "MaHoSo", "số biên lai": ""}}})
    seen = look(known, path)
    assert (seen.reason, seen.rows_read, seen.synonyms) == (None, 1, [])
    assert [c["state"] for c in seen.columns if c["heading"] == "Số biên lai"] == ["ignored"]


CASES = Path(__file__).parents[1] / "data" / "public_cases"
#: Heading and a row of a table that no other part of the contract knows.
STRANGE = ["TT", "Số phiếu", "Họ tên", "Số TTHC", "Vào sổ", "Thời hạn trả", "Ngày duyệt", "Tiến độ", "Cách nộp", "ĐT"]
PASTED = [
    '"Số phiếu" = "MaHoSo"',
    '"Họ tên" = ""',
    '"Số TTHC" = "MaTTHC"',
    '"Vào sổ" = "NgayTiepNhan"',
    '"Thời hạn trả" = "NgayHenTra"',
    '# "Ngày duyệt" = "…"  # NgayNopHoSo? NgayKetThucXuLy? NgayTra? NgayTuChoi?',
    '"Tiến độ" = "TrangThaiHoSo"',
    '"Cách nộp" = "KenhThucHien"',
    '"ĐT" = ""',
]


def strange(n: int) -> list[str]:
    return [
        *(str(n), f"H39.18.25-240520-{n:04d}", f"Riêng Tư {chr(64 + n)}", "1.001193", "20/05/2024 08:30", "24/05/2024"),
        *("22/05/2024", "Đang xử lý", "Trực tuyến", f"09123456{n:02d}"),
    ]


def strange_files() -> dict[str, bytes]:
    """The same table, of which no heading is recognised, in every shape of a table."""
    table = [["UBND XÃ"], ["DANH SÁCH"], STRANGE, *(strange(n) for n in range(1, 9))]
    text = "\n".join(";".join(line) for line in table)
    page = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in line) + "</tr>" for line in table)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.csv", text)
    return {
        "a_20240601.csv": text.encode(),
        "b_20240601.xlsx": workbooks.xlsx([line + [""] * (len(STRANGE) - len(line)) for line in table]),
        "c_20240601.xls": f"<table>{page}</table>".encode(),
        "d_20240601.zip": packed.getvalue(),
    }


@pytest.mark.parametrize("name", strange_files())
def test_a_file_without_a_heading_shows_the_likeliest_and_what_to_paste(
    settings: Settings, tmp_path: Path, name: str
) -> None:
    path = put(tmp_path, strange_files()[name], f"motcua/dossiers/{name}")
    seen = look(settings, path)
    assert (seen.reason, seen.rows_read, seen.headings) == ("REJ_FILE_NO_HEADING", 0, [])
    assert [(likely["first_row"], likely["last_row"]) for likely in seen.likely] == [(3, 3)]
    assert [column["heading"] for column in seen.columns] == STRANGE
    assert seen.synonyms == ["[headings.motcua]", *PASTED] and seen.missing == []
    assert "Riêng" not in repr(seen) and "0912345" not in repr(seen)
    # Pasted as they are, they make the file readable.
    (tmp_path / "dunghan.toml").write_text("\n".join(seen.synonyms))
    pasted = look(load_settings(), path)
    assert (pasted.reason, pasted.rows_read, pasted.accepted) == (None, 8, 8)
    assert [row["due_at"].isoformat() for row in pasted.rows[:1]] == ["2024-05-24T23:59:59"]


def test_what_a_likely_heading_lacks(settings: Settings, tmp_path: Path) -> None:
    table = ["Phiếu,Cột 1,Cột 2,Cột 3", *(f"H39.18.25-240520-000{n},20/05/2024,24/05/2024,x" for n in range(5))]
    seen = look(settings, put(tmp_path, "\n".join(table)))
    assert seen.missing == ["+3"] and seen.synonyms[1] == '"Phiếu" = "MaHoSo"'
    assert [line[0] for line in seen.synonyms[2:4]] == ["#", "#"], "dates are not proposed to be ignored"
    # Outside of a drop zone too, and then for every source.
    seen = look(settings, put(tmp_path, "\n".join(table), "x.csv"))
    assert (seen.kind, seen.synonyms[0]) == ("dossiers", '[headings."*"]')


def test_a_part_without_a_heading_is_shown_beside_the_others(settings: Settings, tmp_path: Path) -> None:
    sheets: dict[str, workbooks.Rows] = {
        "Một": [HEADING.split(";"), row(1).split(";")],
        "Hai": [STRANGE, strange(1), strange(2)],
    }
    seen = look(settings, put(tmp_path, workbooks.xlsx(sheets), "motcua/dossiers/a.xlsx"))
    assert (seen.reason, seen.rows_read, len(seen.headings)) == (None, 1, 1)
    assert seen.likely == [{"part": "Hai", "first_row": 1, "last_row": 1}]
    assert [found.rule_id for found in seen.attention] == ["WRN_FILE_PART_SKIPPED"]
    assert '"Số phiếu" = "MaHoSo"' in seen.synonyms


@pytest.mark.parametrize(
    ("case", "rows", "rules"),
    [("43", 24, []), ("76", 30, []), ("78", 24, ["WRN_LEGACY_TEXT"])],
)
def test_public_cases(settings: Settings, case: str, rows: int, rules: list[str]) -> None:
    (path,) = CASES.glob(f"{case}-*/*/dossiers/hs*")
    seen = look(settings, path)
    assert (seen.reason, seen.accepted, seen.synonyms, seen.likely) == (None, rows, [], [])
    assert [found.rule_id for found in seen.attention] == rules


def test_an_unknown_due_date_is_proposed_and_told(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another member of public case 43."""
    (path,) = CASES.glob("43-*/*/dossiers/hs*")
    other = put(tmp_path, path.read_text("utf-8-sig").replace("Hạn xử lý", "Mốc cam kết"))
    seen = look(settings, other)
    assert seen.synonyms == ["[headings.motcua]", '"Mốc cam kết" = "NgayHenTra"']
    assert [found.rule_id for found in seen.attention] == ["WRN_FILE_NO_DUE"]
    for lang, said in (("vi", "có lẽ là NgayHenTra (theo tên cột và giá trị)"), ("en", "probably NgayHenTra")):
        with pytest.raises(SystemExit):
            app.main(["inspect", str(other), "--lang", lang])
        out = capsys.readouterr().out
        assert said in out and '"Mốc cam kết" = "NgayHenTra"' in out and "WRN_FILE_NO_DUE" in out
        assert "đã công bố" not in out, "nothing is published by looking"


def test_letters_of_an_old_font_in_headings_nobody_knows(settings: Settings, tmp_path: Path) -> None:
    """Another member of public case 78: the heading itself is not known."""
    table = [["M\xb7 sè phiÕu", "Thêi h¹n tr¶ kÕt qu¶", "Ngµy vµo sæ", "Tr¹ng th¸i cña hå s¬"]]
    table += [[f"H39.18.25-240520-000{n}", "24/05/2024", "20/05/2024", "§ang xö lý"] for n in range(6)]
    seen = look(settings, put(tmp_path, workbooks.xlsx(table), "motcua/dossiers/a.xlsx"))
    assert seen.reason == "REJ_FILE_NO_HEADING" and "Thời hạn trả kết quả" in [c["heading"] for c in seen.columns]
    assert '"Thời hạn trả kết quả" = "NgayHenTra"' in seen.synonyms


def test_unknown_words_are_shown_with_their_lines(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    heading = "Mã hồ sơ;Ngày tiếp nhận;Ngày hẹn trả;Trạng thái;Hình thức nộp hồ sơ"
    words = [
        ("Đang xử lí", "Nộp qua Zalo"),
        ("Hoàn thành - trễ hạn", "Trực tuyến"),
        ("Đúng hạn", "Nguyễn Văn Kín"),
        ("Trần Thị Kín", "1"),
    ]
    lines = [f"H39.18.25-240304-000{n};04/03/2024;08/03/2024;{a};{b}" for n, (a, b) in enumerate(words)]
    path = put(tmp_path, "\n".join([heading, *lines]))
    seen = look(settings, path)
    assert seen.words == {
        "TrangThaiHoSo": {"(…)": 1, "Hoàn thành - trễ hạn": 1, "Đang xử lí": 1, "Đúng hạn": 1},
        "KenhThucHien": {"(…)": 1, "Nộp qua Zalo": 1},
    }
    assert sorted(seen.word_lines) == sorted(
        [
            "[words.motcua]",
            '# "Nộp qua Zalo" = "KenhThucHien:…"',
            '"Hoàn thành - trễ hạn" = 9',
            '"Đang xử lí" = 4',
            '# "Đúng hạn" = "…"',
        ]
    )
    assert seen.timeliness_heading == "Trạng thái" and "Kín" not in repr(seen)
    with pytest.raises(SystemExit):
        app.main(["inspect", str(path)])
    out = capsys.readouterr().out
    assert "[words.motcua]" in out and "10 Đã trả kết quả" in out and "2 Trực tuyến" in out
    (tmp_path / "dunghan.toml").write_text(
        "\n".join(seen.word_lines).replace("# ", "").replace(":…", ":2").replace('"…"', "9")
    )
    assert look(load_settings(), path).words == {"TrangThaiHoSo": {"(…)": 1}, "KenhThucHien": {"(…)": 1}}


def test_unknown_words_of_json(settings: Settings, tmp_path: Path) -> None:
    records = [record(1, KenhThucHien="Nộp qua VNeID"), record(2, TrangThaiHoSo="Đã xử lí xong"), record(3)]
    seen = look(settings, put(tmp_path, json.dumps(records), "dvcqg/dossiers/a.json"))
    assert seen.word_lines[0] == "[words.dvcqg]"
    assert sorted(seen.word_lines[1:]) == ['"Đã xử lí xong" = 9', '# "Nộp qua VNeID" = "KenhThucHien:…"']


def test_a_shifted_file_says_what_stands_beside(settings: Settings, tmp_path: Path) -> None:
    lines = [HEADING, *(row(n, due="Trần Văn Kín") for n in range(25))]
    seen = look(settings, put(tmp_path, "\n".join(lines)))
    assert (seen.reason, seen.shifted) == ("REJ_FILE_SHIFTED", ["NgayHenTra"])
    assert seen.detail is not None and "NgayHenTra: 25 giá trị" in seen.detail
    assert [c["state"] for c in seen.columns].count("shifted") == 1
    assert "Kín" not in repr(seen)


def test_rows_are_counted_through_all_batches(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counts of the pieces add up to what the rules on files need."""
    from pipelines.portal.readers import json_reader

    monkeypatch.setattr(json_reader, "CHUNK", 2_000)
    lines = [json.dumps(record(n, NgayHenTra="hỏng" if n % 3 else "")) for n in range(90)]
    seen = look(settings, put(tmp_path, "\n".join(lines), "dvcqg/dossiers/a.ndjson"))
    assert (seen.rows_read, seen.rejected, seen.reason) == (90, 60, "REJ_FILE_SHIFTED")
    assert seen.reasons["REJ_BAD_DATE"].first == [(None, n) for n in (2, 3, 5, 6, 8)]
    assert len(seen.rows) == 10 and seen.warnings["WRN_NO_DUE"].count == 30


def test_json_shows_unknown_fields_and_hides_keys(settings: Settings, tmp_path: Path) -> None:
    content = {"madonvi": "000.00.18.H39", "data": [record(1, TruongLa="kín"), record(2)]}
    seen = look(settings, put(tmp_path, gzip.compress(json.dumps(content).encode()), "dvcqg/dossiers/x.txt"))
    assert (seen.format, seen.envelope_agency) == ("json envelope gz", "000.00.18.H39")
    assert seen.unknown_fields == {"TruongLa": 1} and "kín" not in repr(seen)
    assert [shown["applicant_key"] for shown in seen.rows] == ["(khóa)", "(khóa)"]


def test_archives_are_numbered_by_member(settings: Settings, tmp_path: Path) -> None:
    path = put(tmp_path, b"", "dvcqg/dossiers/nen_20240601.zip")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.json", json.dumps([record(1), record(2)]))
        archive.writestr("b.json", json.dumps([record(3), record(4, TrangThaiHoSo="x")]))
    seen = look(settings, path)
    assert [part.name for part in seen.parts] == ["a.json", "b.json"]
    assert seen.reasons["REJ_BAD_STATUS"].first == [("b.json", 2)]


def test_the_kind_comes_from_the_path_or_the_content(settings: Settings, tmp_path: Path) -> None:
    event = {"MaHoSo": "H39.18.25-240304-0001", "ThoiDiemXuLy": "20240304", "TrangThai": "4", "PhongBanXuLy": "Phòng"}
    files = {
        "a.json": (json.dumps(event), "progress"),
        "b.json": (json.dumps([record(1)]), "dossiers"),
        "c.csv": ("\n".join([HEADING, row(1)]), "dossiers"),
        "d.json": (json.dumps([{"MATTHC": "1.001193", "TENTTHC": "Khai sinh"}]), "procedures"),
        "e.csv": ("MaDonVi,TenDonVi\nH39,UBND tỉnh\n", "agencies"),
        "f.json": (
            json.dumps({"code": "OK", "data": {"parent": {"departmentId": "1"}, "children": []}}),
            "portal_reports",
        ),
    }
    assert {name: look(settings, put(tmp_path, text, name)).kind for name, (text, _) in files.items()} == {
        name: kind for name, (_, kind) in files.items()
    }
    strange = put(tmp_path, "a;b\n1;2\n", "g.csv")
    with pytest.raises(ConfigurationError, match="--kind"):
        look(settings, strange)
    assert look(settings, strange, kind="dossiers").reason == "REJ_FILE_NO_HEADING"
    with pytest.raises(ConfigurationError, match="hoso"):
        look(settings, strange, kind="hoso")
    assert place(Path("/srv/dossiers/in/motcua/progress/2024/x.xlsx")) == ("motcua", "progress")
    assert place(Path("/srv/x.xlsx")) == (None, None)


def test_a_folder_is_summed_up(settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inbox = tmp_path / "inbox"
    put(inbox, "\n".join([HEADING, row(1), row(2, status="lạ")]))
    put(inbox, "\n".join([HEADING, row(1), row(2, status="lạ")]), "motcua/dossiers/sao_20240602.csv")
    put(inbox, b"", "motcua/dossiers/rong_20240603.csv")
    put(inbox, b"%PDF-1.7", "la.pdf")
    with pytest.raises(SystemExit) as end:
        app.main(["inspect", str(inbox), "--json", "--lang", "en"])
    assert end.value.code == 1
    files = {Path(f["path"]).name: f for f in json.loads(capsys.readouterr().out)["files"]}
    assert {name: (f["rows_read"], f["rejected"], f["reason"], f["duplicate"]) for name, f in files.items()} == {
        "hoso_20240601.csv": (2, 1, None, False),
        "sao_20240602.csv": (0, 0, None, True),
        "rong_20240603.csv": (0, 0, "REJ_FILE_UNREADABLE", False),
        "la.pdf": (0, 0, "REJ_FILE_UNREADABLE", False),
    }
    with pytest.raises(SystemExit):
        app.main(["inspect", str(inbox), "--lang", "en"])
    assert "4 files, 2 would be rejected; 2 rows read = 1 accepted + 1 rejected" in capsys.readouterr().out


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_what_people_read(settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str], lang: str) -> None:
    lines = [HEADING, *(row(n) for n in range(3)), row(4, status="=HYPERLINK(1)")]
    path = put(tmp_path, "\n".join(lines).replace("Số biên lai", "=Số biên lai"))
    with pytest.raises(SystemExit) as end:
        app.main(["inspect", str(path), "--lang", lang])
    said = capsys.readouterr().out
    assert end.value.code == 0
    for word in ("D (4)", "NgayHenTra", "[headings.motcua]", "REJ_BAD_STATUS", "H39.18.25-240304-0001"):
        assert word in said
    assert "'=Số biên lai" in said, "what looks like a formula is text in a table"
    assert ("được nhận" if lang == "vi" else "accepted") in said
    with pytest.raises(SystemExit) as missing:
        app.main(["inspect", str(tmp_path / "không có"), "--lang", lang])
    assert missing.value.code == 2


def test_nothing_is_written(settings: Settings, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    put(inbox, "\n".join([HEADING, row(1)]))
    before = sorted(tmp_path.rglob("*"))
    list(inspect_path(settings, inbox, kind=None, source=None, rows=10))
    look(settings, inbox / "motcua/dossiers/hoso_20240601.csv")
    assert sorted(tmp_path.rglob("*")) == before


def test_it_counts_as_the_validate_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Landed and validated, the file has the very same counts."""
    from expectations import validation as validation_module
    from pipelines.landing.pipeline import land
    from pipelines.portal.discovery import discover
    from tests.support.exports import put as put_export
    from tests.support.exports import zone

    monkeypatch.setattr(validation_module._Validation, "_validate", lambda self, kinds: ({}, None))
    lines = [
        HEADING,
        *(row(n, due="31/02/2024" if n % 7 == 0 else "08/03/2024") for n in range(30)),
        row(31, status=""),
    ]
    path = put_export(tmp_path, "\n".join(lines), "motcua/dossiers/a_20240601.csv")
    made = zone(tmp_path)
    seen = look(made, path)
    land(made, discover(made))
    validated = validation_module.validate(made)
    assert (seen.rows_read, seen.accepted) == (validated.rows_read, validated.rows_accepted)
    assert {rule: tally.count for rule, tally in seen.reasons.items()} == validated.reasons
    assert {rule: tally.count for rule, tally in seen.warnings.items()} == validated.warnings


def test_letters_and_parts() -> None:
    assert [letters(index) for index in (0, 25, 26, 701, 702, 16_383)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]
    parts = [Part("Một", 0), Part("Trống", 5), Part("Hai", 5)]
    assert [part_of(n, parts) for n in (1, 5, 6)] == [("Một", 1), ("Một", 5), ("Hai", 1)]
    assert part_of(7, []) == (None, 7)
