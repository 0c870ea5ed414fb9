"""Everything the lake holds of a dossier, and what became of it: the few rows on which the rules are run again.

Which file was loaded or rejected is what the published ledger says; which row was accepted is what the validation's
own SQL says. The build file is never opened: it belongs to the nightly run.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import duckdb

from expectations import predicates
from expectations.catalogue import Kind, load_catalogue
from expectations.schema import TABLES, VALIDATED, create_tables
from expectations.split import Split, parts_of
from pipelines import sql
from pipelines.config import Settings
from pipelines.contract import UNKNOWN_AGENCY
from pipelines.landing.lake import Lake

Row = dict[str, Any]

#: Rows of these kinds are found by the dossier's code, those of catalogues by what its rows name.
_OF_DOSSIER: tuple[Kind, ...] = ("dossiers", "progress")
_KINDS: tuple[Kind, ...] = (*_OF_DOSSIER, "procedures", "agencies")
_LEDGER = (
    *("source", "kind", "file_sha256", "file_name", "file_path", "exported_at"),
    *("status", "reason", "parts", "attention", "rows_accepted"),
)


@dataclass(frozen=True)
class Sender:
    """What one source sent of a code, in rows of dossiers and events.

    known: rows of published exports up to known_at, accepted or not. later: rows of published exports after it, the
    first of them exported at `later_from`. waiting: rows that were landed after the publication.
    """

    source: str
    dossier_code: str
    known: int
    later: int
    later_from: datetime | None
    waiting: int


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[Row]:
    """The result of a query, a dict per row."""
    return sql.rows_of(con.execute(query))


def literal(value: str | date | None) -> str:
    """The value as a word of SQL. Bound parameters would be as safe, but DuckDB imports pandas at the first one."""
    if value is None or isinstance(value, date):
        return f"cast({literal(str(value)) if value else 'null'} as timestamp)"
    return sql.literal(value)


def normalised(con: duckdb.DuckDBPyConnection, code: str) -> str:
    """The code as portal-exports §5 has it before matching (spaces, dashes, case); its old or new form stays. May be
    empty."""
    found = con.execute(f"select normal_code(code) from (select {literal(code)} as code)").fetchone()
    return str(found[0]) if found and found[0] else ""


def gather(
    con: duckdb.DuckDBPyConnection, settings: Settings, wanted: Collection[str], known_at: datetime | None
) -> list[Sender]:
    """Fill the schema `validated` of an in-memory database with the rows of dossiers (normalised codes) in every
    source.

    con: its current catalog takes the tables; the publication is attached as `published`. Made are the tables of
    schema `validated` (exports up to known_at only: of the dossiers, their procedures and agencies) and, as temporary
    tables, landed_<kind> (rows as they lie in the lake), ledger (files that hold them, one row each) and parts (of
    those files). Returns who sent rows of which code.
    """
    lake = Lake(settings)
    listed = ", ".join(map(literal, wanted)) or "null"
    create_tables(con)
    _open_ledger(con)
    for kind in _OF_DOSSIER:
        con.execute(
            f"create temp table landed_{kind} as "
            f"select * from {lake.relation(TABLES[kind])} where dossier_code in ({listed})"
        )
    _land_catalogues(con, lake, known_at)
    _keep_what_counts(con, lake)
    _take_files(con)
    _validate(con, known_at)
    return _senders(con, known_at)


def _open_ledger(con: duckdb.DuckDBPyConnection) -> None:
    """The published ledger's files as view `published_ledger`; a column it was published without is null."""
    types = VALIDATED["files"] | {"attention": "VARCHAR[]"}
    empty = ", ".join(f"null::{types[column]} as {column}" for column in _LEDGER)
    con.execute(f"""
        create temp view published_ledger as
        select {", ".join(_LEDGER)}
        from (select {empty} where false union all by name select * from published.marts.mart_load_ledger)
        where status <> 'duplicate'
    """)


