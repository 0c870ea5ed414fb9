"""Canonical rows: every field of portal-exports §3, tolerant matching of names, masks, and the hash that versions
are told by."""

from __future__ import annotations

import json
import unicodedata
from datetime import date, datetime
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from pipelines.contract import (
    APPLICANT_TYPES,
    APPLICANT_WORDS,
    CHANNEL_WORDS,
    CHANNELS,
    KINDS,
    STATUS_WORDS,
    STATUSES,
    TEXT,
    fold,
    heading_field,
)
from pipelines.landing.lake import SCHEMAS
from pipelines.portal.canonical import Canonicaliser, Portion
from pipelines.portal.privacy import PrivacyKey
from pipelines.portal.text_rows import MORSEL, TextRows

KEY = PrivacyKey.of(b"0123456789abcdef")
BASE = {
    "MaHoSo": "H39.18.25-240304-0001",
    "MaTTHC": "1.001193.000.00.00.H39",
    "TenTTHC": "Thủ tục đăng ký khai sinh",
    "NgayTiepNhan": "20240304083000",
    "TrangThaiHoSo": "4",
}


def convert(
    *records: Any, kind: str = "dossiers", envelope: str | None = None, keep: bool = False
) -> tuple[list[dict], dict]:
    """(canonical rows, drift) of records: objects, or the text of a record."""
    texts = [r if isinstance(r, str | None) else json.dumps(r, ensure_ascii=False) for r in records]
    table = pa.table(
        {"row_number": pa.array(range(1, len(texts) + 1), pa.int64()), "record": pa.array(texts, pa.string())}
    )
    return run(table, kind, envelope, keep)


def sheet(columns: dict[str, list[str | None]], kind: str = "dossiers") -> list[dict]:
    """Canonical rows of a sheet."""
    count = len(next(iter(columns.values())))
    table = pa.table(
        {"row_number": pa.array(range(2, count + 2), pa.int64()), "is_record": pa.array([True] * count)}
        | {name: pa.array(values, pa.string()) for name, values in columns.items()}
    )
    return run(table, kind, None, False)[0]


def run(table: pa.Table, kind: str, envelope: str | None, keep: bool) -> tuple[list[dict], dict]:
    (found,) = Canonicaliser(connection(), KINDS[kind], KEY, keep).convert([Portion(TextRows(table), envelope)])
    return found.rows.to_pylist(), dict(found.drift)


@cache
def connection() -> duckdb.DuckDBPyConnection:
    """One for all, as in a run: loading the macros takes time."""
    return duckdb.connect(config={"threads": 1})


@pytest.mark.integration
@pytest.mark.parametrize("kind", [kind.name for kind in KINDS.values() if not kind.document])
def test_rows_stay_in_their_order_whatever_the_threads(kind: str) -> None:
    """Portions that are converted together are told apart by their place, so that no part of the statement may become a
    join. One that does disorders this table every time."""
    count = 5 * MORSEL
    names = [name for name, inner in KINDS[kind].structure.items() if inner == TEXT]
    table = pa.table(
        {"row_number": pa.array(range(count), pa.int64()), "is_record": pa.array([True] * count)}
        | {name: pa.array(["20240304083000"] * count) for name in names}
    )
    with duckdb.connect(config={"threads": 4}) as con:
        (found,) = Canonicaliser(con, KINDS[kind], KEY).convert([Portion(TextRows(table))])
    assert found.rows.column("row_number").to_pylist() == list(range(count))


def one(kind: str = "dossiers", **fields: Any) -> dict:
    """The canonical row of BASE with other fields."""
    return convert(BASE | fields if kind == "dossiers" else fields, kind=kind)[0][0]


def each(field: str, *values: Any) -> list[dict]:
    """The canonical rows of BASE with each of the values in one field. Planning the statement is what takes time."""
    return convert(*(BASE | {field: value} for value in values))[0]


def plain(text: str) -> str:
    """Without diacritics, as people type who have no Vietnamese keyboard."""
    bare = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return bare.replace("đ", "d").replace("Đ", "D")


@pytest.mark.parametrize("kind", KINDS)
def test_columns_and_types_are_those_of_the_lake(kind: Any) -> None:
    with duckdb.connect() as con:
        table = pa.table({"row_number": pa.array([1]), "record": pa.array(["{}"])})
        con.register("found", Canonicaliser(con, KINDS[kind], KEY).convert([Portion(TextRows(table))])[0].rows)
        found = {name: kind for name, kind, *_ in con.execute("describe found").fetchall()}
    named = {"landing_id", "source", "file_sha256"}
    assert found == {name: kind for name, kind in SCHEMAS[KINDS[kind].table].items() if name not in named}


