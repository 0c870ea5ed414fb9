"""Commands on history: `restate`, `compare`, `backfill`. They only call the modules and show what they say."""

from __future__ import annotations

import time
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli.commands import Commands
from pipelines.cli.output import Screen
from pipelines.cli.run import show_run
from pipelines.cli.session import DAYS, JsonOption, LimitOption, Session

if TYPE_CHECKING:
    from pipelines.history.compare import Comparison, DossierDifference
    from pipelines.history.restate import Restatement

DIFFERENT = 1

commands = Commands()


@commands.command(help="help.restate")
def restate(  # noqa: PLR0917  (options of a command line)
    context: typer.Context,
    as_of: Annotated[str, typer.Option(help="help.restate.as_of")],
    known_at: Annotated[str | None, typer.Option(help="help.known_at")] = None,
    loaded_until: Annotated[str | None, typer.Option(help="help.restate.loaded_until")] = None,
    calendar: Annotated[int | None, typer.Option(min=0, help="help.restate.calendar")] = None,
    out: Annotated[Path | None, typer.Option(help="help.restate.out")] = None,
    again: Annotated[bool, typer.Option("--again", help="help.restate.again")] = False,
    as_json: JsonOption = False,
) -> None:
    session: Session = context.obj
    settings = session.settings(as_of=as_of, known_at=known_at, calendar_revision=calendar)
    # Read like the other two moments, with the same message when it is none.
    until = session.settings(known_at=loaded_until).known_at
    assert settings.as_of is not None
    from pipelines.history.restate import restate as do_restate

    started = time.monotonic()
    with session.screen.progress() as progress:
        done = do_restate(
            settings,
            settings.as_of,
            settings.known_at,
            loaded_until=until,
            out=out,
            again=again,
            progress=progress,
        )
    if as_json:
        session.screen.json(done.publication.manifest | {"folder": str(done.publication.folder), "kept": done.kept})
    else:
        _restated(session.screen, done, started)


@commands.command(help="help.compare")
def compare(  # noqa: PLR0917  (options of a command line)
    context: typer.Context,
    version_a: Annotated[str, typer.Argument(help="help.compare.a")],
    version_b: Annotated[str, typer.Argument(help="help.compare.b")] = "current",
    agency: Annotated[str | None, typer.Option(help="help.compare.agency")] = None,
    limit: LimitOption = 20,
    as_json: JsonOption = False,
) -> None:
    session: Session = context.obj
    settings = session.settings()
    from pipelines.history.compare import compare as do_compare
    from pipelines.history.compare import find_version

    a, b = find_version(settings, version_a), find_version(settings, version_b)
    found = do_compare(settings, a, b, agency=agency, limit=limit or None)
    if as_json:
        session.screen.json(found.as_dict())
    else:
        _compared(session.screen, found)
    raise typer.Exit(0 if found.same else DIFFERENT)


@commands.command(help="help.backfill")
def backfill(
    context: typer.Context,
    first: Annotated[datetime, typer.Option("--from", formats=DAYS, help="help.backfill.from")],
    last: Annotated[datetime, typer.Option("--to", formats=DAYS, help="help.backfill.to")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="help.backfill.dry_run")] = False,
) -> None:
    session: Session = context.obj
    screen, settings = session.screen, session.settings()
    days = first.date(), last.date()
    if days[0] > days[1]:
        raise typer.BadParameter(screen.t("backfill.order"), param_hint="--from/--to")
    if days[0] < settings.first_export_day:
        raise typer.BadParameter(screen.t("backfill.too_early", day=settings.first_export_day), param_hint="--from")
    if _remaining(screen, settings, days) and not dry_run:
        from pipelines.orchestration.runner import run_backfill

        started = time.monotonic()
        with screen.progress() as progress:
            outcome = run_backfill(settings, *days, progress=progress)
        show_run(screen, settings, outcome, started)
        _remaining(screen, settings, days)
        raise typer.Exit(outcome.exit_code)


