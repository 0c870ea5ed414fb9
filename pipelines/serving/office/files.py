"""Files that people ask for: written whole or not at all, and never among what is published."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from pipelines.config import Settings
from pipelines.serving.asking import AskedWronglyError


def checked(settings: Settings, path: Path, endings: Sequence[str]) -> Path:
    """The file to be written, absolute.

    Raises AskedWronglyError: another ending than these, a folder that is not there, or a place of the warehouse that
    only publications write to.
    """
    target = path.expanduser().resolve()
    if target.suffix.lower() not in endings:
        raise AskedWronglyError("office.unknown_ending", name=path.name, known=", ".join(endings))
    layout = settings.layout
    if any(target.is_relative_to(place.resolve()) for place in (layout.published, layout.restated, layout.lake)):
        raise AskedWronglyError("office.published_place", name=str(path))
    if not target.parent.is_dir():
        raise AskedWronglyError("office.no_folder", name=str(path.parent))
    if target.is_dir():
        raise AskedWronglyError("office.is_folder", name=str(path))
    return target


@contextlib.contextmanager
def whole(target: Path) -> Iterator[Path]:
    """A temporary path beside the target, which takes its name when all went well; otherwise nothing stays."""
    number, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.stem}-", suffix=target.suffix)
    os.close(number)
    work = Path(name)
    try:
        yield work
        work.chmod(0o666 & ~_umask())
        work.replace(target)
    finally:
        work.unlink(missing_ok=True)


def _umask() -> int:
    """What the process takes off the rights of new files; it can be read only by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
