"""Connections, and values and names as words of SQL: the one place that opens DuckDB and the one that quotes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb


def open_duckdb(path: str = ":memory:", **options: Any) -> duckdb.DuckDBPyConnection:
    """`duckdb.connect`, without the bar that DuckDB draws on the standard output for what takes two seconds: it would
    stand in the JSON that another program reads. Raises what duckdb.connect raises; the caller closes."""
    con = duckdb.connect(path, **options)
    con.execute("set enable_progress_bar = false")
    return con


def rows_of(done: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The result of what was executed, a dict per row."""
    names = [column[0] for column in done.description or []]
    return [dict(zip(names, row, strict=True)) for row in done.fetchall()]


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str | Path) -> str:
    """A text as an SQL literal."""
    return "'" + str(text).replace("'", "''") + "'"
