"""The sample generator. Its exports are read with json, csv and plain SQL only, never with the project's readers."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import re
import zipfile
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.config import Settings
from pipelines.samples import (
    EVENT_REJECTS,
    FILE_REJECTS,
    ROW_REJECTS,
    Distortions,
    Mix,
    SampleError,
    SampleSpec,
    SampleTruth,
    build_spec,
    district_2024,
    generate,
    personal_data,
)
from pipelines.samples.plan import working_days
from pipelines.samples.shapes import SHAPES
from tests.support import plain_shapes

pytestmark = pytest.mark.integration

ALL_BAD_ROWS = dict.fromkeys(ROW_REJECTS, 6)
EVERY_DISTORTION = Distortions(**dict.fromkeys(Distortions.model_fields, 0.2))


def settings_of(folder: Path, **more: Any) -> Settings:
    return Settings(warehouse=folder / "warehouse", memory_limit="1GB", **more)


def make(folder: Path, spec: SampleSpec, **more: Any) -> SampleTruth:
    return generate(spec, folder, settings=settings_of(folder, **more))


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def truth_rows(truth: SampleTruth) -> list[dict[str, Any]]:
    relation = duckdb.sql(f"select * from read_parquet('{truth.dossiers}')")
    return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]


def good_lines(truth: SampleTruth, kind: str) -> list[tuple[str, dict[str, Any]]]:
    """(file, record) of every NDJSON line of a kind that is not listed as bad, in order of export; no bad files."""
    bad = {(row["file"], int(row["row_number"])) for row in csv_rows(truth.bad_rows)}
    result = []
    for file in csv_rows(truth.files):
        if file["kind"] == kind and not file["reason"] and file["file"].startswith("dvcqg/"):
            lines = (truth.inbox / file["file"]).read_text(encoding="utf-8").splitlines()
            result += [
                (file["file"], json.loads(line)) for n, line in enumerate(lines, 1) if (file["file"], n) not in bad
            ]
    return result


def csv_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def canonical(code: str) -> str:
    """Old dossier codes in the new form, written out by hand from portal-exports §5."""
    agency, day, tail = code.rsplit("-", 2)
    groups = agency.split(".")
    if groups[0].isdigit():
        groups = [group for group in reversed(groups) if int("0" + group.strip("H")) or group.startswith("H")]
    return "-".join([".".join(groups), day, tail])


def is_local(code: str) -> bool:
    """A code of the office's own, which tells no agency: there the two systems differ in it."""
    return code.startswith("MC")


def stamp(text: str) -> datetime | None:
    return datetime.strptime(text, "%Y%m%d%H%M%S") if text else None


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> SampleTruth:
    return make(tmp_path_factory.mktemp("district"), district_2024())


@pytest.fixture(scope="module")
def distorted(tmp_path_factory: pytest.TempPathFactory) -> SampleTruth:
    """Every distortion at 20 %, many nightly runs, many waiting dossiers."""
    spec = SampleSpec(
        seed=7,
        dossiers=6_000,
        nights=40,
        supplements=0.5,
        mix=Mix(wait_papers=1_500, wait_fee=1_500, overdue=200, late=500),
        distortions=EVERY_DISTORTION,
    )
    return make(tmp_path_factory.mktemp("distorted"), spec)


