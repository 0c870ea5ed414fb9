"""Opening DuckDB the one way this project does: bounded memory, own spill folder, absolute paths, no network."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import duckdb

from pipelines.config import Settings
from pipelines.errors import DAMAGED_DUCKDB, fault_of
from pipelines.sql import open_duckdb, quoted


def duckdb_config(settings: Settings) -> dict[str, Any]:
    """Options every connection of a run is opened with (DuckDB setting names)."""
    return {
        "memory_limit": settings.memory_limit,
        "threads": settings.threads,
        "temp_directory": str(settings.layout.temp),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }


def connect(settings: Settings, path: Path | None = None, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open `path` (None: in memory). The caller closes. Only the run that holds the lock may open the build file."""
    return open_duckdb(str(path.resolve()) if path else ":memory:", read_only=read_only, config=duckdb_config(settings))


#: The build file is read by this DuckDB only, and the newest way of storing takes a quarter less time to write.
BUILD_STORAGE = {"storage_compatibility_version": "latest"}


def connect_build(settings: Settings, patience: float = 60) -> duckdb.DuckDBPyConnection:
    """Open the private build file for writing.

    A dbt that outlived its killed run still holds the file until its statement ends: wait for it, at most `patience`
    seconds, then raise duckdb.IOException, which names that process.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            path = settings.layout.build_db.resolve()
            con = open_duckdb(str(path), config=duckdb_config(settings) | BUILD_STORAGE)
            path.chmod(0o600)
            return con
        except duckdb.IOException as error:
            if "set lock" not in str(error) or time.monotonic() >= deadline:
                raise
            time.sleep(0.5)


def is_damaged(settings: Settings) -> bool:
    """Whether the build file cannot be read, every block of every table. The caller holds the lock of the run."""
    if not settings.layout.build_db.exists():
        return False
    try:
        with connect_build(settings) as con:
            tables = con.execute("select schema_name, table_name from duckdb_tables() where not temporary").fetchall()
            for schema, table in tables:
                con.execute(f"select count(hash(t)) from {quoted(schema)}.{quoted(table)} as t").fetchall()
    except duckdb.Error as error:
        return fault_of(error) is DAMAGED_DUCKDB
    return False


def number(con: duckdb.DuckDBPyConnection, query: str) -> int:
    """The one number that a query gives; 0 for none."""
    row = con.execute(query).fetchone()
    return int(row[0]) if row and row[0] is not None else 0
