"""Command that writes the page for people: `report`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.commands import Commands
from pipelines.cli.session import WRONG_USAGE, Session

commands = Commands()


@commands.command(help="help.report")
def report(
    context: typer.Context,
    agency: Annotated[str | None, typer.Option("--agency", help="help.report.agency")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="help.report.out")] = None,
    version: Annotated[str | None, typer.Option("--version", help="help.report.version")] = None,
) -> None:
    session: Session = context.obj
    screen, settings = session.screen, session.settings()
    from pipelines.serving.page import UnknownAgencyError, write_page

    started = time.monotonic()
    target = out or Path(f"bao-cao-{agency}.html" if agency else "bao-cao.html")
    try:
        size = write_page(settings, target, agency=agency, version=version)
    except UnknownAgencyError as error:
        screen.complain(str(error))
        raise typer.Exit(WRONG_USAGE) from None
    seconds = screen.number(round(time.monotonic() - started))
    screen.say(screen.t("report.done", path=target, kilobytes=screen.number(size // 1000), seconds=seconds))
