"""What a reader of the sample must find: one row per dossier, bad rows, files, and the figures. No personal data."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines.samples import local, records
from pipelines.samples.fields import literal
from pipelines.samples.plan import Plan
from pipelines.samples.sheets import Place
from pipelines.samples.story import at, seconds

DISTORTIONS = (
    "paused_sent_as_done",
    "no_due_done_event",
    "synthetic_code",
    "placeholder_id",
    "submitted_is_received",
    "constant_flags",
    "empty_supplements",
    "local_procedure",
    "no_due",
    "bulk_closing",
    "due_moved_late",
    "unknown_field",
)


@dataclass(frozen=True)
class ExportFile:
    """One file written. `rows` counts every row in it, bad ones included; None: the file as a whole is bad."""

    path: str
    kind: str
    exported_at: str
    rows: int | None
    bad_rows: list[tuple[Place, str]]
    reason: str = ""


@dataclass(frozen=True)
class SampleTruth:
    """Where the sample lies and what it holds. `summary` is truth/summary.json."""

    inbox: Path
    folder: Path
    as_of: datetime
    summary: dict[str, Any]

    @property
    def dossiers(self) -> Path:
        """Parquet, one row per dossier in the exports."""
        return self.folder / "dossiers.parquet"

    @property
    def bad_rows(self) -> Path:
        """CSV: file (relative to inbox), part (sheet, member), row_number in it (portal-exports §6), reasons (joined
        by +)."""
        return self.folder / "bad_rows.csv"

    @property
    def reconciliation(self) -> Path:
        """CSV: dossier_code, difference (`not_synchronised`, `only_portal`, `late`, `due`, `agency`) of samples with
        two systems."""
        return self.folder / "reconciliation.csv"

    @property
    def files(self) -> Path:
        """CSV: file, kind, exported_at, rows, bad_rows, reason (`duplicate` or REJ_FILE_…)."""
        return self.folder / "files.csv"


def _differences(plan: Plan) -> str:
    """Query of (dossier code, difference): every dossier that the two systems are meant to hold differently."""
    named = " ".join(f"when {condition} then '{name}'" for name, condition in local.DIFFERENCES.items())
    return f"""
        select dossier_code, difference
        from (select {records.dossier_code(plan.spec)} as dossier_code, case {named} end as difference from lives)
        where difference is not null order by all
    """


def write_truth(con: duckdb.DuckDBPyConnection, plan: Plan, out: Path, files: Sequence[ExportFile]) -> SampleTruth:
    """Write truth/ from table `lives` and the list of files; the figures are counted, not copied from the spec."""
    spec = plan.spec
    truth = SampleTruth(out / "inbox", out / "truth", spec.as_of, {})
    truth.folder.mkdir()
    con.execute(f"create temp view truth as {_truth_query(plan)}")
    con.execute(f"copy (select * from truth) to {literal(str(truth.dossiers))} (format parquet)")
    _write_csv(
        truth.bad_rows,
        ("file", "part", "row_number", "reasons"),
        ((f.path, place.part, place.row, why) for f in files for place, why in f.bad_rows),
    )
    _write_csv(
        truth.files,
        ("file", "kind", "exported_at", "rows", "bad_rows", "reason"),
        ((f.path, f.kind, f.exported_at, f.rows, len(f.bad_rows), f.reason) for f in files),
    )
    if spec.local_system:
        _write_csv(truth.reconciliation, ("dossier_code", "difference"), con.execute(_differences(plan)).fetchall())
    truth.summary.update(_summary(con, plan, files))
    (truth.folder / "summary.json").write_text(
        json.dumps(truth.summary, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    return truth


def _truth_query(plan: Plan) -> str:
    spec = plan.spec
    cut = seconds(spec.last_day) + 86400
    moment = lambda sql: f"make_timestamp(({sql}) * 1000000)"  # noqa: E731
    flags = {name: f"d_{name}" for name in DISTORTIONS} | {
        "bulk_closing": "bulk_closed",
        "due_moved_late": "rewritten_at is not null",
    }
    applied = ", ".join(f"case when {sql} then '{name}' end" for name, sql in flags.items())
    status = records.status_at(cut)
    return f"""
        select dossier_code, {literal(spec.source)} as source, agency_code, procedure_code, field_code, field_name,
            channel,
            case when fate <> 'not_accepted' then {moment("received_at")} end as received_at,
            {moment(records.due_at(cut))} as due_at,
            case when end_at < {cut} then {moment("end_at")} end as ended_at,
            case when returned_at < {cut} then {moment("returned_at")} end as returned_at,
            {status} as status,
            case when {status} in (9, 10) then 'finished' else {_case(STATES)} end as state,
            case when kind > 0 then 'not_counted'
                when no_due and {status} in (9, 10) then 'on_time'
                when no_due and fate <> 'withdrawn' then 'in_time'
                else {_case(VERDICTS)} end as verdict,
            (asked_at < {cut})::int + coalesce(asked_again_at < {cut}, false)::int as requests,
            {_versions(plan)} as versions,
            list_filter([{applied}], lambda name: name is not null) as distortions,
            has_events
        from (
            select *, {records.dossier_code(spec)} as dossier_code, {at("agency_code", "agency")} as agency_code,
                {records.procedure_code(spec)} as procedure_code, {at("field_code", "procedure")} as field_code,
                {at("field_name", "procedure")} as field_name, {records.channel(spec)} as channel
            from lives where kind < 3
        )
    """


STATES = {
    "withdrawn": "withdrawn",
    "stopped": "stopped",
    "refused": "refused",
    "wait_papers": "waiting_supplement",
    "wait_fee": "waiting_fee",
    "in_time": "processing",
    "overdue": "processing",
    "not_accepted": "processing",
}
VERDICTS = {
    "early": "early",
    "on_time": "on_time",
    "withdrawn": "on_time",
    "late": "late",
    "overdue": "overdue",
    "in_time": "in_time",
    "wait_papers": "in_time",
    "wait_fee": "in_time",
    "stopped": "in_time",
}


def _case(names: dict[str, str]) -> str:
    return "case fate " + " ".join(f"when '{fate}' then '{name}'" for fate, name in names.items()) + " end"


def _versions(plan: Plan) -> str:
    """Exports in which the record is new or differs: those of its life, and those in which an office corrected it."""
    spec = plan.spec
    if not spec.changes_per_night:
        return "len(changes)"
    number, total = spec.changes_per_night, spec.dossiers
    laps = (spec.nights + 1) * number // total + 1
    touched = f"list_transform(range({laps}), lambda lap: ({plan.touch_place} + lap * {total}) // {number})"
    real = f"list_filter({touched}, lambda night: night between greatest(changes[1], 1) and {spec.nights})"
    return f"case when kind = 0 then len(list_distinct(list_concat(changes::bigint[], {real}))) else len(changes) end"


def _summary(con: duckdb.DuckDBPyConnection, plan: Plan, files: Sequence[ExportFile]) -> dict[str, Any]:
    counted = lambda of: dict(con.execute(f"select {of} group by 1 order by 1").fetchall())  # noqa: E731
    verdicts = counted("verdict, count(*) from truth where verdict <> 'not_counted'")
    states = counted("state, count(*) from truth where verdict <> 'not_counted'")
    applied = counted("d, count(*) from (select unnest(distortions) as d from truth)")
    own = [file for file in files if file.path.startswith(f"{plan.spec.source}/")]
    count = verdicts.get
    resolved = count("early", 0) + count("on_time", 0) + count("late", 0)
    rate = lambda name: round(100 * count(name, 0) / resolved, 2) if resolved else None  # noqa: E731
    return {
        "as_of": plan.spec.as_of.isoformat(),
        "received": sum(verdicts.values()),
        "resolved": resolved,
        "early": count("early", 0),
        "on_time": count("on_time", 0),
        "late": count("late", 0),
        "early_percent": rate("early"),
        "on_time_percent": rate("on_time"),
        "pending": sum(verdicts.values()) - resolved,
        "pending_in_time": count("in_time", 0),
        "pending_overdue": count("overdue", 0),
        "states": states,
        "distortions": applied,
        "bad_rows": sum(len(file.bad_rows) for file in files),
        "bad_files": sum(file.reason.startswith("REJ_") for file in files),
        "duplicate_files": sum(file.reason == "duplicate" for file in files),
        "rows": {
            kind: sum(file.rows or 0 for file in own if file.kind == kind and not file.reason)
            for kind in sorted({file.kind for file in own})
        },
        "spec": plan.spec.model_dump(mode="json"),
    }


def _write_csv(path: Path, heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(heading)
        writer.writerows(rows)
