"""Schema `validated` for tests of the dbt project, made without the reader, the lake or the validation.

`load(con, zone, …)` appends the oracle's own reading of a drop zone as a validation would; `Dbt` runs the real dbt
on it.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import yaml

from expectations import schema
from pipelines.layout import DBT_PROJECT, REPOSITORY
from tests.oracle.drop_zone import Content, DropZone, Event, LedgerLine, Place
from tests.oracle.values import procedure_key
from warehouse import calendar

_KINDS = {"dossiers": "dossiers", "progress": "events", "procedures": "procedures"}


def load(
    con: duckdb.DuckDBPyConnection,
    zone: DropZone,
    validation_seq: int = 1,
    only: Iterable[str] | None = None,
    days: Sequence[calendar.Change] = (),
) -> None:
    """Create the schema and append the zone's accepted rows; `only`: names of the files to take (default all).
    `days`: the warehouse's own calendar.

    Events are those of the oracle: each once, where it was seen first.
    """
    schema.create_tables(con)
    calendar.write_tables(con, calendar.at_revision(days), days)
    names = None if only is None else set(only)
    files = {
        (line.source, line.kind, line.file_name): line
        for line in zone.ledger
        if line.status == "loaded" and (names is None or line.file_name in names)
    }
    tables: dict[str, list[dict[str, Any]]] = {table: [] for table in schema.VALIDATED}
    tables["files"] = [_file(line) for line in files.values()]

    def position(kind: str, source: str, place: Place) -> dict[str, Any] | None:
        line = files.get((source, kind, place.file_name))
        if line is None:
            return None
        return {
            "source": source,
            "file_sha256": line.sha256,
            "row_number": place.row_number,
            "file_name": place.file_name,
            "file_path": line.file_path,
            "exported_at": place.exported_at,
        }

    for row in zone.dossiers:
        if at := position("dossiers", row.source, row.place):
            tables["dossiers"].append(at | {"dossier_code": row.dossier_code} | _content(row.agency_code, row.content))
            for n, asked in enumerate(row.content.supplements, 1):
                tables["supplements"].append(at | {"dossier_code": row.dossier_code, "position": n} | vars(asked))
    for event in zone.events:
        if at := position("progress", event.source, event.place):
            identity = repr((event.dossier_code, event.event_at, event.status, event.identity))
            tables["events"].append(
                at
                | {
                    "dossier_code": event.dossier_code,
                    "event_at": event.event_at,
                    "status": event.status,
                    "unit_name": event.unit_name or None,
                    "officer_key": officer_key(event),
                    "due_at": event.norm_end,
                    "event_key": _hash(identity),
                }
            )
    for procedure in zone.procedures:
        if at := position("procedures", procedure.source, procedure.place):
            field_name, field_code = next(iter(procedure.fields), (None, None))
            tables["procedures"].append(
                at
                | {"procedure_code": procedure.key, "procedure_key": procedure.key, "procedure_name": "Thủ tục"}
                | {"field_code": field_code, "field_name": field_name}
            )
            for n, limit in enumerate(procedure.limits, 1):
                tables["procedure_limits"].append(
                    at
                    | {
                        "procedure_key": procedure.key,
                        "position": n,
                        "channel": limit.channel,
                        "amount": float(limit.amount),
                        "unit": limit.unit,
                    }
                )
    for table, rows in tables.items():
        append(con, table, rows, validation_seq)


def append(con: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]], validation_seq: int = 1) -> None:
    """Append rows to a table of `validated`; columns that a row does not name are null."""
    columns = schema.VALIDATED[table]
    if not rows:
        return
    given = [name for name in columns if any(name in row for row in rows)]
    batch = pa.table({name: pa.array([row.get(name) for row in rows]) for name in given})
    con.register("batch", batch)
    names = ", ".join(batch.column_names)
    casts = ", ".join(f"cast({c} as {columns[c]})" for c in batch.column_names)
    con.execute(f"insert into validated.{table} ({names}, validation_seq) select {casts}, {validation_seq} from batch")
    con.unregister("batch")


def _file(line: LedgerLine) -> dict[str, Any]:
    return {
        "source": line.source,
        "kind": line.kind,
        "file_name": line.file_name,
        "file_path": line.file_path,
        "file_sha256": line.sha256,
        "exported_at": line.exported_at,
        "exported_at_from": line.exported_at_from,
        "status": line.status,
        "rows_read": line.rows_read,
        "rows_accepted": line.rows_accepted,
        "rows_quarantined": line.rows_quarantined,
        "load_id": line.sha256[:16],
    }


def _content(agency_code: str, content: Content) -> dict[str, Any]:
    """Canonical columns; yes/no texts, identities and lists that no rule of 02 reads only enter the hash."""
    texts = ("procedure_code", "procedure_name", "field_code", "field_name", "channel", "applicant_type", "agency_name")
    moments = ("submitted_at", "received_at", "due_at", "finished_at", "returned_at", "refused_at", "status")
    return {
        **{name: getattr(content, name) or None for name in (*texts, *moments)},
        "procedure_key": procedure_key(content.procedure_code),
        "applicant_key": _hash(content.identity) if content.identity else None,
        "supplement_count": len(content.supplements),
        "agency_code": agency_code,
        "content_hash": _hash(repr((agency_code, content))),
        "warnings": [],
    }


def officer_key(event: Event) -> str | None:
    """What stands for the officer of an event in tables made by `load`."""
    return _hash(event.identity[0]) if event.identity[0] else None


def _hash(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


@dataclass(frozen=True)
class Dbt:
    """The real dbt on one build file. `scratch` takes target and logs; nothing is written into the project.

    project: another one than the repository's, such as a copy with a rule changed.
    """

    database: Path
    scratch: Path
    project: Path = DBT_PROJECT

    def __call__(
        self,
        command: str,
        *arguments: str,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
        changed_since: int = 0,
        clocks: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """Run `dbt <command>`. Raises AssertionError with dbt's output when it fails. clocks False: `state.clock`."""
        given: dict[str, object] = (
            {}
            if not clocks
            else {
                "as_of": as_of.isoformat() if as_of else "",
                "known_at": known_at.isoformat() if known_at else "",
                "changed_since": changed_since,
            }
        )
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("dbt")),
                command,
                *arguments,
                *("--project-dir", str(self.project), "--profiles-dir", str(self.project)),
                *("--target-path", str(self.scratch / "target"), "--log-path", str(self.scratch / "logs")),
                *("--vars", yaml.safe_dump(given, default_flow_style=True, width=1000)),
            ],
            cwd=REPOSITORY,
            env={
                **os.environ,
                "DUNGHAN_BUILD_DB": str(self.database),
                "DUNGHAN_TEMP": str(self.scratch / "tmp"),
                "DUNGHAN_MEMORY_LIMIT": os.environ.get("DUNGHAN_MEMORY_LIMIT", "2GB"),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"dbt {command} {' '.join(arguments)}\n{done.stdout[-12000:]}{done.stderr[-3000:]}"
        return done