def test_a_whole_dossier() -> None:
    row = one(
        MaLinhVuc="G15-TP01",
        TenLinhVuc=" Hộ tịch ",
        KenhThucHien=2,
        ChuHoSo="Nguyễn Văn A",
        SoGiayToChuHoSo=" 079000000001 ",
        DinhDanhCHS=[{"LoaiDinhDanh": "1", "SoDinhDanh": "khác"}],
        LoaiDoiTuong="1",
        NgayNopHoSo="04/03/2024",
        NgayHenTra="2024-03-08",
        NgayKetThucXuLy="2024-03-07T09:00:00Z",
        NgayTra="8:30 8/3/2024",
        NgayTuChoi="00000000000000",
        TrangThaiHoSo=10,
        HinhThuc="1",
        DonViXuLy="UBND xã",
        NoiNopHoSo="2",
        HoSoCoThanhPhanSoHoa=True,
        TaiKhoanDuocXacThucVoiVNeID="0",
        DuocThanhToanTrucTuyen="3",
        DSKetNoiCSDL=[{"MaCSDL": "B"}, {"MaCSDL": "A"}, {"MaCSDL": "B"}],
        TaiLieuNop=[{"DuocSoHoa": "1", "DuocTaiSuDung": 0}, {"DuocSoHoa": 1, "TenTep": "x"}, {}],
        DanhSachLePhi=[{"Gia": "8000"}, {"Gia": "15.000"}, {"Gia": 500.0}, {"Gia": "miễn phí"}, {"Gia": "1,200 đ"}],
        DanhSachHoSoBoSung=[
            {"NgayBoSung": "20240305", "NgayTiepNhanBoSung": "", "NgayHenTraTruoc": "8/3/2024", "NgayHenTraMoi": None},
            {"NgayBoSung": "không rõ"},
        ],
        DanhSachGiayToKetQua=[{"DuongDanTepTinKetQua": "https://x"}, {"DuongDanTepTinKetQua": " "}],
        GhiChu="bí mật",
    )
    assert row.pop("applicant_key") and row.pop("content_hash")
    assert json.loads(row.pop("supplements")) == [
        {
            "requested_at": "2024-03-05T00:00:00",
            "answered_at": None,
            "due_before": "2024-03-08T23:59:59",
            "due_after": None,
        },
        {"requested_at": None, "answered_at": None, "due_before": None, "due_after": None},
    ]
    assert row == {
        "row_number": 1,
        "is_record": True,
        "dossier_code": "H39.18.25-240304-0001",
        "envelope_agency": None,
        "agency_code": "H39.18.25",
        "code_date": date(2024, 3, 4),
        "code_form": "new",
        "sequence_digits": 4,
        "procedure_code": "1.001193.000.00.00.H39",
        "procedure_key": "1.001193",
        "procedure_padded": False,
        "procedure_name": "Thủ tục đăng ký khai sinh",
        "field_code": "G15-TP01",
        "field_name": "Hộ tịch",
        "channel": "2",
        "applicant_type": "1",
        "submitted_at": datetime(2024, 3, 4),
        "received_at": datetime(2024, 3, 4, 8, 30),
        "due_at": datetime(2024, 3, 8, 23, 59, 59),
        "finished_at": datetime(2024, 3, 7, 16),
        "returned_at": datetime(2024, 3, 8, 8, 30),
        "refused_at": None,
        "status": 10,
        "return_method": "1",
        "agency_name": "UBND xã",
        "submitted_via": "2",
        "has_digitised_parts": True,
        "vneid_verified": False,
        "online_payment": "3",
        "connected_databases": "A,B",
        "submitted_files": 3,
        "digitised_files": 2,
        "reused_files": 0,
        "reused_from_store_files": 0,
        "fee_count": 5,
        "fee_total": 24_700,
        "supplement_count": 2,
        "result_documents": 2,
        "electronic_results": 1,
        "placeholder_id": False,
        "placeholder_date": False,
        "bad_values": None,
    }


def test_the_smallest_dossier() -> None:
    row = one()
    assert (row["channel"], row["supplements"], row["fee_total"], row["submitted_files"]) == ("1", "[]", 0, 0)
    assert row["applicant_key"] is None and row["placeholder_id"] is False and row["has_digitised_parts"] is None


