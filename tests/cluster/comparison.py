"""Every mart of one engine held against that of the other, cell by cell.

The one comparison of all tests of the cluster. Marts are given as relations of DuckDB (a table of a database, files of
Parquet), so that what readers get is compared and not what an engine says of itself. Also a command:

    python -m tests.cluster.comparison VERSION_OF_ONE VERSION_OF_THE_OTHER     folders `published/versions/<version>`
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import duckdb

from pipelines.sql import literal, open_duckdb, quoted

_SHOWN = 3


def published_marts(version: Path) -> dict[str, str]:
    """Mart → relation, of the folder of a published version (`parquet/<mart>.parquet`)."""
    return {path.stem: f"read_parquet({literal(path)})" for path in sorted((version / "parquet").glob("*.parquet"))}


def differences(expected: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """What differs between two sets of marts (name → relation); empty when every cell is the same.

    A mart that only one side has, a column that has another name, type or place, and rows that the other side does not
    have as often. Rows are a bag: their order means nothing. Floating point numbers count with 9 significant digits, as
    in `content_hash`: the last ones depend on the order in which they were added up. Minus zero is zero.
    """
    told = [f"{name}: only on one side" for name in sorted(set(expected) ^ set(found))]
    with open_duckdb() as con:
        for name in sorted(set(expected) & set(found)):
            told += [f"{name}: {what}" for what in _of_mart(con, expected[name], found[name])]
    return told


def _of_mart(con: duckdb.DuckDBPyConnection, expected: str, found: str) -> list[str]:
    columns, others = (con.execute(f"describe select * from {side}").fetchall() for side in (expected, found))
    types, other_types = ([(row[0], row[1]) for row in side] for side in (columns, others))
    if types != other_types:
        return [f"columns {sorted(set(types) ^ set(other_types)) or 'in another order'}"]
    cells = ", ".join(
        f"printf('%.9g', {quoted(name)} + 0) as {quoted(name)}" if kind in ("DOUBLE", "FLOAT") else quoted(name)
        for name, kind in types
    )
    told = []
    for side, one, other in (("missing", expected, found), ("too many", found, expected)):
        rows = f"from (select {cells} from {one} except all select {cells} from {other})"
        number = con.execute(f"select count(*) {rows}").fetchone()
        if number and number[0]:
            examples = con.execute(f"select * {rows} order by all limit {_SHOWN}").fetchall()
            told.append(f"{number[0]} rows {side}, e.g. {examples}")
    return told


def main() -> None:
    """Exit status 1 when something differs."""
    one, other = (published_marts(Path(folder)) for folder in sys.argv[1:3])
    told = differences(one, other)
    print("\n".join(told) or f"{len(one)} marts, every cell the same")
    sys.exit(bool(told))


if __name__ == "__main__":
    main()
