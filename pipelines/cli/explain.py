"""Command `explain`: one dossier, and why each rule set says what it says."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.cli.commands import Commands
from pipelines.cli.session import NOT_PUBLISHED, JsonOption, Session

commands = Commands()


@commands.command(help="help.explain")
def explain(  # noqa: PLR0917  (options of a command line)
    context: typer.Context,
    code: Annotated[str, typer.Argument(help="help.explain.code", metavar="MA_HO_SO")],
    as_of: Annotated[str | None, typer.Option(help="help.explain.as_of")] = None,
    known_at: Annotated[str | None, typer.Option(help="help.explain.known_at")] = None,
    source: Annotated[str | None, typer.Option(help="help.source")] = None,
    as_json: JsonOption = False,
) -> None:
    session: Session = context.obj
    settings = session.settings(as_of=as_of, known_at=known_at)
    from pipelines.cli.explain_page import explanation
    from pipelines.explain import explain as explain_dossier

    with session.screen.progress() as progress:
        found = explain_dossier(settings, code, source=source, progress=progress)
    if as_json:
        session.screen.json(found.document())
    else:
        explanation(session.screen, found)
    raise typer.Exit(0 if found.pages else NOT_PUBLISHED)
