"""`dunghan sample`: where a sample goes. What is in it is decided by pipelines.samples."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from pipelines.cli.messages import TEXTS
from pipelines.config import ConfigurationError, Settings
from pipelines.samples import SampleSpec, generate


def make_sample(
    settings: Settings, spec: SampleSpec, out: Path | None, progress: Callable[[str], None]
) -> tuple[Path, int]:
    """Write a sample; returns the folder of its exports and how many files lie there.

    With `out`: exports in out/inbox, the truth about them in out/truth. Without: exports become the drop zone, which
    must be empty or not exist yet, and the truth lies beside it; they appear whole or not at all.
    Raises SampleError for a sample that cannot be made, ConfigurationError for a drop zone that is in use or not local.
    """

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