def test_the_agency_is_in_the_code_else_in_the_envelope_else_unknown() -> None:
    codes = ["000.25.18.H39-240304-0001", "H40.1-240304-0001", "2024-15", ""]
    with_envelope = convert(*({**BASE, "MaHoSo": c} for c in codes), envelope=" 000.00.19.h47 ")[0]
    assert [r["agency_code"] for r in with_envelope] == ["H39.18.25", "H40.1", "H47.19", "H47.19"]
    assert {r["envelope_agency"] for r in with_envelope} == {"H47.19"}
    without = convert(*({**BASE, "MaHoSo": c} for c in codes))[0]
    assert [r["agency_code"] for r in without] == ["H39.18.25", "H40.1", "unknown", "unknown"]


def test_the_applicant_is_the_identity_number_else_the_first_of_the_list() -> None:
    identities: list[dict[str, Any]] = [
        {"SoGiayToChuHoSo": "079000000001"},
        {"DinhDanhCHS": [{"SoDinhDanh": "079000000001 "}, {"SoDinhDanh": "2"}]},
        {"SoGiayToChuHoSo": " ", "DinhDanhCHS": [{"SoDinhDanh": "079000000001"}]},
        {"SoGiayToChuHoSo": "079000000002"},
        {"SoGiayToChuHoSo": "000000001"},
    ]
    rows, _ = convert(*(BASE | identity for identity in identities))
    first, *others = (row["applicant_key"] for row in rows)
    assert others[:2] == [first, first]
    assert first not in others[2:]
    assert [row["placeholder_id"] for row in rows] == [False] * 4 + [True]


def test_status() -> None:
    cases: list[tuple[Any, Any]] = [
        ("4", 4),
        (4, 4),
        ("04", 4),
        ("10", 10),
        (" 9 ", 9),
        (4.0, 4),
        ("0", None),
        ("11", None),
        ("-1", None),
        ("4.5", None),
        ("", None),
        *((name.upper(), number) for number, name in STATUSES.items()),
        *((unicodedata.normalize("NFD", name), number) for number, name in STATUSES.items()),
        *((plain(name), number) for number, name in STATUSES.items()),
        ("9 - Đã xử lý xong", 9),
        ("9. Đã xử lý xong", 9),
        ("(9) đã xử lý xong.", 9),
        ("Đã xử lý xong (9)", 9),
        # The words count: the number may be that of another list.
        ("3 - Đã trả kết quả", 10),
        ("Chờ bổ sung", 5),
        ("YEU CAU BO SUNG", 5),
        ("Chờ thực hiện nghĩa vụ tài chính", 6),
        ("Công dân rút hồ sơ", 7),
        ("Rút hồ sơ", 7),
        ("Từ chối", 3),
        ("Không tiếp nhận", 3),
        ("Chờ tiếp nhận", 1),
        ("Đã tiếp nhận", 2),
        ("Hoàn thành", 9),
        ("Đã có kết quả", 9),
        ("Tạm dừng", None),
        ("Trả kết quả", None),
        ("9 - gì đó", None),
    ]
    for (written, status), row in zip(cases, each("TrangThaiHoSo", *(written for written, _ in cases)), strict=True):
        assert (written, row["status"]) == (written, status)
        assert (row["bad_values"] is not None) == (status is None and written != ""), written


def test_channel() -> None:
    cases: list[tuple[Any, Any]] = [
        ("", "1"),
        (None, "1"),
        ("1", "1"),
        (3, "3"),
        ("4", "unknown"),
        ("Trực tuyến", "2"),
        ("bưu chính công ích", "3"),
        ("Nộp trực tiếp", "1"),
        ("1 - Trực tiếp", "1"),
        ("Qua mạng", "2"),
        ("BCCI", "3"),
        ("gì", "unknown"),
    ]
    rows = each("KenhThucHien", *(written for written, _ in cases))
    assert [(written, row["channel"]) for (written, _), row in zip(cases, rows, strict=True)] == cases


def test_applicant_type() -> None:
    cases: list[tuple[Any, Any]] = [
        ("1", "1"),
        ("Cá nhân", "1"),
        ("CONG DAN", "1"),
        ("người dân", "1"),
        ("Doanh nghiệp", "2"),
        ("3. Cơ quan nhà nước", "3"),
        ("Tổ chức", "4"),
        ("Khác", "4"),
        ("Tổ chức, doanh nghiệp", None),
        ("5", None),
        ("", None),
    ]
    rows = each("LoaiDoiTuong", *(written for written, _ in cases))
    assert [(written, row["applicant_type"]) for (written, _), row in zip(cases, rows, strict=True)] == cases