def test_the_district_has_the_published_figures_in_its_exports(district: SampleTruth) -> None:
    """timeliness §8, counted from the files alone by the definition of form_ii06 (timeliness §3)."""
    con = duckdb.connect()
    con.execute(f"create table bad as from read_csv('{district.bad_rows}')")
    con.execute(f"""
        create table good as
        select name, line
        from (
            select parse_filename(filename) as name, unnest(lines) as line, generate_subscripts(lines, 1) as n
            from (
                select filename, string_split(rtrim(content, chr(10)), chr(10)) as lines
                from read_text('{district.inbox}/dvcqg/dossiers/hoso_*.ndjson') where filename not like '%gui_lai%'
            )
        )
        anti join bad on bad.file = 'dvcqg/dossiers/' || name and bad.row_number = n
    """)
    con.execute("""
        create table latest as
        select distinct on (code) *
        from (
            select name, line->>'$.MaHoSo' as code, line->>'$.TrangThaiHoSo' as status,
                strptime(nullif(line->>'$.NgayTiepNhan', ''), '%Y%m%d%H%M%S') as received,
                strptime(nullif(line->>'$.NgayHenTra', ''), '%Y%m%d%H%M%S') as due,
                strptime(nullif(line->>'$.NgayKetThucXuLy', ''), '%Y%m%d%H%M%S') as ended,
                line->>'$.HoSoCoThanhPhanSoHoa' as digitised_input,
                line->>'$.DanhSachGiayToKetQua[0].DuongDanTepTinKetQua' as electronic_result
            from good
        )
        order by code, name desc
    """)
    figures = con.execute("""
        with verdicts as (
            select *, case
                when status = '7' then 'on_time'
                when status in ('9', '10') and due is null then 'on_time'
                when status in ('9', '10') and ended::date < due::date then 'early'
                when status in ('9', '10') and ended::date = due::date then 'on_time'
                when status in ('9', '10') then 'late'
                when status in ('5', '6', '8') or due is null then 'in_time'
                when date '2024-05-31' > due::date then 'overdue'
                else 'in_time' end as verdict
            from latest where received is not null and status <> '3'
        )
        select count(*), count(*) filter (verdict = 'early'), count(*) filter (verdict = 'on_time'),
            count(*) filter (verdict = 'late'), count(*) filter (verdict in ('in_time', 'overdue')),
            count(*) filter (digitised_input = '1'),
            count(*) filter (status in ('9', '10')),
            count(*) filter (status in ('9', '10') and electronic_result <> ''),
            min(received)::date, max(received)::date, max(ended)
        from verdicts
    """).fetchone()
    assert figures is not None
    received, early, on_time, late, pending, digitised, finished, electronic, first, last, last_end = figures
    resolved = early + on_time + late
    assert (received, resolved, late, pending) == (33_653, 31_394, 19, 2_259)
    assert (round(100 * early / resolved, 2), round(100 * on_time / resolved, 2)) == (51.25, 48.69)
    assert digitised == received
    assert electronic == finished
    assert first >= date(2024, 1, 1) and last <= date(2024, 5, 31)
    assert last_end <= datetime(2024, 5, 31, 23, 59, 59)
    statuses = dict(con.execute("select status, count(*) from latest group by 1").fetchall())
    assert {"1", "2", "3", "4", "5", "6", "7", "8", "9", "10"} == set(statuses)
    assert (statuses["1"], statuses["3"]) == (25, 18)


def test_the_truth_says_the_same_as_the_files(district: SampleTruth) -> None:
    latest: dict[str, dict[str, Any]] = {}
    versions: dict[str, int] = {}
    for _, record in good_lines(district, "dossiers"):
        key = record["MaHoSo"]
        if latest.get(key) != record:
            versions[key] = versions.get(key, 0) + 1
        latest[key] = record
    truth = {row["dossier_code"]: row for row in truth_rows(district)}
    assert set(truth) == set(latest)
    assert len(truth) == 33_653 + 25 + 18
    for code, row in truth.items():
        record = latest[code]
        assert (int(record["TrangThaiHoSo"]), stamp(record["NgayHenTra"])) == (row["status"], row["due_at"]), code
        assert stamp(record["NgayTiepNhan"]) == row["received_at"]
        assert stamp(record["NgayKetThucXuLy"] or record["NgayTuChoi"]) == row["ended_at"]
        assert versions[code] == row["versions"], code
        assert is_local(code) or canonical(code).startswith(row["agency_code"] + "-")
    assert {row["agency_code"] for row in truth.values()} == {"H39.18", *(f"H39.18.{n}" for n in range(11, 26))}
    assert district.summary["pending_overdue"] == 23


def test_receptions_and_appointments_keep_office_hours_and_working_days(district: SampleTruth) -> None:
    days = set(working_days(date(2024, 1, 1), date(2024, 12, 31)))
    assert date(2024, 2, 12) not in days and date(2024, 4, 30) not in days
    for row in truth_rows(district):
        if row["verdict"] == "not_counted":
            continue
        received, ended = row["received_at"], row["ended_at"]
        assert received.date() in days and 7 <= received.hour < 17
        assert ended is None or ended > received
        assert row["due_at"] is None or (row["due_at"].date() in days and row["due_at"].hour == 17)


