"""Entry of `dunghan`: the global options, the language, what an error says. Commands stand in the modules of THEMES.

Help texts are keys of `messages.TEXTS`, put into words once the language is known. Heavy imports (Dagster, dlt, dbt,
Great Expectations, even DuckDB) are made inside the commands that need them.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
from collections.abc import Sequence
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from pipelines.cli import (
    calendar,
    digest,
    explain,
    history,
    inspection,
    ledger,
    office,
    reconcile,
    report,
    rollup,
    run,
    setup,
    upkeep,
)
from pipelines.cli.commands import Commands
from pipelines.cli.messages import LANGUAGES, TEXTS, Texts
from pipelines.cli.output import Screen
from pipelines.cli.session import INTERRUPTED, NOT_PUBLISHED, WRONG_USAGE, Session
from pipelines.cli.signals import ended_by_signals
from pipelines.cli.wrong_words import told
from pipelines.config import ConfigurationError, load_settings
from pipelines.errors import fault_of, is_own, places, safe_text

#: One module per theme, in the order of the help. Each has its commands in `commands`.
THEMES = (run, report, ledger, inspection, explain, office, reconcile, digest, history, rollup, calendar, upkeep, setup)

#: Groups of the help, in its order → their commands.
GROUPS = {
    "daily": ("run", "status", "log", "report", "digest"),
    "look": ("ledger", "quarantine", "distortions", "inspect", "explain", "reconcile"),
    "office": ("form", "list", "letter", "export"),
    "history": ("restate", "compare", "backfill", "versions", "publish", "rollback", "rollup"),
    "operate": ("doctor", "config", "service", "calendar", "compact", "sample"),
}

#: Options of `dunghan` itself, which people may also type after the command. All take a value.
GLOBAL_OPTIONS = ("--lang", "--config", "--drop-zone", "--warehouse")

#: What an option takes, as the command line library names it → our word for it.
_KINDS = {"int": "kind.number", "float": "kind.number", "Path": "kind.path", "datetime": "kind.day"}

app = Commands(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="rich")
for theme in THEMES:
    app.add_typer(theme.commands)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dunghan {metadata.version('dunghan')}")
        raise typer.Exit


@app.callback(help="help.app")
def _start(  # noqa: PLR0917  (options of a command line)
    context: typer.Context,
    lang: Annotated[str | None, typer.Option(help="help.lang", metavar="vi|en")] = None,
    config: Annotated[Path | None, typer.Option(help="help.config_file")] = None,
    drop_zone: Annotated[str | None, typer.Option(help="help.drop_zone")] = None,
    warehouse: Annotated[Path | None, typer.Option(help="help.warehouse")] = None,
    version: Annotated[bool, typer.Option("--version", help="help.version", callback=_version, is_eager=True)] = False,
) -> None:
    flags = {"lang": lang, "config": config, "drop_zone": drop_zone, "warehouse": warehouse}
    context.obj = Session(context.obj, flags)


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry of `dunghan`. Ends the process with the exit status of the command (README)."""
    # Importing makes hundreds of thousands of objects that all stay; looking for garbage among them is a quarter of it.
    gc.set_threshold(200_000, 20, 20)
    # A log that cannot be written (the disk is full) is no reason for a trace on the screen.
    logging.raiseExceptions = False
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
    flag = _last_value(words, "--lang")
    if flag in LANGUAGES:
        return str(flag)
    try:
        return load_settings(config=_last_value(words, "--config")).lang
    except ConfigurationError:
        return os.environ["DUNGHAN_LANG"] if os.environ.get("DUNGHAN_LANG") in LANGUAGES else LANGUAGES[0]


def _last_value(words: Sequence[str], option: str) -> str | None:
    """What the last `option value` or `option=value` among the words gives; None when there is none."""
    found = None
    for index, word in enumerate(words):
        if word == option:
            found = words[index + 1] if index + 1 < len(words) else None
        elif word.startswith(f"{option}="):
            found = word.partition("=")[2]
    return found


def command_in(lang: str) -> Any:
    """The command tree with every help text in words. Sets the words of Typer's own panels to this language too."""
    from typer import rich_utils

    texts = Texts(lang)
    for panel in ("options", "arguments", "commands"):
        setattr(rich_utils, f"{panel.upper()}_PANEL_TITLE", texts(f"panel.{panel}"))
    rich_utils.ERRORS_PANEL_TITLE = texts("panel.error")
    rich_utils.DEFAULT_STRING = texts("panel.default")
    rich_utils.REQUIRED_LONG_STRING = texts("panel.required")
    return _tree(lang)


@cache
def _tree(lang: str) -> Any:
    texts = Texts(lang)
    root: Any = typer.main.get_command(app)
    root.commands = {name: root.commands[name] for names in GROUPS.values() for name in names}
    for group, names in GROUPS.items():
        for name in names:
            root.commands[name].rich_help_panel = texts(f"panel.{group}")
    groups = [command for command in root.commands.values() if hasattr(command, "commands")]
    for command in (root, *root.commands.values(), *(c for group in groups for c in group.commands.values())):
        command.help = texts(command.help)
        command.options_metavar = texts("kind.options")
        if hasattr(command, "commands"):
            command.subcommand_metavar = texts("kind.command")
        asked = command.get_help_option(typer.Context(command))
        asked.help, asked.metavar = texts("help.help"), ""
        for parameter in command.params:
            if getattr(parameter, "help", None) in TEXTS:
                parameter.help = texts(parameter.help)
            if parameter.param_type_name == "option" and parameter.metavar is None:
                parameter.metavar = "" if parameter.is_flag else texts(_KINDS.get(parameter.bare_type(), "kind.text"))
    return root


def _answered(words: list[str], lang: str) -> int:
    screen = Screen(lang)

    def interrupted() -> None:
        screen.err.show_cursor()
        screen.complain(screen.t("interrupted"))

    try:
        with ended_by_signals(interrupted):
            status = command_in(lang).main(args=words, prog_name="dunghan", obj=screen, standalone_mode=False)
        if status == INTERRUPTED:
            screen.complain(screen.t("interrupted"))
        return int(status or 0)
    except TyperException as error:
        screen.complain(told(error.format_message(), screen.t))
        context = getattr(error, "ctx", None)
        screen.complain(screen.t("wrong.help", command=context.command_path if context else "dunghan"))
        return error.exit_code
    except BrokenPipeError:  # who reads our output has enough of it
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115  (kept until the process ends)
        return NOT_PUBLISHED
    except ConfigurationError as error:
        screen.complain(str(error))
        return WRONG_USAGE
    except Exception as error:
        known = is_own(error) or fault_of(error) is not None
        screen.complain(safe_text(error) if known else _unexpected(screen, error))
        return NOT_PUBLISHED
    return 0


def _unexpected(screen: Screen, error: Exception) -> str:
    """What may be shown of a foreign error: its masked text and our place in the code, never a value of a row."""
    return screen.t("unexpected", error=safe_text(error), place=(places(error) or ["-"])[-1])
