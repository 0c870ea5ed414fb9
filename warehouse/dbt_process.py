"""dbt as a process of its own: its memory goes back to the machine, and it dies with its parent. Knows no Dagster."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines.bilingual import labelled
from pipelines.config import Settings
from pipelines.layout import DBT_PROJECT
from pipelines.masking import masked_foreign
from warehouse.build import dbt_environment
from warehouse.dbt_child import PARENT

#: Events of dbt's JSON log that say that a node is done.
RESULTS = ("LogSeedResult", "LogModelResult", "LogTestResult")

_ERRORS_KEPT = 20


class DbtRunError(Exception):
    """The dbt invocation ended red: a model could not be built or a test failed. The message names the nodes."""

    #: The words are those of dbt and DuckDB (pipelines.errors).
    repeats = True

    def __init__(self, messages: Iterable[str], status: int | None = None) -> None:
        """messages: what dbt said of its errors; they are masked here and lose dbt's trace of macros."""
        head = (
            "Có bảng không dựng được hoặc không đạt kiểm tra / Tables could not be built or do not pass their checks:"
        )
        head = head if status is None else f"dbt: {status}:"
        super().__init__("\n".join([head, *(_named(_masked(message)) for message in messages)]))


def dbt_command() -> Path:
    """`dunghan-dbt` of the environment that runs this."""
    return Path(sys.executable).with_name("dunghan-dbt")


@contextlib.contextmanager
def dbt_variables(settings: Settings, more: Mapping[str, str] | None = None) -> Iterator[dict[str, str]]:
    """What a dbt that is started inside finds in its environment; the process's own is as it was afterwards."""
    variables = {
        **dbt_environment(settings),
        "DBT_LOG_FORMAT": "json",
        "DBT_LOG_FORMAT_FILE": "text",
        "DBT_LOG_LEVEL_FILE": "info",
        PARENT: str(os.getpid()),
        **(more or {}),
    }
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield variables
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def end(process: subprocess.Popen[bytes]) -> None:
    """See that it is gone: nobody reads what it writes any more."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()


def run_dbt(
    settings: Settings,
    arguments: Sequence[str],
    environment: Mapping[str, str] | None = None,
    progress: Callable[[str], None] | None = None,
) -> None:
    """Run dbt once, to its end.

    progress: called with the name of every node that is done. environment: variables besides those of dbt_environment.
    Raises DbtRunError when dbt ends red. What dbt prints goes to `dbt.log` in the state folder, not to the terminal.
    """
    errors: deque[str] = deque(maxlen=_ERRORS_KEPT)
    with dbt_variables(settings, environment):
        process = subprocess.Popen(  # noqa: S603  (our own command and arguments)
            [dbt_command(), *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=DBT_PROJECT
        )
    with process:
        try:
            for line in process.stdout or ():
                event = _event(line)
                if event["info"]["level"] == "error":
                    errors.append(event["info"]["msg"])
                elif progress is not None and event["info"]["name"] in RESULTS:
                    data = event["data"]
                    total = data.get("total") or data.get("num_models")  # models say the one, tests the other
                    progress(f"{data['node_info']['node_name']} ({data['index']}/{total})")
        finally:
            end(process)
    if process.returncode:
        raise DbtRunError(errors, process.returncode)


def _event(line: bytes) -> dict[str, Any]:
    """One line of dbt: an event, or a bare text (a crash before dbt's own logging) made into an error."""
    with contextlib.suppress(ValueError):
        event = json.loads(line)
        if isinstance(event, dict) and "info" in event:
            return event
    return {"info": {"name": "Text", "level": "error", "msg": line.decode(errors="replace").rstrip()}}


#: How dbt begins what it says of a node that failed: which one, and where it is described.
_NODE = re.compile(
    r"^\s*(?:Failure|[A-Z]\w+ Error) in (?P<what>\w+) (?P<name>\w+) \((?P<path>[^)]+)\)\s*"
    r"(?P<rest>(?:(?!^\s*(?:Failure|[A-Z]\w+ Error) in ).*\n?)*)",
    re.MULTILINE,
)
_COUNTED = re.compile(r"Got (\d+) results?, configured to fail if \S+ \S+")
#: What says nothing to whoever reads it: names of classes of errors, where the compiled statement lies.
_NOISE = re.compile(r"\b(?:[A-Z]\w+ )+(?:Error|Exception):\s*|compiled code at \S+|LINE \d+:.*|\s*\^\s*$", re.MULTILINE)


def _named(text: str) -> str:
    """What dbt says of its nodes as lines of ours: a check of which table found what, which table could not be
    built."""
    return _NODE.sub(_line, text)


def _line(node: re.Match[str]) -> str:
    detail = " ".join(_NOISE.sub(" ", node["rest"]).split())
    if node["what"] == "test":
        table = Path(node["path"]).stem
        label = (f"Bảng {table} không đạt kiểm tra", f"Table {table} does not pass its check")
        found = " / ".join(_COUNTED.sub(rf"\1 {word}", detail) for word in ("dòng sai", "wrong rows"))
        return labelled(label, found if _COUNTED.search(detail) else detail) + "\n"
    name = node["name"]
    return f"Không dựng được bảng {name}: {detail} / Table {name} could not be built: {detail}\n"


def _masked(text: str) -> str:
    """What dbt says, masked, without its trace of macros."""
    return masked_foreign(
        "\n".join(line.rstrip() for line in text.splitlines() if line.strip() and line.strip()[:2] != "> ")
    )