def test_codes_are_unique_and_end_in_a_daily_sequence_per_agency(district: SampleTruth) -> None:
    codes = [canonical(row["dossier_code"]) for row in truth_rows(district)]
    assert len(set(codes)) == len(codes)
    form = re.compile(r"H39\.18(\.\d\d)?-24(0[1-5])\d\d-(\d{4,5})")
    assert all(form.fullmatch(code) for code in codes if not is_local(code))
    assert 0 < sum(map(is_local, codes)) < 50


def test_events_tell_the_same_story_as_the_records(district: SampleTruth) -> None:
    ends: dict[str, str] = {}
    for _, event in good_lines(district, "progress"):
        if event["NoiDungXuLy"] == "Cập nhật kết quả xử lý" and event["TrangThai"] in {"7", "9"}:
            ends[event["MaHoSo"]] = event["ThoiDiemXuLy"]
    finished = {row["dossier_code"]: row for row in truth_rows(district) if row["state"] in {"finished", "withdrawn"}}
    assert set(ends) == set(finished)
    assert all(stamp(ends[code]) == row["ended_at"] for code, row in finished.items())


def test_the_same_spec_gives_the_same_bytes_on_any_number_of_threads(tmp_path: Path) -> None:
    spec = district_2024(dossiers=4_000, shape="ndjson.gz", changes_per_night=50)
    first = make(tmp_path / "a", spec, threads=1)
    second = make(tmp_path / "b", spec, threads=4)
    assert digests(first.inbox) == digests(second.inbox)
    assert digests(first.folder) == digests(second.folder)
    other = make(tmp_path / "c", spec.model_copy(update={"seed": 5}))
    assert digests(other.inbox) != digests(first.inbox)


@pytest.mark.parametrize("dossiers", [1, 7, 100, 2_500])
def test_every_size_has_exactly_the_mix_asked_for(tmp_path: Path, dossiers: int) -> None:
    mix = Mix(early=5, on_time=4, withdrawn=1, late=1, in_time=3, overdue=1, wait_papers=1, wait_fee=1, stopped=1)
    spec = SampleSpec(dossiers=dossiers, mix=mix, nights=3)
    counts = mix.counts(dossiers)
    assert sum(counts.values()) == dossiers
    figures = make(tmp_path, spec).summary
    assert figures["received"] == dossiers
    assert (figures["early"], figures["late"]) == (counts["early"], counts["late"])
    assert figures["on_time"] == counts["on_time"] + counts["withdrawn"]
    assert figures["pending_overdue"] == counts["overdue"]


def test_distortions_are_there_at_about_their_rate(distorted: SampleTruth) -> None:
    rows = truth_rows(distorted)
    records: dict[str, list[dict[str, Any]]] = {}
    for _, record in good_lines(distorted, "dossiers"):
        records.setdefault(record["MaHoSo"], []).append(record)
    bad_events = {
        event["MaHoSo"]
        for _, event in good_lines(distorted, "progress")
        if event["NoiDungXuLy"] == "Hồ sơ không có ngày hẹn trả"
    }
    latest = {code: history[-1] for code, history in records.items()}
    reopened = {
        code
        for code, history in records.items()
        if any(record["TrangThaiHoSo"] == "9" for record in history[:-1]) and history[-1]["TrangThaiHoSo"] in "2456"
    }
    asked = {row["dossier_code"] for row in rows if row["requests"]}

    def applied(name: str) -> set[str]:
        return {row["dossier_code"] for row in rows if name in row["distortions"]}

    def found(test: Any) -> set[str]:
        return {code for code, record in latest.items() if test(record)}

    assert found(lambda r: re.search(r"-\d{5}$", r["MaHoSo"])) == applied("synthetic_code")
    assert found(lambda r: "000000001" in (r["SoGiayToChuHoSo"], *(x["SoDinhDanh"] for x in r["DinhDanhCHS"]))) == (
        applied("placeholder_id")
    )
    assert found(lambda r: r["NgayNopHoSo"] == r["NgayTiepNhan"]) == applied("submitted_is_received")
    assert found(lambda r: r["MaTTHC"].startswith("TS_")) == applied("local_procedure")
    assert found(lambda r: "DiaChiLienHe" in r) == applied("unknown_field")
    assert found(lambda r: not r["NgayHenTra"]) == applied("no_due") | applied("no_due_done_event")
    assert {code for code in asked if not latest[code]["DanhSachHoSoBoSung"]} == applied("empty_supplements")
    assert applied("constant_flags") <= found(lambda r: r["NoiNopHoSo"] == r["TaiKhoanDuocXacThucVoiVNeID"] == "1")
    assert bad_events == applied("no_due_done_event")
    assert reopened and reopened <= applied("paused_sent_as_done")
    for code in applied("due_moved_late"):
        first, last = records[code][0], records[code][-1]
        assert first["NgayHenTra"] < "20240421235959" and first["NgayHenTra"] < last["NgayHenTra"], code
    bulk = {latest[code]["NgayKetThucXuLy"][8:] for code in applied("bulk_closing")}
    assert bulk == {"164500"}
    everywhere = ["synthetic_code", "placeholder_id", "submitted_is_received", "constant_flags", "local_procedure"]
    for name in [*everywhere, "unknown_field"]:
        assert 0.18 < len(applied(name)) / len(rows) < 0.22, name
    assert 0.15 < len(applied("empty_supplements")) / len(asked) < 0.25
    assert all(applied(name) for name in Distortions.model_fields)


