"""How fast files become rows: READ alone in every shape, beside plain DuckDB on the same file where it can read it.

Rows a second, best of three after a warm-up, on two threads, everything in memory as Arrow. NDJSON is counted with the
contract's fields taken out of the records, for that is what DuckDB's read_json does.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import fsspec
import pyarrow as pa
import xlsxwriter

from pipelines.config import Settings
from pipelines.contract import DOSSIERS
from pipelines.landing.source import WAITING_ROWS
from pipelines.portal.canonical import Canonicaliser, Portion
from pipelines.portal.discovery import ExportFile, discover, single
from pipelines.portal.privacy import PrivacyKey
from pipelines.portal.readers import open_reader
from pipelines.portal.text_rows import MORSEL
from pipelines.samples import SampleSpec, generate
from pipelines.samples.shapes import SHAPES

THREADS = 2
ROUNDS = 3
#: Rows a second that sheets must reach, and the share of plain DuckDB's speed that text must.
SHEET_TARGET, TEXT_TARGET = 50_000, 0.60
#: A sheet with the columns that sheets usually have; the sample's hold every scalar of the contract.
CLERKS = "xlsx (portal-exports §9)"
_CLERKS_HEADINGS = (
    *("STT", "Mã hồ sơ", "Tên thủ tục", "Mã TTHC", "Lĩnh vực", "Ngày nộp", "Ngày tiếp nhận", "Ngày hẹn trả"),
    *("Ngày kết thúc xử lý", "Ngày trả", "Trạng thái", "Đơn vị xử lý", "Kênh"),
)
#: What plain DuckDB can read at all.
CSV, NDJSON = ("csv", "csv;bom"), ("ndjson", "ndjson.gz")


def main(folder: Path, rows: int, shapes: list[str]) -> None:
    """Generate, measure, print the table. Sheets get a quarter of the rows: writing them takes long."""
    print(f"READ, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {THREADS} threads, best of {ROUNDS}")
    print(
        "| shape | columns | rows | MB | READ rows/s | plain DuckDB rows/s | ratio | target | READ + canonical rows/s |"
    )
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    for number, shape in enumerate(shapes):
        sheet = shape == CLERKS or SHAPES[shape].sheet is not None
        place = folder / str(number)
        file = _clerks_sheet(place, rows // 4) if shape == CLERKS else _file(place, shape, rows // 4 if sheet else rows)
        read = _measure(lambda: _read_structured(file) if shape in NDJSON else _read(file))  # noqa: B023
        plain = _measure(lambda: _plain(file, shape)) if shape in CSV + NDJSON else None  # noqa: B023
        whole = _measure(lambda: _read_canonical(file))  # noqa: B023
        target = f"{SHEET_TARGET:,} rows/s" if sheet else f"{TEXT_TARGET:.2f}" if plain else ""
        print(
            f"| {shape} | {_columns(file)} | {read[0]:,} | {file.size / 1e6:.0f} | {_speed(read)}"
            f" | {_speed(plain) if plain else ''} | {f'{plain[1] / read[1]:.2f}' if plain else ''} | {target}"
            f" | {_speed(whole)} |",
            flush=True,
        )
        Path(file.path).unlink()


def _speed(measured: tuple[int, float]) -> str:
    return f"{measured[0] / measured[1]:,.0f}"


def _file(folder: Path, shape: str, rows: int) -> ExportFile:
    spec = SampleSpec(dossiers=rows, agency="H39", progress=0.0, catalogues=False, shape=shape)
    settings = Settings(warehouse=folder / "warehouse", memory_limit="2GB")
    inbox = generate(spec, folder, settings=settings).inbox
    (file,) = discover(settings.model_copy(update={"drop_zone": str(inbox)}))
    assert isinstance(file.fs, fsspec.AbstractFileSystem)
    return file


def _clerks_sheet(folder: Path, rows: int) -> ExportFile:
    """What people export for a meeting: the thirteen columns of portal-exports §9 and no more, dates as cells, text
    and serials."""
    path = folder / "bao_cao.xlsx"
    folder.mkdir(parents=True)
    begin = datetime(2024, 1, 1, 8)
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        moment = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
        page = book.add_worksheet()
        page.write_row(0, 0, _CLERKS_HEADINGS)
        for row in range(1, rows + 1):
            at = begin + timedelta(minutes=row)
            page.write_row(
                row, 0, (row, f"H39.18.{row % 90}-240531-{row % 10_000:04d}", "Trích lục hộ tịch", "1.001193")
            )
            page.write_row(row, 4, ("Hộ tịch", None, None, f"{at:%d/%m/%Y %H:%M}", 45_443.5, ""))
            page.write_datetime(row, 5, at, moment)
            page.write_datetime(row, 6, at, moment)
            page.write_row(row, 10, ("Đã xử lý xong", "UBND xã A - Tỉnh Phú Thọ", "Trực tuyến"))
    return single(path, "motcua", "dossiers")


def _columns(file: ExportFile) -> int:
    """Columns of its first table; of records without tables the contract's fields."""
    reader = open_reader(file)
    for _ in reader.batches():
        pass
    return len(reader.facts.headings[0][1].columns) if reader.facts.headings else len(DOSSIERS.structure)


