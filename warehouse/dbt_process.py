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
from pipelines.errors import mask
from pipelines.layout import DBT_PROJECT
from warehouse.build import dbt_environment
from warehouse.dbt_child import AHEAD, RESULTS

_ERRORS_KEPT = 20


class DbtRunError(Exception):
    """The dbt invocation ended red: a model could not be built or a test failed. The message names the nodes."""


class DbtProcess:
    """One dbt that has been started and waits for its arguments. Used once; `end` may be called at any time."""

    def __init__(
        self, settings: Settings, environment: Mapping[str, str] | None = None, *, ahead: bool = False
    ) -> None:
        """ahead: read the project while nobody has asked for anything yet. Only when `dbt parse` has read it before."""
        self._process = subprocess.Popen(  # noqa: S603  (our own module and arguments)
            [sys.executable, "-m", "warehouse.dbt_child", *([AHEAD] if ahead else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=DBT_PROJECT,
            env={
                **os.environ,
                **dbt_environment(settings),
                "PYTHONPATH": os.pathsep.join(filter(None, [str(DBT_PROJECT.parent), os.environ.get("PYTHONPATH")])),
                "DUNGHAN_DBT_PARENT": str(os.getpid()),
                **(environment or {}),
            },
        )

    def events(self, arguments: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Run dbt and yield what it tells, one event (`info` and `data`) after the other, until it has ended."""
        assert self._process.stdin is not None and self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended already; what it said is still in the pipe
            self._process.stdin.write(json.dumps(list(arguments)).encode() + b"\n")
            self._process.stdin.close()
        for line in self._process.stdout:
            yield _event(line)

    def wait(self) -> int:
        """The exit status, once dbt has ended."""
        return self._process.wait()

    def end(self) -> None:
        """See that it is gone."""
        with self._process:  # closes the pipes
            if self._process.poll() is None:
                self._process.terminate()
                try:
                    self._process.wait(timeout=10)
                except subprocess.TimeoutExpired:
                    self._process.kill()


def dbt_events(
    settings: Settings,
    arguments: Sequence[str],
    environment: Mapping[str, str] | None = None,
    progress: Callable[[str], None] | None = None,
    process: DbtProcess | None = None,
) -> Iterator[dict[str, Any]]:
    """Run dbt once and yield its events (dbt's JSON log: `info` and `data`) as they come.

    progress: called with the name of every node that is done. process: a dbt that was started before; the environment
    is its own then. Raises DbtRunError when dbt ends red, after all of its events were yielded. What dbt prints goes to
    `dbt.log` in the state folder, not to the terminal.
    """
    errors: collections.deque[str] = collections.deque(maxlen=_ERRORS_KEPT)
    process = process or DbtProcess(settings, environment)
    try:
        for event in process.events(arguments):
            if _is_error(event):
                errors.append(_text(event))
            if "data" not in event:
                continue
            if progress is not None and event["info"]["name"] in RESULTS:
                data = event["data"]
                total = data.get("total") or data.get("num_models", 0)
                progress(f"{data['node_info']['node_name']} ({data.get('index', 0)}/{total})")
            yield event
        status = process.wait()
    finally:
        process.end()
    if status:
        raise DbtRunError(f"dbt kết thúc với mã {status} / dbt ended with status {status}:\n" + "\n".join(errors))


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
