"""What a command costs: wall and processor seconds, memory of the whole tree of processes, bytes written."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

#: `dunghan` of this environment, as users start it: from process start to the end.
DUNGHAN = (sys.executable, "-c", "from pipelines.cli import main; main()")
_EVERY = 0.1  # seconds between two looks at the processes


@dataclass(frozen=True)
class Measured:
    """wall and cpu in seconds; memory (peak, resident) and written in bytes; status: exit status."""

    wall: float
    cpu: float
    memory: float
    written: float
    status: int


def measure(command: Sequence[str], env: Mapping[str, str] | None = None) -> Measured:
    """Runs the command, its output away, and looks at its tree of processes ten times a second.

    Bytes that a process writes between the last look and its end are missed; memory that several processes share
    counts for each of them.
    """
    before = os.times()
    started = time.monotonic()
    child = psutil.Popen(command, env=os.environ | dict(env or {}), stdout=subprocess.DEVNULL)
    peak, written = 0, dict[int, int]()
    while child.poll() is None:
        peak = max(peak, _look(child, written))
        time.sleep(_EVERY)
    wall = time.monotonic() - started
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Measured(wall, cpu, peak, sum(written.values()), child.returncode)


def _look(child: psutil.Process, written: dict[int, int]) -> int:
    """Resident memory of the tree now; notes in `written` how much each of its processes has written so far."""
    total = 0
    try:
        for process in (child, *child.children(recursive=True)):
            total += process.memory_info().rss
            written[process.pid] = process.io_counters().write_bytes
    except psutil.NoSuchProcess:
        pass
    return total


def median(several: Iterable[Measured]) -> Measured:
    """The median of each figure; the worst exit status."""
    rows = [asdict(measured) for measured in several]
    middle = {name: statistics.median(row[name] for row in rows) for name in rows[0]}
    return Measured(**{**middle, "status": max(row["status"] for row in rows)})


def written_by(folder: Path) -> int:
    """Bytes that lie in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
