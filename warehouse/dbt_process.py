"""dbt as a process of its own: its memory goes back to the machine, and it dies with its parent. Knows no Dagster."""

from __future__ import annotations

import collections
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pipelines.config import Settings
from warehouse.build import dbt_environment
from warehouse.layout import DBT_PROJECT
from warehouse.masking import mask

_ERRORS_KEPT = 20
_NODE_DONE = ("LogSeedResult", "LogModelResult", "LogTestResult")


class DbtRunError(Exception):
    """The dbt invocation ended red: a model could not be built or a test failed. The message names the nodes."""


def dbt_events(
    settings: Settings,
    arguments: Sequence[str],
    environment: Mapping[str, str] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Iterator[dict[str, Any]]:
    """Run dbt once and yield its events (dbt's JSON log: `info` and `data`) as they come.

    progress: called with the name of every node that is done. Raises DbtRunError when dbt ends red, after all of its
    events were yielded. What dbt prints goes to `dbt.log` in the state folder, not to the terminal.
    """
    errors: collections.deque[str] = collections.deque(maxlen=_ERRORS_KEPT)
    with _dbt(settings, arguments, environment) as process:
        assert process.stdout is not None
        for line in process.stdout:
            event = _event(line)
            if _is_error(event):
                errors.append(_text(event))
            if "data" not in event:
                continue
            if progress is not None and event["info"]["name"] in _NODE_DONE:
                data = event["data"]
                total = data.get("total") or data.get("num_models", 0)
                progress(f"{data['node_info']['node_name']} ({data.get('index', 0)}/{total})")
            yield event
    if process.returncode:
        raise DbtRunError(
            f"dbt kết thúc với mã {process.returncode} / dbt ended with status {process.returncode}:\n"
            + "\n".join(errors)
        )


@contextlib.contextmanager
def _dbt(
    settings: Settings, arguments: Sequence[str], environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A dbt process writing one JSON event per line. It is ended, whatever happens, when the block is left."""
    process = subprocess.Popen(  # noqa: S603  (our own module and arguments)
        [sys.executable, "-m", "warehouse.dbt_child", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=DBT_PROJECT,
        env={
            **os.environ,
            **dbt_environment(settings),
            "PYTHONPATH": os.pathsep.join(filter(None, [str(DBT_PROJECT.parent), os.environ.get("PYTHONPATH")])),
            "PYTHONUNBUFFERED": "1",
            "DBT_LOG_FORMAT": "json",
            "DBT_USE_COLORS": "false",
            "DUNGHAN_DBT_PARENT": str(os.getpid()),
            **(environment or {}),
        },
    )
    try:
        yield process
        process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _event(line: bytes) -> dict[str, Any]:
    """One line of dbt: an event, or a bare text (a crash before dbt's own logging) made into one."""
    try:
        event = json.loads(line)
        if isinstance(event, dict) and "info" in event:
            return event
    except ValueError:
        pass
    return {"info": {"name": "Text", "level": "info", "msg": line.decode(errors="replace").rstrip()}}


def _is_error(event: dict[str, Any]) -> bool:
    return event["info"]["level"] == "error" or event["info"]["name"] == "Text"


def _text(event: dict[str, Any]) -> str:
    """What dbt says, masked, without its trace of macros."""
    lines = str(event["info"]["msg"]).splitlines()
    return mask("\n".join(line.rstrip() for line in lines if line.strip() and not line.lstrip().startswith("> ")))