def test_distortions_leave_the_figures_alone_unless_told_otherwise(tmp_path: Path) -> None:
    kept = SampleSpec(dossiers=3_000, distortions=Distortions(no_due=0.5))
    plain = SampleSpec(dossiers=3_000)
    figures = [make(tmp_path / name, spec).summary for name, spec in (("a", kept), ("b", plain))]
    assert figures[0]["early"] == figures[1]["early"] and figures[0]["pending"] == figures[1]["pending"]
    free = make(tmp_path / "c", kept.model_copy(update={"keep_figures": False})).summary
    assert free["early"] < figures[0]["early"] * 0.6
    assert free["resolved"] == figures[0]["resolved"]


def is_date(text: str) -> bool:
    """The formats that the bad rows play with, by portal-exports §4."""
    for form in ("%Y%m%d%H%M%S", "%d/%m/%Y", "%Y-%m-%d"):
        try:
            return 2000 <= datetime.strptime(text, form).year <= 2100
        except ValueError:
            continue
    return False


def reasons(record: Any) -> set[str]:
    """portal-exports §6 for one parsed record, written out plainly."""
    if not isinstance(record, dict):
        return {"REJ_NOT_A_RECORD"}
    found = set()
    code = re.sub(r"[\s\u200b]", "", record["MaHoSo"])
    status = record["TrangThaiHoSo"]
    if not code:
        found.add("REJ_NO_CODE")
    if len(code) > 50:
        found.add("REJ_CODE_TOO_LONG")
    if not (status.isdigit() and 1 <= int(status) <= 10):
        found.add("REJ_BAD_STATUS")
    if not record["NgayTiepNhan"].strip("0") and status not in {"1", "3"}:
        found.add("REJ_NO_RECEPTION")
    dates = ("NgayTiepNhan", "NgayHenTra", "NgayKetThucXuLy", "NgayTra", "NgayTuChoi", "NgayNopHoSo")
    if any(record[name].strip("0") and not is_date(record[name]) for name in dates):
        found.add("REJ_BAD_DATE")
    return found


def parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError:
        return None


SHAPES_SPEC = SampleSpec(
    dossiers=300, not_accepted=3, refused=2, flat=True, bad_rows=ALL_BAD_ROWS, bad_events={"REJ_BAD_DATE": 2}
)


@pytest.fixture(scope="module")
def as_ndjson(tmp_path_factory: pytest.TempPathFactory) -> SampleTruth:
    return make(tmp_path_factory.mktemp("ndjson"), SHAPES_SPEC)


#: A shape of every sort. The rows of all of them are held by test_shapes.py.
ALWAYS = {"ndjson.gz", "json-pretty", "zip", "csv;bom", "csv-tab", "csv-1258", "xlsx-report", "xls", "ods", "html"}
assert SHAPES.keys() > ALWAYS


def comparable(record: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, text.strip() if name == "DonViXuLy" else text) for name, text in record.items()))


