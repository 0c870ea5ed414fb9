"""Does what a script published say the same of every dossier as what the product published? Without that no ratio."""

from __future__ import annotations

from pathlib import Path

import duckdb

#: Mart → its columns that a script need not have, or has of its own: another key gives other keys of applicants.
COMPARED = {
    "fct_verdicts": ("known_at", "definitions_version"),
    "fct_dossiers": ("known_at", "definitions_version", "applicant_key", "officer_key", "events"),
}


def differences(script: Path, product: Path, schema: str = "main") -> dict[str, int]:
    """Mart → rows that only one of two published DuckDB files has; rows count by every column but those left out.

    schema: where the marts of the script lie. Raises duckdb.Error when a column is missing.
    """
    with duckdb.connect() as con:
        # dbt writes the name of the file into its views.
        con.execute(f"attach '{script}' as {script.stem} (read_only); attach '{product}' as product (read_only)")
        return {mart: _differing(con, f"{script.stem}.{schema}", mart, left_out) for mart, left_out in COMPARED.items()}


def _differing(con: duckdb.DuckDBPyConnection, schema: str, mart: str, left_out: tuple[str, ...]) -> int:
    """Narrow: of each row its key and a hash of the rest, both sides in the product's types."""
    described = con.execute(f"describe product.marts.{mart}").fetchall()
    values = ", ".join(f"{name}::{kind}" for name, kind, *_ in described if name not in left_out)
    told = " union all ".join(
        f"select {side} as side, dossier_code, hash({values}) as said from {mart_of_side}"
        for side, mart_of_side in ((1, f"{schema}.{mart}"), (-1, f"product.marts.{mart}"))
    )
    found = con.execute(
        f"select count(*) from (select 1 from ({told}) group by dossier_code, said having sum(side) <> 0)"
    ).fetchone()
    return int(found[0]) if found else 0
