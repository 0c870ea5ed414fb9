"""dbt as a process of its own: its memory goes back to the machine, and it dies with its parent. Knows no Dagster."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence

from pipelines.config import Settings
from warehouse.build import dbt_environment
from warehouse.layout import DBT_PROJECT


@contextlib.contextmanager
def dbt_process(
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
