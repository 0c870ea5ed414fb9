"""Commands of every day: `run`, `status`. What a run did and what is published, in figures and words."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli.commands import Commands
from pipelines.cli.ledger import place_of, show_attention, show_meanings
from pipelines.cli.messages import TEXTS
from pipelines.cli.output import Screen
from pipelines.cli.session import CsvOption, JsonOption, LimitOption, Session, WideOption
from pipelines.config import Settings

if TYPE_CHECKING:
    from pipelines.orchestration.runner import RunOutcome

Row = dict[str, Any]

_FIGURES = ("received", "received_online", "carried_over", "resolved", "early", "on_time", "late")
_PENDING = ("pending_in_time", "pending_overdue")
_DIGITISED = ("digitised_input", "digitised_output")
#: So many sources stand beside each other; more are rows.
_BESIDE = 3
_PERCENT = {"early": "early_percent", "on_time": "on_time_percent"}

#: How it is → exit status of `status` (README).
STATUS_OF_HEALTH = {"ok": 0, "look": 3, "bad": 1}

commands = Commands()


@commands.command(help="help.run")
def run(
    context: typer.Context,
    as_of: Annotated[str | None, typer.Option(help="help.as_of")] = None,
    known_at: Annotated[str | None, typer.Option(help="help.known_at")] = None,
    full_refresh: Annotated[bool, typer.Option("--full-refresh", help="help.full_refresh")] = False,
    force: Annotated[bool, typer.Option("--force", help="help.force")] = False,
) -> None:
    session: Session = context.obj
    settings = session.settings(as_of=as_of, known_at=known_at)
    from pipelines.orchestration.runner import run_nightly

    started = time.monotonic()
    # What it would log without a webhook is in the report below.
    logging.getLogger("pipelines.orchestration.failures").addHandler(logging.NullHandler())
    if not settings.layout.lake.exists():
        session.screen.complain(session.screen.t("run.new_warehouse", path=settings.layout.root))
    with session.screen.progress() as progress:
        outcome = run_nightly(settings, full_refresh=full_refresh, force=force, progress=progress)
    show_run(session.screen, settings, outcome, started)
    raise typer.Exit(outcome.exit_code)


@commands.command(help="help.status")
def status(context: typer.Context, as_json: JsonOption = False) -> None:
    session: Session = context.obj
    settings = session.settings()
    from warehouse.status import status as read_status

    found = read_status(settings)
    if as_json:
        session.screen.json(found)
    else:
        _status(session.screen, settings, found)
        _health(session.screen, found)
    raise typer.Exit(STATUS_OF_HEALTH[found["health"]["result"]])


def _health(screen: Screen, found: Row) -> None:
    t = screen.t
    if found["age_hours"] is not None:
        screen.say(t("status.age", hours=screen.number(round(found["age_hours"]))))
    result = found["health"]["result"]
    told = (f"reason.{name}" for name in found["health"]["reasons"])
    reasons = "; ".join(t(key) for key in told if key in TEXTS)
    screen.say(t(f"health.{result}", reasons=reasons), {"ok": "green", "look": "yellow", "bad": "bold red"}[result])


@commands.command(help="help.log")
def log(
    context: typer.Context,
    limit: LimitOption = 20,
    wide: WideOption = False,
    as_csv: CsvOption = False,
    as_json: JsonOption = False,
) -> None:
    session: Session = context.obj
    settings = session.settings()
    from warehouse.status import runs

    found = runs(settings, limit or None)
    session.listed(found, lambda: _log(session.screen, found), as_json=as_json, as_csv=as_csv, wide=wide)


def _log(screen: Screen, found: Sequence[Row]) -> None:
    """A line per run with how long each step took, then what went wrong."""
    t = screen.t
    if not found:
        screen.say(t("status.never_run"))
        return
    columns = ("started", "outcome", "rows_read", "rows_quarantined", "steps")
    screen.headed(columns, [_log_line(screen, row) for row in found])
    for row in found:
        for problem in (*row.get("problems", []), *row.get("notes", [])):
            screen.say(f"{row['started']}: {screen.told(problem)}")


def _log_line(screen: Screen, row: Row) -> list[Any]:
    outcome = screen.t(f"outcome.{row['outcome']}")
    read, quarantined = row["rows_read"], row["rows_quarantined"]
    return [row["started"].replace("T", " "), outcome, read, quarantined, _steps(screen, row)]


def _steps(screen: Screen, record: Row) -> str:
    """The steps of a run with their seconds."""
    from pipelines.orchestration.record import AFTERWARDS, STEPS

    words = STEPS | AFTERWARDS
    return ", ".join(
        f"{screen.t.either(*words[name]) if name in words else name} {screen.number(round(seconds))} s"
        for name, seconds in record["seconds"].items()
    )


def show_run(screen: Screen, settings: Settings, outcome: RunOutcome, started: float) -> None:
    """The end of a run: what was done, the figures, what was turned away, where the marts are. `started`: monotonic."""
    from dataclasses import asdict

    from warehouse.publish import DATABASE, current
    from warehouse.status import figures

    t = screen.t
    record = asdict(outcome.summary) if outcome.summary else {}
    if outcome.exit_code == 1:
        screen.complain(t("run.failed"))
        for problem in outcome.problems:
            screen.complain(f"  {screen.told(problem)}")
        screen.complain(t("run.failed.why"))
    else:
        screen.say(t("run.kept" if record.get("outcome") == "kept" else "run.published", version=outcome.version))
        published = current(settings)
        if published is not None:
            _definitions(screen, published.manifest["definitions_version"])
            _figures(screen, figures(settings), published.manifest["as_of"])
    if outcome.exit_code != 1 or record.get("files"):
        _ledger_of_run(screen, record)
    show_attention(screen, _attention(record))
    _unusual(screen, settings, record)
    if outcome.exit_code != 1:
        screen.say(t("run.where", path=settings.layout.published / DATABASE))
    for text in record.get("mended", []):
        screen.complain(t("run.mended", what=screen.told(text)))
    for text in record.get("missing", []):
        screen.complain(t("run.missing", note=screen.told(text)))
    _undelivered(screen, record)
    for note in record.get("notes", []):
        screen.complain(t("run.note", note=screen.told(note)))
    if record.get("seconds"):
        screen.say(t("run.steps", steps=_steps(screen, record)))
    screen.say(t("run.elapsed", seconds=round(time.monotonic() - started)))


def _status(screen: Screen, settings: Settings, found: Row) -> None:
    """What is published and what the last run did."""
    t = screen.t
    published = found["published"]
    if found["running"]:
        screen.say(t("status.running", **found["running"]))
    _last_run(screen, settings, found["last_run"])
    for first, last in found["unfinished_backfills"]:
        screen.say(t("status.backfill", first=first, last=last), "yellow")
    # What the published files still have, and those of a run that was not published.
    show_attention(screen, _attention(found["last_run"] or {}) | found["attention"])
    if published is None:
        screen.say(screen.told(found["damage"]) or t("status.nothing"))
        return
    screen.say(t("status.published", version=published["version"]))
    _definitions(screen, published["definitions_version"])
    if published["known_at"]:
        screen.say(t("status.known_at", known_at=published["known_at"]))
    _figures(screen, found["figures"], published["as_of"])
    ledger = [row | {"status": t(f"status.{row['status']}")} for row in found["ledger"]]
    screen.headed(("status", "files", "rows_read", "rows_accepted", "rows_quarantined"), ledger)
    screen.say(t("run.where", path=published["database"]))


def _definitions(screen: Screen, version: str) -> None:
    """Say so when the figures go by days that this warehouse added to the calendar."""
    if "+" in version:
        screen.say(screen.t("run.definitions", version=version))


def _figures(screen: Screen, found: Sequence[Row], as_of: str) -> None:
    """The year's figures, a column per source; of many sources a row each."""
    t = screen.t
    if not found:
        screen.say(t("figures.none"))
        return
    names = (*_FIGURES, *_PENDING, *_DIGITISED)
    cells = [[_figure(screen, row, name) for name in names] for row in found]
    title = t("figures.title", as_of=as_of.replace("T", " "), period=found[0]["period"])
    heads, sources = [t(f"figures.{name}") for name in names], [row["source"] for row in found]
    if len(found) > _BESIDE:
        lines = [[source, *of_source] for source, of_source in zip(sources, cells, strict=True)]
        screen.table([t("header.source"), *heads], lines, title=title)
    else:
        lines = [[head, *of_figure] for head, *of_figure in zip(heads, *cells, strict=True)]
        screen.table([t("header.source"), *sources], lines, title=title)
    screen.say()


