"""A person is put into every field, name and place of every shape of file; after a good, a red and a killed nightly
run no byte of what the project wrote or said holds her (portal-exports §7).

Every byte: of the files as they are, and inside Parquet, DuckDB, SQLite, workbooks and packed files. Her name stands in
as many spellings as people give a name; what cannot be told (docs/guide, privacy) is not asked for here.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import psutil
import pytest
import xlsxwriter

from pipelines.contract import KINDS, TEXT
from pipelines.layout import REPOSITORY

pytestmark = pytest.mark.faults

KEY = "0123456789abcdef-for-tests"
NAME, FOLDED, JOINED = "Quách Thị Trâm", "quach-thi-tram", "QuachThiTram"
PHONE, DOTTED, IDENTITY, SLASHED, EMAIL = (
    "0909990048",
    "0909.990.048",
    "0790-9999-0049",
    "0790/9999/0063",
    "q.tram@x.vn",
)
ADDRESS, OFFICE = "quach.tram(at)x.vn", "Điểm trả kết quả của bà Quách Thị Trâm"
ESCAPES = "\x1b[31m<script>alert(1)</script>"
#: What a field is given, each in a record of its own.
PLANTED = (NAME, FOLDED, JOINED, NAME.upper(), PHONE, DOTTED, IDENTITY, SLASHED, EMAIL, ADDRESS, OFFICE)
FOUND = re.compile(
    "qu[aá]ch[ ._-]*th[iị]|quach.tram|th[iị][ ._-]*tr[aâ]m|q[.]tram"
    "|0909[^0-9]{0,2}990[^0-9]{0,2}048|0790[^0-9]{0,2}9999[^0-9]{0,2}00(49|63)",
    re.IGNORECASE,
)
CODES = {"dossiers": "MaHoSo", "progress": "MaHoSo", "procedures": "MATTHC", "agencies": "MaDonVi"}


def good_record(kind: str, number: int) -> dict[str, Any]:
    """A record of the kind that is accepted."""
    return {
        "dossiers": {
            "MaHoSo": f"H39.18.25-240531-{number:04}",
            "MaTTHC": "1.001193.000.00.00.H39",
            "NgayTiepNhan": "20240531083000",
            "NgayHenTra": "20240604170000",
            "TrangThaiHoSo": "4",
        },
        "progress": {"MaHoSo": f"H39.18.25-240531-{number:04}", "ThoiDiemXuLy": "20240531093000", "TrangThai": "4"},
        "procedures": {"MATTHC": f"1.{number:06}", "TENTTHC": "Đăng ký khai sinh"},
        "agencies": {"MaDonVi": f"H39.18.{number % 90 + 10}", "TenDonVi": "UBND xã"},
    }[kind]


def filled(inner: Any, text: str) -> Any:
    """The text in every place of a field."""
    if inner == TEXT:
        return text
    if isinstance(inner, list):
        return [filled(inner[0], text)]
    return {name: filled(member, text) for name, member in inner.items()}


def records(kind: str, *, flat: bool = False) -> list[dict[str, Any]]:
    """A record with the person in one field, for every field and spelling; then fields that nobody knows."""
    found: list[dict[str, Any]] = []
    structure = KINDS[kind].structure
    personal = dict.fromkeys(("ChuHoSo", "SoGiayToChuHoSo", "Email", "SoDienThoai", "GhiChu", "TrichYeuHoSo"), TEXT)
    for field, inner in {**structure, **personal}.items():
        if flat and inner != TEXT:
            continue
        for text in PLANTED:
            found.append(good_record(kind, len(found) + 1) | {field: filled(inner, text)})
    found += [good_record(kind, len(found) + n) | {f"Ghi chú của {text}": "x"} for n, text in enumerate(PLANTED, 1)]
    return found


def table(kind: str) -> list[list[str]]:
    """The same as lines of a table, with columns named after her."""
    rows = records(kind, flat=True)
    heading = list(dict.fromkeys(name for row in rows for name in row))
    return [heading, *([str(row.get(name, "")) for name in heading] for row in rows)]


def csv_text(kind: str) -> str:
    return "\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in line) for line in table(kind)) + "\n"


def fill(inbox: Path) -> None:
    """Every shape of file, each named after her, some in folders that are."""
    dossiers = inbox / "dvcqg" / "dossiers"
    for kind in CODES:
        folder = inbox / "dvcqg" / kind
        folder.mkdir(parents=True)
        lines = "\n".join(json.dumps(record, ensure_ascii=False) for record in records(kind))
        (folder / f"{NAME} {kind}_20240601.ndjson").write_text(lines + f'\n{NAME}\n{{"{NAME}": \n', encoding="utf-8")
    envelope = {"madonvi": NAME, "nguoigui": NAME, NAME: PHONE, "data": records("dossiers")[:40]}
    (dossiers / f"{FOLDED}_20240602.json").write_text(json.dumps(envelope, ensure_ascii=False), encoding="utf-8")
    (dossiers / f"{JOINED}_20240602.csv").write_text(csv_text("dossiers"), encoding="utf-8")
    (dossiers / f"so {DOTTED} 20240602.csv").write_text(f"{NAME}\n{PHONE}\n", encoding="utf-8")
    book(dossiers / f"{IDENTITY}_20240602.xlsx")
    page = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in line)}</tr>" for line in table("dossiers"))
    (dossiers / f"{PHONE}_20240602.html").write_text(
        f"<html><title>{NAME}</title><table><caption>{NAME}</caption>{page}</table></html>", encoding="utf-8"
    )
    with zipfile.ZipFile(dossiers / f"{NAME}_20240603.zip", "w") as archive:
        archive.writestr(f"{NAME}/{PHONE}.csv", csv_text("dossiers"))
        archive.writestr(f"{FOLDED} {ADDRESS}.txt", NAME)
        archive.write(dossiers / f"{IDENTITY}_20240602.xlsx", f"{JOINED}.xlsx")
    (dossiers / f"{NAME}_20240604.json.gz").write_bytes(gzip.compress(b'{"MaHoSo": "' + NAME.encode()))
    (dossiers / f"{ESCAPES.replace('/', '')}_20240604.csv").write_text(f"{ESCAPES}\n", encoding="utf-8")
    for place in (
        f"{NAME}/dossiers",
        f"dvcqg/{NAME}",
        "quach_thi_tram/dossiers",
        f"dvcqg/dossiers/{NAME}",
        f"x{PHONE}/dossiers",
    ):
        (inbox / place).mkdir(parents=True, exist_ok=True)
        (inbox / place / "a_20240601.json").write_text("[]")
    tree = {"departmentId": NAME, "departmentName": OFFICE, "departmentCode": IDENTITY, "level": NAME}
    reports = inbox / "dvcqg" / "portal_reports"
    reports.mkdir()
    document = {"code": NAME, "data": {"parent": tree | {"totalReceived": NAME}, "children": [tree, tree | {NAME: 1}]}}
    (reports / "cay_20240601.json").write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")


def book(path: Path) -> None:
    """A workbook whose sheets, hidden ones and one without a heading among them, are named after her."""
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as workbook:
        workbook.set_properties({"author": NAME, "title": PHONE})
        for name, lines in ((NAME, table("dossiers")), (DOTTED, table("dossiers")[1:4]), (JOINED, [[NAME], [PHONE]])):
            sheet = workbook.add_worksheet(name)
            for number, line in enumerate(lines):
                sheet.write_row(number, 0, line)
        workbook.worksheets()[1].hide()


def texts_of(path: Path) -> Iterator[str]:
    """Everything a file says: its bytes, and what lies packed in it."""
    content = path.read_bytes()
    yield content.decode("utf-8", "ignore")
    yield content.decode("utf-16-le", "ignore")
    if content.startswith(b"PK"):
        with zipfile.ZipFile(path) as archive:
            yield from (archive.read(name).decode("utf-8", "ignore") for name in archive.namelist())
    elif content.startswith(b"\x1f\x8b"):
        yield gzip.decompress(content).decode("utf-8", "ignore")
    elif content.startswith(b"PAR1"):
        with duckdb.connect() as con:
            yield from (str(row) for row in con.execute("from read_parquet(?)", [str(path)]).fetchall())
    elif content.startswith(b"SQLite"):
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as con:
            for (name,) in con.execute("select name from sqlite_master where type = 'table'").fetchall():
                yield from map(unpacked, con.execute(f'select * from "{name}"'))
    elif content[8:12] == b"DUCK":
        with duckdb.connect(str(path), read_only=True) as con:
            for schema, name in con.execute("select schema_name, table_name from duckdb_tables()").fetchall():
                yield from (str(row) for row in con.execute(f'from "{schema}"."{name}"').fetchall())


def unpacked(row: tuple[Any, ...]) -> str:
    """A row of SQLite, with what is compressed in it."""
    said = []
    for cell in row:
        said.append(cell.decode("utf-8", "ignore") if isinstance(cell, bytes) else str(cell))
        for unpack in (zlib.decompress, gzip.decompress):
            try:
                said.append(unpack(cell).decode("utf-8", "ignore") if isinstance(cell, bytes) else "")
            except (OSError, zlib.error, EOFError):
                continue
    # JSON inside JSON writes letters as \uXXXX, once or more often escaped
    return re.sub(r"\\+u([0-9a-f]{4})", lambda code: chr(int(code[1], 16)), "\n".join(said))


def traces(place: Path) -> list[str]:
    """Where she is found below a folder, by name of the file or in it."""
    found = []
    for path in sorted(place.rglob("*")):
        texts = [str(path.relative_to(place)), *(texts_of(path) if path.is_file() and not path.is_symlink() else ())]
        for text in texts:
            if hit := FOUND.search(unicodedata.normalize("NFC", text)):
                around = text[max(0, hit.start() - 60) : hit.end() + 40]
                found.append(f"{path.relative_to(place)}: {around!r}")
                break
    return found


def command(folder: Path, *arguments: str, before: Sequence[str] = ()) -> subprocess.Popen[bytes]:
    """A `dunghan` process whose screen goes to a file beside the warehouse."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DUNGHAN_", "DAGSTER_"))}
    environment |= {
        "DUNGHAN_DROP_ZONE": str(folder / "inbox"),
        "DUNGHAN_WAREHOUSE": str(folder / "out" / "warehouse"),
        "DUNGHAN_PRIVACY_KEY": KEY,
        "PYTHONPATH": str(REPOSITORY),
    }
    program = "from pipelines.cli import main; main()"
    with (folder / "out" / f"screen-{time.time_ns()}-{arguments[0]}.txt").open("wb") as screen:
        return subprocess.Popen(
            [*before, sys.executable, "-c", program, *arguments],
            cwd=folder,
            env=environment,
            stdout=screen,
            stderr=screen,
            umask=0o022,
        )