@pytest.mark.parametrize(
    "shape", [pytest.param(shape, marks=() if shape in ALWAYS else pytest.mark.slow) for shape in SHAPES]
)
def test_every_shape_holds_the_same_records_and_the_bad_rows_where_it_says(
    tmp_path: Path, as_ndjson: SampleTruth, shape: str
) -> None:
    truth = make(tmp_path, SHAPES_SPEC.model_copy(update={"shape": shape}))
    if SHAPES[shape].sheet or SHAPES[shape].members or SHAPES[shape].encode:
        again = make(tmp_path / "again", SHAPES_SPEC.model_copy(update={"shape": shape}), threads=1)
        assert digests(truth.inbox) == digests(again.inbox)
    for kind, stem, known in (("dossiers", "hoso", 300 + 5), ("progress", "tiendo", None)):
        path = truth.inbox / "dvcqg" / kind / f"{stem}_20240531.{SHAPES[shape].extension}"
        rows = plain_shapes.read(path, shape, kind)
        listed = next(row for row in csv_rows(truth.files) if row["kind"] == kind)
        assert (listed["file"], int(listed["rows"])) == (f"dvcqg/{kind}/{path.name}", len(rows))
        meant = {
            (row["part"], int(row["row_number"])): set(row["reasons"].split("+"))
            for row in csv_rows(truth.bad_rows)
            if row["file"] == listed["file"]
        }
        if kind == "dossiers":
            # Sheets have no row that is none.
            assert len(meant) == 6 * (len(ROW_REJECTS) - (SHAPES[shape].sheet is not None))
            assert known is not None and len(rows) == known + len(meant)
            assert {place: reasons(row) for place, row in rows.items() if reasons(row)} == meant
        else:
            assert {place for place, row in rows.items() if row and not is_date(row["ThoiDiemXuLy"])} == set(meant)
        plain = plain_shapes.read(as_ndjson.inbox / "dvcqg" / kind / f"{stem}_20240531.ndjson", "ndjson", kind)
        records = [sorted(comparable(row) for row in one.values() if row) for one in (rows, plain)]
        assert records[0] == records[1]


def test_several_shapes_take_turns(tmp_path: Path) -> None:
    """Night by night another shape; the dossiers and their truth are those of one shape."""
    spec = SampleSpec(dossiers=60, nights=4, changes_per_night=9, flat=True, bad_files={"REJ_FILE_MOSTLY_BAD": 1})
    mixed = make(tmp_path / "mixed", spec.model_copy(update={"shape": "csv,xlsx,ods"}))
    plain = make(tmp_path / "plain", spec)
    files = [[(Path(row["file"]), row["rows"]) for row in csv_rows(truth.files)] for truth in (mixed, plain)]
    nights = sorted(path for path, _ in files[0] if path.stem.startswith("hoso_"))
    assert [path.suffix for path in nights] == [".csv", ".xlsx", ".ods", ".csv", ".xlsx"]
    stems = [[(path.parent, path.stem, rows) for path, rows in listed] for listed in files]
    assert stems[0] == stems[1]
    assert mixed.dossiers.read_bytes() == plain.dossiers.read_bytes()


def test_bad_events_are_bad(tmp_path: Path) -> None:
    truth = make(tmp_path, SampleSpec(dossiers=200, bad_events=dict.fromkeys(EVENT_REJECTS, 2)))
    lines = (truth.inbox / "dvcqg/progress/tiendo_20240531.ndjson").read_text(encoding="utf-8").splitlines()
    bad = {int(row["row_number"]): row["reasons"] for row in csv_rows(truth.bad_rows)}
    found = {}
    for number, event in ((n, parsed(line)) for n, line in enumerate(lines, 1)):
        if not isinstance(event, dict):
            found[number] = "REJ_NOT_A_RECORD"
        elif not event["MaHoSo"]:
            found[number] = "REJ_NO_CODE"
        elif not is_date(event["ThoiDiemXuLy"]):
            found[number] = "REJ_BAD_DATE"
        elif not (event["TrangThai"].isdigit() and 1 <= int(event["TrangThai"]) <= 10):
            found[number] = "REJ_BAD_STATUS"
    assert found == bad and len(bad) == 8


