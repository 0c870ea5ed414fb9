"""Runs the real pipeline on a drop zone and holds every figure it publishes against the oracle."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from tests.oracle import drop_zone
from tests.oracle.drop_zone import DropZone
from tests.oracle.flags import FLAGS, flags
from tests.oracle.periods import backlog_daily, form_ii06_report, on_time_rate, progress_766, timeliness_monthly
from tests.oracle.random_exports import Pair
from tests.oracle.timeliness import Oracle, Verdict
from tests.oracle.working_days import WorkCalendar

REPOSITORY = Path(__file__).resolve().parents[2]
OVERRIDES = REPOSITORY / "dbt_project" / "seeds" / "calendar_overrides.csv"
TIMEOUT_SECONDS = 900
#: published, and published although files were rejected, which random drop zones have on purpose
PUBLISHED = (0, 3)

Key = tuple[Any, ...]
Rows = dict[Key, dict[str, Any]]

VERDICT_KEY = ("source", "dossier_code", "rule_set")
VERDICT_COLUMNS = tuple(f.name for f in fields(Verdict) if f.name not in VERDICT_KEY)
FORM_COLUMNS = (
    "received_total",
    "received_online",
    "received_direct",
    "carried_over",
    "resolved_total",
    "resolved_early",
    "resolved_on_time",
    "resolved_late",
    "pending_total",
    "pending_in_time",
    "pending_overdue",
)
MONTHLY_COLUMNS = (
    "received",
    "carried_over",
    "resolved_early",
    "resolved_on_time",
    "resolved_late",
    "pending_in_time",
    "pending_overdue",
)
DAILY_COLUMNS = ("received", "resolved", "pending_in_time", "pending_overdue")
PROGRESS_COLUMNS = (
    "total_received",
    "total_on_time",
    "total_overdue",
    "total_completed",
    "avg_processing_days",
    "ratio",
    "score",
)
LEDGER_KEY = ("source", "kind", "file_name", "file_sha256")
LEDGER_COLUMNS = (
    "exported_at",
    "exported_at_from",
    "status",
    "reason",
    "rows_read",
    "rows_accepted",
    "rows_quarantined",
)
DOSSIER_COLUMNS = ("agency_code", "channel", "status", "received_at", "due_at", "versions")


@dataclass(frozen=True)
class Difference:
    """One cell, or one whole row, that the warehouse has otherwise than the oracle."""

    table: str
    key: Key
    column: str
    expected: Any
    actual: Any

    def __str__(self) -> str:
        at = "/".join(map(str, self.key))
        return f"{self.table} {at} {self.column}: oracle {self.expected}, warehouse {self.actual}"


def run_pipeline(inbox: Path, warehouse: Path, as_of: datetime, known_at: datetime | None) -> None:
    """Loads, builds, audits and publishes with the command that people use. Raises AssertionError with its output."""
    own = {"DUNGHAN_DROP_ZONE": str(inbox), "DUNGHAN_WAREHOUSE": str(warehouse)}
    # The installed command: pyspark, where it is there, takes a program without a file for one of its doctests.
    command = [str(Path(sys.executable).with_name("dunghan")), "run", "--as-of", as_of.isoformat()]
    if known_at:
        command += ["--known-at", known_at.isoformat()]
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        env=os.environ | own,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert done.returncode in PUBLISHED, f"dunghan run: {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"


def compare(inbox: Path, warehouse: Path, pairs: Iterable[Pair]) -> list[Difference]:
    """Runs the pipeline at each pair (as_of, known_at) and returns every difference from the oracle."""
    zone, calendar = drop_zone.read(inbox), WorkCalendar(OVERRIDES)
    found: list[Difference] = []
    for as_of, known_at in pairs:
        run_pipeline(inbox, warehouse, as_of, known_at)
        found += differences(zone, Oracle(zone, calendar, as_of, known_at), published(warehouse))
    return found


def published(warehouse: Path) -> Path:
    """The DuckDB file that readers open."""
    return warehouse / "published" / "dunghan.duckdb"


def differences(zone: DropZone, oracle: Oracle, marts: Path) -> list[Difference]:
    """What a DuckDB file with the schema `marts` says against the oracle, both at the oracle's as_of and known_at."""
    with duckdb.connect(str(marts), read_only=True) as db:
        return [
            *_against(db, "mart_load_ledger", LEDGER_KEY, LEDGER_COLUMNS, _ledger(zone)),
            *_against(db, "fct_dossiers", VERDICT_KEY[:2], DOSSIER_COLUMNS, _dossiers(oracle)),
            *_flags(db, oracle),
            *_against(db, "fct_verdicts", VERDICT_KEY, VERDICT_COLUMNS, _verdicts(oracle)),
            *_against(
                db,
                "rpt_form_ii06",
                ("source", "scheme", "period", "agency_code", "field_code"),
                FORM_COLUMNS,
                _figures(form_ii06_report(oracle), FORM_COLUMNS),
                sparse=True,
            ),
            *_against(
                db,
                "mart_timeliness_monthly",
                ("source", "scheme", "month", "agency_code", "field_code", "channel"),
                (*MONTHLY_COLUMNS, "on_time_rate"),
                _monthly(oracle),
                sparse=True,
            ),
            *_against(
                db,
                "mart_backlog_daily",
                ("source", "day", "agency_code"),
                DAILY_COLUMNS,
                _figures(backlog_daily(oracle), DAILY_COLUMNS),
                sparse=True,
            ),
            *_against(
                db,
                "mart_progress_766",
                ("source", "period", "agency_code"),
                PROGRESS_COLUMNS,
                _progress(oracle),
                sparse=True,
            ),
        ]


