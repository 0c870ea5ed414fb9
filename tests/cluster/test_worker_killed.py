"""A machine of the cluster dies in the middle of a build, or the build itself does: readers never see anything but a
whole version, and the figures are the same."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from tests.cluster.comparison import differences, published_marts
from tests.cluster.engines import LOCAL, SECONDS, on_spark, published, start_run
from tests.cluster.standalone import Standalone
from tests.oracle.comparison import run_pipeline
from warehouse.publish import read_version

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

INBOX = Path(__file__).resolve().parents[1] / "data" / "worked_examples" / "inbox"
AS_OF = datetime(2024, 6, 30, 23, 59, 59)
#: Tables of the build that are there when something is killed: some are done, most are not.
_SOME = 12


def test_a_worker_dies_in_the_middle_of_the_build(tmp_path: Path) -> None:
    run_pipeline(INBOX, tmp_path / "duckdb", AS_OF, None)
    with Standalone(tmp_path, workers=2) as cluster, on_spark(tmp_path / "shared", {"master": cluster.url}):
        run = start_run(INBOX, tmp_path / "spark", AS_OF)
        _wait(run, lambda: len(_tables(tmp_path / "shared")) >= _SOME)
        assert cluster.executors(0), "it took part"
        cluster.kill_worker(0)
        published(run, tmp_path / "spark")
    told = differences(*(published_marts(tmp_path / name / "published" / "current") for name in ("duckdb", "spark")))
    assert not told, "\n".join(told)


def test_readers_see_the_version_before_while_tables_are_dropped_and_made(tmp_path: Path) -> None:
    """Plain tables of Spark are dropped and made anew: nobody reads them. What is published stays whole throughout,
    also when the build is killed, and the next run publishes as if nothing had been."""
    warehouse, shared = tmp_path / "spark", tmp_path / "shared"
    with on_spark(shared, LOCAL):
        published(start_run(INBOX, warehouse, datetime(2024, 5, 31, 23, 59, 59)), warehouse)
        before = (warehouse / "published" / "current").resolve()
        run = start_run(INBOX, warehouse, AS_OF)
        _wait(run, lambda: 0 < len(_tables(shared)) < _SOME)
        assert read_version((warehouse / "published" / "current").resolve()).folder == before
        run.send_signal(signal.SIGKILL)
        run.wait()
        assert read_version((warehouse / "published" / "current").resolve()).folder == before
        published(start_run(INBOX, warehouse, AS_OF), warehouse)
    assert (warehouse / "published" / "current").resolve() != before
    run_pipeline(INBOX, tmp_path / "duckdb", AS_OF, None)
    told = differences(*(published_marts(tmp_path / name / "published" / "current") for name in ("duckdb", "spark")))
    assert not told, "\n".join(told)


def _tables(shared: Path) -> list[Path]:
    return list((shared / "nightly" / "tables").glob("*.db/*/_SUCCESS"))


def _wait(run: subprocess.Popen[bytes], reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not reached():
        assert run.poll() is None, "the run ended before"
        assert time.monotonic() < deadline
        time.sleep(0.2)
