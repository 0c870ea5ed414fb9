"""Command on the agreement of our figures with the portal's, and of the two systems with each other: `reconcile`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Annotated, Any

import typer

from pipelines.cli.commands import Commands
from pipelines.cli.output import Screen
from pipelines.cli.session import JsonOption, LimitOption, Session

Row = dict[str, Any]

#: Parts of a difference, in the order of mart_portal_reconciliation.
PARTS = (
    "not_synchronised",
    "only_on_portal",
    "agency_differs",
    "dates_or_status_differ",
    "two_requests",
    "changed_after_report",
    "unexplained",
)
_MONTHLY = ("agency_code", "month", "dossiers", "in_both", "identical", "only_local", "only_portal")
_DIFFERING = ("status_differs", "received_differs", "due_differs", "end_differs", "agency_differs", "delayed")

commands = Commands()


@commands.command(help="help.reconcile")
def reconcile(
    context: typer.Context,
    agency: Annotated[str | None, typer.Option(help="help.distortions.agency")] = None,
    period: Annotated[str | None, typer.Option(help="help.reconcile.period")] = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    session: Session = context.obj
    settings = session.settings()
    from warehouse.status import reconciliation

    found = reconciliation(settings, agency=agency, period=period, limit=limit or None)
    if as_json:
        session.screen.json(found)
        return
    _reports(session.screen, found["reports"])
    session.screen.say()
    _systems(session.screen, found, limit)


def _reports(screen: Screen, rows: Sequence[Row]) -> None:
    """A table per report and department: the portal's figures, ours, and what each difference is made of."""
    t = screen.t
    if not rows:
        screen.say(t("reconcile.no_reports"))
    columns = ("figure", "portal", "of_portal_export", "of_local", "difference", "made_of")
    for (file, department), figures in groupby(rows, key=lambda row: (row["report_file"], row["department_code"])):
        of_department = list(figures)
        first = of_department[0]
        place = f"{department} {first['department_name'] or ''}".strip()
        period = f"{first['period_from']} – {first['period_to']}"
        title = t("reconcile.report", place=place, period=period, file=file, taken=screen.value(first["exported_at"]))
        screen.headed(columns, [_figure(screen, row) for row in of_department], title)
        screen.say()


def _figure(screen: Screen, row: Row) -> list[str]:
    t = screen.t
    named = "; ".join(f"{t(f'reconcile.part.{part}')} {_signed(screen, row[part])}" for part in PARTS if row[part])
    figures = [_amount(screen, row[name]) for name in ("portal", "dvcqg", "motcua")]
    return [
        t(f"reconcile.figure.{row['figure']}"),
        *figures,
        _signed(screen, row["difference"]).lstrip("+"),
        named or "–",
    ]


def _systems(screen: Screen, found: dict[str, list[Row]], limit: int) -> None:
    """Counts by agency and month, the dossiers that differ, and what is only on the portal by procedure."""
    t = screen.t
    if not found["systems"]:
        screen.say(t("reconcile.no_systems"))
        return
    screen.headed((*_MONTHLY, *_DIFFERING), found["systems"], t("reconcile.systems"))
    screen.more(found["systems"], limit)
    if found["dossiers"]:
        screen.say()
        lines = [
            row | {"dossier": row["dossier_code"], "meaning": _difference(screen, row)} for row in found["dossiers"]
        ]
        screen.headed(("dossier", "agency_code", "month", "meaning"), lines, t("reconcile.dossiers"))
        screen.more(found["dossiers"], limit)
    if found["only_portal"]:
        screen.say()
        rows = [[row["procedure_code"], row["procedure_name"], row["dossiers"]] for row in found["only_portal"]]
        screen.headed(("procedure", "name", "dossiers"), rows, t("reconcile.only_portal"))


def _difference(screen: Screen, row: Row) -> str:
    t = screen.t
    if row["presence"] != "both":
        return t(f"reconcile.presence.{row['presence']}")
    words = [t(f"reconcile.differs.{name}") for name in row["differences"]]
    if (row["delay_seconds"] or 0) > 0:
        words.append(t("reconcile.delayed", hours=screen.number(round(row["delay_seconds"] / 3600))))
    return "; ".join(words)


def _amount(screen: Screen, value: float | None) -> str:
    if value is None:
        return "–"
    if value == int(value):
        return screen.number(int(value))
    text = f"{value:.2f}"
    return text if screen.t.lang == "en" else text.replace(".", ",")


def _signed(screen: Screen, value: float | None) -> str:
    """With its sign. A minus is a true one, and a plus never begins a cell: no spreadsheet takes them for formulas."""
    if not value:
        return _amount(screen, value)
    return ("+" if value > 0 else "−") + _amount(screen, abs(value))
