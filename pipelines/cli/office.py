"""Commands `form`, `list`, `letter`, `export`: what an office files, sends and passes on, from what is published."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.commands import Commands
from pipelines.cli.session import Session

commands = Commands()

#: Rows of a list that a screen is given unless it is told otherwise.
_ON_SCREEN = 20

OutOption = Annotated[Path | None, typer.Option("-o", "--out", help="help.office.out")]
AgencyOption = Annotated[str | None, typer.Option(help="help.office.agency")]
SourceOption = Annotated[str | None, typer.Option(help="help.office.source")]
VersionOption = Annotated[str | None, typer.Option(help="help.office.version")]


@commands.command("form", help="help.form")
def form(  # noqa: PLR0917  (options of a command line)
    context: typer.Context,
    period: Annotated[str, typer.Option(help="help.form.period")],
    out: Annotated[Path, typer.Option("-o", "--out", help="help.form.out")],
    scheme: Annotated[str, typer.Option(help="help.form.scheme", metavar="reporting|calendar")] = "reporting",
    agency: AgencyOption = None,
    level: Annotated[int | None, typer.Option(min=1, help="help.form.level")] = None,
    source: SourceOption = None,
    version: VersionOption = None,
) -> None:
    session: Session = context.obj
    settings, t = session.settings(), session.screen.t
    from pipelines.explain.words import day, moment
    from pipelines.serving.office.files import checked
    from pipelines.serving.office.form import forms
    from pipelines.serving.office.form_sheet import write_forms
    from pipelines.serving.office.typeset import pdf
    from pipelines.serving.published import open_published

    with session.answering():
        target = checked(settings, out, (".xlsx", ".pdf"))
        with open_published(settings, version) as published:
            made = forms(published, settings, period, scheme=scheme, agency=agency, level=level, source=source)
            as_of = published.as_of
        if target.suffix.lower() == ".pdf":
            _write(session, target, pdf("form", {"forms": [one.document() for one in made]}))
        else:
            _write(session, target, lambda work: write_forms(made, work))
        said = {"source": made[0].source, "first": day(t.lang, made[0].first), "last": day(t.lang, made[0].last)}
        session.screen.say(t("office.form_of", **said, as_of=moment(t.lang, as_of), units=len(made)))


@commands.command("list", help="help.list")
def list_(  # noqa: PLR0917  (options of a command line)
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="help.list.name", metavar="DANH_SACH")],
    out: OutOption = None,
    agency: AgencyOption = None,
    field: Annotated[str | None, typer.Option(help="help.list.field")] = None,
    rule_set: Annotated[str | None, typer.Option(help="help.list.rule_set")] = None,
    source: SourceOption = None,
    limit: Annotated[int | None, typer.Option(min=0, help="help.list.limit")] = None,
    version: VersionOption = None,
) -> None:
    session: Session = context.obj
    settings, screen = session.settings(), session.screen
    from pipelines.serving.office.files import checked
    from pipelines.serving.office.lists import listing, on_screen, write_csv, write_workbook
    from pipelines.serving.published import open_published

    with session.answering():
        target = checked(settings, out, (".xlsx", ".csv")) if out else None
        most = limit if limit is not None or out else _ON_SCREEN
        with open_published(settings, version) as published:
            found = listing(
                published,
                name,
                screen.t.lang,
                agency=agency,
                field=field,
                rule_set=rule_set,
                source=source,
                limit=most or None,
            )
        if target is None:
            screen.say(found.word(found.name), "bold")
            screen.say("\n".join(f"{label}: {text}" for label, text in found.head))
            screen.table(*on_screen(found))
            if len(found.rows) < found.all:
                screen.say(screen.t("more"))
        elif target.suffix.lower() == ".csv":
            _write(session, target, lambda work: write_csv(found, work), rows=len(found.rows))
        else:
            _write(session, target, lambda work: write_workbook(found, work), rows=len(found.rows))


@commands.command(help="help.letter")
def letter(
    context: typer.Context,
    code: Annotated[str, typer.Argument(help="help.explain.code", metavar="MA_HO_SO")],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="help.letter.out")] = None,
    source: Annotated[str | None, typer.Option(help="help.source")] = None,
) -> None:
    session: Session = context.obj
    settings = session.settings()
    from pipelines.explain import explain
    from pipelines.serving.office.files import checked
    from pipelines.serving.office.letter import letter as drafted
    from pipelines.serving.office.typeset import pdf

    with session.answering():
        target = checked(settings, out, (".pdf", ".txt")) if out else None
        with session.screen.progress() as progress:
            found = explain(settings, code, progress=progress)
        draft = drafted(settings, found, source)
        if target is None:
            sys.stdout.write(draft.text())
        elif target.suffix.lower() == ".pdf":
            _write(session, target, pdf("letter", draft.document()))
        else:
            _write(session, target, draft.text().encode("utf-8-sig"))


@commands.command(help="help.export")
def export(  # noqa: PLR0917  (options of a command line)
    context: typer.Context,
    mart: Annotated[str, typer.Argument(help="help.export.mart", metavar="MART")],
    out: Annotated[Path, typer.Option("-o", "--out", help="help.export.out")],
    agency: AgencyOption = None,
    period: Annotated[str | None, typer.Option(help="help.export.period")] = None,
    columns: Annotated[str | None, typer.Option(help="help.export.columns")] = None,
    version: VersionOption = None,
) -> None:
    session: Session = context.obj
    settings, screen = session.settings(), session.screen
    from pipelines.serving.office.export import extract, write_csv, write_parquet, write_workbook
    from pipelines.serving.office.files import checked
    from pipelines.serving.published import open_published

    with session.answering():
        target = checked(settings, out, (".xlsx", ".csv", ".parquet"))
        named = columns.split(",") if columns else None
        with open_published(settings, version) as published:
            found = extract(published, mart, agency=agency, period=period, columns=named)
            sheets = 1

            def workbook(work: Path) -> None:
                nonlocal sheets
                sheets = write_workbook(found, work, published, screen.t.lang)

            writers: dict[str, Callable[[Path], None]] = {
                ".xlsx": workbook,
                ".csv": lambda work: write_csv(found, work, screen.t.lang),
                ".parquet": lambda work: write_parquet(found, work),
            }
            _write(session, target, writers[target.suffix.lower()], rows=found.rows)
        if sheets > 1:
            screen.say(screen.t("office.sheets", n=sheets))


def _write(session: Session, target: Path, content: bytes | Callable[[Path], None], rows: int | None = None) -> None:
    """Write the file whole, and say so."""
    from pipelines.serving.office.files import whole

    with whole(target) as work:
        if isinstance(content, bytes):
            work.write_bytes(content)
        else:
            content(work)
    t = session.screen.t
    counted = t("office.rows", rows=session.screen.number(rows)) if rows is not None else ""
    session.screen.say(t("office.written", path=target) + counted)
