"""Landing: drop zone → lake, with the real dlt. Rows arrive once, without personal data, whatever dies on the way."""

from __future__ import annotations

import csv
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest

from pipelines.config import Settings
from pipelines.landing.compaction import unmerged
from pipelines.landing.lake import SCHEMAS, Lake
from pipelines.landing.pipeline import LandingResult, land
from pipelines.landing.source import _ledger_row as ledger_row
from pipelines.portal.discovery import Known, discover
from pipelines.portal.readers import open_reader
from tests.support.exports import put, zone

pytestmark = pytest.mark.integration

DATA = Path(__file__).parents[1] / "data"
REPOSITORY = Path(__file__).parents[2]


def nightly(settings: Settings) -> LandingResult:
    """One night: what is new goes to the lake."""
    return land(settings, discover(settings, Lake(settings).known()))


def ask(settings: Settings, table: str, columns: str, hashes: list[str] | None = None) -> list[tuple]:
    with duckdb.connect() as con:
        return con.execute(f"select {columns} from {Lake(settings).rows(table, hashes)} order by all").fetchall()


def dossier(number: int, **fields: str) -> dict[str, str]:
    return {
        "MaHoSo": f"H39.18.25-240304-{number:04d}",
        "NgayTiepNhan": "20240304083000",
        "TrangThaiHoSo": "4",
        "ChuHoSo": "Nguyễn Thị Riêng Tư",
        "SoGiayToChuHoSo": f"0790{number:08d}",
    } | fields


def ndjson(count: int, first: int = 1) -> str:
    return "".join(json.dumps(dossier(n), ensure_ascii=False) + "\n" for n in range(first, first + count))


def test_the_worked_examples_arrive(tmp_path: Path) -> None:
    settings = zone(tmp_path).model_copy(update={"drop_zone": str(DATA / "worked_examples" / "inbox")})
    result = nightly(settings)
    with (DATA / "worked_examples" / "expected_ledger.csv").open(encoding="utf-8") as file:
        expected = {
            row["file"]: (row["kind"], row["exported_at"], int(row["rows_read"])) for row in csv.DictReader(file)
        }
    found = {
        name: (kind, moment.isoformat(), rows)
        for name, kind, moment, rows in ask(settings, "files", "file_name, kind, exported_at, rows_read")
    }
    assert found == expected
    assert (sum(n for (_, how), n in result.files.items() if how == "read"), result.rows_read) == (5, 51)
    assert ask(settings, "events", "count(*), count(distinct event_key)") == [(8, 7)]
    assert ask(settings, "dossiers", "count(*), count(*) filter (not is_record)") == [(42, 1)]
    assert ask(settings, "dossiers", "distinct envelope_agency") == [("H39.18.25",), (None,)]
    assert nightly(settings).load_ids == [], "a night without news appends nothing"


def test_real_permits_arrive(tmp_path: Path) -> None:
    settings = zone(tmp_path).model_copy(update={"drop_zone": str(DATA / "real_permits" / "inbox")})
    nightly(settings)
    assert ask(settings, "dossiers", "count(*), count(received_at), count(status)") == [(500, 500, 500)]
    assert ask(settings, "events", "count(*), count(event_at), count(officer_key), count(bad_values)") == [
        (3069, 3069, 3069, 0)
    ]


def test_the_same_rows_from_every_shape(tmp_path: Path) -> None:
    # with a channel: a table that has no such column does not say what an empty value of JSON says
    records = [dossier(n, KenhThucHien="1") for n in range(1, 40)]
    put(tmp_path, json.dumps(records), "dvcqg/dossiers/a_20240601.txt")
    put(tmp_path, gzip.compress(json.dumps({"data": records}, indent=1).encode()), "dvcqg/dossiers/b_20240601")
    put(tmp_path, "\n".join(map(json.dumps, records)), "dvcqg/dossiers/c_20240601.csv")
    lines = [";".join(records[0]), *(";".join(r.values()) for r in records)]
    put(tmp_path, "\r\n".join(lines), "dvcqg/dossiers/d_20240601.json")
    settings = zone(tmp_path)
    nightly(settings)
    assert ask(settings, "files", "format") == [("csv semicolon",), ("json array",), ("json envelope gz",), ("ndjson",)]
    assert ask(settings, "dossiers", "count(*), count(distinct content_hash), count(distinct file_sha256)") == [
        (156, 39, 4)
    ]


