"""SIGKILL in the middle of a publication, at every step and at any moment, while readers look: never half a night."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.config import Settings
from tests.support.small_build import ROWS, green_nightly_run, settings_in
from warehouse.build import BuildPlan
from warehouse.publish import current, leftovers, publish, rollback, sweep, versions

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
    with duckdb.connect(str(published / "dunghan.duckdb"), read_only=True) as con:
        seen = {
            row
            for mart in MARTS
            for row in con.execute(f"select night, count(*) from marts.{mart} group by night").fetchall()
        }
    assert len(seen) == 1, f"two nights in one file: {seen}"
    nightly_run, rows = seen.pop()
    assert rows == ROWS, f"{rows} rows of nightly run {nightly_run}"
    # Names below the pointer may belong to the next version already, but each is whole; its folder is of one night.
    folder = (published / "current").resolve(strict=True)
    manifest = json.loads((folder / "manifest.json").read_text())
    for mart in MARTS:
        parquet = (folder / "parquet" / f"{mart}.parquet").read_bytes()
        assert hashlib.sha256(parquet).hexdigest() == manifest["marts"][mart]["parquet"]["sha256"]
    with duckdb.connect(str(folder / "dunghan.duckdb"), read_only=True) as con:
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


@pytest.mark.parametrize("after_a_kill", [False, True], ids=["tidy", "with leftovers"])
def test_killed_at_every_step(settings: Settings, after_a_kill: bool) -> None:
    """Every step of a publication, from the first folder to the removal of the oldest version, each from the same
    state: a tidy warehouse, or one in which a publication was killed just before its pointer moved."""
    published = settings.layout.published
    old, new = settings.keep_versions, settings.keep_versions + 1
    for nightly_run in range(1, new):
        publish(settings, green_nightly_run(settings, nightly_run))
    plan = green_nightly_run(settings, new)
    steps = PROCESSES.Value("i", 0)

    def killed_at(step: int) -> int:
        process = start(publish_and_die, settings, plan, step, steps)
        process.join()
        return int(process.exitcode or 0)

    template = published.with_name("template")
    shutil.copytree(published, template, symlinks=True)
    if after_a_kill:
        step = next(
            step for step in range(1, MANY_STEPS) if nightly_run_after_kill(published, template, killed_at, step) == new
        )
        restore(published, template)
        assert killed_at(step - 1) == -signal.SIGKILL
        assert leftovers(settings)
        shutil.rmtree(template)
        shutil.copytree(published, template, symlinks=True)

    seen: list[int] = []
    for step in range(1, MANY_STEPS):
        restore(published, template)
        exitcode = killed_at(step)
        assert exitcode in (0, -signal.SIGKILL)
        seen.append(look(published)[1])
        sweep(settings)
        whole(settings)
        if exitcode == 0:
            break
    assert exitcode == 0, "the publication has more steps than the test tries"
    assert steps.value == len(seen) - 1
    assert seen == sorted(seen), "once the pointer moved it stays"
    assert set(seen) == {old, new}
    assert seen.count(old) > 10
    assert seen.count(new) > 5, "nothing was killed after the pointer moved"
    tidy(settings)


def restore(published: Path, template: Path) -> None:
    shutil.rmtree(published)
    shutil.copytree(template, published, symlinks=True)


def nightly_run_after_kill(published: Path, template: Path, killed_at: Callable[[int], int], step: int) -> int:
    restore(published, template)
    killed_at(step)
    return look(published)[1]


def test_killed_at_any_moment_while_readers_look(settings: Settings) -> None:
    published = settings.layout.published
    publish(settings, green_nightly_run(settings, 1))
    started = time.monotonic()
    plan = green_nightly_run(settings, 2)
    publish(settings, plan)
    whole = time.monotonic() - started
    stop, results = PROCESSES.Event(), PROCESSES.Queue()
    readers = [start(read_on, published, stop, results) for _ in range(2)]
    moments = random.Random(2024)
    killed = 0
    steps = PROCESSES.Value("i", 0)
    for nightly_run in range(3, 3 + KILLS_AT_ANY_MOMENT):
        plan = green_nightly_run(settings, nightly_run)
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
    assert look(published)[1] == nightly_run
    tidy(settings)


def test_readers_of_publications_in_a_loop(settings: Settings) -> None:
    """No kills: eight readers, thirty publications as fast as they go, versions removed behind the pointer."""
    plan = green_nightly_run(settings, 1)
    publish(settings, plan)
    stop, results = PROCESSES.Event(), PROCESSES.Queue()
    readers = [start(read_on, settings.layout.published, stop, results) for _ in range(8)]
    for _ in range(30):
        publish(settings, plan)
    stop.set()
    found = [results.get(timeout=60) for _ in readers]
    assert [failure for _, failures in found for failure in failures] == []
    assert all(looks for looks, _ in found)
    print("looks of each reader:", [looks for looks, _ in found])
    tidy(settings)


def whole(settings: Settings) -> None:
    """Nothing lies about, and everything that is listed is whole."""
    published = settings.layout.published
    assert leftovers(settings) == []
    listed = {version.version for version in versions(settings)}
    now = current(settings)
    assert now is not None
    assert now.version in listed
    assert {path.name for path in (published / "versions").iterdir()} == listed
    fixed = {"current", "dunghan.duckdb", "marts.duckdb", "parquet", "manifest.json", "versions"}
    assert {path.name for path in published.iterdir()} == fixed


def tidy(settings: Settings) -> None:
    """After a publication that ended: no more versions than are kept, and one can go back to each."""
    whole(settings)
    listed = [version.version for version in versions(settings)]
    assert len(listed) <= settings.keep_versions
    for version in listed:
        rollback(settings, version)
        assert look(settings.layout.published)[0] == version