def test_bad_files_are_bad(tmp_path: Path) -> None:
    truth = make(tmp_path, SampleSpec(dossiers=200, bad_files=dict.fromkeys(FILE_REJECTS, 6), duplicate_files=2))
    files = csv_rows(truth.files)
    by_reason: dict[str, list[Path]] = {}
    for file in files:
        by_reason.setdefault(file["reason"], []).append(truth.inbox / file["file"])
    assert {reason: len(paths) for reason, paths in by_reason.items() if reason.startswith("REJ")} == (
        dict.fromkeys(FILE_REJECTS, 6)
    )
    original = truth.inbox / "dvcqg/dossiers/hoso_20240531.ndjson"
    assert all(path.read_bytes() == original.read_bytes() for path in by_reason["duplicate"])
    truncated, empty, cut_gzip, encrypted, garbage, bomb = by_reason["REJ_FILE_UNREADABLE"]
    with pytest.raises(json.JSONDecodeError):
        json.loads(truncated.read_text(encoding="utf-8", errors="replace"))
    assert empty.stat().st_size == 0
    with pytest.raises(EOFError):
        gzip.decompress(cut_gzip.read_bytes())
    with zipfile.ZipFile(encrypted) as archive, pytest.raises(RuntimeError, match="encrypted"):
        archive.read("hoso.json")
    assert garbage.read_bytes().startswith(b"\xd0\xcf\x11\xe0")
    with zipfile.ZipFile(bomb) as archive:
        assert archive.infolist()[0].file_size > 100 * bomb.stat().st_size
    for path in by_reason["REJ_FILE_NO_HEADING"]:
        assert "MaHoSo" not in path.read_text(encoding="utf-8")
    for path in by_reason["REJ_FILE_SHIFTED"]:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines(), delimiter=";"))
        assert len(rows) >= 20
        assert not any(is_date(row["Ngày hẹn trả"]) for row in rows)
        assert all(row["Số hồ sơ"] and row["Ngày hẹn trả"] for row in rows)
    for path in by_reason["REJ_FILE_MOSTLY_BAD"]:
        records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        assert len(records) >= 20
        assert sum(bool(reasons(record)) for record in records) > len(records) / 2


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in strings(item)]
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    return [value]