def test_bad_files_are_told_and_stop_nobody(tmp_path: Path) -> None:
    put(tmp_path, ndjson(3), "dvcqg/dossiers/good_20240601.json")
    put(tmp_path, b"", "dvcqg/dossiers/empty_20240602.json")
    put(tmp_path, json.dumps([dossier(n) for n in range(50)])[:-30], "dvcqg/dossiers/cut_20240603.json")
    put(tmp_path, "a,b\n1,2\n", "dvcqg/dossiers/headless_20240604.csv")
    put(tmp_path, "[]", "dvcqg/hoso/lost_20240605.json")
    settings = zone(tmp_path)
    nightly(settings)
    ledger = {name: rest for name, *rest in ask(settings, "files", "file_name, outcome, reason, rows_read")}
    assert ledger == {
        "good_20240601.json": ["read", None, 3],
        "empty_20240602.json": ["unreadable", "REJ_FILE_UNREADABLE", 0],
        "cut_20240603.json": ["unreadable", "REJ_FILE_UNREADABLE", 49],
        "headless_20240604.csv": ["unreadable", "REJ_FILE_NO_HEADING", 0],
        "lost_20240605.json": ["unreadable", "REJ_FILE_UNREADABLE", 0],
    }
    assert ask(settings, "dossiers", "count(*)") == [(52,)], "rows read before the fault are accounted for"
    assert nightly(settings).load_ids == []


def test_copies_are_recorded_and_not_read_again(tmp_path: Path) -> None:
    settings = zone(tmp_path)
    put(tmp_path, ndjson(3), "dvcqg/dossiers/b_20240602.json")
    put(tmp_path, ndjson(3), "dvcqg/dossiers/c_20240603.json")
    nightly(settings)
    put(tmp_path, ndjson(3), "dvcqg/dossiers/a_20240601.json")
    put(tmp_path, ndjson(3), "motcua/dossiers/a_20240601.json")
    nightly(settings)
    assert ask(settings, "files", "source, file_name, outcome, rows_read") == [
        ("dvcqg", "a_20240601.json", "duplicate", 0),
        ("dvcqg", "b_20240602.json", "read", 3),
        ("dvcqg", "c_20240603.json", "duplicate", 0),
        ("motcua", "a_20240601.json", "read", 3),
    ]
    assert ask(settings, "dossiers", "source, row_number") == [(s, n) for s in ("dvcqg", "motcua") for n in (1, 2, 3)]


def test_rows_of_some_files_only_open_their_parquet(tmp_path: Path) -> None:
    settings = zone(tmp_path)
    for nightly_run in range(3):
        put(
            tmp_path,
            ndjson(nightly_run + 1, 10 * nightly_run),
            f"dvcqg/dossiers/n{nightly_run}_2024060{nightly_run + 1}.json",
        )
        nightly(settings)
    shas = [sha for (sha,) in ask(settings, "files", "file_sha256")]
    assert [ask(settings, "dossiers", "count(*)", [sha])[0][0] for sha in shas] == [
        ask(settings, "files", "rows_read", [sha])[0][0] for sha in shas
    ]
    lake = Lake(settings)
    assert lake.rows("dossiers", [shas[0]]).count(".parquet") == 1
    assert lake.rows("dossiers").count(".parquet") == 3
    assert ask(settings, "dossiers", "count(*)", []) == [(0,)]
    assert unmerged(settings) == 3


SHEET = "Số phiếu;Mã thủ tục;Ngày tiếp nhận;Ngày hẹn trả;Trạng thái\nH39.18.25-240304-0001;1.001193;4/3/2024;;4\n"


