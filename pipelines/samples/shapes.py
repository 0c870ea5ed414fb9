"""The file formats a sample can be written in, each one entry of SHAPES. Add a new one here and nowhere else.

A shape says how one record becomes a line and how lines become a file; DuckDB's COPY does the writing, in order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb

Kind = Literal["text", "free", "json"]


@dataclass(frozen=True)
class Field:
    """One field of a record: portal name, SQL giving its text, and how the text must be treated.

    `text` holds nothing that needs escaping, `free` may, `json` is JSON already (lists; not in CSV).
    """

    name: str
    sql: str
    kind: Kind = "text"


@dataclass(frozen=True)
class Shape:
    """How records become a file: a line each, `between` after it; `head` is made from fields, service, agency."""

    extension: str
    line: Callable[[Sequence[Field]], str]
    head: Callable[[Sequence[Field], str, str], str]
    tail: str
    between: str = "\n"
    first_row: int = 1
    gzip: bool = False
    lines: bool = False
    table: bool = False


def literal(text: str) -> str:
    """`text` as an SQL string, line breaks included."""
    escaped = text.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n").replace("\r", "\\r")
    return f"e'{escaped}'" if escaped != text else f"'{text}'"


def json_line(fields: Sequence[Field]) -> str:
    """SQL for one JSON object, every scalar a string as the portal sends it."""
    parts: list[str] = []
    constant = "{"
    for number, field in enumerate(fields):
        constant += f'{", " if number else ""}"{field.name}": '
        if field.kind == "json":
            parts += [literal(constant), field.sql]
            constant = ""
            continue
        value = rf"replace(replace({field.sql}, '\', '\\'), '" + r""""', '\"')""" if field.kind == "free" else field.sql
        parts += [literal(constant + '"'), f"({value})"]
        constant = '"'
    return " || ".join([*parts, literal(constant + "}")])


def csv_line(separator: str) -> Callable[[Sequence[Field]], str]:
    """SQL for one CSV line; lists are left out, free text is quoted."""

    def line(fields: Sequence[Field]) -> str:
        scalars = [field for field in fields if field.kind != "json"]
        values = [
            f"""'"' || replace({f.sql}, '"', '""') || '"'""" if f.kind == "free" else f"({f.sql})" for f in scalars
        ]
        return f" || '{separator}' || ".join(values)

    return line


def csv_head(separator: str) -> Callable[[Sequence[Field], str, str], str]:
    """The heading line with the contract's names."""
    return lambda fields, _service, _agency: separator.join(f.name for f in fields if f.kind != "json") + "\n"


def _nothing(_fields: Sequence[Field], _service: str, _agency: str) -> str:
    return ""


def _envelope(_fields: Sequence[Field], service: str, agency: str) -> str:
    return f'{{"session": "", "madonvi": "{agency}", "service": "{service}", "isUpdating": "False", "data": [\n'


SHAPES: dict[str, Shape] = {
    "ndjson": Shape("ndjson", json_line, _nothing, "", lines=True),
    "ndjson.gz": Shape("ndjson.gz", json_line, _nothing, "", lines=True, gzip=True),
    "json": Shape("json", json_line, lambda *_: "[\n", "\n]", between=",\n"),
    "envelope": Shape("json", json_line, _envelope, "\n]}", between=",\n"),
    "csv": Shape("csv", csv_line(","), csv_head(","), "", first_row=2, table=True),
    "csv;bom": Shape("csv", csv_line(";"), lambda *a: "\ufeff" + csv_head(";")(*a), "", first_row=2, table=True),
}


def write(con: duckdb.DuckDBPyConnection, query: str, path: Path, shape: Shape, head: str) -> None:
    """Write the lines that `query` gives (one VARCHAR column, in order) to `path`, `head` before them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    options = {
        "format": "csv",
        "header": "false",
        "quote": "''",
        "escape": "''",
        "delimiter": r"e'\x01'",
        "new_line": literal(shape.between),
        "compression": "gzip" if shape.gzip else "none",
    }
    if head or shape.tail:
        options |= {"prefix": literal(head), "suffix": literal(shape.tail or "\n")}
    written = ", ".join(f"{name} {value}" for name, value in options.items())
    con.execute(f"copy ({query}) to {literal(str(path))} ({written})")
