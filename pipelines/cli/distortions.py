"""Command `dunghan distortions`: what senders do to the data, by agency and month."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from pipelines.cli.app import JsonOption, LimitOption, Session, app
from pipelines.cli.output import Screen


@app.command(help="help.distortions")
def distortions(
    context: typer.Context,
    agency: Annotated[str | None, typer.Option(help="help.distortions.agency")] = None,
    month: Annotated[str | None, typer.Option(help="help.distortions.month")] = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    session: Session = context.obj
    settings = session.settings()
    from warehouse.status import distortions as read_distortions

    rows = read_distortions(settings, agency=agency, month=month, limit=limit or None)
    if as_json:
        session.screen.json(rows)
    else:
        _shown(session.screen, rows, limit)


def _shown(screen: Screen, rows: Sequence[dict[str, Any]], limit: int) -> None:
    """A line per finding, then what each kind means and whom to ask."""
    t = screen.t
    if not rows:
        screen.say(t("distortions.none"))
        return
    from warehouse.status import percent

    screen.table(
        [t(f"header.{c}") for c in ("month", "source", "agency", "distortion", "dossiers", "share", "examples")],
        [
            [
                *(row["month"], row["source"], f"{row['agency_code']} {row['agency_name'] or ''}".strip()),
                *(row[f"title_{t.lang}"], row["dossiers"], percent(round(row["share"] * 10_000), 10_000)),
                ", ".join(row["examples"][:2]),
            ]
            for row in rows
        ],
    )
    if limit and len(rows) == limit:
        screen.say(t("more"))
    kinds = {row["distortion"]: row for row in rows}
    screen.say()
    screen.table(
        [t(f"header.{c}") for c in ("distortion", "meaning", "whom_to_ask")],
        [[row[f"{part}_{t.lang}"] for part in ("title", "meaning", "ask")] for row in kinds.values()],
    )
