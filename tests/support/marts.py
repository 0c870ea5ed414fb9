"""Marts made by hand, with the columns and types of the catalogue: for tests of what reads a published version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pipelines.serving import catalogue
from pipelines.sql import literal, quoted


def mart(name: str, rows: Iterable[Mapping[str, Any]] = ()) -> list[str]:
    """SQL that makes mart `name` in the build with these rows; columns that a row does not give are null."""
    columns = catalogue.marts()[name].columns.values()
    made = ", ".join(f"{quoted(column.name)} {column.type}" for column in columns)
    table = f"marts.{quoted(name)}"
    return [
        f"create or replace table {table} ({made})",
        *(
            f"insert into {table} ({', '.join(map(quoted, row))}) values ({', '.join(map(_value, row.values()))})"
            for row in rows
        ),
    ]


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return literal(value) if isinstance(value, str) else str(value).lower() if value is not None else "null"
