"""The same work as the product in plain DuckDB, no framework: the yardstick that `make bench` puts beside it.

    python tests/benchmarks/same_work.py INBOX OUT

Reads every field of the contract from the NDJSON exports of dossiers (SQL of each stage in same_work/), lists too;
cleans texts, parses dates, replaces identities by a keyed hash, hashes the content, rejects and warns by the rules of
rows, keeps the history of versions, works out the facts and the verdicts of all four rule sets, a monthly mart, the
overdue list, the ledger of files, and publishes DuckDB and Parquet with a hash of each mart. Seconds of each stage:
OUT/stages.json.

What it leaves out, which the product does besides: every other shape of file and notation of dates and words,
names of fields nobody knows, physical numbers of bad lines, events of progress, agencies known by name only, calendars
of provinces, a lake that files are added to, a build that goes on from the one before, known_at, another 30 marts with
their tests, Great Expectations, atomic publication, explaining.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sys
import time
from pathlib import Path

import duckdb

STAGES = Path(__file__).with_suffix("")
SEEDS = Path(__file__).parents[2] / "dbt_project" / "seeds"
#: Memory and threads as the product's, and the file that nobody else reads in the newest storage, as its build file.
CONFIG: dict[str, str | int | float | list[str]] = {
    "threads": 2,
    "memory_limit": "3GB",
    "storage_compatibility_version": "latest",
}
_BLOCK = 64


def main(inbox: Path, out: Path) -> None:
    """Do it all. Raises FileExistsError when `out` has been used."""
    (out / "parquet").mkdir(parents=True)
    seconds: dict[str, dict[str, float]] = {}
    with duckdb.connect(str(out / "work.duckdb"), config=CONFIG | {"temp_directory": str(out / "tmp")}) as con:
        con.execute("set enable_progress_bar = false")
        con.execute(f"attach '{out / 'dunghan.duckdb'}' as published")
        for path in sorted(STAGES.glob("*.sql")):
            stage = path.stem[2:]
            wall, cpu = time.monotonic(), _cpu()
            if stage == "preparing":
                prepare(con, inbox)
            con.execute(path.read_text(encoding="utf-8"))
            if stage == "publishing":
                _export(con, out)
            seconds[stage] = {"wall": time.monotonic() - wall, "cpu": _cpu() - cpu}
    (out / "stages.json").write_text(json.dumps(seconds, indent=1), encoding="utf-8")


def _cpu() -> float:
    used = os.times()
    return used.user + used.system


def prepare(con: duckdb.DuckDBPyConnection, inbox: Path) -> None:
    """Variables and the table of files, each content once: what the statements are about."""
    files = _files(inbox)
    con.execute(
        "create table files (path varchar, source varchar, file_name varchar, file_sha256 varchar,"
        " exported_at timestamp, file_no integer)"
    )
    # Literals: a bound parameter makes DuckDB import pandas.
    con.execute(f"insert into files values {', '.join(map(repr, files))}")
    ipad, opad = _pads(secrets.token_bytes(32))
    variables = {
        "dossier_files": [path for path, *_ in files],
        "procedure_files": _paths(inbox, "procedures"),
        "agency_files": _paths(inbox, "agencies"),
        "holiday_files": [str(SEEDS / name) for name in ("holidays.csv", "calendar_overrides.csv")],
    }
    for name, paths in variables.items():
        con.execute(f"set variable {name} = {paths!r}::varchar[]")
    con.execute(f"set variable hmac_ipad = unhex('{ipad.hex()}')")
    con.execute(f"set variable hmac_opad = unhex('{opad.hex()}')")
    con.execute("set variable as_of = (select max(exported_at) from files)")  # what the product takes, too


def _files(inbox: Path) -> list[tuple[str, str, str, str, str, int]]:
    """Rows of the table `files` in the order of history: exports are of the last second of the day in their name."""
    found: dict[str, tuple[str, str, str, str, str]] = {}
    for path in sorted(inbox.glob("*/dossiers/*.ndjson"), key=lambda path: (path.name[-15:], path.name)):
        with path.open("rb") as content:
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        day = path.stem[-8:]
        exported_at = f"{day[:4]}-{day[4:6]}-{day[6:]} 23:59:59"
        found.setdefault(sha256, (str(path), path.parts[-3], path.name, sha256, exported_at))
    return [(*file, number) for number, file in enumerate(found.values(), start=1)]


def _paths(inbox: Path, kind: str) -> list[str]:
    return [str(path) for path in sorted(inbox.glob(f"*/{kind}/*.json"))]


def _pads(key: bytes) -> tuple[bytes, bytes]:
    """The two padded keys of HMAC-SHA-256 (RFC 2104)."""
    block = key.ljust(_BLOCK, b"\0")
    return bytes(b ^ 0x36 for b in block), bytes(b ^ 0x5C for b in block)


def _export(con: duckdb.DuckDBPyConnection, out: Path) -> None:
    """Parquet beside the DuckDB file, and what each mart holds."""
    manifest = {}
    for (mart,) in con.execute("select table_name from duckdb_tables() where database_name = 'published'").fetchall():
        con.execute(
            f"copy published.{mart} to '{out / 'parquet' / mart}.parquet'"
            " (format parquet, compression zstd, compression_level 1)"
        )
        manifest[mart] = con.execute(f"select count(*), sum(hash(m))::varchar from published.{mart} as m").fetchone()
    con.execute("detach published")
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