def report(found: list[Difference], each: int = 5) -> str:
    """The differences by table and column, so many examples of each."""
    groups: dict[tuple[str, str], list[Difference]] = defaultdict(list)
    for difference in found:
        groups[difference.table, difference.column].append(difference)
    lines = []
    for (table, column), group in groups.items():
        lines.append(f"{table}.{column}: {len(group)} differences")
        lines += [f"  {difference}" for difference in group[:each]]
    return "\n".join(lines)


def explain(zone: DropZone, source: str, dossier_code: str) -> str:
    """All that the exports say of one dossier, in the order of history: a minimal example to validate by."""
    rows = [r for r in zone.dossiers if (r.source, r.dossier_code) == (source, dossier_code)]
    events = [e for e in zone.events if (e.source, e.dossier_code) == (source, dossier_code)]
    lines = []
    for row in sorted(rows, key=lambda r: r.place):
        filled = {f.name: getattr(row.content, f.name) for f in fields(row.content) if getattr(row.content, f.name)}
        lines.append(f"row {row.place} agency={row.agency_code} {filled}")
    for event in sorted(events, key=lambda e: (e.event_at, e.place)):
        lines.append(f"event {event.event_at} status={event.status} {event.place}")
    return "\n".join(lines)


# The two sides as rows by key ---------------------------------------------------------------------


def _against(
    db: duckdb.DuckDBPyConnection,
    table: str,
    key: tuple[str, ...],
    columns: tuple[str, ...],
    expected: Rows,
    sparse: bool = False,
) -> list[Difference]:
    """Cells that differ. `sparse`: a missing row means the same as a row of zeros."""
    actual: Rows = {}
    doubled = []
    for row in db.execute(f"select {', '.join((*key, *columns))} from marts.{table}").fetchall():
        if row[: len(key)] in actual:
            doubled.append(Difference(table, row[: len(key)], "(key)", "once", "twice"))
        actual[row[: len(key)]] = dict(zip(columns, row[len(key) :], strict=True))
    found = doubled
    for at in sorted(expected.keys() | actual.keys(), key=str):
        here, there = expected.get(at), actual.get(at)
        if sparse:
            here, there = here or _nothing(there), there or _nothing(here)
        if here is None or there is None:
            found.append(Difference(table, at, "(row)", here and "present", there and "present"))
            continue
        found += [
            Difference(table, at, column, here[column], there[column])
            for column in here.keys() & there.keys()
            if not _same(here[column], there[column])
        ]
    return found


def _flags(db: duckdb.DuckDBPyConnection, oracle: Oracle) -> list[Difference]:
    """Dossiers with other warnings; each side of the difference shows the flags that the other has not."""
    found = []
    for source, dossier_code, written in db.execute(
        "select source, dossier_code, flags from marts.fct_dossiers"
    ).fetchall():
        key = (source, dossier_code)
        if key in oracle.dossiers:  # a dossier too many is told by _against
            expected = flags(oracle.dossiers[key].versions, oracle.facts.get(key), oracle.calendar)
            actual = FLAGS & set(written or ())
            if expected != actual:
                found.append(
                    Difference("fct_dossiers", key, "flags", sorted(expected - actual), sorted(actual - expected))
                )
    return found


def _nothing(other: Mapping[str, Any] | None) -> dict[str, Any]:
    """The row that says nothing happened: counts are 0, rates are null."""
    return {column: 0 if isinstance(value, int) else None for column, value in (other or {}).items()}


def _same(expected: Any, actual: Any) -> bool:
    if expected is None or actual is None or isinstance(expected, str | datetime):
        return bool(expected == actual)
    return abs(float(expected) - float(actual)) < 1e-6


def _verdicts(oracle: Oracle) -> Rows:
    width = len(VERDICT_KEY)
    return {astuple(v)[:width]: dict(zip(VERDICT_COLUMNS, astuple(v)[width:], strict=True)) for v in oracle.verdicts()}


def _dossiers(oracle: Oracle) -> Rows:
    rows: Rows = {}
    for key, dossier in oracle.dossiers.items():
        rows[key] = {
            "agency_code": dossier.row.agency_code,
            "channel": dossier.used.channel,
            "status": dossier.used.status,
            "received_at": dossier.used.received_at,
            "due_at": dossier.used.due_at,
            "versions": len(dossier.versions),
        }
    return rows


def _figures(found: Mapping[Key, Counter[str]], columns: tuple[str, ...]) -> Rows:
    return {key: {column: figures[column] for column in columns} for key, figures in found.items()}


def _monthly(oracle: Oracle) -> Rows:
    found = timeliness_monthly(oracle)
    rows = _figures(found, MONTHLY_COLUMNS)
    for key, figures in found.items():
        rows[key]["on_time_rate"] = on_time_rate(figures)
    return rows


def _progress(oracle: Oracle) -> Rows:
    return {key: {c: getattr(row, c) for c in PROGRESS_COLUMNS} for key, row in progress_766(oracle).items()}


def _ledger(zone: DropZone) -> Rows:
    """01 does not say how many rows of an unreadable file were read before it was given up: they are not compared."""
    rows: Rows = {}
    for line in zone.ledger:
        counted = line.reason != "REJ_FILE_UNREADABLE"
        columns = [c for c in LEDGER_COLUMNS if counted or c not in ("rows_read", "rows_quarantined")]
        rows[line.source, line.kind, line.file_name, line.sha256] = {c: getattr(line, c) for c in columns}
    return rows
