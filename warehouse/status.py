"""What people ask a warehouse: what is published, what the last run did, which files and rows were turned away.

Reads the published version and `state/last-run.json` only; the build file is never opened, so it works during a run.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import duckdb

from pipelines.clock import from_wall_clock, wall_clock
from pipelines.config import Settings
from pipelines.sql import rows_of
from warehouse.lock import holder
from warehouse.publish import Publication, PublicationDamagedError, sound, versions
from warehouse.reading import marts_of, published_now

Row = dict[str, Any]
#: What may become of a file (mart_load_ledger).
FILE_STATUSES = ("loaded", "duplicate", "rejected")

#: A period by its beginning.
_OF_PERIOD = "($period is null or starts_with({0}, $period))"


def status(settings: Settings) -> Row:
    """Everything `dunghan status` shows, ready for JSON. Works on a warehouse that does not exist yet."""
    damage, published = "", None
    try:
        published = sound(settings)
    except PublicationDamagedError as error:
        damage = str(error)
    running = holder(settings)
    found: Row = {
        "warehouse": str(settings.layout.root),
        "drop_zone": settings.drop_zone,
        "running": asdict(running) if running else None,
        "last_run": last_run(settings),
        "silent_sources": [
            {"source": source, "days": days, "allowed": allowed}
            for source, days, allowed in silent_sources(settings, (last_run(settings) or {}).get("sources") or {})
        ],
        "unfinished_backfills": unfinished_backfills(settings, running_pid=running.pid if running else None),
        "published": _published(settings, published) if published else None,
        "damage": damage,
        "versions": len(versions(settings)),
        "figures": figures(settings) if published else [],
        "ledger": ledger_totals(settings) if published else [],
        "attention": attention(settings) if published else {},
    }
    found["age_hours"] = _age(found)
    return found | {"health": health(found, settings.stale_hours)}


def health(found: Row, stale_hours: float) -> Row:
    """Is it well, for monitoring: {result: ok, look or bad; reasons}. found: what `status` found.

    bad: nothing is published, the last run failed or was killed, the last good one is `stale_hours` ago. look: a file
    needs a look, or something beside the figures went wrong.
    """
    record, age = found["last_run"] or {}, found["age_hours"]
    bad = {
        "nothing_published": found["published"] is None and not found["damage"],
        "published_damaged": bool(found["damage"]),
        "last_run_failed": record.get("outcome") == "failed",
        "last_run_killed": record.get("outcome") == "running" and found["running"] is None,
        "stale": age is not None and age > stale_hours,
    }
    look = {name: bool(record.get(name)) for name in ("notes", "missing", "undelivered")} | {
        "attention": bool(found["attention"]),
        "unusual": bool(record.get("anomalies")),
        "source_silent": bool(found["silent_sources"]),
        "backfill_unfinished": bool(found["unfinished_backfills"]),
    }
    reasons = [name for name, holds in (bad | look).items() if holds]
    return {"result": "bad" if any(bad.values()) else "look" if reasons else "ok", "reasons": reasons}


def _age(found: Row) -> float | None:
    """Hours since the last run that ended well: one with nothing new says that what is published still holds."""
    record, published = found["last_run"] or {}, found["published"]
    if published is None:
        return None
    well = record.get("outcome") in ("published", "kept") and record.get("finished")
    created = datetime.fromisoformat(published["created_at"]).astimezone(UTC)
    last = max(created, from_wall_clock(record["finished"])) if well else created
    return round((datetime.now(UTC) - last).total_seconds() / 3600, 1)


def last_run(settings: Settings) -> Row | None:
    """The record of the last run, whatever became of it; None when there was none or it cannot be read."""
    try:
        record = json.loads(settings.layout.last_run.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def runs(settings: Settings, limit: int | None) -> list[Row]:
    """The records of the last runs, the newest first; one that cannot be read is left out."""
    found: list[Row] = []
    for path in sorted(settings.layout.runs.glob("*.json"), reverse=True)[:limit]:
        with contextlib.suppress(OSError, ValueError):
            found.append(json.loads(path.read_text(encoding="utf-8")))
    return found


def unfinished_backfills(settings: Settings, running_pid: int | None = None) -> list[list[str]]:
    """[first, last] day of exports (ISO) of backfills that were killed or failed and that no later run has made good:
    a nightly run that ended well (it loads any day), or a backfill of the same days. running_pid: who runs now."""
    open_: dict[tuple[str, ...], None] = {}
    for record in reversed(runs(settings, None)):
        days = tuple(record.get("days") or ())
        if record.get("outcome") in ("published", "kept"):
            open_ = {} if not days else {of: None for of in open_ if not (days[0] <= of[0] and of[1] <= days[1])}
        elif days and record.get("pid") != running_pid:
            open_[days] = None
    return [list(days) for days in open_]


def silent_sources(settings: Settings, sources: Mapping[str, str]) -> list[tuple[str, int, int]]:
    """(source, days without anything new, days allowed) of those that are silent for too long (`silent_days`).

    sources: source → when something new of it was seen last, local wall clock, ISO.
    """
    days = {source: (wall_clock() - datetime.fromisoformat(seen)).days for source, seen in sorted(sources.items())}
    allowed = {source: settings.silent_after(source) for source in days}
    return [(source, days[source], limit) for source, limit in allowed.items() if limit and days[source] >= limit]


def figures(settings: Settings) -> list[Row]:
    """Figures of the published version over all agencies, see `figures_of`. Raises NothingPublishedError."""
    with marts_of(settings, published_now(settings)) as con:
        return figures_of(con)


def is_readable(settings: Settings) -> bool:
    """Do the figures that every run ends with come out of the published file? `doctor --deep` reads all of it."""
    try:
        figures(settings)
    except duckdb.Error:
        return False
    return True


def figures_of(con: duckdb.DuckDBPyConnection, agency: str | None = None) -> list[Row]:
    """Figures of the calendar year of as_of, one row per source, sums over all agencies (form_ii06, timeliness §7), or
    over one and those below it. con: the marts of one version.

    Sources are not added up: the national portal and the one-stop system report the same dossiers. Shares are percent,
    two decimals, rounded half up; None when nothing was received or resolved. Digitised input: dossiers received in the
    year with digitised parts, of those received; digitised output: dossiers finished in the year with an electronic
    result, of those finished.
    """
    found = _asked(
        con,
        """
        with form as (
            select
                source,
                any_value(period) as period,
                any_value(period_from) as period_from,
                max(period_to) as period_to,
                sum(received_total) as received,
                sum(received_online) as received_online,
                sum(carried_over) as carried_over,
                sum(resolved_total) as resolved,
                sum(resolved_early) as early,
                sum(resolved_on_time) as on_time,
                sum(resolved_late) as late,
                sum(pending_in_time) as pending_in_time,
                sum(pending_overdue) as pending_overdue,
            from marts.rpt_form_ii06
            where scheme = 'calendar' and period = strftime(as_of, '%Y') and is_of(agency_code, $agency)
            group by source
        ),
        digitised as (
            select
                source,
                count(*) filter (year(received_at) = year(as_of)) as inputs,
                count(*) filter (
                    year(received_at) = year(as_of) and (has_digitised_parts or coalesce(digitised_files, 0) > 0)
                ) as digitised_inputs,
                count(*) filter (state = 'finished' and year(ended_at) = year(as_of)) as outputs,
                count(*) filter (
                    state = 'finished' and year(ended_at) = year(as_of) and coalesce(electronic_results, 0) > 0
                ) as digitised_outputs,
            from marts.fct_dossiers
            where in_population and state <> 'refused' and is_of(agency_code, $agency)
            group by source
        )
        select * from form left join digitised using (source) order by source
        """,
        {"agency": agency},
    )
    for row in found:
        row["early_percent"] = percent(row["early"], row["resolved"])
        row["on_time_percent"] = percent(row["on_time"], row["resolved"])
        row["digitised_input_percent"] = percent(row.pop("digitised_inputs"), row.pop("inputs"))
        row["digitised_output_percent"] = percent(row.pop("digitised_outputs"), row.pop("outputs"))
    return found


def ledger_totals(settings: Settings) -> list[Row]:
    """Files and rows of the published ledger by status. Raises NothingPublishedError."""
    return _rows(
        settings,
        """
        select
            status, count(*) as files, coalesce(sum(rows_read), 0) as rows_read,
            coalesce(sum(rows_accepted), 0) as rows_accepted, coalesce(sum(rows_quarantined), 0) as rows_quarantined,
        from marts.mart_load_ledger group by status order by status
        """,
    )


def attention(settings: Settings) -> dict[str, list[Row]]:
    """What somebody must look at in the published files, see `attention_of`. Raises NothingPublishedError."""
    with marts_of(settings, published_now(settings)) as con:
        return attention_of(con)


def attention_of(con: duckdb.DuckDBPyConnection) -> dict[str, list[Row]]:
    """What somebody must look at (portal-exports §2) in files that the figures of a version use, the newest export
    first: file_path → {rule_id, detail} each. con: the marts of the version.
    """
    found = _asked(
        con,
        """
        select file_path, attention_details
        -- a version published before there was attention has no such columns
        from (
            select null::varchar[] as attention_details, null::boolean as used where false
            union all by name
            select * from marts.mart_load_ledger
        )
        where len(attention_details) > 0 and coalesce(used, true)
        order by exported_at desc, source, kind, file_path
        """,
    )
    return {row["file_path"]: [_told(text) for text in row["attention_details"]] for row in found}


def _told(text: str) -> Row:
    """{rule_id, detail} of `RULE: detail`."""
    rule_id, _, detail = text.partition(": ")
    return {"rule_id": rule_id, "detail": detail}


def ledger(
    settings: Settings,
    *,
    source: str | None,
    file_status: str | None,
    limit: int | None,
    file_name: str | None = None,
) -> list[Row]:
    """Files of the published ledger, newest export first; `limit` None = all. `file_name` may be a part of the name.

    drift, notes and parts are lists and objects, not JSON text. Raises NothingPublishedError.
    """
    found = _rows(
        settings,
        """
        select * exclude (as_of, known_at, definitions_version) from marts.mart_load_ledger
        where source = coalesce($source, source) and status = coalesce($status, status)
            and ($file is null or contains(file_name, $file))
        order by exported_at desc, source, kind, file_name limit $limit
        """,
        {"source": source, "status": file_status, "file": file_name, "limit": limit},
    )
    for row in found:
        row |= {name: json.loads(row[name]) for name in ("drift", "notes", "parts") if row.get(name)}
    return found


def sources(settings: Settings) -> list[str]:
    """Systems of which there are files in the published ledger. Raises NothingPublishedError."""
    return [row["source"] for row in _rows(settings, "select distinct source from marts.mart_load_ledger order by 1")]


def quarantine(settings: Settings, *, reason: str | None, file_name: str | None, limit: int | None) -> list[Row]:
    """Rejected rows, newest export first, in file order. `file_name` may be a part of the name. Values are masked.

    Raises NothingPublishedError.
    """
    return _rows(
        settings,
        """
        select * exclude (as_of, known_at, definitions_version)
        -- a version published before there were parts has no such column
        from (select null::varchar as part where false union all by name select * from marts.mart_quarantine)
        where ($reason is null or list_contains(reasons, $reason)) and ($file is null or contains(file_name, $file))
        order by exported_at desc, source, kind, file_name, part, row_number limit $limit
        """,
        {"reason": reason, "file": file_name, "limit": limit},
    )


def rejected_files(settings: Settings, *, reason: str | None, file_name: str | None) -> list[Row]:
    """Files of which nothing was accepted, newest export first. Raises NothingPublishedError."""
    return _rows(
        settings,
        """
        select source, kind, file_name, reason, detail, exported_at, rows_read, file_path
        from marts.mart_load_ledger
        where status = 'rejected' and ($reason is null or reason = $reason)
            and ($file is null or contains(file_name, $file))
        order by exported_at desc, source, kind, file_name
        """,
        {"reason": reason, "file": file_name},
    )


def distortions(settings: Settings, *, agency: str | None, month: str | None, limit: int | None) -> list[Row]:
    """What senders do to the data (portal-exports §8), newest month first, most dossiers first. `agency`: also those
    below it.

    Columns of mart_distortions, with title, meaning and whom to ask (…_vi, …_en). Raises NothingPublishedError.
    """
    return _rows(
        settings,
        """
        select
            month, source, agency_code, names.name as agency_name, distortion, dossiers, share, examples,
            title_vi, title_en, meaning_vi, meaning_en, ask_vi, ask_en
        from marts.mart_distortions
        left join marts.dim_distortion using (distortion)
        left join (select agency_code, name from marts.dim_agency where is_latest) as names using (agency_code)
        where is_of(agency_code, $agency)
            and ($month is null or month = $month)
        order by month desc, dossiers desc, source, agency_code, distortion limit $limit
        """,
        {"agency": agency, "month": month, "limit": limit},
    )


#: Figures of a portal report, in the order people read them.
FIGURES = [
    *("total_received", "total_on_time", "total_overdue", "total_completed"),
    *("avg_processing_days", "ratio", "score"),
]


def reconciliation(
    settings: Settings, *, agency: str | None, period: str | None, limit: int | None
) -> dict[str, list[Row]]:
    """Our figures beside the portal's, and the two systems (timeliness §10). `period`: `2024` or `2024-05`.

    reports: rows of mart_portal_reconciliation, without an agency those of the heads of the reports only.
    systems: counts by agency and month. dossiers: those that differ, are late or not synchronised.
    only_portal: procedure and dossiers. Raises NothingPublishedError.
    """
    given = {"agency": agency, "period": period}
    of_agency, of_month = "is_of(agency_code, $agency)", _OF_PERIOD.format("month")
    return {
        "reports": _rows(
            settings,
            f"""
            select * exclude (as_of, known_at, definitions_version) from marts.mart_portal_reconciliation
            where is_of(department_code, $agency) and {_OF_PERIOD.format("period_to::varchar")}
                and ($agency is not null or is_parent)
            order by exported_at desc, report_file, not is_parent, department_code, list_position($figures, figure)
            """,
            given | {"figures": FIGURES},
        ),
        "systems": _rows(
            settings,
            f"""
            select * exclude (as_of, known_at, definitions_version) from marts.mart_system_reconciliation_monthly
            where {of_agency} and {of_month}
            order by month desc, agency_code limit $limit
            """,
            given | {"limit": limit},
        ),
        "dossiers": _rows(
            settings,
            f"""
            select dossier_code, agency_code, month, presence, differences, delay_seconds
            from marts.mart_system_reconciliation
            where {of_agency} and {of_month}
                and (presence = 'only_local' or len(differences) > 0 or coalesce(delay_seconds, 0) > 0)
            order by month desc, agency_code, dossier_code limit $limit
            """,
            given | {"limit": limit},
        ),
        "only_portal": _rows(
            settings,
            f"""
            select procedure_code, any_value(procedure_name) as procedure_name, count(*) as dossiers
            from marts.mart_system_reconciliation
            where presence = 'only_portal' and {of_agency} and {of_month}
            group by procedure_code order by dossiers desc, procedure_code limit $limit
            """,
            given | {"limit": limit},
        ),
    }


def rules(settings: Settings) -> dict[str, Row]:
    """What each rule means and what to do, by rule id, as published. Raises NothingPublishedError."""
    columns = "rule_id, level, severity, message_vi, message_en, advice_vi, advice_en"
    return {row["rule_id"]: row for row in _rows(settings, f"select {columns} from marts.dim_rule")}


def percent(part: int | None, whole: int | None) -> Decimal | None:
    """100 × part / whole with two decimals, rounded half up; None when there is nothing to divide by."""
    if not whole:
        return None
    return (Decimal(100) * Decimal(part or 0) / Decimal(whole)).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _published(settings: Settings, publication: Publication) -> Row:
    known = ("version", "as_of", "known_at", "definitions_version", "created_at", "git_revision", "package_version")
    return {
        **{name: publication.manifest[name] for name in known},
        "dossiers": publication.manifest["marts"].get("fct_dossiers", {}).get("rows"),
        "database": str(settings.layout.published / publication.database.name),
        "parquet": str(settings.layout.published / "parquet"),
    }


def _rows(settings: Settings, query: str, parameters: Row | None = None) -> list[Row]:
    with marts_of(settings, published_now(settings)) as con:
        return _asked(con, query, parameters)


def _asked(con: duckdb.DuckDBPyConnection, query: str, parameters: Row | None = None) -> list[Row]:
    return rows_of(con.execute(query, parameters or {}))
