"""Command on what is new for an agency: `digest`. What runs send by themselves stands in `[digests.<name>]`."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.cli.commands import Commands
from pipelines.cli.session import Session
from pipelines.config import Digest

commands = Commands()


@commands.command(help="help.digest")
def digest(
    context: typer.Context,
    agency: Annotated[str | None, typer.Option(help="help.distortions.agency")] = None,
    source: Annotated[str | None, typer.Option(help="help.source")] = None,
) -> None:
    session: Session = context.obj
    settings = session.settings()
    from pipelines.serving.digests import make

    with session.answering():
        message, _ = make(settings, Digest(agency=agency, source=source))
    session.screen.say(message.text.rstrip())
