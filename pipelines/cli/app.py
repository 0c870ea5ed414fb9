"""Commands of `dunghan`. Help texts are keys of `messages.TEXTS`, put into words once the language is known.

Heavy imports (Dagster, dlt, dbt, Great Expectations, even DuckDB) are made inside the commands that need them.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.cli import report
from pipelines.cli.messages import LANGUAGES, TEXTS, Texts
from pipelines.cli.output import Screen
from pipelines.config import ConfigurationError, Settings, load_settings

NOT_PUBLISHED, WRONG_USAGE = 1, 2
INTERRUPTED = 130

#: Options of `dunghan` itself, which people may also type after the command. All take a value.
GLOBAL_OPTIONS = ("--lang", "--drop-zone", "--warehouse")

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="rich")

JsonOption = Annotated[bool, typer.Option("--json", help="help.json")]
LimitOption = Annotated[int, typer.Option("--limit", min=0, help="help.limit")]


@dataclass(frozen=True)
class Session:
    """What was said before the command."""

    screen: Screen
    flags: dict[str, Any]

    def settings(self, **flags: Any) -> Settings:
        """Settings of this call. Raises ConfigurationError naming all that is wrong."""
        return load_settings(**self.flags, **flags)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dunghan {metadata.version('dunghan')}")
        raise typer.Exit


@app.callback(help="help.app")
def _start(
    context: typer.Context,
    lang: Annotated[str | None, typer.Option(help="help.lang", metavar="vi|en")] = None,
    drop_zone: Annotated[str | None, typer.Option(help="help.drop_zone")] = None,
    warehouse: Annotated[Path | None, typer.Option(help="help.warehouse")] = None,
    version: Annotated[bool, typer.Option("--version", help="help.version", callback=_version, is_eager=True)] = False,
) -> None:
    flags = {"lang": lang, "drop_zone": drop_zone, "warehouse": warehouse}
    context.obj = Session(context.obj, flags)


@app.command(help="help.run")
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
    with session.screen.progress() as progress:
        outcome = run_nightly(settings, full_refresh=full_refresh, force=force, progress=progress)
    report.run(session.screen, settings, outcome, started)
    raise typer.Exit(outcome.exit_code)


@app.command(help="help.status")
def status(context: typer.Context, as_json: JsonOption = False) -> None:
    session: Session = context.obj
    settings = session.settings()
    from warehouse.status import status as read_status

    found = read_status(settings)
    if as_json:
        session.screen.json(found)
    else:
        report.status(session.screen, settings, found)


@app.command(help="help.inspect")
def inspect(  # noqa: PLR0917  (options of a command line)
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="help.inspect.path")],
    kind: Annotated[str | None, typer.Option(help="help.inspect.kind")] = None,
    source: Annotated[str | None, typer.Option(help="help.inspect.source")] = None,
    rows: Annotated[int, typer.Option("--rows", min=0, help="help.inspect.rows")] = 10,
    as_json: JsonOption = False,
) -> None:
    session: Session = context.obj
    settings = session.settings()
    from dataclasses import asdict

    from pipelines.cli.inspection import inspect_path

    folder = path.is_dir()
    with session.screen.progress() as progress:
        found = []
        for seen in inspect_path(settings, path, kind=kind, source=source, rows=rows):
            if folder:
                progress(seen.path)
            found.append(seen)
    if as_json:
        documents = [asdict(seen) for seen in found]
        session.screen.json({"files": documents} if folder else documents[0])
    elif folder:
        report.inspected_folder(session.screen, found)
    else:
        report.inspected(session.screen, found[0])
    raise typer.Exit(NOT_PUBLISHED if any(seen.reason for seen in found) else 0)


@app.command(help="help.ledger")
def ledger(  # noqa: PLR0917  (options of a command line)
    context: typer.Context,
    source: Annotated[str | None, typer.Option(help="help.source")] = None,
    file_status: Annotated[str | None, typer.Option("--status", help="help.file_status")] = None,
    file: Annotated[str | None, typer.Option(help="help.ledger.file")] = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    session: Session = context.obj
    settings = session.settings()
    from warehouse.status import ledger as read_ledger

    rows = read_ledger(settings, source=source, file_status=file_status, file_name=file, limit=limit or None)
    if as_json:
        session.screen.json(rows)
    else:
        report.ledger(session.screen, rows, limit, details=file is not None)


@app.command(help="help.quarantine")
def quarantine(
    context: typer.Context,
    reason: Annotated[str | None, typer.Option(help="help.reason")] = None,
    file: Annotated[str | None, typer.Option(help="help.file")] = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    session: Session = context.obj
    settings = session.settings()
    from warehouse.status import quarantine as read_quarantine
    from warehouse.status import rejected_files, rules

    files = rejected_files(settings, reason=reason, file_name=file)
    rows = read_quarantine(settings, reason=reason, file_name=file, limit=limit or None)
    catalogue = rules(settings)
    if as_json:
        named = {rule for row in rows for rule in row["reasons"]} | {row["reason"] for row in files}
        meant = {rule: catalogue[rule] for rule in sorted(named) if rule in catalogue}
        session.screen.json({"files": files, "rows": rows, "rules": meant})
    else:
        report.quarantine(session.screen, files, rows, catalogue, limit)


@app.command(help="help.explain")
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
    from pipelines.cli.explain import explanation
    from pipelines.explain import explain as explain_dossier

    with session.screen.progress() as progress:
        found = explain_dossier(settings, code, source=source, progress=progress)
    if as_json:
        session.screen.json(found.document())
    else:
        explanation(session.screen, found)
    raise typer.Exit(0 if found.pages else NOT_PUBLISHED)


@app.command(help="help.sample")
def sample(  # noqa: PLR0917  (options of a command line)
    context: typer.Context,
    out: Annotated[Path | None, typer.Argument(help="help.sample.out")] = None,
    preset: Annotated[str | None, typer.Option(help="help.sample.preset")] = None,
    dossiers: Annotated[int | None, typer.Option(help="help.sample.dossiers")] = None,
    nights: Annotated[int | None, typer.Option(help="help.sample.nights")] = None,
    seed: Annotated[int | None, typer.Option(help="help.sample.seed")] = None,
    shape: Annotated[str | None, typer.Option(help="help.sample.shape")] = None,
    source: Annotated[str | None, typer.Option(help="help.sample.sender")] = None,
    agency: Annotated[str | None, typer.Option(help="help.sample.agency")] = None,
    distort: Annotated[list[str] | None, typer.Option(help="help.sample.distort")] = None,
    bad: Annotated[list[str] | None, typer.Option(help="help.sample.bad")] = None,
) -> None:
    session: Session = context.obj
    settings = session.settings()
    from pipelines.cli.sample import make_sample
    from pipelines.samples import build_spec

    wishes = {"dossiers": dossiers, "nights": nights, "seed": seed, "shape": shape, "source": source, "agency": agency}
    nothing_asked = preset is None and not distort and not bad and all(wish is None for wish in wishes.values())
    spec = build_spec("district" if nothing_asked else preset, distort or (), bad or (), **wishes)
    with session.screen.progress() as progress:
        inbox, files = make_sample(settings, spec, out, progress)
    session.screen.say(session.screen.t("sample.done", files=files, path=inbox))


@app.command(help="help.publish")
def publish(context: typer.Context, force: Annotated[bool, typer.Option("--force", help="help.force")] = False) -> None:
    session: Session = context.obj
    screen, settings = session.screen, session.settings()
    from expectations.audit import identities, replacement_guard
    from warehouse.build import last_green
    from warehouse.lock import run_lock
    from warehouse.publish import publish as publish_build

    with run_lock(settings), screen.progress():
        plan = last_green(settings)
        wrong = [identity for identity in identities(settings) if not identity.ok]
        guard = replacement_guard(settings, plan)
        if not guard.ok and not force:
            wrong.append(guard)
        publication = None if wrong else publish_build(settings, plan)
    if publication is None:
        screen.complain(screen.t("publish.red"))
        for identity in wrong:
            screen.complain(f"  {identity.message(screen.t.lang)}")
        raise typer.Exit(NOT_PUBLISHED)
    screen.say(screen.t("run.published", version=publication.version))


@app.command(help="help.rollback")
def rollback(
    context: typer.Context, version: Annotated[str | None, typer.Argument(help="help.rollback.version")] = None
) -> None:
    session: Session = context.obj
    settings = session.settings()
    from warehouse.lock import run_lock
    from warehouse.publish import rollback as go_back

    with run_lock(settings):
        publication = go_back(settings, version)
    said = session.screen.t("rollback.done", version=publication.version, as_of=publication.manifest["as_of"])
    session.screen.say(said)


@app.command(help="help.versions")
def versions(context: typer.Context, as_json: JsonOption = False) -> None:
    session: Session = context.obj
    settings = session.settings()
    from pipelines.history.restate import restatements
    from warehouse.publish import current
    from warehouse.publish import versions as all_versions

    found, now = all_versions(settings), current(settings)
    restated = restatements(settings.layout.restated)
    if as_json:
        published = [{**v.manifest, "current": now is not None and v.version == now.version} for v in found]
        session.screen.json([*published, *({**v.manifest, "folder": str(v.folder)} for v in restated)])
    else:
        report.versions(session.screen, found, restated, now)


@app.command(help="help.doctor")
def doctor(context: typer.Context, as_json: JsonOption = False) -> None:
    session: Session = context.obj
    from pipelines.cli.doctor import examine, healthy

    checks = examine(session.settings)
    if as_json:
        session.screen.json([check.as_row(session.screen.t.lang) for check in checks])
    else:
        report.doctor(session.screen, checks)
    raise typer.Exit(0 if healthy(checks) else NOT_PUBLISHED)


@app.command(help="help.config")
def config(context: typer.Context, as_json: JsonOption = False) -> None:
    session: Session = context.obj
    settings = session.settings()
    values = {name: getattr(settings, name) for name in type(settings).model_fields}
    if as_json:
        session.screen.json(values)
    else:
        report.config(session.screen, values)


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry of `dunghan`. Ends the process with the exit status of the command (README)."""
    # Importing makes hundreds of thousands of objects that all stay; looking for garbage among them is a quarter of it.
    gc.set_threshold(200_000, 20, 20)
    words = hoisted(sys.argv[1:] if arguments is None else arguments)
    lang = language(words)
    sys.exit(_answered(words, lang))