def test_headings_added_to_the_configuration_are_used_at_the_next_run(tmp_path: Path) -> None:
    """Files whose headings nobody knew are read again, the others are not; the latest landing of a content counts."""
    settings = zone(tmp_path)
    put(tmp_path, SHEET, "motcua/dossiers/a_20240601.csv")
    put(tmp_path, SHEET, "motcua/dossiers/copy_20240602.csv")
    put(tmp_path, SHEET.replace("Số phiếu", "Mã hồ sơ").replace("Ngày hẹn trả", "Hạn chót"), "motcua/dossiers/b.csv")
    put(tmp_path, SHEET.replace("Số phiếu", "Mã hồ sơ"), "motcua/dossiers/fine.csv")
    put(tmp_path, json.dumps([dossier(7, TruongLa="x")]), "motcua/dossiers/drift.json")
    put(tmp_path, SHEET, "khac/dossiers/a_20240601.csv")
    nightly(settings)
    assert [row[0] for row in ask(settings, "files", "file_name, reason") if row[1]] == ["a_20240601.csv"] * 2
    assert discover(settings, Lake(settings).known()) == []

    more = {"motcua": {"SỐ PHIẾU": "MaHoSo", "hạn chót": "NgayHenTra"}}
    settings = settings.model_copy(update={"headings": more})
    again = discover(settings, Lake(settings).known())
    assert [(file.source, file.file_name, file.outcome) for file in again] == [
        ("motcua", "a_20240601.csv", "new"),
        ("motcua", "copy_20240602.csv", "duplicate"),
        ("motcua", "b.csv", "new"),
    ]
    land(settings, again)
    assert ask(settings, "files", "source, file_name, outcome, reason, rows_read, drift") == [
        ("khac", "a_20240601.csv", "unreadable", "REJ_FILE_NO_HEADING", 0, None),
        ("motcua", "a_20240601.csv", "read", None, 1, None),
        ("motcua", "b.csv", "read", None, 1, None),
        ("motcua", "copy_20240602.csv", "duplicate", None, 0, None),
        ("motcua", "drift.json", "read", None, 1, '{"TruongLa": 1}'),
        ("motcua", "fine.csv", "read", None, 1, None),
    ]
    assert ask(settings, "dossiers", "count(*)") == [(4,)], "b.csv counts once, with its second landing"
    assert nightly(settings).load_ids == []