def test_the_list_of_personal_data_is_complete(tmp_path: Path) -> None:
    """Every personal field of every record is in the list, and hardly anything in the list is absent from the files."""
    spec = district_2024(dossiers=2_000)
    truth = make(tmp_path, spec)
    listed = list(personal_data(spec, settings=settings_of(tmp_path)))
    assert len(listed) == len(set(listed))
    known = set(listed)
    for _, record in good_lines(truth, "dossiers"):
        numbers = [record["SoGiayToChuHoSo"], *(item["SoDinhDanh"] for item in record["DinhDanhCHS"])]
        values = [record["ChuHoSo"], record["SoDienThoai"], record["Email"], *numbers]
        values += [supplement["NguoiYeuCauBoSung"] for supplement in record["DanhSachHoSoBoSung"]]
        values += [record["ThongTinKhac"].removeprefix("Địa chỉ: "), record.get("DiaChiLienHe", "")]
        assert {value for value in values if value and value != "000000001"} <= known
        rest = " ".join(strings(record))
        for found in re.findall(r"\b0\d{9}\b|\b0\d{11}\b|\S+@\S+", rest):
            assert found in known
    for _, event in good_lines(truth, "progress"):
        assert event["NguoiXuLy"] in known
    everything = "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in truth.inbox.rglob("*.*"))
    names = [value for value in listed if "@" not in value and not value.startswith("số ")]
    sampled = names[:: max(1, len(names) // 300)]
    assert sum(value in everything for value in sampled) > 0.95 * len(sampled)
    about = "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in truth.folder.rglob("*"))
    assert not any(value in about for value in listed)


def test_nights_send_changes_only_or_everything_and_the_truth_counts_versions(tmp_path: Path) -> None:
    spec = SampleSpec(dossiers=800, nights=25, changes_per_night=40, distortions=EVERY_DISTORTION)
    for nightly in ("changes", "full"):
        truth = make(tmp_path / nightly, spec.model_copy(update={"nightly": nightly}))
        latest: dict[str, dict[str, Any]] = {}
        versions: dict[str, int] = {}
        unchanged = 0
        for _, record in good_lines(truth, "dossiers"):
            if latest.get(record["MaHoSo"]) == record:
                unchanged += 1
            else:
                versions[record["MaHoSo"]] = versions.get(record["MaHoSo"], 0) + 1
            latest[record["MaHoSo"]] = record
        assert versions == {row["dossier_code"]: row["versions"] for row in truth_rows(truth)}
        assert (unchanged == 0) == (nightly == "changes")
        assert len(versions) == 800
    assert len([file for file in csv_rows(truth.files) if file["kind"] == "dossiers"]) == 26


def test_a_province_has_many_agencies_and_long_series_of_nights_work(tmp_path: Path) -> None:
    spec = SampleSpec(
        dossiers=3_000,
        agency="H40",
        source="motcua",
        first_day=date(2023, 6, 1),
        last_day=date(2024, 5, 31),
        nights=60,
        bytes_per_dossier=3_000,
        catalogues=True,
    )
    seen: list[tuple[str, int, int]] = []
    truth = generate(spec, tmp_path, settings=settings_of(tmp_path), progress=lambda *step: seen.append(step))
    assert [step[1] for step in seen] == list(range(1, 62)) and seen[-1][0] == "2024-05-31"
    agencies = json.loads((truth.inbox / "motcua/agencies/donvi_20230601.json").read_text(encoding="utf-8"))
    codes = {agency["MaDonVi"] for agency in agencies}
    assert len(codes) > 100 and {agency["MaDonViCha"] for agency in agencies} <= codes | {""}
    assert {row["agency_code"] for row in truth_rows(truth)} <= codes
    procedures = json.loads((truth.inbox / "motcua/procedures/tthc_20230601.json").read_text(encoding="utf-8"))
    assert {p["MATTHC"] for p in procedures} >= {row["procedure_code"][:8] for row in truth_rows(truth)}
    lines = (truth.inbox / "motcua/dossiers/hoso_20240401.ndjson").read_bytes().splitlines()
    assert 2_700 < sum(map(len, lines)) / len(lines) < 3_300


def test_a_province_has_a_long_tail_of_procedures(tmp_path: Path) -> None:
    truth = make(tmp_path, SampleSpec(dossiers=20_000, agency="H39", progress=0, procedures=1_500))
    codes = [record["MaTTHC"][:8] for _, record in good_lines(truth, "dossiers")]
    fields = {record["MaLinhVuc"] for _, record in good_lines(truth, "dossiers")}
    counts = sorted(Counter(codes).values(), reverse=True)
    assert 20 <= len(fields) <= 40
    assert len(counts) > 1_000
    assert 0.5 < sum(counts[:100]) / sum(counts) < 0.8


def test_command_line_words_become_a_spec_or_a_clear_error(tmp_path: Path) -> None:
    spec = build_spec("district", ["no_due=0.1"], ["REJ_BAD_DATE=9", "REJ_FILE_SHIFTED=2"], dossiers=500, shape=None)
    assert (spec.dossiers, spec.nights, spec.distortions.no_due, spec.distortions.bulk_closing) == (500, 5, 0.1, 0.03)
    assert (spec.bad_rows["REJ_BAD_DATE"], spec.bad_files["REJ_FILE_SHIFTED"]) == (9, 2)
    assert build_spec(None, first_day=date(2024, 2, 1)).first_day == date(2024, 2, 1)
    years = build_spec(None, nights=1_095, sources=["dvcqg", "motcua_a", "motcua_b"])
    assert (years.last_day - years.first_day).days == 1_095, "the period begins earlier"
    assert years.local_system is not None and years.local_system.sources == ("motcua_a", "motcua_b")
    for wrong in (
        {"preset": "huyện"},
        {"distort": ["no_due"]},
        {"distort": ["no_due=often"]},
        {"distort": ["no_such_thing=0.1"]},
        {"distort": ["no_due=1.5"]},
        {"bad": ["REJ_NONSENSE=1"]},
        {"nights": -1},
        {"shape": "docx"},
        {"shape": ""},
        {"shape": "csv,"},
        {"shape": "csv,docx"},
        {"first_day": date(2024, 5, 30)},
    ):
        with pytest.raises(SampleError):
            build_spec(**wrong)
    with pytest.raises(SampleError, match="overdue"):
        make(tmp_path, SampleSpec(mix=Mix(early=0, on_time=0, in_time=0, overdue=1_000_000)))
    with pytest.raises(SampleError, match="agency"):
        make(tmp_path, SampleSpec(dossiers=30_000_000))
    make(tmp_path, SampleSpec(dossiers=10))
    with pytest.raises(SampleError, match="inbox"):
        make(tmp_path, SampleSpec(dossiers=10))
