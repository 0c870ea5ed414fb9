"""The one lock of a warehouse: whoever writes (run, publish, rollback) holds it.

It is an `flock` on `state/run.lock`, so the operating system gives it back when its holder ends, however it ends.
What is written in the file is only for people.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.clock import wall_clock
from pipelines.config import Settings
from warehouse.format import note_format, require_known_format

# `holder` tries the lock for an instant to see whether it is free; a run that starts just then must not be turned away.
PATIENCE_SECONDS = 0.5


@dataclass(frozen=True)
class Holder:
    """Who holds the lock. `since`: wall clock of Vietnam, ISO; pid 0 when the file could not be read."""

    pid: int
    since: str


class LockHeldError(Exception):
    """Somebody else writes in this warehouse now. The message says who, since when and what to do."""

    def __init__(self, path: Path, holder: Holder) -> None:
        self.holder = holder
        super().__init__(
            f"Một tiến trình khác đang ghi vào kho dữ liệu (pid {holder.pid}, từ {holder.since}); "
            f"hãy đợi nó xong rồi chạy lại. Khóa: {path}\n"
            f"Another process is writing in this warehouse (pid {holder.pid}, since {holder.since}); "
            f"wait for it to end and try again. Lock: {path}"
        )


@contextlib.contextmanager
def run_lock(settings: Settings) -> Iterator[None]:
    """Hold the lock of the warehouse while the block runs. Raises LockHeldError at once if somebody else holds it,
    NewerWarehouseError."""
    require_known_format(settings.layout)
    path = settings.layout.lock
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not _take(descriptor, PATIENCE_SECONDS):
            raise LockHeldError(path, _read(path))
        note = {"pid": os.getpid(), "since": wall_clock().isoformat()}
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(note).encode(), 0)
        note_format(settings.layout)
        yield
    finally:
        os.close(descriptor)


def holder(settings: Settings) -> Holder | None:
    """Who holds the lock now, or None. Creates and changes nothing."""
    path = settings.layout.lock
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        return None if _take(descriptor, 0, shared=True) else _read(path)
    finally:
        os.close(descriptor)


def _take(descriptor: int, patience: float, *, shared: bool = False) -> bool:
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.05)


def _read(path: Path) -> Holder:
    try:
        note = json.loads(path.read_text(encoding="utf-8"))
        return Holder(pid=int(note["pid"]), since=str(note["since"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Holder(pid=0, since="?")
