"""The same drop zone through `dunghan run` with DuckDB and with Spark, for holding what both publish side by side."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.cluster.comparison import differences, published_marts
from tests.oracle.comparison import PUBLISHED, REPOSITORY, run_pipeline

#: A small session: the tests compute little, and compiling code for it takes longer than the rows do.
SMALL = {
    "driver_memory": "1g",
    "executor_memory": "768m",
    "shuffle_partitions": 2,
    "landing_from_mib": 0,
    "conf": {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
        "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1",
        "spark.sql.codegen.wholeStage": "false",
    },
}
LOCAL = {"master": "local[2]"}
#: A whole run on a machine that others use, too.
SECONDS = 2400


@contextmanager
def on_spark(folder: Path, where: Mapping[str, Any]) -> Iterator[None]:
    """Runs that are started inside build on Spark: `where` is [spark] but the folder."""
    own = {"DUNGHAN_ENGINE": "spark", "DUNGHAN_SPARK": json.dumps({**SMALL, **where, "folder": str(folder)})}
    before = {name: os.environ.get(name) for name in own}
    os.environ.update(own)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def start_run(
    inbox: Path, warehouse: Path, as_of: datetime, known_at: datetime | None = None
) -> subprocess.Popen[bytes]:
    """`dunghan run` by its command, not waited for; what it prints is in <warehouse>.log beside the warehouse.

    Not `python -c`: pyspark takes a program without a file for one of its own doctests, and ends it.
    """
    own = {"DUNGHAN_DROP_ZONE": str(inbox), "DUNGHAN_WAREHOUSE": str(warehouse)}
    command = [str(Path(sys.executable).with_name("dunghan")), "run", "--as-of", as_of.isoformat()]
    if known_at:
        command += ["--known-at", known_at.isoformat()]
    with warehouse.with_suffix(".log").open("wb") as log:
        return subprocess.Popen(command, cwd=REPOSITORY, env=os.environ | own, stdout=log, stderr=subprocess.STDOUT)


def published(run: subprocess.Popen[bytes], warehouse: Path) -> None:
    """Waits for a run of `start_run`. Raises AssertionError with what it said when it published nothing, or when what
    is published was not made on Spark."""
    status = run.wait(timeout=SECONDS)
    assert status in PUBLISHED, warehouse.with_suffix(".log").read_text(encoding="utf-8")[-4000:]
    manifest = json.loads((warehouse / "published" / "manifest.json").read_text(encoding="utf-8"))
    assert ":spark" in manifest["fingerprint"], "what is published was not made on Spark"


def published_by_both(
    inbox: Path, folder: Path, as_of: datetime, known_at: datetime | None, where: Mapping[str, Any]
) -> list[str]:
    """What differs between the marts that DuckDB publishes and those that Spark does, in warehouses below `folder`.

    A warehouse `folder`/duckdb may be there already; that of Spark begins as a copy, so that what was loaded and
    accepted is the same.
    """
    duckdb, spark = folder / "duckdb", folder / "spark"
    run_pipeline(inbox, duckdb, as_of, known_at)
    if not spark.exists():
        shutil.copytree(duckdb, spark, symlinks=True)
    with on_spark(folder / "shared", where):
        published(start_run(inbox, spark, as_of, known_at), spark)
    return differences(*(published_marts(warehouse / "published" / "current") for warehouse in (duckdb, spark)))
