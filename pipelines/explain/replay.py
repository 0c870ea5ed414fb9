"""The rules run again on the rows of one dossier: the very SQL that made the marts, in memory, for any pair."""

from __future__ import annotations

from datetime import datetime

import duckdb

from pipelines.config import Settings
from pipelines.explain.gather import literal
from pipelines.sql import quoted
from warehouse.build import NOTHING, definitions_version
from warehouse.calendar import Revision, revision
from warehouse.compiled import CompiledProject

#: What a page says is read from these.
WANTED = (
    "int_dossier_versions",
    "int_events",
    "int_supplement_rounds",
    "int_supplement_requests",
    "int_dossier_facts",
    "int_due_moves",
    "int_promises",
    "int_steps",
    "int_pauses",
    "int_verdicts",
    "int_calendar",
    "dim_agency",
    "fct_dossiers",
    "channels",
    "rule_sets",
    "states",
    "statuses",
    "verdicts",
)


def prepare(con: duckdb.DuckDBPyConnection, project: CompiledProject) -> None:
    """Make the catalog that the project's SQL names the current one of an in-memory connection."""
    if project.database != "memory":
        con.execute(f"attach ':memory:' as {quoted(project.database)}")
    con.execute(f"use {quoted(project.database)}")


def replay(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    project: CompiledProject,
    as_of: datetime,
    known_at: datetime | None,
) -> None:
    """Build WANTED and what it is made from, out of the schema `validated`, for the pair."""
    _tell(con, revision(settings), as_of, known_at)
    seeds, models = project.needed(WANTED)
    for schema in sorted({seed.schema for seed in seeds} | {model.schema for model in models}):
        con.execute(f"create schema if not exists {quoted(schema)}")
    for seed in seeds:
        con.execute(f"create table {quoted(seed.schema)}.{quoted(seed.name)} as from {seed.relation}")
    for model in models:
        kind = "view" if model.materialized == "view" else "table"
        con.execute(f"create {kind} {quoted(model.schema)}.{quoted(model.name)} as\n{model.sql}\n")


def _tell(con: duckdb.DuckDBPyConnection, chosen: Revision, as_of: datetime, known_at: datetime | None) -> None:
    """What the models read besides the data (warehouse.build.write_build_parameters): the clock, and the calendar's
    own rows."""
    con.execute(f"""
        create schema state;
        create table state.clock as
        select
            {literal(as_of)} as as_of, {literal(known_at)} as known_at, {NOTHING}::bigint as changed_since,
            {literal(definitions_version() + chosen.mark)} as definitions_version,
            0 as build_id, {NOTHING} as green_build;
        create table state.calendar_overrides (revision integer, date date, kind varchar, name varchar, scope varchar)
    """)
    for change in chosen.changes:
        words = (str(change.revision), change.day.isoformat(), change.kind, change.name, change.scope)
        con.execute(f"insert into state.calendar_overrides values ({', '.join(map(literal, words))})")
