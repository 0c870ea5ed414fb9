"""What commands print for people: one function per command, from what the rooms found. Nothing is computed here."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipelines.cli.output import Screen

if TYPE_CHECKING:
    from pipelines.cli.doctor import Check
    from pipelines.config import Settings
    from pipelines.orchestration.runner import RunOutcome
    from warehouse.publish import Publication

Row = dict[str, Any]

_FIGURES = ("received", "received_online", "carried_over", "resolved", "early", "on_time", "late")
_PENDING = ("pending_in_time", "pending_overdue")
_PERCENT = {"early": "early_percent", "on_time": "on_time_percent"}
_LEDGER = (
    "source",
    "kind",
    "file",
    "exported_at",
    "status",
    "reason",
    "rows_read",
    "rows_accepted",
    "rows_quarantined",
)
_LONGEST = 120


def run(screen: Screen, settings: Settings, outcome: RunOutcome, started: float) -> None:
    """The end of a run: what was done, the figures, what was turned away, where the marts are. `started`: monotonic."""
    from dataclasses import asdict

    from warehouse.publish import current
    from warehouse.status import figures

    t = screen.t
    record = asdict(outcome.summary) if outcome.summary else {}
    if outcome.exit_code == 1:
        screen.complain(t("run.failed"))
        for problem in outcome.problems:
            screen.complain(f"  {problem}")
        screen.complain(t("run.failed.why"))
    else:
        screen.say(t("run.kept" if record.get("outcome") == "kept" else "run.published", version=outcome.version))
        published = current(settings)
        if published is not None:
            _figures(screen, figures(settings), published.manifest["as_of"])
    _ledger_of_run(screen, settings, record)
    if outcome.exit_code != 1:
        screen.say(t("run.where", path=settings.layout.published / "marts.duckdb"))
    screen.say(t("run.elapsed", seconds=round(time.monotonic() - started)))


def status(screen: Screen, settings: Settings, found: Row) -> None:
    """What is published and what the last run did."""
    t = screen.t
    published = found["published"]
    if found["running"]:
        screen.say(t("status.running", **found["running"]))
    _last_run(screen, settings, found["last_run"])
    if published is None:
        screen.say(t("status.nothing"))
        return
    screen.say(t("status.published", version=published["version"]))
    if published["known_at"]:
        screen.say(t("status.known_at", known_at=published["known_at"]))
    _figures(screen, found["figures"], published["as_of"])
    columns = ("status", "files", "rows_read", "rows_accepted", "rows_quarantined")
    screen.table(
        [t(f"header.{column}") for column in columns],
        [[t(f"status.{row['status']}"), *(row[column] for column in columns[1:])] for row in found["ledger"]],
    )
    screen.say(t("run.where", path=published["database"]))


def ledger(screen: Screen, rows: Sequence[Row], limit: int) -> None:
    """One line per file."""
    screen.table(
        [screen.t(f"header.{column}") for column in _LEDGER],
        [_ledger_line(screen, row) for row in rows],
    )
    _more(screen, rows, limit)


def quarantine(screen: Screen, files: Sequence[Row], rows: Sequence[Row], rules: Mapping[str, Row], limit: int) -> None:
    """Files and rows that were turned away, then what each reason means and what to do."""
    t = screen.t
    if not files and not rows:
        screen.say(t("quarantine.none"))
        return
    if files:
        columns = ("source", "kind", "file", "reason", "detail")
        lines = [[row["source"], row["kind"], row["file_name"], row["reason"], row["detail"]] for row in files]
        screen.table([t(f"header.{column}") for column in columns], lines, title=t("run.rejected_files"))
        screen.say()
    if rows:
        headers = [t(f"header.{column}") for column in ("source", "kind", "file", "row", "reason", "values")]
        lines = [
            [
                row["source"],
                row["kind"],
                row["file_name"],
                str(row["row_number"]),
                row["reasons"],
                _short(row["offending"]),
            ]
            for row in rows
        ]
        screen.table(headers, lines)
        _more(screen, rows, limit)
        screen.say()
    named = {rule for row in rows for rule in row["reasons"]} | {row["reason"] for row in files}
    _meanings(screen, dict.fromkeys(sorted(named)), rules)


def versions(screen: Screen, found: Sequence[Publication], now: Publication | None) -> None:
    """One line per version that is kept."""
    screen.table(
        [screen.t(f"header.{c}") for c in ("version", "as_of", "known_at", "created_at", "dossiers", "current")],
        [
            [
                version.version,
                version.manifest["as_of"],
                version.manifest["known_at"],
                version.created_at[:19],
                version.manifest["marts"].get("fct_dossiers", {}).get("rows"),
                now is not None and version.version == now.version,
            ]
            for version in found
        ],
    )


def doctor(screen: Screen, checks: Sequence[Check]) -> None:
    """One line per check; what to do below each that is not well."""
    t = screen.t
    styles = {"ok": "green", "warn": "yellow", "fail": "bold red"}
    for check in checks:
        screen.say(f"{t(f'result.{check.result}'):<7} {t.either(*check.title)}: {check.found}", styles[check.result])
        if check.result != "ok":
            screen.say(f"        → {t.either(*check.advice)}")
    bad = sum(check.result == "fail" for check in checks)
    screen.say(t("doctor.bad", number=bad) if bad else t("doctor.good"))


def config(screen: Screen, values: Mapping[str, Any]) -> None:
    """Every setting in force. Secrets show as asterisks."""
    headers = [screen.t("header.setting"), screen.t("header.value")]
    screen.table(headers, [[f"DUNGHAN_{name.upper()}", "-" if v is None else str(v)] for name, v in values.items()])


def _figures(screen: Screen, found: Sequence[Row], as_of: str) -> None:
    """The year's figures, one column per source."""
    t = screen.t
    if not found:
        screen.say(t("figures.none"))
        return
    lines = []
    for name in (*_FIGURES, *_PENDING):
        cells = []
        for row in found:
            shown = screen.number(int(row[name]))
            cells.append(f"{shown} ({screen.percent(row[_PERCENT[name]])})" if name in _PERCENT else shown)
        lines.append([t(f"figures.{name}"), *cells])
    for name in ("digitised_input", "digitised_output"):
        lines.append([t(f"figures.{name}"), *(screen.percent(row[f"{name}_percent"]) for row in found)])
    title = t("figures.title", as_of=as_of.replace("T", " "), period=found[0]["period"])
    screen.table([t("header.source"), *(row["source"] for row in found)], lines, title=title)
    screen.say()


