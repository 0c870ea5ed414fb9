"""Ctrl-C, and a stop by the system, end a command at once, whoever has a hand on the signals meanwhile.

dlt puts signals off until a load is through, Dagster until a step is, DuckDB makes an error of them that looks like a
failed query. What holds against kill -9 holds here as well (docs/promises.md): readers see whole versions, what the
command had started dies with it, and the next run goes on as if nothing had been.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator

_ENDING = (signal.SIGINT, signal.SIGTERM)
#: Written to the watcher when the command is over; no signal has that number.
_OVER = b"\0"


@contextlib.contextmanager
def ended_by_signals(say: Callable[[], None]) -> Iterator[None]:
    """While the block runs, SIGINT and SIGTERM end this process: `say` is called, the exit status is 128 + the signal's
    number. For the main thread of a program."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    # Python writes the number of every signal there, whichever handler it has.
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    watcher = threading.Thread(target=_watch, args=(reading, say), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.write(writing, _OVER)
        watcher.join()
        os.close(writing)
        os.close(reading)


def _watch(reading: int, say: Callable[[], None]) -> None:
    while (number := os.read(reading, 1)) != _OVER:
        if number[0] in _ENDING:
            say()
            os._exit(128 + number[0])
