"""Commands on what came in: `ledger`, `quarantine`, `distortions`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from pipelines.cli.commands import Commands
from pipelines.cli.output import Screen
from pipelines.cli.session import CsvOption, JsonOption, LimitOption, Session, WideOption

Row = dict[str, Any]

_LEDGER = ("exported_at", "status", "rows_read", "rows_accepted", "rows_quarantined", "attention", "reason", "file")
#: Left out where the screen is narrow: the rest says it, or `--file` does.
_LEDGER_WIDE = ("exported_at", "rows_accepted", "reason")

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")

#: Files whose attention is told in full.
_MOST_FILES = 20

commands = Commands()


@commands.command(help="help.ledger")
def ledger(  # noqa: PLR0917  (options of a command line)
    context: typer.Context,
    source: Annotated[str | None, typer.Option(help="help.source")] = None,
    file_status: Annotated[str | None, typer.Option("--status", help="help.file_status")] = None,
    file: Annotated[str | None, typer.Option(help="help.ledger.file")] = None,
    limit: LimitOption = 50,
    wide: WideOption = False,
    as_csv: CsvOption = False,
    as_json: JsonOption = False,
) -> None:
    session: Session = context.obj
    settings = session.settings()
    from warehouse.status import FILE_STATUSES, sources
    from warehouse.status import ledger as read_ledger

    session.known("--status", file_status, FILE_STATUSES)
    session.known("--source", source, sources(settings))
    rows = read_ledger(settings, source=source, file_status=file_status, file_name=file, limit=limit or None)
    session.listed(
        rows,
        lambda: _ledger(session.screen, rows, limit, details=file is not None),
        as_json=as_json,
        as_csv=as_csv,
        wide=wide,
    )


@commands.command(help="help.quarantine")
def quarantine(  # noqa: PLR0917  (options of a command line)
    context: typer.Context,
    reason: Annotated[str | None, typer.Option(help="help.reason")] = None,
    file: Annotated[str | None, typer.Option(help="help.file")] = None,
    limit: LimitOption = 50,
    wide: WideOption = False,
    as_csv: CsvOption = False,
    as_json: JsonOption = False,
) -> None:
    session: Session = context.obj
    settings = session.settings()
    from warehouse.status import quarantine as read_quarantine
    from warehouse.status import rejected_files, rules

    session.known("--reason", reason, rules(settings))
    files = rejected_files(settings, reason=reason, file_name=file)
    rows = read_quarantine(settings, reason=reason, file_name=file, limit=limit or None)
    catalogue = rules(settings)
    if as_json:
        named = {rule for row in rows for rule in row["reasons"]} | {row["reason"] for row in files}
        meant = {rule: catalogue[rule] for rule in sorted(named) if rule in catalogue}
        session.screen.json({"files": files, "rows": rows, "rules": meant})
    elif as_csv:
        session.screen.csv(rows)
    else:
        session.screen.wide = wide
        _quarantine(session.screen, files, rows, catalogue, limit)


@commands.command(help="help.distortions")
def distortions(  # noqa: PLR0917  (options of a command line)
    context: typer.Context,
    agency: Annotated[str | None, typer.Option(help="help.distortions.agency")] = None,
    month: Annotated[str | None, typer.Option(help="help.distortions.month")] = None,
    limit: LimitOption = 50,
    wide: WideOption = False,
    as_csv: CsvOption = False,
    as_json: JsonOption = False,
) -> None:
    session: Session = context.obj
    settings = session.settings()
    from warehouse.status import distortions as read_distortions

    if month is not None and not _MONTH.fullmatch(month):
        raise typer.BadParameter(session.screen.t("unknown_month", word=month), param_hint="--month")
    rows = read_distortions(settings, agency=agency, month=month, limit=limit or None)
    session.listed(rows, lambda: _distortions(session.screen, rows, limit), as_json=as_json, as_csv=as_csv, wide=wide)


def _ledger(screen: Screen, rows: Sequence[Row], limit: int, *, details: bool = False) -> None:
    """One line per file; with details then what was remarked of each."""
    if not rows:
        screen.say(screen.t("ledger.none"))
        return
    screen.headed(_LEDGER, [_ledger_line(screen, row) for row in rows], only_wide=_LEDGER_WIDE)
    screen.more(rows, limit)
    if details:
        for row in rows:
            _ledger_details(screen, row)


def _ledger_details(screen: Screen, row: Row) -> None:
    """Parts, unknown headings or fields, notes and what was wrong with one file."""
    t = screen.t
    lines = [screen.told(row["detail"])] if row.get("detail") else []
    if row.get("format"):
        lines.append(f"{t('header.format')}: {row['format']}")
    if row.get("parts"):
        lines.append(t("inspect.parts", parts=", ".join(part["name"] for part in row["parts"])))
    if row.get("drift"):
        lines.append(t("inspect.unknown", fields=counted(screen, row["drift"])))
    lines += [screen.t("attention.line", detail=screen.told(detail)) for detail in row.get("attention_details") or []]
    lines += map(screen.told, row.get("notes") or [])
    if lines:
        screen.say()
        screen.say(str(row.get("file_path") or row["file_name"]), "bold")
        for line in lines:
            screen.say(f"  {line}")


def _ledger_line(screen: Screen, row: Row) -> Row:
    shown = {**row, "file": place_of(row), "status": screen.t(f"status.{row['status']}")}
    return shown | {"attention": bool(row.get("attention"))}


def counted(screen: Screen, drift: Mapping[str, int]) -> str:
    """Names with how many rows had each."""
    return ", ".join(f"{name} ({screen.number(rows)})" for name, rows in drift.items())


def _quarantine(
    screen: Screen, files: Sequence[Row], rows: Sequence[Row], rules: Mapping[str, Row], limit: int
) -> None:
    """Files and rows that were turned away, then what each reason means and what to do."""
    t = screen.t
    if not files and not rows:
        screen.say(t("quarantine.none"))
        return
    if files:
        lines = [[row["reason"], place_of(row), screen.told(row["detail"])] for row in files]
        screen.headed(("reason", "file", "detail"), lines, t("run.rejected_files"))
        screen.say()
    if rows:
        with_parts = any(row["part"] for row in rows)
        shown = ["row", *(["part"] if with_parts else []), "file", "reason", "values"]
        lines = [
            [
                str(row["row_number"]),
                *([row["part"]] if with_parts else []),
                place_of(row),
                row["reasons"],
                row["offending"],
            ]
            for row in rows
        ]
        screen.headed(shown, lines)
        screen.more(rows, limit)
        screen.say()
    named = {rule for row in rows for rule in row["reasons"]} | {row["reason"] for row in files}
    show_meanings(screen, dict.fromkeys(sorted(named)), rules)


def place_of(row: Row) -> str:
    """Where a file lies in the drop zone: its path where it is known, else how paths begin."""
    return str(row.get("file_path") or f"{row['source']}/{row['kind']}/{row['file_name']}")


def show_attention(screen: Screen, files: Mapping[str, Sequence[Row]], title: str = "attention.title") -> None:
    """What somebody must look at, file by file ({rule_id, detail} each), then what each rule means and what to do.

    title: key of the text above it.
    """
    seen = {path: found for path, found in files.items() if found}
    if not seen:
        return
    from expectations.catalogue import load_catalogue

    screen.say(screen.t(title), "bold yellow")
    for path in list(seen)[:_MOST_FILES]:
        for each in seen[path]:
            screen.say(f"  {path}: {screen.told(each['detail'])} ({each['rule_id']})")
    if len(seen) > _MOST_FILES:
        screen.say(screen.t("attention.more", files=screen.number(len(seen) - _MOST_FILES)))
    catalogue = {rule.id: rule.model_dump() for rule in load_catalogue().rules}
    show_meanings(
        screen, dict.fromkeys(sorted({each["rule_id"] for found in seen.values() for each in found})), catalogue
    )


def show_meanings(screen: Screen, reasons: Mapping[str, int | None], rules: Mapping[str, Row]) -> None:
    """Reasons in words and what to do, with how often each occurred when that is known."""
    t = screen.t
    counted = any(number is not None for number in reasons.values())
    lines = []
    for rule, number in reasons.items():
        known = rules.get(rule, {})
        meaning = " → ".join(text for part in ("message", "advice") if (text := known.get(f"{part}_{t.lang}")))
        lines.append([rule, *([number] if counted else []), meaning])
    headers = ["reason", *(["count"] if counted else []), "meaning"]
    screen.headed(headers, lines)


def _distortions(screen: Screen, rows: Sequence[dict[str, Any]], limit: int) -> None:
    """A line per finding, then what each kind means and whom to ask."""
    t = screen.t
    if not rows:
        screen.say(t("distortions.none"))
        return
    from warehouse.status import percent

    screen.headed(
        ("month", "source", "dossiers", "share", "distortion", "agency", "examples"),
        [
            [
                *(row["month"], row["source"], row["dossiers"], percent(round(row["share"] * 10_000), 10_000)),
                *(row[f"title_{t.lang}"], f"{row['agency_code']} {row['agency_name'] or ''}".strip()),
                ", ".join(row["examples"][:2]),
            ]
            for row in rows
        ],
        only_wide=("examples",),
    )
    screen.more(rows, limit)
    kinds = {row["distortion"]: row for row in rows}
    screen.say()
    lines = [[row[f"{part}_{t.lang}"] for part in ("title", "meaning", "ask")] for row in kinds.values()]
    screen.headed(("distortion", "meaning", "whom_to_ask"), lines)