def _ledger_of_run(screen: Screen, settings: Settings, record: Row) -> None:
    """What this run read, and what of it was turned away and why."""
    t = screen.t
    files = record.get("files") or []
    if not files:
        screen.say(t("run.nothing"))
        return
    numbers = {name: screen.number(record[f"rows_{name}"]) for name in ("read", "accepted", "quarantined")}
    screen.say(t("run.ledger", files=screen.number(len(files)), **numbers))
    for file in files:
        if file["status"] == "rejected":
            screen.say(
                f"  {t('status.rejected')}: {file['source']}/{file['kind']}/{file['file_name']} ({file['reason']})"
            )
    if record["reasons"]:
        screen.say(t("run.quarantine"))
        from expectations.catalogue import load_catalogue

        catalogue = {rule.id: rule.model_dump() for rule in load_catalogue().rules}
        _meanings(screen, record["reasons"], catalogue)


def _meanings(screen: Screen, reasons: Mapping[str, int | None], rules: Mapping[str, Row]) -> None:
    """Reasons in words and what to do, with how often each occurred when that is known."""
    t = screen.t
    counted = any(number is not None for number in reasons.values())
    lines = []
    for rule, number in reasons.items():
        known = rules.get(rule, {})
        words = [known.get(f"message_{t.lang}", "-"), known.get(f"advice_{t.lang}", "-")]
        lines.append([rule, *([number] if counted else []), *words])
    headers = ["reason", *(["count"] if counted else []), "meaning", "advice"]
    screen.table([t(f"header.{header}") for header in headers], lines)


def _last_run(screen: Screen, settings: Settings, record: Row | None) -> None:
    t = screen.t
    if record is None:
        screen.say(t("status.never_run"))
        return
    screen.say(t("status.last_run", outcome=t(f"outcome.{record['outcome']}"), started=record["started"]))
    for problem in record.get("problems", []):
        screen.say(f"  {problem}", "red")
    _ledger_of_run(screen, settings, record)


def _ledger_line(screen: Screen, row: Row) -> list[Any]:
    shown = {**row, "file": row["file_name"], "status": screen.t(f"status.{row['status']}")}
    return [shown[column] for column in _LEDGER]


def _more(screen: Screen, rows: Sequence[Row], limit: int) -> None:
    if limit and len(rows) == limit:
        screen.say(screen.t("more"))


def _short(text: str | None) -> str:
    if text is None:
        return "-"
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
