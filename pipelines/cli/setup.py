"""Commands on the installation: `doctor`, `config`, `sample`."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli.messages import TEXTS
from pipelines.cli.output import Screen
from pipelines.cli.session import NOT_PUBLISHED, JsonOption, Session
from pipelines.config import ConfigurationError, Settings
from pipelines.progress import Progress

if TYPE_CHECKING:
    from pipelines.doctor import Check
    from pipelines.samples import SampleSpec

commands = typer.Typer()


@commands.command(help="help.doctor")
def doctor(context: typer.Context, as_json: JsonOption = False) -> None:
    session: Session = context.obj
    from pipelines.doctor import examine, healthy

    checks = examine(session.settings)
    if as_json:
        session.screen.json([check.as_row(session.screen.t.lang) for check in checks])
    else:
        _doctor(session.screen, checks)
    raise typer.Exit(0 if healthy(checks) else NOT_PUBLISHED)


@commands.command(help="help.config")
def config(context: typer.Context, as_json: JsonOption = False) -> None:
    session: Session = context.obj
    settings = session.settings()
    values = {name: getattr(settings, name) for name in type(settings).model_fields}
    if as_json:
        session.screen.json(values)
    else:
        _config(session.screen, values)


@commands.command(help="help.sample")
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
    from pipelines.samples import build_spec

    wishes = {"dossiers": dossiers, "nights": nights, "seed": seed, "shape": shape, "source": source, "agency": agency}
    nothing_asked = preset is None and not distort and not bad and all(wish is None for wish in wishes.values())
    spec = build_spec("district" if nothing_asked else preset, distort or (), bad or (), **wishes)
    with session.screen.progress() as progress:
        inbox, files = _make_sample(settings, spec, out, progress)
    session.screen.say(session.screen.t("sample.done", files=files, path=inbox))


def _doctor(screen: Screen, checks: Sequence[Check]) -> None:
    """One line per check; what to do below each that is not well."""
    t = screen.t
    styles = {"ok": "green", "warn": "yellow", "fail": "bold red"}
    for check in checks:
        screen.say(f"{t(f'result.{check.result}'):<7} {t.either(*check.title)}: {check.found}", styles[check.result])
        if check.result != "ok":
            screen.say(f"        → {t.either(*check.advice)}")
    bad = sum(check.result == "fail" for check in checks)
    screen.say(t("doctor.bad", number=bad) if bad else t("doctor.good"))


def _config(screen: Screen, values: Mapping[str, Any]) -> None:
    """Every setting in force. Secrets show as asterisks."""
    headers = [screen.t("header.setting"), screen.t("header.value")]
    screen.table(headers, [[f"DUNGHAN_{name.upper()}", "-" if v is None else str(v)] for name, v in values.items()])


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
