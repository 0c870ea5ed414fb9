"""`python -m warehouse.dbt_child`: dbt that does not outlive the run that started it, and tells it only what it needs.

It imports dbt, then waits for one line on its standard input, the arguments as a JSON list; so whoever will need dbt
soon starts it early. With `--ahead` it also reads the project while it waits. On its standard output it writes one JSON
event per line (`info`, `data`): results of nodes, warnings and errors. Everything from level `info` on goes to dbt.log.

The lock of the warehouse is given back the moment its holder dies. A dbt left alone would go on writing into the build
file beside the next run. On Linux the kernel ends it together with its parent; elsewhere only an orderly end does.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import signal
import sys
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
AHEAD = "--ahead"

#: Results of nodes, which the run passes on to people and to Dagster.
RESULTS = ("LogSeedResult", "LogModelResult", "LogTestResult")
_TOLD_LEVELS = ("warn", "error")
_NOT_LOGGED = ("debug", "test")
_LOG_BYTES = 5_000_000

# dbt's own loggers put each of its thousands of debug events into JSON before they look whether anybody wants it.
_QUIET = ("--log-level", "none", "--log-level-file", "none")


def die_with_parent() -> None:
    """Ask the kernel for SIGKILL when the parent ends, and end at once if it has ended already."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = os.environ.get("DUNGHAN_DBT_PARENT")
    if parent and os.getppid() != int(parent):
        raise SystemExit(1)


def main() -> int:
    """Exit status: dbt's (0 green, 1 red, 2 could not run)."""
    die_with_parent()
    from dbt.cli.main import dbtRunner

    manifest: Any = None
    if AHEAD in sys.argv:
        manifest = dbtRunner().invoke([*_QUIET, "--no-write-json", "parse"]).result
    line = sys.stdin.readline()
    if not line:  # nobody needs it after all
        return 0
    done = dbtRunner(manifest, [_teller()]).invoke([*_QUIET, *json.loads(line)])
    if done.exception is not None:
        _write({"info": {"name": "Exception", "level": "error", "msg": str(done.exception)}})
    return 0 if done.success else 1 if done.exception is None else 2


def _teller() -> Callable[[Any], None]:
    """What dbt calls with every event."""
    from google.protobuf.json_format import MessageToDict

    log = _log()

    def tell(event: Any) -> None:
        info = event.info
        if info.level not in _NOT_LOGGED:
            log.info("%s %s", info.level, info.msg)
        if info.name in RESULTS or info.level in _TOLD_LEVELS:
            _write(MessageToDict(event, preserving_proto_field_name=True, always_print_fields_with_no_presence=True))

    return tell


def _log() -> logging.Logger:
    """dbt.log in the folder that dbt was told, rotated once."""
    folder = Path(os.environ["DBT_LOG_PATH"])
    folder.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(folder / "dbt.log", maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    log = logging.Logger("dunghan.dbt")
    log.addHandler(handler)
    return log


def _write(event: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