def test_words_of_a_list_mean_one_thing() -> None:
    """No word stands for two codes, and none has a number that would be taken off."""
    for names, others in ((STATUSES, STATUS_WORDS), (CHANNELS, CHANNEL_WORDS), (APPLICANT_TYPES, APPLICANT_WORDS)):
        assert set(others) <= set(names)
        folded = [fold(word) for word in (*names.values(), *(word for several in others.values() for word in several))]
        assert len(set(folded)) == len(folded)
        assert not any(c.isdigit() for word in folded for c in word)


def test_flags_in_words() -> None:
    written = {"1": True, "0": False, "Có": True, "không": False, "TRUE": True, "khong": False, "x": None, "": None}
    rows = each("TaiKhoanDuocXacThucVoiVNeID", *written)
    assert {text: row["vneid_verified"] for text, row in zip(written, rows, strict=True)} == written
    row = one(TaiLieuNop=[{"DuocSoHoa": "có"}, {"DuocSoHoa": "Không"}, {"DuocSoHoa": "1", "DuocTaiSuDung": "true"}, {}])
    assert (row["submitted_files"], row["digitised_files"], row["reused_files"]) == (4, 2, 1)


def test_formulas_are_text() -> None:
    row = one(MaHoSo='=HYPERLINK("http://x","H39")', TenTTHC="=1+1", DonViXuLy="@SUM(A1)", TenLinhVuc="-2")
    assert (row["procedure_name"], row["agency_name"], row["field_name"]) == ("=1+1", "@SUM(A1)", "-2")
    assert "HYPERLINK" not in row["dossier_code"], "masked: no code looks so"


def test_names_match_exactly_then_whatever_their_case_also_inside_lists() -> None:
    plain = one(DanhSachHoSoBoSung=[{"NgayBoSung": "20240305"}], DanhSachLePhi=[{"Gia": "5"}], SoGiayToChuHoSo="1")
    odd = convert(
        '{"MAHOSO" : "H39.18.25-240304-0001", "matthc":"1.001193.000.00.00.H39", "tenTTHC":"Thủ tục đăng ký khai sinh",'
        '"ngaytiepnhan": "20240304083000","trangthaihoso":4,"danhsachhosobosung":[{"NGAYBOSUNG":"20240305"}],'
        '"DanhSachLePhi":[{"gia" :"5"}],"SoGiayToChuHoSo":"1"}'
    )
    assert odd == ([plain], {})
    both, drift = convert({**BASE, "MAHOSO": "khác", "mahoso": "khác nữa"})
    assert both[0]["dossier_code"] == BASE["MaHoSo"]
    assert drift == {"MAHOSO": 1, "mahoso": 1}


def test_unknown_fields_are_counted_and_not_kept() -> None:
    records = [{**BASE, "LạLẫm": "Nguyễn Văn A"}, {**BASE, "LạLẫm": None, "khóa'\"]": {"x": 1}}, BASE]
    rows, drift = convert(*records, *[{**BASE, "0912345678": 1, "x" * 100: 2}])
    assert drift == {"LạLẫm": 2, "khóa'\"]": 1, "#" * 10: 1, "x" * 60: 1}
    assert "Nguyễn" not in json.dumps(rows, ensure_ascii=False, default=str)


def test_no_record() -> None:
    texts = ["[1]", '"a"', "1", "null", '{"MaHoSo":', "", "  ", "rác", None, '{"a":1} x']
    (good, *others), _ = convert(BASE, *texts)
    assert good["is_record"] is True and good["dossier_code"]
    for text, bad in zip(texts, others, strict=True):
        assert bad["is_record"] is False, text
        assert (bad["dossier_code"], bad["content_hash"], bad["bad_values"], bad["status"]) == (None, None, None, None)


@pytest.mark.parametrize("text", ["null", '{"MaHoSo":'])
def test_no_record_beside_one(text: str) -> None:
    """A record that is no JSON makes every record of the batch be looked at more closely; the others do not."""
    (good, bad), _ = convert(BASE, text)
    assert (good["is_record"], bad["is_record"]) == (True, False)


def test_bad_values_are_masked_and_named_as_the_portal_does() -> None:
    row = one(NgayTiepNhan="20240230083000", NgayHenTra="Nguyễn Văn A", NgayTra="079000000001", TrangThaiHoSo="abc")
    assert json.loads(row["bad_values"]) == {
        "NgayTiepNhan": "20240230083000",
        "NgayHenTra": "xxxxxx xxx x",
        "NgayTra": "############",
        "TrangThaiHoSo": "xxx",
    }