def _figure(screen: Screen, row: Row, name: str) -> str:
    """A figure as people read it, with its share where it has one."""
    if name in _DIGITISED:
        return screen.percent(row[f"{name}_percent"])
    shown = screen.number(int(row[name]))
    return f"{shown} ({screen.percent(row[_PERCENT[name]])})" if name in _PERCENT else shown


def _ledger_of_run(screen: Screen, record: Row) -> None:
    """What this run read, and what of it was turned away and why."""
    t = screen.t
    files = record.get("files") or []
    if not files:
        screen.say(t("run.nothing"))
        return
    numbers = {name: screen.number(record[f"rows_{name}"]) for name in ("read", "accepted", "quarantined")}
    screen.say(t("run.ledger", files=screen.number(len(files)), **numbers))
    for file in files:
        if file["status"] == "rejected":
            screen.say(f"  {t('status.rejected')}: {place_of(file)} ({file['reason']})")
    if record["reasons"]:
        screen.say(t("run.quarantine"))
        from expectations.catalogue import load_catalogue

        catalogue = {rule.id: rule.model_dump() for rule in load_catalogue().rules}
        show_meanings(screen, record["reasons"], catalogue)


def _unusual(screen: Screen, settings: Settings, record: Row) -> None:
    """What is unusual in what came in with a run, and which sources are silent now."""
    from expectations.anomalies import silent

    now = [anomaly.message for anomaly in silent(settings, record.get("sources") or {})]
    for text in [*record.get("anomalies", []), *now]:
        screen.complain(screen.t("run.anomaly", text=screen.told(text)))


def _undelivered(screen: Screen, record: Row) -> None:
    """Where the published version did not get to."""
    for problem in record.get("undelivered", []):
        screen.complain(screen.t("run.undelivered", problem=screen.told(problem)))


def _attention(record: Row) -> dict[str, list[Row]]:
    """File → what must be looked at there, of the files of a run."""
    return {place_of(file): file.get("attention") or [] for file in record.get("files") or []}


def _last_run(screen: Screen, settings: Settings, record: Row | None) -> None:
    t = screen.t
    if record is None:
        screen.say(t("status.never_run"))
        return
    screen.say(t("status.last_run", outcome=t(f"outcome.{record['outcome']}"), started=record["started"]))
    for problem in record.get("problems", []):
        screen.say(f"  {screen.told(problem)}", "red")
    _unusual(screen, settings, record)
    for text in record.get("mended", []):
        screen.say(f"  {t('run.mended', what=screen.told(text))}")
    for note in record.get("notes", []):
        screen.say(f"  {t('run.note', note=screen.told(note))}")
    _undelivered(screen, record)
    _ledger_of_run(screen, record)
