"""Commands on the calendar: `dunghan calendar show | add | list`. They only call the modules and show what they say."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli.commands import Commands
from pipelines.cli.output import Screen
from pipelines.cli.session import JsonOption, Session

if TYPE_CHECKING:
    from pipelines.history.calendars import Effect
    from warehouse.calendar import Change

_MONTH = re.compile(r"(\d{4})-(\d{1,2})")

commands = Commands(name="calendar", help="help.calendar", no_args_is_help=True, rich_markup_mode="rich")


@commands.command(help="help.calendar.show")
def show(
    context: typer.Context,
    month: Annotated[str, typer.Argument(help="help.calendar.month")],
    scope: Annotated[str, typer.Option(help="help.calendar.scope")] = "VN",
    as_json: JsonOption = False,
) -> None:
    session: Session = context.obj
    settings = session.settings()
    from pipelines.history.calendars import month as month_of

    rows = month_of(settings, _first_day(month), scope)
    if as_json:
        session.screen.json(rows)
    else:
        _shown(session.screen, rows, scope)


@commands.command(help="help.calendar.add")
def add(  # noqa: PLR0917  (options of a command line)
    context: typer.Context,
    day: Annotated[str, typer.Argument(help="help.calendar.day")],
    kind: Annotated[str, typer.Argument(help="help.calendar.kind", metavar="off|work|default")],
    name: Annotated[str, typer.Argument(help="help.calendar.name")] = "",
    scope: Annotated[str, typer.Option(help="help.calendar.scope")] = "VN",
    source: Annotated[str, typer.Option(help="help.calendar.source")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="help.calendar.yes")] = False,
    preview: Annotated[bool, typer.Option("--preview", help="help.calendar.preview")] = False,
    as_json: JsonOption = False,
) -> None:
    session: Session = context.obj
    screen, settings = session.screen, session.settings()
    from pipelines.history.calendars import effect
    from warehouse import calendar
    from warehouse.lock import run_lock

    change = calendar.Change(0, calendar.parse_day(day), kind, name, scope, source)
    # Nobody is asked about a line that could not stand in the file.
    calendar.planned(calendar.read(settings), change)
    found = effect(settings, change)
    if not as_json:
        _effect(screen, found)
    added = None
    if not preview and (yes or (not as_json and typer.confirm(screen.t("calendar.ask")))):
        with run_lock(settings):
            added = calendar.add(settings, change)
    if as_json:
        screen.json(found.as_dict() | {"added": _as_row(added) if added else None})
    elif added:
        screen.say(screen.t("calendar.added", revision=added.revision, path=settings.layout.calendar))
    else:
        screen.say(screen.t("calendar.not_added"))


@commands.command("list", help="help.calendar.list")
def list_changes(context: typer.Context, as_json: JsonOption = False) -> None:
    session: Session = context.obj
    settings = session.settings()
    from warehouse import calendar

    changes = calendar.read(settings)
    in_force = set(calendar.at_revision(changes, settings.calendar_revision).changes)
    if as_json:
        session.screen.json([_as_row(change) | {"in_force": change in in_force} for change in changes])
        return
    if not changes:
        session.screen.say(session.screen.t("calendar.none"))
        return
    session.screen.headed(
        ("revision", "day", "kind", "why", "scope", "provenance", "added_at", "in_force"),
        [
            [
                *(str(c.revision), c.day, session.screen.t(f"calendar.{c.kind}"), c.name, c.scope, c.source),
                *(c.added_at, c in in_force),
            ]
            for c in changes
        ],
    )


def _first_day(text: str) -> date:
    """First day of a month typed as 2026-01. Raises typer.BadParameter."""
    found = _MONTH.fullmatch(text.strip())
    if not found or not 1 <= int(found[2]) <= 12 or not 2000 <= int(found[1]) <= 2100:
        raise typer.BadParameter(f"{text}: hãy viết như 2026-01 / {text}: write it like 2026-01")
    return date(int(found[1]), int(found[2]), 1)


def _as_row(change: Change) -> dict[str, Any]:
    names = ("revision", "day", "kind", "name", "scope", "source", "added_at")
    return {name: getattr(change, name) for name in names}


def _shown(screen: Screen, rows: list[dict[str, Any]], scope: str) -> None:
    """A line per day; days that are not worked stand dim of themselves: the reason says why."""
    t = screen.t
    title = t("calendar.title", month=f"{rows[0]['day']:%Y-%m}", scope=scope)
    lines = [
        [
            row["day"],
            t(f"weekday.{row['iso_weekday']}"),
            t("calendar.worked" if row["is_working_day"] else "calendar.free"),
            row["name"] or ("" if row["is_working_day"] else t("calendar.weekend")),
            row["place"] or "",
        ]
        for row in rows
    ]
    screen.headed(("day", "weekday", "worked", "why", "place"), lines, title)
    screen.say(t("calendar.working_days", number=sum(row["is_working_day"] for row in rows)))


def _effect(screen: Screen, found: Effect) -> None:
    t = screen.t
    if not found.days:
        screen.say(t("calendar.no_effect"))
        return
    for row in found.days:
        what = t("calendar.becomes_worked" if row["is_worked"] else "calendar.becomes_free")
        screen.say(f"{row['calendar']} {row['day']}: {what}")
    if found.version is None:
        screen.say(t("calendar.nothing_published"))
        return
    columns = ("rule_set", "open_dossiers", "due_bucket", "working_days_overdue", "verdict", "resolved_restated")
    screen.headed(columns, found.rule_sets, t("calendar.effect", version=found.version))
    for row in found.verdicts:
        key = "calendar.verdict_open" if row["is_open"] else "calendar.verdict_resolved"
        screen.say("  " + t(key, **{**row, "dossiers": screen.number(row["dossiers"])}))
    if found.agencies:
        screen.say()
        lines = [[row["agency_code"], row["name"], row["open_dossiers"]] for row in found.agencies]
        screen.headed(("agency", "name", "open_dossiers"), lines)
