"""The tables of schema `validated` in the build file (docs/architecture.md), and the kinds of export they come from."""

from __future__ import annotations

import duckdb

from expectations.catalogue import Kind
from pipelines.landing.lake import SCHEMAS

#: kind of export → table of the lake and of `validated`
TABLES: dict[Kind, str] = {
    "dossiers": "dossiers",
    "progress": "events",
    "procedures": "procedures",
    "agencies": "agencies",
    "portal_reports": "portal_reports",
}

#: What the validation does not hand on of rows. landing_id would make the contents depend on the way of loading.
_LEFT_BEHIND = {"landing_id", "is_record", "bad_values", "supplements", "limits"}

_FILE = {"file_name": "VARCHAR", "file_path": "VARCHAR", "exported_at": "TIMESTAMP"}
_SEQ = {"validation_seq": "BIGINT"}


def _accepted(kind: Kind) -> dict[str, str]:
    columns = {name: type_ for name, type_ in SCHEMAS[TABLES[kind]].items() if name not in _LEFT_BEHIND}
    return columns | _FILE | ({"warnings": "VARCHAR[]"} if kind == "dossiers" else {}) | _SEQ


#: table → column → DuckDB type
VALIDATED: dict[str, dict[str, str]] = {
    "files": {
        "source": "VARCHAR",
        "kind": "VARCHAR",
        **_FILE,
        "file_sha256": "VARCHAR",
        "exported_at_from": "VARCHAR",
        "status": "VARCHAR",
        "reason": "VARCHAR",
        "detail": "VARCHAR",
        "format": "VARCHAR",
        "rows_read": "BIGINT",
        "rows_accepted": "BIGINT",
        "rows_quarantined": "BIGINT",
        "load_id": "VARCHAR",
        "drift": "VARCHAR",
        "notes": "VARCHAR",
        "parts": "VARCHAR",
        "landing_id": "VARCHAR",
        **_SEQ,
    },
    **{TABLES[kind]: _accepted(kind) for kind in TABLES},
    "supplements": {
        "source": "VARCHAR",
        "file_sha256": "VARCHAR",
        "row_number": "BIGINT",
        "dossier_code": "VARCHAR",
        "position": "INTEGER",
        "requested_at": "TIMESTAMP",
        "answered_at": "TIMESTAMP",
        "due_before": "TIMESTAMP",
        "due_after": "TIMESTAMP",
        **_SEQ,
    },
    "procedure_limits": {
        "source": "VARCHAR",
        "file_sha256": "VARCHAR",
        "row_number": "BIGINT",
        "procedure_key": "VARCHAR",
        "position": "INTEGER",
        "channel": "VARCHAR",
        "amount": "DOUBLE",
        "unit": "VARCHAR",
        "exported_at": "TIMESTAMP",
        "file_name": "VARCHAR",
        **_SEQ,
    },
    "quarantine": {
        "source": "VARCHAR",
        "kind": "VARCHAR",
        **_FILE,
        "file_sha256": "VARCHAR",
        "part": "VARCHAR",
        "row_number": "BIGINT",
        "reasons": "VARCHAR[]",
        "offending": "VARCHAR",
        "agency_code": "VARCHAR",
        "dossier_code": "VARCHAR",
        **_SEQ,
    },
    "rules": {
        "rule_id": "VARCHAR",
        "level": "VARCHAR",
        "severity": "VARCHAR",
        "kinds": "VARCHAR[]",
        "evaluated_in": "VARCHAR",
        "message_vi": "VARCHAR",
        "message_en": "VARCHAR",
        "advice_vi": "VARCHAR",
        "advice_en": "VARCHAR",
        **_SEQ,
    },
    # Under which rules each validation was made: other rules mean that everything must be validated again.
    "validations": {"fingerprint": "VARCHAR", "files": "BIGINT", "rows": "BIGINT", **_SEQ},
}

#: kind → tables that hold rows of its files (validated.quarantine aside)
ROW_TABLES: dict[Kind, tuple[str, ...]] = {
    "dossiers": ("dossiers", "supplements"),
    "progress": ("events",),
    "procedures": ("procedures", "procedure_limits"),
    "agencies": ("agencies",),
    "portal_reports": ("portal_reports",),
}


def create_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Make the schema and every table that is missing."""
    con.execute("create schema if not exists validated")
    for table, columns in VALIDATED.items():
        definition = ", ".join(f"{name} {type_}" for name, type_ in columns.items())
        con.execute(f"create table if not exists validated.{table} ({definition})")