def _remaining(screen: Screen, settings: Any, days: tuple[date, date]) -> int:
    """Say which files of those days are not in the lake yet, per year; returns how many."""
    from pipelines.landing.lake import Lake
    from pipelines.portal.discovery import Known, unseen

    waiting = unseen(settings, Lake(settings).known(), days)
    if waiting:
        key = "backfill.remaining"
    else:
        key = "backfill.nothing" if unseen(settings, Known(), days) else "backfill.no_files"
    said = {"first": days[0], "last": days[1], "files": screen.number(len(waiting)), "drop_zone": settings.drop_zone}
    screen.say(screen.t(key, **said))
    years: dict[int, tuple[int, int]] = {}
    for file in waiting:
        files, size = years.get(file.exported_at.year, (0, 0))
        years[file.exported_at.year] = (files + 1, size + file.size)
    for year, (files, size) in sorted(years.items()):
        screen.say(f"  {year}: {screen.number(files)} ({screen.number(round(size / 2**20))} MiB)")
    return len(waiting)


def _restated(screen: Screen, done: Restatement, started: float) -> None:
    manifest = done.publication.manifest
    known = manifest["known_at"] or screen.t("restate.no_limit")
    screen.say(screen.t("restate.kept" if done.kept else "restate.done", as_of=manifest["as_of"], known_at=known))
    screen.say(screen.t("restate.where", path=done.publication.database))
    if not manifest["known_at"]:
        screen.say(screen.t("restate.not_fixed"))
    for earlier in done.earlier[:1]:
        # Somebody may have quoted it: that it would be another today must not go unseen.
        screen.say(screen.t("restate.other", a=earlier.version, b=done.publication.version))
    screen.say(screen.t("run.elapsed", seconds=round(time.monotonic() - started)))


def _compared(screen: Screen, found: Comparison) -> None:
    t = screen.t
    for name, side in (("A", found.a), ("B", found.b)):
        known = side["known_at"] or t("restate.no_limit")
        screen.say(
            t(
                "compare.side",
                name=name,
                version=side["version"],
                as_of=side["as_of"],
                known_at=known,
                rules=side["definitions_version"],
            )
        )
    if found.same:
        screen.say(t("compare.same"))
        return
    screen.table(
        [t("header.mart"), "A", "B", t("compare.only_a"), t("compare.only_b")],
        [
            [mart.mart, mart.rows_a, mart.rows_b, mart.only_a, mart.only_b]
            for mart in found.marts
            if mart.only_a or mart.only_b or mart.only_a is None
        ],
        title=t("compare.marts"),
    )
    screen.say()
    screen.table(
        [t("header.mart"), t("compare.key"), t("compare.figure"), "A", "B"],
        [[f.mart, " ".join(str(k) for k in f.key.values()), f.figure, _whole(f.a), _whole(f.b)] for f in found.figures],
        title=t("compare.figures", shown=len(found.figures), all=found.figures_differ),
    )
    screen.say()
    screen.table(
        [t("compare.cause"), t("header.dossiers")],
        [[t(f"cause.{cause}"), count] for cause, count in found.causes.items()],
        title=t("compare.causes", all=found.dossiers_differ),
    )
    screen.say()
    screen.table(
        [
            t("header.source"),
            t("header.dossier_code"),
            t("header.agency_code"),
            t("compare.cause"),
            t("compare.change"),
        ],
        [
            [d.source, d.dossier_code, d.agency_code, "; ".join(t(f"cause.{c}") for c in d.causes), _change(d)]
            for d in found.dossiers
        ],
        title=t("compare.dossiers", shown=len(found.dossiers), all=found.dossiers_differ),
    )


def _whole(number: float | None) -> Any:
    """Counts as whole numbers, rates as they are."""
    return int(number) if number is not None and number == int(number) else number


def _change(dossier: DossierDifference) -> str:
    """`due_at 2024-04-10 → 2024-04-12`, at most three of them; the whole is in --json."""
    parts = []
    for name in [*dossier.before, *(n for n in dossier.after if n not in dossier.before)][:3]:
        before, after = dossier.before.get(name), dossier.after.get(name)
        if name == "verdicts":
            sets = [rule for rule in (after or before or {}) if (before or {}).get(rule) != (after or {}).get(rule)]
            parts += [f"{rule} {_verdict(before, rule)} → {_verdict(after, rule)}" for rule in sets]
        else:
            parts.append(f"{name} {before or '-'} → {after or '-'}")
    return "; ".join(parts)


def _verdict(verdicts: Any, rule_set: str) -> str:
    told = (verdicts or {}).get(rule_set)
    return f"{told['verdict']} ({told['reason']})" if told else "-"