def test_a_shifted_row_leaves_no_person_in_the_lake() -> None:
    row = one(
        MaHoSo="0912345678",
        TenTTHC="Nguyễn Văn A",
        MaTTHC="Trần Thị B",
        TenLinhVuc="12 Lê Lợi",
        MaLinhVuc="Lê Văn C",
        NgayTiepNhan="Nguyễn Văn A",
        DonViXuLy="0912345678",
        KenhThucHien="Hà Nội",
        LoaiDoiTuong="079000000001",
        HinhThuc="Nguyễn",
        NoiNopHoSo="0912345678",
    )
    text = json.dumps(row, ensure_ascii=False, default=str)
    for person in ("Nguyễn", "NGUYỄN", "Trần", "TRẦN", "Lê", "LÊ", "0912345678", "079000000001", "Hà Nội"):
        assert person not in text
    assert row["dossier_code"].startswith("##########~")


def test_the_hash_is_of_the_content_only() -> None:
    same: list[dict[str, Any]] = [
        {},
        {"TrangThaiHoSo": 4},
        {"NgayTiepNhan": "2024-03-04 08:30"},
        {"MaHoSo": " h39.18.25–240304–0001"},
        {"ChuHoSo": "Nguyễn Văn A", "GhiChu": "x", "Fax": "1"},
        {"DanhSachLePhi": [], "NgayTra": None, "KenhThucHien": "1"},
    ]
    changes: list[dict[str, Any]] = [
        {"TrangThaiHoSo": 5},
        {"TenTTHC": "khác"},
        {"TenTTHC": None, "TenLinhVuc": BASE["TenTTHC"]},
        {"NgayTra": "20240305"},
        {"NgayTuChoi": "20240305"},
        {"SoGiayToChuHoSo": "1"},
        {"DanhSachHoSoBoSung": [{"NgayBoSung": "20240305"}]},
        {"DanhSachLePhi": [{"Gia": "0"}]},
        {"TaiLieuNop": [{}]},
        {"HoSoCoThanhPhanSoHoa": "0"},
        {"MaTTHC": "1.00119"},
    ]
    rows, _ = convert(*(BASE | change for change in (*same, *changes)))
    hashes = [row["content_hash"] for row in rows]
    elsewhere = convert("x", BASE, envelope="H1.2")[0][1]["content_hash"]
    assert {elsewhere, *hashes[: len(same)]} == {hashes[0]}
    assert len(set(hashes)) == len(changes) + 1


def test_a_late_field_changes_the_content_only_where_it_says_something() -> None:
    """docs/decisions/0020: the hash of a row without it is the one it had before there was the field."""
    papers = [{"DuocSoHoa": "1"}, {}]
    before, silent, *taken = each(
        "TaiLieuNop",
        papers,
        [{**paper, "DuocLayTuKhoDMQG": "0"} for paper in papers],
        *([{"DuocSoHoa": "1", "DuocLayTuKhoDMQG": "1"}, {"DuocLayTuKhoDMQG": second}] for second in "01"),
    )
    assert before["content_hash"] == silent["content_hash"]
    # reckoned from the other columns alone, as the version before the field did
    content = [before[column] for column in KINDS["dossiers"].content]
    with duckdb.connect() as con:
        (old,) = con.execute(
            "select md5(concat_ws(chr(31), " + ", ".join("coalesce(?::varchar, chr(30))" for _ in content) + "))",
            content,
        ).fetchone() or (None,)
    assert before["content_hash"] == old
    assert [row["reused_from_store_files"] for row in taken] == [1, 2]
    assert len({before["content_hash"], *(row["content_hash"] for row in taken)}) == 3


@pytest.mark.parametrize(
    ("amounts", "has_fee"),
    [(None, None), ([], None), (["0", "8.000 đ"], True), (["0", ""], False), (["theo quy định"], None)],
)
def test_a_procedure_has_a_fee_when_an_amount_is_not_0(amounts: list[str] | None, has_fee: bool | None) -> None:
    fees = None if amounts is None else [{"SOTIEN": amount, "MOTA": "x"} for amount in amounts]
    limit = {"THOIGIANGIAIQUYET": "3", "DONVITINH": "Ngày", "PHILEPHI": fees}
    record = {"MATTHC": "1.001193", "CACHTHUCTHUCHIEN": [{"KENH": "1", "THOIGIAN": [limit]}]}
    (row,), drift = convert(record, kind="procedures")
    assert (row["has_fee"], drift) == (has_fee, {})


