"""SIGKILL in the middle of a publication, at every step and at any moment, while readers look: never half a night."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import random
import signal
import sys
import time
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.config import Settings
from tests.support.small_build import ROWS, green_night, settings_in
from warehouse.build import BuildPlan
from warehouse.publish import current, leftovers, publish, rollback, versions

pytestmark = pytest.mark.faults

# Processes are forked from one that has the imports done and no database open, so a kill costs milliseconds.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.faults.test_publish_kill"])

MARTS = ("fct_dossiers", "fct_verdicts")
CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.chmod", "shutil.rmtree"}
MANY_STEPS = 200
KILLS_AT_ANY_MOMENT = 30


def look(published: Path) -> tuple[str, int]:
    """What one reader sees through the fixed names; fails unless every one of them is whole."""
    with duckdb.connect(str(published / "marts.duckdb"), read_only=True) as con:
        seen = {
            row
            for mart in MARTS
            for row in con.execute(f"select night, count(*) from marts.{mart} group by night").fetchall()
        }
    assert len(seen) == 1, f"two nights in one file: {seen}"
    night, rows = seen.pop()
    assert rows == ROWS, f"{rows} rows of night {night}"
    # Names below the pointer may belong to the next version already, but each is whole; its folder is of one night.
    folder = (published / "current").resolve(strict=True)
    manifest = json.loads((folder / "manifest.json").read_text())
    for mart in MARTS:
        parquet = (folder / "parquet" / f"{mart}.parquet").read_bytes()
        assert hashlib.sha256(parquet).hexdigest() == manifest["marts"][mart]["parquet"]["sha256"]
    with duckdb.connect(str(folder / "marts.duckdb"), read_only=True) as con:
        (of_folder,) = con.execute("select any_value(night) from marts.fct_dossiers").fetchone() or (None,)
    return manifest["version"], of_folder


def read_on(published: Path, stop: Event, results: Any) -> None:
    """A reader in a process of its own: opens the pointer again and again until told to stop."""
    looks, failures = 0, []
    while not stop.is_set() or not looks:
        try:
            look(published)
            looks += 1
        except Exception as error:
            failures.append(f"{type(error).__name__}: {error}")
    results.put((looks, failures))


def publish_and_die(settings: Settings, plan: BuildPlan, at_step: int, steps: Any) -> None:
    """Publish; be killed before the n-th act that changes a folder (Python's audit events tell of every one)."""
    count = 0

    def before(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal count
        if event in CHANGES or (event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR)):
            count += 1
            if count == at_step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(before)
    publish(settings, plan)
    steps.value = count


def start(target: Any, *arguments: Any) -> Any:
    process = PROCESSES.Process(target=target, args=arguments, daemon=True)
    process.start()
    return process


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path, keep_versions=3, threads=1)


def test_killed_at_every_step(settings: Settings) -> None:
    first = publish(settings, green_night(settings, 1))
    plan = green_night(settings, 2)
    steps = PROCESSES.Value("i", 0)
    before, after = 0, 0
    for step in range(1, MANY_STEPS):
        process = start(publish_and_die, settings, plan, step, steps)
        process.join()
        version, night = look(settings.layout.published)
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        assert night in (1, 2)
        if night == 1:
            before += 1
            assert version == first.version
        else:
            after += 1
            assert version != first.version
            rollback(settings, first.version)
    assert process.exitcode == 0, "the publication has more steps than the test tries"
    assert before > 10, "no kill before the pointer moved"
    assert after > 0, "no kill after the pointer moved"
    assert steps.value == before + after
    assert night == 2
    tidy(settings)


def test_killed_at_any_moment_while_readers_look(settings: Settings) -> None:
    published = settings.layout.published
    publish(settings, green_night(settings, 1))
    started = time.monotonic()
    plan = green_night(settings, 2)
    publish(settings, plan)
    whole = time.monotonic() - started
    stop, results = PROCESSES.Event(), PROCESSES.Queue()
    readers = [start(read_on, published, stop, results) for _ in range(2)]
    moments = random.Random(2024)
    killed = 0
    steps = PROCESSES.Value("i", 0)
    for night in range(3, 3 + KILLS_AT_ANY_MOMENT):
        plan = green_night(settings, night)
        process = start(publish_and_die, settings, plan, 0, steps)
        process.join(moments.uniform(0, 1.5 * whole))
        if process.is_alive():
            os.kill(process.pid, signal.SIGKILL)
            process.join()
            killed += 1
        look(published)
    publish(settings, plan)
    stop.set()
    found = [results.get(timeout=60) for _ in readers]
    for reader in readers:
        reader.join(60)
    assert [failure for _, failures in found for failure in failures] == []
    assert all(looks > 5 for looks, _ in found)
    assert killed > KILLS_AT_ANY_MOMENT // 5
    assert look(published)[1] == night
    tidy(settings)


def test_readers_of_publications_in_a_loop(settings: Settings) -> None:
    """No kills: the pointer moves as fast as it can and versions are removed behind it."""
    plan = green_night(settings, 1)
    publish(settings, plan)
    stop, results = PROCESSES.Event(), PROCESSES.Queue()
    readers = [start(read_on, settings.layout.published, stop, results) for _ in range(2)]
    for _ in range(20):
        publish(settings, plan)
    stop.set()
    found = [results.get(timeout=60) for _ in readers]
    assert [failure for _, failures in found for failure in failures] == []
    assert all(looks for looks, _ in found)
    tidy(settings)


def tidy(settings: Settings) -> None:
    """After the next publication nothing of the killed ones is left, and everything that is listed is whole."""
    published = settings.layout.published
    assert leftovers(settings) == []
    listed = {version.version for version in versions(settings)}
    now = current(settings)
    assert now is not None
    assert now.version in listed
    assert len(listed) <= settings.keep_versions
    assert {path.name for path in (published / "versions").iterdir()} == listed
    files = {path.name for path in published.iterdir()} - {
        "current",
        "marts.duckdb",
        "parquet",
        "manifest.json",
        "versions",
    }
    assert files == {f"marts-{version}.duckdb" for version in listed}
    for version in listed:
        rollback(settings, version)
        assert look(published)[0] == version
