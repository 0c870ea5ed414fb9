"""What must be right before a run starts: told all at once, and nothing is begun. `dunghan doctor` looks at more."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from pipelines.config import ConfigurationError, Settings
from pipelines.contract import KINDS
from pipelines.layout import Layout
from pipelines.preflight_spark import examine_spark

#: Bytes that must be free in any case.
LITTLE_DISK_BYTES = 1_000_000_000
Words = tuple[str, str]  # Vietnamese, English


def require_sound(settings: Settings) -> None:
    """Raise ConfigurationError naming everything because of which a run could not end well."""
    problems = [
        *_drop_zone(settings),
        *_folders(settings.layout),
        *_disk(settings.layout),
        *(finding.advice for finding in examine_spark(settings) if finding.advice),
    ]
    if problems:
        lines = [f"  {' / '.join(problem)}" for problem in problems]
        raise ConfigurationError("Chưa chạy được / the run cannot start:\n" + "\n".join(lines))


def _drop_zone(settings: Settings) -> Iterator[Words]:
    if "://" in settings.drop_zone:
        return
    folder, layout = Path(settings.drop_zone).expanduser().resolve(), settings.layout
    if not folder.is_dir():
        yield (
            f"không có thư mục nhận tệp {folder}: hãy tạo thư mục, hoặc sửa `drop_zone`",
            f"there is no drop zone {folder}: make the folder, or change `drop_zone`",
        )
    elif meant := _meant(folder):
        yield (
            f"thư mục nhận tệp {folder} không có <nguồn>/<loại>/, còn {meant} thì có: hãy sửa `drop_zone`",
            f"the drop zone {folder} has no <source>/<kind>/, but {meant} has: change `drop_zone`",
        )
    # A folder of its own in the warehouse, like the sample's, is no harm: only what the warehouse writes is.
    own = [path for path in layout.own_folders() if folder == path or path in folder.parents]
    if own or folder in (layout.root, *layout.root.parents):
        yield (
            f"thư mục nhận tệp {folder} trùng với kho {layout.root}: tệp của kho sẽ bị nạp; hãy để riêng hai nơi",
            f"the drop zone {folder} and the warehouse {layout.root} overlap: its own files would be loaded; part them",
        )


def _meant(folder: Path) -> Path | None:
    """The folder above or below it that is laid out as a drop zone (portal-exports §1) when this one is not."""
    if _laid_out(folder):
        return None
    above = [folder.parent] if any((folder / kind).is_dir() for kind in KINDS) else []
    return next((other for other in (*above, *sorted(folder.glob("*/"))) if _laid_out(other)), None)


def _laid_out(folder: Path) -> bool:
    return any(path.is_dir() for kind in KINDS for path in folder.glob(f"*/{kind}"))


def _folders(layout: Layout) -> Iterator[Words]:
    """The warehouse, or the nearest folder above it that is there, must be one that we may write to."""
    for path in (layout.root, *(folder for folder in layout.own_folders() if folder.is_dir())):
        there = nearest(path)
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            yield (
                f"không ghi được vào {there}: hãy cấp quyền ghi rồi `dunghan run`",
                f"{there} cannot be written to: give the right to, then `dunghan run`",
            )


def _disk(layout: Layout) -> Iterator[Words]:
    needed, there = wanted_bytes(layout), nearest(layout.root)
    free = shutil.disk_usage(there).free
    if free < needed:
        mega = 1_000_000
        yield (
            f"ổ đĩa của {there} còn {free // mega} MB, cần ít nhất {needed // mega} MB: hãy dọn chỗ rồi `dunghan run`",
            f"the disk of {there} has {free // mega} MB, needs {needed // mega} MB: make room, then `dunghan run`",
        )


def wanted_bytes(layout: Layout) -> int:
    """Room for the next version beside the present ones: the build and one more publication."""
    return max(LITTLE_DISK_BYTES, 2 * layout.build_db.stat().st_size if layout.build_db.exists() else 0)


def nearest(path: Path) -> Path:
    """The path, or the nearest folder above it that is there."""
    return next(folder for folder in (path, *path.parents) if folder.exists())