def test_events() -> None:
    event = {
        "MaHoSo": "H39.18.25-240304-0001",
        "NguoiXuLy": "Trần Thị B",
        "ChucDanh": "Chuyên viên",
        "ThoiDiemXuLy": "2010-11-02 12:42:19+01:00",
        "PhongBanXuLy": "Bộ phận một cửa",
        "NoiDungXuLy": "Xử lý của ông C",
        "TrangThai": "5",
        "NgayBatDau": "20240304",
        "NgayKetThucTheoQuyDinh": "20240308",
    }
    rows, drift = convert(event, {**event, "ChucDanh": "khác"}, {**event, "NoiDungXuLy": "khác"}, kind="progress")
    assert drift == {}
    assert rows[0] | {"row_number": 2} == rows[1]
    assert rows[0]["event_key"] != rows[2]["event_key"] and rows[0]["officer_key"] == rows[2]["officer_key"]
    assert (rows[0]["event_at"], rows[0]["status"]) == (datetime(2010, 11, 2, 18, 42, 19), 5)
    assert (rows[0]["started_at"], rows[0]["due_at"]) == (datetime(2024, 3, 4), datetime(2024, 3, 8, 23, 59, 59))
    assert len(rows[0]["officer_key"]) == 64 and rows[0]["unit_name"] == "Bộ phận một cửa"
    assert convert(event, kind="progress", keep=True)[0][0]["officer_key"] == "Trần Thị B"
    changed = [
        {**event, name: "20240305" if name == "ThoiDiemXuLy" else "9"}
        for name in ("MaHoSo", "ThoiDiemXuLy", "TrangThai", "NguoiXuLy")
    ]
    keys = {row["event_key"] for row in convert(event, *changed, kind="progress")[0]}
    assert len(keys) == 5
    bad = convert({**event, "ThoiDiemXuLy": "hôm qua", "TrangThai": "x"}, kind="progress")[0][0]
    assert json.loads(bad["bad_values"]) == {"ThoiDiemXuLy": "xxx xxx", "TrangThai": "x"}
    assert bad["officer_key"] is None and bad["unit_name"] is None


def test_procedures() -> None:
    (row, numeric), drift = convert(
        {
            "MATTHC": "1.001193.000.00.00.H39",
            "TENTTHC": "Khai sinh",
            "LINHVUCTHUCHIEN": [{"MALINHVUC": "G15", "TENLINHVUC": "Hộ tịch"}, {"MALINHVUC": "khác"}],
            "CACHTHUCTHUCHIEN": [
                {"KENH": "1", "THOIGIAN": [{"THOIGIANGIAIQUYET": "3", "DONVITINH": "Ngày làm việc"}]},
                {
                    "KENH": "2",
                    "THOIGIAN": [
                        {"THOIGIANGIAIQUYET": 8, "DONVITINH": "GIỜ"},
                        {"THOIGIANGIAIQUYET": "1,5", "DONVITINH": "tháng"},
                        {"THOIGIANGIAIQUYET": "", "DONVITINH": ""},
                        {"THOIGIANGIAIQUYET": "ngay", "DONVITINH": "Ngày"},
                    ],
                },
                {"KENH": "", "THOIGIAN": None},
            ],
            "moi": 1,
        },
        {"matthc": 1.00119},
        kind="procedures",
    )
    assert json.loads(row["limits"]) == [
        {"channel": "1", "amount": 3.0, "unit": "working_day"},
        {"channel": "2", "amount": 8.0, "unit": "hour"},
        {"channel": "2", "amount": 1.5, "unit": "month"},
    ]
    assert (row["procedure_key"], row["field_code"], row["field_name"]) == ("1.001193", "G15", "Hộ tịch")
    assert list(json.loads(row["bad_values"])) == ["THOIGIANGIAIQUYET"]
    assert (numeric["procedure_code"], numeric["procedure_key"], numeric["limits"]) == ("1.001190", "1.001190", "[]")
    assert drift == {"moi": 1}


def test_agencies() -> None:
    rows, drift = convert(
        {
            "code": "000.00.19.H47",
            "name": "Sở",
            "parent_code": "H47",
            "level": "2",
            "valid_to": "2025-06-30",
            "successor_code": "H44.1",
        },
        {"MaDonVi": "H47.19", "TenDonVi": "Sở", "HieuLucTu": "1/7/2025", "HieuLucDen": "mãi"},
        {},
        kind="agencies",
    )
    assert drift == {}
    assert [r["agency_code"] for r in rows] == ["H47.19", "H47.19", None]
    assert (rows[0]["valid_to"], rows[0]["successor_code"], rows[0]["parent_code"]) == (
        date(2025, 6, 30),
        "H44.1",
        "H47",
    )
    assert (rows[1]["valid_from"], json.loads(rows[1]["bad_values"])) == (date(2025, 7, 1), {"HieuLucDen": "xxx"})


