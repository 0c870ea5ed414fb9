"""Commands on the installation: `doctor`, `config`, `sample`."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from pipelines.cli.commands import Commands
from pipelines.cli.messages import TEXTS
from pipelines.cli.output import Screen
from pipelines.cli.session import NOT_PUBLISHED, JsonOption, Session
from pipelines.config import ConfigurationError, Settings, config_file, origins
from pipelines.progress import Progress

if TYPE_CHECKING:
    from pipelines.doctor import Check
    from pipelines.samples import SampleSpec

#: Settings that are tables → an example of their lines.
_TABLES = {
    "anomalies": (
        "[anomalies]",
        'smaller_export = "attention"',
        'status_gone = "attention"',
        'reason_flood = "block"',
        'source_silent = "off"',
    ),
    "silent_days": ("[silent_days]", '"*" = 4', "motcua_cu = 0"),
    "headings": ("[headings.motcua]", '"Số phiếu" = "MaHoSo"'),
    "words": ("[words.motcua]", '"Đã xong" = 9'),
    "spark": (
        "[spark]",
        'master = "spark://may-chu:7077"',
        'folder = "/srv/chung/dunghan"',
        'executor_memory = "4g"',
        "executor_cores = 2",
    ),
    "digests": ("[digests.huyen_a]", 'agency = "H39.18"', 'send = ["mailtos://…"]'),
}

commands = Commands()


@commands.command(help="help.doctor")
def doctor(
    context: typer.Context,
    deep: Annotated[bool, typer.Option("--deep", help="help.doctor.deep")] = False,
    as_json: JsonOption = False,
) -> None:
    session: Session = context.obj
    from pipelines.doctor import examine, healthy

    checks = examine(session.settings, deep=deep)
    if as_json:
        session.screen.json([check.as_row(session.screen.t.lang) for check in checks])
    else:
        _doctor(session.screen, checks)
    raise typer.Exit(0 if healthy(checks) else NOT_PUBLISHED)


@commands.command(help="help.config")
def config(
    context: typer.Context,
    template: Annotated[bool, typer.Option("--template", help="help.config.template")] = False,
    as_json: JsonOption = False,
) -> None:
    session: Session = context.obj
    if template:
        typer.echo(_template(session.screen), nl=False)
        return
    settings = session.settings()
    rows = [
        {
            "setting": name,
            "value": getattr(settings, name),
            "from": origin,
            "meaning": _meaning(session.screen, name),
        }
        for name, origin in origins(session.flags).items()
    ]
    if as_json:
        session.screen.json(rows)
    else:
        _config(session.screen, rows, config_file(session.flags))


@commands.command(help="help.service")
def service(
    context: typer.Context,
    out: Annotated[Path, typer.Option("-o", "--out", help="help.service.out")] = Path("dunghan-service"),
    user: Annotated[str | None, typer.Option(help="help.service.user")] = None,
) -> None:
    session: Session = context.obj
    settings = session.settings()
    from getpass import getuser

    from pipelines.units import render

    out.mkdir(parents=True, exist_ok=True)
    for name, text in render(settings, config_file(session.flags), user or getuser()).items():
        (out / name).write_text(text, encoding="utf-8")
        session.screen.say(str((out / name).absolute()))
    session.screen.say(session.screen.t("service.next", folder=out.absolute()))


@commands.command(help="help.sample")
def sample(  # noqa: PLR0917  (options of a command line)
    context: typer.Context,
    out: Annotated[Path | None, typer.Argument(help="help.sample.out")] = None,
    preset: Annotated[str | None, typer.Option(help="help.sample.preset")] = None,
    dossiers: Annotated[int | None, typer.Option(help="help.sample.dossiers")] = None,
    nights: Annotated[int | None, typer.Option(help="help.sample.nights")] = None,
    seed: Annotated[int | None, typer.Option(help="help.sample.seed")] = None,
    shape: Annotated[str | None, typer.Option(help="help.sample.shape")] = None,
    source: Annotated[list[str] | None, typer.Option(help="help.sample.sender")] = None,
    agency: Annotated[str | None, typer.Option(help="help.sample.agency")] = None,
    distort: Annotated[list[str] | None, typer.Option(help="help.sample.distort")] = None,
    bad: Annotated[list[str] | None, typer.Option(help="help.sample.bad")] = None,
) -> None:
    session: Session = context.obj
    settings = session.settings()
    from pipelines.samples import build_spec

    wishes = {"dossiers": dossiers, "nights": nights, "seed": seed, "shape": shape, "agency": agency}
    nothing_asked = not (preset or distort or bad or source) and all(wish is None for wish in wishes.values())
    spec = build_spec("district" if nothing_asked else preset, distort or (), bad or (), source or (), **wishes)
    with session.screen.progress() as progress:
        inbox, files = _make_sample(settings, spec, out, progress)
    session.screen.say(session.screen.t("sample.done", files=files, path=inbox))


def _doctor(screen: Screen, checks: Sequence[Check]) -> None:
    """One line per check; what to do below each that is not well."""
    t = screen.t
    styles = {"ok": "green", "warn": "yellow", "fail": "bold red"}
    for check in checks:
        screen.say(
            f"{t(f'result.{check.result}'):<7} {t.either(*check.title)}: {screen.told(check.found)}",
            styles[check.result],
        )
        if check.result != "ok":
            screen.say(f"        → {t.either(*check.advice)}")
    bad = sum(check.result == "fail" for check in checks)
    screen.say(t("doctor.bad", number=bad) if bad else t("doctor.good"))


def _config(screen: Screen, rows: Sequence[Mapping[str, Any]], path: Path | None) -> None:
    """Every setting in force, where it comes from, what it means. Secrets show as asterisks."""
    t = screen.t
    screen.say(t("config.file", path=path) if path else t("config.no_file"))
    screen.headed(
        ("setting", "value", "from", "meaning"),
        [
            {**row, "value": "-" if row["value"] is None else str(row["value"]), "from": t(f"from.{row['from']}")}
            for row in rows
        ],
    )


def _meaning(screen: Screen, name: str) -> str:
    return screen.t.either(*str(Settings.model_fields[name].description).split(" / ", 1))


def _template(screen: Screen) -> str:
    """A file of settings in which everything stands as it is by default, commented out, under what it means.

    Where there is nothing by default, an empty text or a number shows what may stand there.
    """
    lines = [f"# {screen.t('config.template')}", ""]
    for name, field in Settings.model_fields.items():
        default = field.get_default(call_default_factory=True)
        if name == "config" or name in _TABLES:
            continue
        number = default is None and int in get_args(field.annotation)
        lines += [f"# {_meaning(screen, name)}", f"# {name} = {_toml(1 if number else default)}", ""]
    for name, example in _TABLES.items():
        lines += [f"# {_meaning(screen, name)}", *(f"# {line}" for line in example), ""]
    return "\n".join(lines)


def _toml(value: Any) -> str:
    """A default as TOML writes it; what there is none of is an empty text."""
    match value:
        case bool() | int() | float() | list():
            return json.dumps(value)
        case None:
            return '""'
        case _:
            return json.dumps(str(value), ensure_ascii=False)


def _make_sample(settings: Settings, spec: SampleSpec, out: Path | None, progress: Progress) -> tuple[Path, int]:
    """Write a sample; returns the folder of its exports and how many files lie there.

    With `out`: exports in out/inbox, the truth about them in out/truth. Without: exports become the drop zone, which
    must be empty or not exist yet, and the truth lies beside it; they appear whole or not at all.
    Raises SampleError for a sample that cannot be made, ConfigurationError for a drop zone that is in use or not local.
    """

    from pipelines.samples import generate

    def say(file: str, done: int, total: int) -> None:
        progress(f"{file} ({done}/{total})")

    if out is not None:
        inbox = generate(spec, out, settings=settings, progress=say).inbox
    else:
        inbox = _free_drop_zone(settings)
        inbox.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=inbox.parent, prefix=".sample-") as work:
            made = generate(spec, Path(work), settings=settings, progress=say)
            truth = inbox.with_name(f"{inbox.name}-truth")
            shutil.rmtree(truth, ignore_errors=True)
            made.folder.rename(truth)
            made.inbox.rename(inbox)
    return inbox, sum(path.is_file() for path in inbox.rglob("*"))


def _free_drop_zone(settings: Settings) -> Path:
    folder = Path(settings.drop_zone).expanduser().absolute()
    if "://" in settings.drop_zone or (folder.exists() and any(folder.iterdir())):
        raise ConfigurationError("\n".join(TEXTS["sample.taken"]).format(path=settings.drop_zone))
    return folder