def said(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted((folder / "out").glob("screen-*.txt")))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drop zone full of her, read by one nightly run; every command that shows something has shown it."""
    folder = tmp_path_factory.mktemp("planted")
    (folder / "out").mkdir()
    fill(folder / "inbox")
    run = command(folder, "run", "--as-of", "2024-06-05T23:59:59")
    assert run.wait(timeout=500) == 3, said(folder).decode()
    out = folder / "out"
    for arguments in (
        *(("status",), ("ledger",), ("quarantine",), ("log",), ("digest",), ("list", "overdue"), ("doctor",)),
        *(("inspect", str(folder / "inbox")), ("report", "--out", str(out / "page.html"))),
        ("export", "mart_load_ledger", "--out", str(out / "ledger.xlsx")),
        ("list", "overdue", "--out", str(out / "overdue.xlsx")),
    ):
        assert command(folder, *arguments).wait(timeout=200) in (0, 1, 2, 3)
    return folder


def test_the_search_finds_her_where_she_is(folder: Path) -> None:
    found = traces(folder / "inbox")
    assert {Path(each.partition(":")[0]).suffix for each in found} >= {
        ".ndjson",
        ".json",
        ".csv",
        ".xlsx",
        ".html",
        ".zip",
    }


def test_a_good_run_keeps_nothing_of_her(folder: Path) -> None:
    assert traces(folder / "out") == []
    with duckdb.connect(str(folder / "out" / "warehouse" / "published" / "dunghan.duckdb"), read_only=True) as con:
        assert con.execute("select count(*) > 100 from marts.fct_dossiers").fetchone() == (True,)


def test_what_the_screen_was_told_moves_no_cursor(folder: Path) -> None:
    assert b"\x1b" not in said(folder)
    assert b"<script>alert(1)" not in b"".join(p.read_bytes() for p in (folder / "out").rglob("*.html"))


@pytest.mark.slow
def test_a_red_run_keeps_nothing_of_her(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "red", symlinks=True)
    red = tmp_path / "red"
    # Rows that were accepted vanish behind the ledger's back: the sums do not add up any more.
    with duckdb.connect(str(red / "out" / "warehouse" / "build.duckdb")) as con:
        con.execute("delete from validated.dossiers")
    (red / "inbox" / "dvcqg" / "dossiers" / f"{NAME}_20240607.csv").write_text(csv_text("dossiers"), encoding="utf-8")
    assert command(red, "run").wait(timeout=500) == 1, said(red).decode()
    assert traces(red / "out") == []


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.0, 1.5])
def test_a_killed_run_keeps_nothing_of_her(folder: Path, tmp_path: Path, seconds: float) -> None:
    killed = tmp_path / "killed"
    shutil.copytree(folder / "inbox", killed / "inbox", symlinks=True)
    (killed / "out").mkdir()
    run = command(killed, "run")
    lake = killed / "out" / "warehouse" / "state" / "dlt"
    deadline = time.monotonic() + 120
    while not any(lake.rglob("*.parquet")) and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(seconds)
    family = psutil.Process(run.pid).children(recursive=True) if run.poll() is None else []
    run.send_signal(signal.SIGKILL)
    run.wait(timeout=60)
    psutil.wait_procs(family, timeout=20)
    assert traces(killed / "out") == []


def test_nobody_else_reads_what_is_not_published(folder: Path) -> None:
    warehouse = folder / "out" / "warehouse"
    modes = {name: (warehouse / name).stat().st_mode & 0o777 for name in ("lake", "keys", "state", "dagster")}
    assert set(modes.values()) <= {0o700}, modes
    assert (warehouse / "build.duckdb").stat().st_mode & 0o777 == 0o600
    published = warehouse / "published"
    for path in (published, *published.rglob("*")):
        assert path.stat().st_mode & 0o040, path


def test_a_run_needs_no_network(tmp_path: Path) -> None:
    """In a network namespace without any route, not even to this machine itself."""
    unshare = ["unshare", "-rn"]
    if shutil.which("unshare") is None or subprocess.run([*unshare, "true"], check=False).returncode:
        pytest.skip("no network namespaces here: unshare -rn is not permitted")
    shutil.copytree(REPOSITORY / "tests" / "data" / "worked_examples" / "inbox", tmp_path / "inbox")
    (tmp_path / "out").mkdir()
    run = command(tmp_path, "run", before=unshare)
    assert run.wait(timeout=500) in (0, 3), said(tmp_path).decode()
    assert (tmp_path / "out" / "warehouse" / "published" / "dunghan.duckdb").exists()