def test_portal_reports() -> None:
    parent = {
        "departmentId": 7,
        "departmentName": "Tỉnh",
        "departmentCode": "H44",
        "totalReceived": 597918,
        "totalOnTime": "528684",
    }
    parent |= {
        "totalCompleted": 490441,
        "avgProcessingDays": 3.5,
        "ratio": 88.42,
        "totalScore": 17.68,
        "totalMaxScore": 20,
    }
    child = {
        "departmentCode": "H44.1",
        "level": "COMMUNE",
        "totalOverdue": 3,
        "score": 9,
        "maxScore": 10,
        "scoreDelta": -0.5,
    }
    document = {"code": "OK", "data": {"parent": parent, "children": [child, {**child, "score": "chín"}]}}
    rows, _ = convert(document, {"code": "ERR"}, document["data"], "x", kind="portal_reports")
    assert [r["row_number"] for r in rows] == list(range(1, 9))
    assert [r["is_record"] for r in rows] == [True, True, True, False, True, True, True, False]
    assert [r["is_parent"] for r in rows] == [True, False, False, True, True, False, False, True]
    first, second, third = rows[:3]
    assert (first["department_id"], first["department_code"], first["level"]) == ("7", "H44", None)
    assert (first["total_received"], first["total_on_time"], first["total_overdue"]) == (597918, 528684, None)
    assert (first["ratio"], first["score"], first["max_score"]) == (88.42, 17.68, 20.0)
    assert (second["total_overdue"], second["score"], second["max_score"], second["score_delta"]) == (
        3,
        9.0,
        10.0,
        -0.5,
    )
    assert json.loads(third["bad_values"]) == {"score": "xxxx"}


def test_sheets() -> None:
    rows = sheet(
        {
            "MaHoSo": ["H39.18.25-240304-0001", "a1", "a2", "a3"],
            "NgayTiepNhan": ["4/3/2024"] * 4,
            "NgayKetThucXuLy": ["5/3/2024", "5/3/2024", "", None],
            "NgayTra": ["6/3/2024", "", "", None],
            "KenhThucHien": ["Trực tuyến", "2", "", None],
            "DanhSachLePhi": ['[{"Gia":"5"}]', "rác", "", None],
        }
    )
    assert [r["status"] for r in rows] == [10, 9, 4, 4], "portal-exports §9: derived where there is no such column"
    assert [r["channel"] for r in rows] == ["2", "2", "1", "1"]
    assert [r["fee_total"] for r in rows] == [5, 0, 0, 0]
    assert [r["row_number"] for r in rows] == [2, 3, 4, 5]
    with_status = sheet({"MaHoSo": ["a1", "a2"], "TrangThaiHoSo": ["Đã trả kết quả", ""], "NgayTra": ["", "6/3/2024"]})
    assert [r["status"] for r in with_status] == [10, None]


def test_files_that_go_together_do_not_touch_each_other() -> None:
    """Each file gives what it gives alone: envelope, drift, spellings, numbers of rows."""

    def rows(*records: Any) -> TextRows:
        texts = [json.dumps(r) for r in records]
        return TextRows(pa.table({"row_number": pa.array(range(1, len(texts) + 1), pa.int64()), "record": texts}))

    exact = {**BASE, "MaHoSo": "ngoài mẫu 1"}
    lower = {name.lower(): value for name, value in exact.items()}
    portions = [
        Portion(rows(exact, {**exact, "la": 1}), "H1.1"),
        Portion(rows(lower), None),
        Portion(rows({**exact, "mahoso": "khác"}, exact), "H2.2"),
    ]
    with duckdb.connect(config={"threads": 2}) as con:
        canonical = Canonicaliser(con, KINDS["dossiers"], KEY)
        together = canonical.convert(portions)
        alone = [canonical.convert([portion])[0] for portion in portions]
    assert [(c.rows.to_pylist(), c.drift) for c in together] == [(c.rows.to_pylist(), c.drift) for c in alone]
    assert [c.rows.num_rows for c in together] == [2, 1, 2]
    assert [set(c.rows.column("agency_code").to_pylist()) for c in together] == [{"H1.1"}, {"unknown"}, {"H2.2"}]
    assert [dict(c.drift) for c in together] == [{"la": 1}, {}, {"mahoso": 1}]
    assert len({h for c in together[:2] for h in c.rows.column("procedure_code").to_pylist()}) == 1


