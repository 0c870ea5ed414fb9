"""Versions of a test that were never published: marts in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from pipelines.serving.office.export import Extract, extract
from pipelines.serving.published import Published
from warehouse.publish import Publication

_MARTS = "select table_name from duckdb_tables() where schema_name = 'marts'"


def published_of(con: duckdb.DuckDBPyConnection) -> Published:
    """A version whose marts are those of the connection."""
    manifest: dict[str, Any] = {"as_of": "2024-05-31T23:59:59", "known_at": None, "definitions_version": "2.0"}
    manifest["marts"] = {name: {} for (name,) in con.execute(_MARTS).fetchall()}
    return Published(Publication("20240531T235959-20240601T000000000000Z", Path(), manifest), con)


def dossiers(con: duckdb.DuckDBPyConnection, names: list[str]) -> Extract:
    """The whole of a mart of dossiers whose procedures have these names."""
    con.execute(
        """create or replace table marts.fct_dossiers (
            source varchar, dossier_code varchar, agency_code varchar, procedure_name varchar, due_at timestamp,
            received_at timestamp, status integer, flags varchar[]
        )"""
    )
    con.executemany(
        """insert into marts.fct_dossiers
        values ('s', ?, 'H39.18', ?, '2024-05-24 17:00:00', '2024-05-20 08:30:00', 4, ['A', 'B'])""",
        [[f"H39.18.25-240520-{number:04}", name] for number, name in enumerate(names)],
    )
    return extract(published_of(con), "fct_dossiers")
