# ruff: noqa: TID251  (Dagster's history is among what must stay bounded)
"""Many nights on one warehouse: memory, open files, files on disk and bytes stay bounded.

Compressed in time: all nights in one process, each with one small export, by the functions that a run calls (landing
with dlt, validation with Great Expectations, plan, publication, record, housekeeping with compaction and Dagster's
history). In the place of dbt, which would take half a minute a night in a process of its own, stands one query
(tests/faults/test_any_order.py). A few nights in the normal run; DUNGHAN_NIGHTS of them, 1,000 if nothing is said, by
`make slow`. With DUNGHAN_FIGURES=<file> every night leaves a line of figures.
"""

from __future__ import annotations

import gc
import json
import os
import time
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import psutil
import pytest

from expectations import suites
from expectations.validation import validate
from pipelines.config import Settings, load_settings
from pipelines.landing.lake import Lake
from pipelines.landing.pipeline import land
from pipelines.orchestration.housekeeping import tidy
from pipelines.orchestration.instance import open_instance
from pipelines.orchestration.record import RunRecord
from pipelines.portal.discovery import discover
from tests.faults.test_any_order import build_without_dbt, exported
from warehouse.lock import run_lock
from warehouse.publish import publish

pytestmark = [pytest.mark.faults, pytest.mark.slow]

FIRST = date(2021, 1, 1)
#: Kept of everything that is kept of the last times: reached in a few nights.
KEPT = 3
#: Parts of the warehouse whose files must not grow in number.
PARTS = ("lake", "published", "state", "quality", "dagster")
#: A process may grow by so many bytes a night and is still bounded in three years of nights.
BYTES_A_NIGHT = 200_000


@dg.asset(partitions_def=dg.DailyPartitionsDefinition(start_date=str(FIRST)))
def landed() -> None:
    """An asset of Dagster with as many events as a run needs to be one."""


@dataclass(frozen=True)
class Figures:
    """After one night. memory: resident bytes of the process; handles: open files and sockets; files, bytes: of each
    part of the warehouse and of the build file."""

    night: int
    seconds: float
    memory: int
    handles: int
    threads: int
    files: dict[str, int]
    bytes: dict[str, int]


def one_night(settings: Settings, night: int) -> None:
    """One export more, one run."""
    day = FIRST + timedelta(days=night)
    path = Path(settings.drop_zone) / "dvcqg" / "dossiers" / f"hs_{day:%Y%m%d}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(exported([(night % 50, 2), ((night + 7) % 50, 9)]))
    with run_lock(settings), open_instance(settings) as instance:
        run_id = dg.materialize([landed], instance=instance, partition_key=str(day)).run_id
        record = RunRecord(run_id=run_id, job="nightly_job")
        land(settings, discover(settings, Lake(settings).known()))
        result = validate(settings)
        assert result.failed == []
        record.validated(result)
        record.published(publish(settings, build_without_dbt(settings)), kept=False)
        record.close(settings, [])
        tidy(instance, settings, record)
    assert record.notes == []


def measured(settings: Settings, night: int, seconds: float) -> Figures:
    process = psutil.Process()
    gc.collect()
    found = {part: [p for p in (settings.layout.root / part).rglob("*") if p.is_file()] for part in PARTS}
    sizes = {part: sum(path.stat().st_size for path in paths if path.exists()) for part, paths in found.items()}
    return Figures(
        night=night,
        seconds=round(seconds, 2),
        memory=process.memory_info().rss,
        handles=process.num_fds(),
        threads=process.num_threads(),
        files={part: len(paths) for part, paths in found.items()},
        bytes=sizes | {"build": settings.layout.build_db.stat().st_size},
    )


def nights(root: Path, count: int) -> list[Figures]:
    (root / "inbox").mkdir()
    settings = load_settings(
        drop_zone=str(root / "inbox"),
        warehouse=root / "warehouse",
        privacy_key="0123456789abcdef-for-tests",
        settle_seconds=0,
        keep_versions=KEPT,
        keep_runs=KEPT,
        compact_after=KEPT,
        threads=1,
    )
    settings.layout.create()
    target = os.environ.get("DUNGHAN_FIGURES")
    found = []
    for night in range(count):
        began = time.monotonic()
        one_night(settings, night)
        found.append(measured(settings, night, time.monotonic() - began))
        if target:
            with Path(target).open("a", encoding="utf-8") as out:
                out.write(json.dumps(asdict(found[-1])) + "\n")
    return found


def check_bounded(found: list[Figures]) -> None:
    """The last third holds no more than the middle one had at most, but for what is the data itself."""
    third = len(found) // 3
    middle, last = found[third : 2 * third], found[2 * third :]

    def most(figures: list[Figures], part: str) -> int:
        return max(figure.files[part] for figure in figures)

    grown = {part: (most(middle, part), most(last, part)) for part in PARTS if most(last, part) > most(middle, part)}
    assert grown == {}, "files (middle, last third)"
    assert max(figure.handles for figure in last) <= max(figure.handles for figure in middle)
    assert max(figure.threads for figure in last) <= max(figure.threads for figure in middle)
    a_night = (max(f.memory for f in last) - max(f.memory for f in middle)) / third
    assert a_night < BYTES_A_NIGHT, f"{a_night:.0f} bytes of memory a night"


@pytest.mark.slow
def test_some_nights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suites, "KEEP_RUNS", KEPT)
    check_bounded(nights(tmp_path, 18))


@pytest.mark.slow
def test_a_thousand_nights(tmp_path: Path) -> None:
    check_bounded(nights(tmp_path, int(os.environ.get("DUNGHAN_NIGHTS", "1000"))))
