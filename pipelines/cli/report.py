"""What commands print for people: one function per command, from what the modules found. Nothing is computed here."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipelines.cli.output import Screen

if TYPE_CHECKING:
    from pipelines.cli.doctor import Check
    from pipelines.cli.inspection import Inspection, Tally
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
#: Columns of the first rows that are shown on a terminal, per kind; of other kinds all.
_SHOWN = {
    "dossiers": (
        *("dossier_code", "status", "received_at", "due_at", "finished_at", "returned_at", "channel", "agency_name"),
        "applicant_key",
    ),
    "progress": ("dossier_code", "event_at", "status", "unit_name", "officer_key"),
}


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
            _definitions(screen, published.manifest["definitions_version"])
            _figures(screen, figures(settings), published.manifest["as_of"])
    _ledger_of_run(screen, settings, record)
    if outcome.exit_code != 1:
        screen.say(t("run.where", path=settings.layout.published / "marts.duckdb"))
    for note in record.get("notes", []):
        screen.complain(t("run.note", note=note))
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
    _definitions(screen, published["definitions_version"])
    if published["known_at"]:
        screen.say(t("status.known_at", known_at=published["known_at"]))
    _figures(screen, found["figures"], published["as_of"])
    columns = ("status", "files", "rows_read", "rows_accepted", "rows_quarantined")
    screen.table(
        [t(f"header.{column}") for column in columns],
        [[t(f"status.{row['status']}"), *(row[column] for column in columns[1:])] for row in found["ledger"]],
    )
    screen.say(t("run.where", path=published["database"]))


def _definitions(screen: Screen, version: str) -> None:
    """Say so when the figures go by days that this warehouse added to the calendar."""
    if "+" in version:
        screen.say(screen.t("run.definitions", version=version))


def ledger(screen: Screen, rows: Sequence[Row], limit: int, *, details: bool = False) -> None:
    """One line per file; with details then what was remarked of each."""
    screen.table(
        [screen.t(f"header.{column}") for column in _LEDGER],
        [_ledger_line(screen, row) for row in rows],
    )
    _more(screen, rows, limit)
    if details:
        for row in rows:
            _ledger_details(screen, row)


def _ledger_details(screen: Screen, row: Row) -> None:
    """Parts, unknown headings or fields, notes and what was wrong with one file."""
    t = screen.t
    lines = [row["detail"]] if row.get("detail") else []
    if row.get("format"):
        lines.append(f"{t('header.format')}: {row['format']}")
    if row.get("parts"):
        lines.append(t("inspect.parts", parts=", ".join(part["name"] for part in row["parts"])))
    if row.get("drift"):
        lines.append(t("inspect.unknown", fields=_counted(screen, row["drift"])))
    lines += row.get("notes") or []
    if lines:
        screen.say()
        screen.say(str(row.get("file_path") or row["file_name"]), "bold")
        for line in lines:
            screen.say(f"  {line}")


def _counted(screen: Screen, drift: Mapping[str, int]) -> str:
    return ", ".join(f"{name} ({screen.number(rows)})" for name, rows in drift.items())


def inspected(screen: Screen, seen: Inspection) -> None:
    """What was seen of one file."""
    t = screen.t
    screen.say(t("inspect.file", path=seen.path, source=seen.source, kind=seen.kind or "?"), "bold")
    if seen.format:
        shown = {"format": seen.format, "encoding": seen.encoding or "-"}
        origin = t(f"exported_at_from.{seen.exported_at_from}")
        screen.say(t("inspect.format", **shown, exported_at=seen.exported_at, origin=origin))
    if seen.envelope_agency:
        screen.say(t("inspect.agency", agency=seen.envelope_agency))
    if seen.parts:
        screen.say(t("inspect.parts", parts=", ".join(part.name for part in seen.parts)))
    _mapping(screen, seen)
    if seen.unknown_fields:
        screen.say(t("inspect.unknown", fields=_counted(screen, seen.unknown_fields)))
    if seen.notes:
        screen.say(t("inspect.notes"))
        for note in seen.notes:
            screen.say(f"  {note}")
    if seen.rows:
        screen.say()
        _first_rows(screen, seen)
    screen.say()
    _verdict(screen, seen)


def _mapping(screen: Screen, seen: Inspection) -> None:
    """Heading rows, then column by column, then how to make the unknown ones known."""
    t = screen.t
    for heading in seen.headings:
        rows = range(heading["first_row"], heading["last_row"] + 1)
        where = f"{heading['part']}: " if heading["part"] else ""
        screen.say(where + t("inspect.heading", rows=", ".join(map(str, rows))))
    if seen.columns:
        with_parts = any(column["part"] for column in seen.columns)
        lines = [
            [
                *([column["part"] or ""] if with_parts else []),
                f"{column['column']} ({column['number']})",
                column["heading"],
                column["field"] or "-",
                t.either(column["meaning_vi"] or "", column["meaning_en"] or ""),
                t(f"state.{column['state']}"),
            ]
            for column in seen.columns
        ]
        headers = [*(["part"] if with_parts else []), "column", "heading", "field", "meaning", "state"]
        screen.table([t(f"header.{header}") for header in headers], lines, title=t("inspect.columns"))
    if seen.synonyms:
        screen.say(t("inspect.synonyms"))
        for line in seen.synonyms:
            screen.say(f"  {line}")


def _first_rows(screen: Screen, seen: Inspection) -> None:
    """The first rows, as many of their columns as fit; `--json` has all."""
    present = [name for name in seen.rows[0] if any(row[name] not in (None, "", [], "[]", 0) for row in seen.rows)]
    first = ("part", "row_number", "reasons", "warnings")
    wanted = [name for name in _SHOWN.get(seen.kind or "", present) if name in present]
    columns = [name for name in (*first, *wanted, "bad_values") if name in present]
    screen.table(columns, [[row[name] for name in columns] for row in seen.rows], title=screen.t("inspect.rows"))


def _verdict(screen: Screen, seen: Inspection) -> None:
    """How many rows would be kept, and why the others not."""
    t = screen.t
    from expectations.catalogue import load_catalogue

    catalogue = load_catalogue()
    if seen.reason:
        screen.say(t("inspect.rejected", reason=seen.reason, detail=seen.detail or "-"), "bold red")
        rule = catalogue.rule(seen.reason)
        screen.say(f"  {t.either(rule.message_vi, rule.message_en)}")
        screen.say(f"  → {t.either(rule.advice_vi, rule.advice_en)}")
        _neighbours(screen, seen)
    numbers = {"read": seen.rows_read, "accepted": seen.accepted, "rejected": seen.rows_read - seen.accepted}
    screen.say(t("inspect.counts", **{name: screen.number(number) for name, number in numbers.items()}))
    for title, tallies in (("inspect.reasons", seen.reasons), ("inspect.warnings", seen.warnings)):
        if tallies:
            lines = []
            for rule_id, tally in sorted(tallies.items()):
                rule = catalogue.rule(rule_id)
                meaning = t.either(rule.message_vi, rule.message_en)
                lines.append([rule_id, tally.count, _places(tally), meaning, t.either(rule.advice_vi, rule.advice_en)])
            headers = [t(f"header.{header}") for header in ("reason", "count", "row", "meaning", "advice")]
            screen.table(headers, lines, title=t(title))


def _neighbours(screen: Screen, seen: Inspection) -> None:
    """What stands beside the columns that look shifted: their values are probably of the column on the right."""
    for index, column in enumerate(seen.columns):
        if column["state"] == "shifted":
            beside = [
                seen.columns[place]["heading"]
                if 0 <= place < len(seen.columns) and seen.columns[place]["part"] == column["part"]
                else "-"
                for place in (index - 1, index + 1)
            ]
            shown = {name: column[name] for name in ("field", "column", "heading")}
            screen.say(screen.t("inspect.neighbours", **shown, left=beside[0], right=beside[1]))


def _places(tally: Tally) -> str:
    """`Sheet1: 7, 9; Sheet2: 3 …`."""
    numbers: dict[str | None, list[int]] = {}
    for part, row in tally.first:
        numbers.setdefault(part, []).append(row)
    places = [(f"{part}: " if part else "") + ", ".join(map(str, rows)) for part, rows in numbers.items()]
    return "; ".join(places) + (" …" if tally.count > len(tally.first) else "")


def inspected_folder(screen: Screen, found: Sequence[Inspection]) -> None:
    """One line per file, then the sums."""
    t = screen.t
    if not found:
        screen.say(t("inspect.empty"))
        return
    headers = ["file", "kind", "format", "rows_read", "rejected", "reason", "detail"]
    screen.table(
        [t(f"header.{header}") for header in headers],
        [
            [
                seen.path,
                seen.kind,
                seen.format or None,
                seen.rows_read,
                seen.rows_read - seen.accepted,
                seen.reason,
                t("inspect.duplicate") if seen.duplicate else _short(seen.detail),
            ]
            for seen in found
        ],
    )
    numbers = {
        "files": len(found),
        "bad": sum(seen.reason is not None for seen in found),
        "read": sum(seen.rows_read for seen in found),
        "accepted": sum(seen.accepted for seen in found),
    }
    numbers["rejected"] = numbers["read"] - numbers["accepted"]
    screen.say(t("inspect.total", **{name: screen.number(number) for name, number in numbers.items()}))


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
        with_parts = any(row["part"] for row in rows)
        shown = ["source", "kind", "file", *(["part"] if with_parts else []), "row", "reason", "values"]
        headers = [t(f"header.{column}") for column in shown]
        lines = [
            [
                row["source"],
                row["kind"],
                row["file_name"],
                *([row["part"]] if with_parts else []),
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


def versions(
    screen: Screen, found: Sequence[Publication], restated: Sequence[Publication], now: Publication | None
) -> None:
    """One line per version that is kept; then the restated ones, which stand beside them."""
    columns = [
        screen.t(f"header.{c}") for c in ("version", "as_of", "known_at", "definitions", "created_at", "dossiers")
    ]
    screen.table(
        [*columns, screen.t("header.current")],
        [[*_version(version), now is not None and version.version == now.version] for version in found],
    )
    if restated:
        screen.say()
        screen.table(
            [*columns, screen.t("header.folder")],
            [[*_version(version), str(version.folder)] for version in restated],
            title=screen.t("versions.restated"),
        )


def _version(version: Publication) -> list[Any]:
    manifest = version.manifest
    dossiers = manifest["marts"].get("fct_dossiers", {}).get("rows")
    rules = manifest["definitions_version"]
    return [version.version, manifest["as_of"], manifest["known_at"], rules, version.created_at[:19], dossiers]


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