def hoisted(words: Sequence[str]) -> list[str]:
    """The words with global options moved to the front, where Typer wants them. What follows `--` is left alone."""
    front: list[str] = []
    rest: list[str] = []
    queue = list(words)
    while queue:
        word = queue.pop(0)
        if word == "--":
            rest += [word, *queue]
            break
        if word in GLOBAL_OPTIONS and queue:
            front += [word, queue.pop(0)]
        elif word.startswith(tuple(f"{option}=" for option in GLOBAL_OPTIONS)):
            front.append(word)
        else:
            rest.append(word)
    return front + rest


def language(words: Sequence[str]) -> str:
    """Language of help and messages: flag, else settings; Vietnamese when the settings cannot be read."""
    flag = None
    for index, word in enumerate(words):
        if word == "--lang":
            flag = words[index + 1] if index + 1 < len(words) else None
        elif word.startswith("--lang="):
            flag = word.partition("=")[2]
    if flag in LANGUAGES:
        return str(flag)
    try:
        return load_settings().lang
    except ConfigurationError:
        return os.environ["DUNGHAN_LANG"] if os.environ.get("DUNGHAN_LANG") in LANGUAGES else LANGUAGES[0]


def command_in(lang: str) -> Any:
    """The command tree with every help text in words."""
    from typer import rich_utils

    texts = Texts(lang)
    for panel in ("options", "arguments", "commands"):
        setattr(rich_utils, f"{panel.upper()}_PANEL_TITLE", texts(f"panel.{panel}"))
    rich_utils.ERRORS_PANEL_TITLE = texts("panel.error")
    root: Any = typer.main.get_command(app)
    groups = [command for command in root.commands.values() if hasattr(command, "commands")]
    for command in (root, *root.commands.values(), *(c for group in groups for c in group.commands.values())):
        command.help = texts(command.help)
        command.get_help_option(typer.Context(command)).help = texts("help.help")
        for parameter in command.params:
            if getattr(parameter, "help", None) in TEXTS:
                parameter.help = texts(parameter.help)
    return root


def _answered(words: list[str], lang: str) -> int:
    screen = Screen(lang)
    try:
        command_in(lang).main(args=words, prog_name="dunghan", obj=screen)
    except SystemExit as end:
        if end.code == INTERRUPTED:
            screen.complain(screen.t("interrupted"))
        return int(end.code or 0)
    except ConfigurationError as error:
        screen.complain(str(error))
        return WRONG_USAGE
    except Exception as error:
        screen.complain(str(error) if _told(error) else _unexpected(screen, error))
        return NOT_PUBLISHED
    return 0


def _told(error: Exception) -> bool:
    """Whether the error is one of our own, whose message says what happened and what to do."""
    return type(error).__module__.partition(".")[0] in ("pipelines", "expectations", "warehouse")


def _unexpected(screen: Screen, error: Exception) -> str:
    """What may be shown of a foreign error: its masked text and our place in the code, never a value of a row."""
    from pipelines.orchestration.failures import safe_text

    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "site-packages" not in frame.filename] or frames
    place = f"{Path(own[-1].filename).name}:{own[-1].lineno} ({own[-1].name})"
    return screen.t("unexpected", error=safe_text(error), place=place)
