"""Command that makes the national version of many provinces: `rollup`."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli.commands import Commands
from pipelines.cli.output import Screen
from pipelines.cli.session import LOOK_AT_IT, JsonOption, Session

if TYPE_CHECKING:
    from warehouse.publish import Publication

commands = Commands()


@commands.command(help="help.rollup")
def rollup(
    context: typer.Context,
    manifests: Annotated[list[str], typer.Argument(metavar="MANIFEST…", help="help.rollup.manifests")],
    into: Annotated[Path, typer.Option("--into", help="help.rollup.into")],
    as_json: JsonOption = False,
) -> None:
    session: Session = context.obj
    screen, settings = session.screen, session.settings()
    from pipelines.rollup.national import roll_up, taken

    started = time.monotonic()
    with screen.progress() as progress:
        publication = roll_up(settings, manifests, into, progress)
    provinces = taken(settings, publication)
    if as_json:
        screen.json(publication.manifest | {"folder": str(publication.folder), "dim_province": provinces})
    else:
        _rolled_up(screen, publication, provinces, started)
    if any(province["dossiers_elsewhere"] for province in provinces):
        raise typer.Exit(LOOK_AT_IT)


def _rolled_up(screen: Screen, publication: Publication, provinces: list[dict[str, Any]], started: float) -> None:
    t = screen.t
    as_of = datetime.fromisoformat(publication.manifest["as_of"]).isoformat(" ")
    said = {"version": publication.version, "as_of": as_of, "provinces": screen.number(len(provinces))}
    screen.say(t("rollup.done", **said))
    columns = ("province_code", "name", "dossiers", "closed_at", "own_definitions_version", "version")
    heads = (t("header.dossiers"), t("header.as_of"), t("header.definitions"), t("header.version"))
    screen.table(
        [t("rollup.province"), t("rollup.name"), *heads],
        [[province[column] for column in columns] for province in provinces],
        only_wide=heads[2:],
    )
    for one in provinces:
        # a few are usual: ministries' dossiers, neighbours' mistakes
        if one["dossiers_of_other_provinces"] * 10 > one["dossiers"]:
            dossiers = screen.number(one["dossiers_of_other_provinces"])
            screen.say(t("rollup.others", code=one["province_code"], dossiers=dossiers))
    if elsewhere := sum(one["dossiers_elsewhere"] for one in provinces):
        screen.say(t("rollup.elsewhere", dossiers=screen.number(elsewhere)))
    # the name that stays, whichever version is published
    screen.say(t("rollup.where", path=publication.folder.parents[1] / publication.database.name))
    screen.say(t("run.elapsed", seconds=round(time.monotonic() - started)))