def test_all_names_may_be_spelled_otherwise() -> None:
    """However many they are: a statement that grew threefold with each filled the memory of the machine."""
    texts = (name for name, inner in KINDS["dossiers"].structure.items() if isinstance(inner, str))
    exact = dict.fromkeys(texts, "x") | BASE
    rows, drift = convert({name.lower(): value for name, value in exact.items()}, {**exact, "MAHOSO": "thừa"})
    assert rows[0] == rows[1] | {"row_number": 1} and drift == {"MAHOSO": 1}


def test_documents_are_numbered_on() -> None:
    table = pa.table({"row_number": pa.array([1]), "record": ['{"children":[{},{}],"parent":{}}']})
    with duckdb.connect(config={"threads": 1}) as con:
        (found,) = Canonicaliser(con, KINDS["portal_reports"], KEY).convert([Portion(TextRows(table), None, 40)])
    assert found.rows.column("row_number").to_pylist() == [41, 42, 43]


def test_unknown_fields_inside_lists_are_counted_by_their_path() -> None:
    papers = [{"DuocSoHoa": "1", "TenTepDinhKem": "x", "TenLa": "Nguyễn Văn A"}]
    rows, drift = convert({**BASE, "TaiLieuNop": papers}, {**BASE, "TaiLieuNop": papers, "La": 1}, BASE)
    assert drift == {"TaiLieuNop[].TenLa": 2, "La": 1}
    assert "Nguyễn" not in json.dumps(rows, ensure_ascii=False, default=str)
    _, drift = convert({**BASE, "tailieunop": papers})
    assert drift == {"TaiLieuNop[].TenLa": 1}
    limits = {
        "MATTHC": "1.001193",
        "CACHTHUCTHUCHIEN": [{"KENH": "1", "THOIGIAN": [{"thoigiangiaiquyet": "3", "LA": 1}]}],
    }
    (_, drift) = convert(limits, kind="procedures")
    assert drift == {"CACHTHUCTHUCHIEN[].THOIGIAN[].LA": 1}


def test_figures_with_marks_between_the_thousands() -> None:
    document = {"parent": {"departmentId": "1", "totalReceived": "597.918", "totalOnTime": "528,684", "ratio": "88,42"}}
    ((row,), _) = convert(document, kind="portal_reports")
    assert (row["total_received"], row["total_on_time"], row["ratio"]) == (597_918, 528_684, 88.42)
    assert row["bad_values"] is None


def test_headings_that_a_source_adds() -> None:
    synonyms = {"so phieu": "MaHoSo", "ngay nhan": "", "nguoi xu ly": "THOIDIEMXULY"}
    dossiers, progress = KINDS["dossiers"], KINDS["progress"]
    assert heading_field(dossiers, " Số  phiếu:", synonyms) == (True, "MaHoSo")
    assert heading_field(dossiers, "Ngày nhận", synonyms) == (True, None), "known, and says nothing"
    assert heading_field(progress, "Người xử lý", synonyms) == (True, "ThoiDiemXuLy"), "whatever the case of the name"
    assert heading_field(dossiers, "Ngày tiếp nhận", synonyms) == (True, "NgayTiepNhan")
    assert heading_field(dossiers, "Số biên lai", synonyms) == (False, None)


def test_of_a_name_twice_in_a_record_the_last_counts() -> None:
    """Also where the reader saw none (portal-exports §2); records beside it, and what is no JSON, stay as they are."""
    start = (
        '{"MaHoSo": "H39.18.25-240304-0001", "NgayTiepNhan": "20240304", "MaTTHC": 1.001190, "NgayHenTra": "20240305"'
    )
    records = [
        f"{start}}}",
        f'{start}, "NgayHenTra": "20240310"}}',
        f'{start}, "\\u004egayHenTra": "20240311", "TaiLieuNop": [{{"DuocSoHoa": "1", "DuocSoHoa": "0"}}]}}',
        None,
        f'{start}, "TaiLieuNop": [{{"DuocSoHoa": "1", "DuocSoHoa": "0"}}]}}',
    ]
    table = pa.table({"row_number": pa.array(range(1, 6), pa.int64()), "record": pa.array(records, pa.string())})
    with duckdb.connect() as con:
        first, second = Canonicaliser(con, KINDS["dossiers"], KEY).convert(
            [Portion(TextRows(table)), Portion(TextRows(table.slice(0, 2)))]
        )
    rows = first.rows.to_pylist()
    assert [row["due_at"] and row["due_at"].day for row in rows] == [5, 10, 11, None, 5]
    assert [row["digitised_files"] for row in rows if row["is_record"]] == [0, 0, 0, 0]
    assert {row["procedure_code"] for row in rows if row["is_record"]} == {"1.001190"}
    assert (first.repeated, second.repeated) == (3, 1)