def _land_catalogues(con: duckdb.DuckDBPyConnection, lake: Lake, known_at: datetime | None) -> None:
    """Rows of the procedures and agencies that the dossiers name, and of what lies above those agencies.

    The smallest catalogue known goes with them: whether there is any decides what "unknown" means. A dossier that names
    its agency or its field by nothing but a name may mean any, so all of them are needed.
    """
    procedures = {f"procedure_key = {literal(key)}" for key in _named(con, "procedure_key")}
    if con.execute(
        "select 1 from landed_dossiers where field_code is null and field_name is not null limit 1"
    ).fetchone():
        procedures = {"true"}
    groups = [code.split(".") for code in _named(con, "agency_code")]
    agencies = {f"agency_code = {literal('.'.join(code[:n]))}" for code in groups for n in range(1, len(code) + 1)}
    if UNKNOWN_AGENCY in {".".join(code) for code in groups}:
        agencies = {"true"}
    for table, wanted in (("procedures", procedures), ("agencies", agencies)):
        smallest = con.execute(f"""
            select file_sha256 from published_ledger
            where kind = '{table}' and rows_accepted > 0 and exported_at <= coalesce({literal(known_at)}, exported_at)
            order by rows_accepted, exported_at limit 1
        """).fetchone()
        if smallest:
            wanted.add(f"file_sha256 = {literal(smallest[0])}")
        con.execute(
            f"create temp table landed_{table} as "
            f"select * from {lake.relation(table)} where {' or '.join(sorted(wanted)) or 'false'}"
        )


def _named(con: duckdb.DuckDBPyConnection, column: str) -> list[str]:
    found = con.execute(f"select distinct {column} from landed_dossiers where {column} is not null").fetchall()
    return [str(value) for (value,) in found]


def _keep_what_counts(con: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    """Take out rows of landings that were replaced by another of the same file."""
    hashes = {
        sha256 for kind in _KINDS for (sha256,) in con.execute(f"select file_sha256 from landed_{kind}").fetchall()
    }
    counting = [landing.landing_id for landing in lake.landings(hashes)] if hashes else []
    for kind in _KINDS:
        con.execute(
            f"delete from landed_{kind} where landing_id not in ({', '.join(map(literal, counting)) or 'null'})"
        )


def _take_files(con: duckdb.DuckDBPyConnection) -> None:
    """The files of the landed rows as table `ledger`, and their `parts`."""
    held = " union ".join(f"select '{kind}', source, file_sha256 from landed_{kind}" for kind in _KINDS)
    con.execute(
        f"create temp table ledger as select * from published_ledger where (kind, source, file_sha256) in ({held})"
    )
    con.execute(f"create temp table parts as {parts_of('ledger')}")


def _validate(con: duckdb.DuckDBPyConnection, known_at: datetime | None) -> None:
    """Accept or quarantine the rows of exports up to known_at, as the validation did."""
    catalogue = load_catalogue()
    con.execute("create temp table verdicts as select kind, source, file_sha256, reason from ledger")
    split = Split(con)
    for kind in _KINDS:
        known = f"""(
            select
                r.*, f.file_name, f.file_path, f.exported_at, null::varchar as file_reason,
                coalesce(array_to_string(f.attention, ','), '') as file_attention,
            from landed_{kind} as r
            join ledger as f on f.kind = '{kind}' and f.source = r.source and f.file_sha256 = r.file_sha256
            where f.exported_at <= coalesce({literal(known_at)}, f.exported_at)
        )"""
        con.execute(f"create temp table batch_{kind} as {predicates.marked(catalogue, kind, known)}")
        split.accept(kind, 1)
        split.quarantine(kind, 1)


def _senders(con: duckdb.DuckDBPyConnection, known_at: datetime | None) -> list[Sender]:
    until = literal(known_at)
    landed = " union all ".join(
        f"select '{kind}' as kind, source, file_sha256, dossier_code from landed_{kind}" for kind in _OF_DOSSIER
    )
    found = rows(
        con,
        f"""
        select
            r.source, r.dossier_code,
            count(*) filter (f.exported_at <= coalesce({until}, f.exported_at)) as known,
            count(*) filter (f.exported_at > {until}) as later,
            min(f.exported_at) filter (f.exported_at > {until}) as later_from,
            count(*) filter (f.exported_at is null) as waiting
        from ({landed}) as r
        left join ledger as f using (kind, source, file_sha256)
        group by all order by all
        """,
    )
    return [Sender(**row) for row in found]