def _measure(work: Callable[[], int]) -> tuple[int, float]:
    """(rows, seconds of the fastest round)."""
    found, best = work(), float("inf")
    for _ in range(ROUNDS):
        started = time.perf_counter()
        found = work()
        best = min(best, time.perf_counter() - started)
    return found, best


def _read(file: ExportFile) -> int:
    return sum(batch.table.num_rows for batch in open_reader(file).batches())


def _connection() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(config={"threads": THREADS, "memory_limit": "2GB"})
    con.execute("set enable_progress_bar = false")
    return con


def _read_structured(file: ExportFile) -> int:
    """The contract's fields out of the records, as columns; on one connection, as the landing has one."""
    structure = json.dumps(DOSSIERS.structure).replace("'", "''")
    query = f"select f.* from (select json_transform(record, '{structure}') as f from text_rows)"
    rows = 0
    with _connection() as con:
        for batch in open_reader(file).batches():
            con.register("text_rows", pa.Table.from_batches(batch.table.to_batches(max_chunksize=MORSEL // 2)))
            rows += con.execute(query).to_arrow_table().num_rows
    return rows


def _read_canonical(file: ExportFile) -> int:
    """Text rows made canonical in portions of some size, as the landing does it."""
    with _connection() as con:
        canonical = Canonicaliser(con, DOSSIERS, PrivacyKey.of(b"benchmark"))
        waiting: list[Portion] = []
        total = 0
        for batch in open_reader(file).batches():
            if waiting and batch.table.schema != waiting[0].rows.table.schema:
                total += _convert(canonical, waiting)
            waiting.append(Portion(batch))
            if sum(portion.rows.table.num_rows for portion in waiting) >= WAITING_ROWS:
                total += _convert(canonical, waiting)
        return total + _convert(canonical, waiting)


def _convert(canonical: Canonicaliser, waiting: list[Portion]) -> int:
    found = canonical.convert(waiting) if waiting else []
    waiting.clear()
    return sum(converted.rows.num_rows for converted in found)


def _plain(file: ExportFile, shape: str) -> int:
    with _connection() as con:
        if shape in CSV:
            names = [name for name in DOSSIERS.structure if DOSSIERS.structure[name] == "VARCHAR"]
            query = f"select {', '.join(names)} from read_csv('{file.path}', all_varchar = true, header = true)"
        else:
            columns = ", ".join(f"{name}: '{_type(inner)}'" for name, inner in DOSSIERS.structure.items())
            query = f"from read_json('{file.path}', format = 'newline_delimited', columns = {{{columns}}})"
        return con.execute(query).to_arrow_table().num_rows


def _type(inner: object) -> str:
    """DuckDB's type of a field of the contract."""
    if isinstance(inner, list):
        return f"{_type(inner[0])}[]"
    if isinstance(inner, dict):
        return f"struct({', '.join(f'{name} {_type(member)}' for name, member in inner.items())})"
    return str(inner)