def test_files_that_an_older_version_could_not_read_are_read_after_the_upgrade(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Landings of the first version say nothing of their reader; theirs are the two columns less."""
    from pipelines.landing import lake, source

    put(tmp_path, SHEET.replace("Số phiếu", "Mã hồ sơ").encode("utf-16"), "motcua/dossiers/a_20240601.csv")
    put(tmp_path, ndjson(2), "motcua/dossiers/b_20240601.json")
    settings = zone(tmp_path)
    older = {name: kind for name, kind in SCHEMAS["files"].items() if name not in ("parts", "reader")}
    with monkeypatch.context() as past:
        past.setitem(lake.SCHEMAS, "files", older)

        def refuse(file: Any, synonyms: Any, span: Any) -> Any:
            if file.file_name.startswith("a_"):
                raise source.FileRejected("REJ_FILE_UNREADABLE", "bảng mã / encoding")
            return open_reader(file, synonyms, span)

        past.setattr(source, "open_reader", refuse)
        past.setattr(lake.Lake, "known", lambda self: Known())
        past.setattr(source, "_ledger_row", lambda e, now: {k: v for k, v in ledger_row(e, now).items() if k in older})
        land(settings, discover(settings))
    assert ask(settings, "files", "outcome, reader") == [("read", None), ("unreadable", None)]
    (again,) = discover(settings, Lake(settings).known())
    assert again.file_name == "a_20240601.csv"
    land(settings, [again])
    assert ask(settings, "files", "outcome, rows_read") == [("read", 1), ("read", 2)]
    assert nightly(settings).load_ids == []


def test_the_same_complaint_is_told_once(tmp_path: Path) -> None:
    settings = zone(tmp_path)
    path = put(tmp_path, ndjson(2))
    known = Lake(settings).known()
    (file,) = discover(settings, known)
    unread = replace(file, sha256=None, outcome="unreadable", detail="không đọc được / cannot read (13)")
    land(settings, [unread])
    assert Lake(settings).known().complaints == {(file.file_path, unread.detail)}
    assert land(settings, [unread]).load_ids == []
    land(settings, [file])
    assert Lake(settings).known().complaints == frozenset(), "old news"
    assert ask(settings, "dossiers", "count(*)") == [(2,)] and path.exists()


def test_what_could_not_be_opened_is_taken_back_when_it_is_gone(tmp_path: Path) -> None:
    settings = zone(tmp_path)
    pipe = put(tmp_path, "").with_name("pipe_20240601.json")
    os.mkfifo(pipe)
    nightly(settings)
    assert [name for (name,) in ask(settings, "files", "file_name")] == ["hoso_20240601.json", pipe.name]
    assert nightly(settings).load_ids == [], "it is told once"
    pipe.unlink()
    (gone,) = discover(settings, Lake(settings).known())
    assert (gone.file_name, gone.outcome) == (pipe.name, "gone")
    assert len(nightly(settings).load_ids) == 1 and land(settings, [gone]).load_ids == []
    assert ask(settings, "files", "file_name") == [("hoso_20240601.json",)]
    os.mkfifo(pipe)
    assert nightly(settings).files["dossiers", "unreadable"] == 1, "there again, told again"


def test_a_file_changed_while_it_is_read_is_read_again(tmp_path: Path) -> None:
    settings = zone(tmp_path)
    path = put(tmp_path, ndjson(3))
    files = discover(settings)
    path.write_text(ndjson(5))
    land(settings, files)
    assert ask(settings, "dossiers", "count(*)") == [(0,)]
    (entry,) = ask(settings, "files", "outcome, file_sha256, detail")
    assert entry[:2] == ("unreadable", None) and "changed" in entry[2]
    assert Lake(settings).known().complaints == frozenset(), "it is tried again"
    nightly(settings)
    assert ask(settings, "dossiers", "count(*)") == [(5,)]
    assert ask(settings, "files", "outcome, rows_read") == [("read", 5)], "old news of the path is gone"


def test_a_fault_of_ours_costs_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Files that are converted together part when one of them cannot be; it has no fingerprint and is tried again."""
    from pipelines.landing import source

    for number in range(3):
        put(tmp_path, ndjson(4, 10 * number), f"dvcqg/dossiers/f{number}_20240601.json")
    settings = zone(tmp_path)
    convert = source.Canonicaliser.convert

    def fragile(self: source.Canonicaliser, portions: Any) -> Any:
        if any("H39.18.25-240304-0011" in p.rows.table.column("record")[1].as_py() for p in portions):
            raise ValueError("Nguyễn Thị Riêng Tư")
        return convert(self, portions)

    monkeypatch.setattr(source.Canonicaliser, "convert", fragile)
    nightly(settings)
    assert ask(settings, "files", "file_name, outcome, rows_read, file_sha256 is null") == [
        ("f0_20240601.json", "read", 4, False),
        ("f1_20240601.json", "unreadable", 0, True),
        ("f2_20240601.json", "read", 4, False),
    ]
    assert "ValueError" in caplog.text and "Riêng" not in caplog.text
    monkeypatch.undo()
    nightly(settings)
    assert ask(settings, "files", "outcome, rows_read") == [("read", 4)] * 3
    assert ask(settings, "dossiers", "count(*), count(distinct dossier_code)") == [(12, 12)]


def test_no_personal_data_on_the_disk_of_the_warehouse(tmp_path: Path) -> None:
    settings = zone(tmp_path)
    secret = {
        "ChuHoSo": "Nguyễn Thị Riêng Tư",
        "SoGiayToChuHoSo": "079012345678",
        "DinhDanhCHS": [{"SoDinhDanh": "079087654321"}],
        "Email": "riengtu@example.vn",
        "SoDienThoai": "0912345678",
        "TrichYeuHoSo": "đơn của bà Riêng Tư",
        "GhiChu": "ghi chú kín",
        "TaiLieuNop": [{"TenTepDinhKem": "don-rieng-tu.pdf"}],
        "NgayHenTra": "bà Riêng Tư 0912345678",
        "TruongLa": "giá trị kín",
    }
    event = {"MaHoSo": "A1", "ThoiDiemXuLy": "20240304", "TrangThai": "4", "NguoiXuLy": "Trần Văn Cán Bộ"}
    put(tmp_path, json.dumps([dossier(1) | secret]), "dvcqg/dossiers/a_20240601.json")
    put(tmp_path, ndjson(1) + '{"ChuHoSo": "Nguyễn Thị Riêng Tư', "dvcqg/dossiers/b_20240602.json")
    put(tmp_path, json.dumps(event | {"NoiDungXuLy": "gọi 0912345678"}), "dvcqg/progress/c_20240603.json")
    nightly(settings)
    stored = ""
    for table in SCHEMAS:
        stored += repr(ask(settings, table, "*"))
    for path in (p for p in (tmp_path / "warehouse").rglob("*") if p.is_file() and p.suffix != ".parquet"):
        stored += path.read_bytes().decode("utf-8", errors="replace")
    for word in (
        "Riêng",
        "riengtu",
        "rieng-tu",
        "079012345678",
        "079087654321",
        "0790000000",
        "0912345678",
        "kín",
        "Nguyễn",
    ):
        assert word not in stored, word
    assert "TruongLa" in stored


def test_nothing_is_written_outside_the_warehouse(tmp_path: Path) -> None:
    put(tmp_path, ndjson(2))
    home = tmp_path / "home"
    home.mkdir()
    work = tmp_path / "work"
    work.mkdir()
    code = (
        "from tests.integration.test_landing import *\n"
        f"settings = zone(Path({str(tmp_path)!r}))\nassert nightly(settings).rows_read == 2\n"
    )
    environment = os.environ | {"HOME": str(home), "PYTHONPATH": str(REPOSITORY), "XDG_DATA_HOME": str(home)}
    subprocess.run([sys.executable, "-c", code], check=True, cwd=work, env=environment, timeout=120)
    assert [*home.rglob("*"), *work.rglob("*")] == []
    assert {p.name for p in tmp_path.iterdir()} == {"home", "work", "inbox", "warehouse"}


#: Where a landing dies: Python that arranges for SIGKILL at that very place.
DEATHS = {
    "while rows are read": """
import pipelines.landing.source as place
convert, done = place.Canonicaliser.convert, []
def dying(self, *args):
    if done:
        die()
    done.append(1)
    return convert(self, *args)
place.Canonicaliser.convert = dying
import pipelines.portal.readers.json_reader as reader
reader.CHUNK = 20_000
place.WAITING_BYTES = 10_000
""",
    "before anything is loaded": """
from dlt.load.load import Load as place
place.run = lambda *args, **options: die()
""",
    "when the rows are in place, before the commit": """
from dlt.destinations.impl.filesystem.filesystem import FilesystemClient as place
place.complete_load = lambda *args, **options: die()
""",
    "after the commit, before anybody knows": """
from dlt.destinations.impl.filesystem.filesystem import FilesystemClient as place
complete = place.complete_load
def dying(self, *args):
    complete(self, *args)
    die()
place.complete_load = dying
""",
}


def landing_process(root: Path, prepare: str = "") -> subprocess.Popen:
    code = (
        "import os, signal\ndef die(): os.kill(os.getpid(), signal.SIGKILL)\n"
        "from tests.integration.test_landing import *\n"
        f"settings = zone(Path({str(root)!r}))\nos.environ['DLT_DATA_DIR'] = str(settings.layout.dlt_state)\n"
        f"{prepare}\nnightly(settings)\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code], cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def content(settings: Settings) -> list[tuple]:
    return ask(settings, "dossiers", "file_sha256, row_number, dossier_code, applicant_key, content_hash")


@pytest.fixture
def killed_zone(tmp_path: Path) -> tuple[Path, Settings]:
    """Three files, and a key that stays."""
    for number in range(3):
        put(tmp_path, ndjson(400, 1000 * number), f"dvcqg/dossiers/f{number}_2024060{number + 1}.json")
    settings = zone(tmp_path)
    return tmp_path, settings


@pytest.mark.parametrize("death", DEATHS)
def test_killed_and_started_again_the_lake_holds_every_row_once(death: Any, killed_zone: Any) -> None:
    root, settings = killed_zone
    process = landing_process(root, DEATHS[death])
    _, errors = process.communicate(timeout=180)
    assert process.returncode == -signal.SIGKILL, errors.decode()
    committed = len(content(settings))
    assert committed == (1200 if death.startswith("after") else 0)
    nightly(settings)
    rows = content(settings)
    assert len(rows) == 1200 == len({row[:2] for row in rows})
    assert ask(settings, "files", "outcome, rows_read") == [("read", 400)] * 3
    nightly(settings)
    assert content(settings) == rows


def test_a_load_landed_twice_counts_once(killed_zone: Any) -> None:
    """A kill after the commit whose news was lost altogether: the same files are landed by two committed loads."""
    root, settings = killed_zone
    files = discover(settings)
    land(settings, files)
    once = content(settings)
    lake = settings.layout.lake / "raw"
    (committed,) = (lake / "_dlt_loads").iterdir()
    hidden = committed.rename(root / "hidden")
    land(settings, files)
    assert content(settings) == once
    hidden.rename(committed)
    assert len(list((lake / "dossiers").glob("*.parquet"))) == 2
    assert content(settings) == once
    assert ask(settings, "files", "outcome") == [("read",)] * 3


def test_killed_at_any_moment(killed_zone: Any) -> None:
    root, settings = killed_zone
    random = Random(20240304)
    started = time.monotonic()
    assert landing_process(root).wait(timeout=180) == 0
    whole = time.monotonic() - started
    expected = [row[:3] for row in content(settings)]
    for attempt in range(4):
        other = root / f"again{attempt}"
        (other).mkdir()
        (other / "inbox").symlink_to(root / "inbox", target_is_directory=True)
        process = landing_process(other)
        time.sleep(random.uniform(0.5, 1.0) * whole)
        process.kill()
        process.wait(timeout=60)
        nightly(zone(other))
        assert [row[:3] for row in content(zone(other))] == expected
