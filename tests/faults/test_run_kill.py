"""A nightly run is killed at a random moment of each stage (SIGKILL, SIGTERM, SIGINT): readers see whole versions all
the while, and the next nightly run ends as if nothing had been. `tests/faults/killing.py` says what is looked at.

Six kills in the normal run; 200 and more by `make kills` (DUNGHAN_KILLS says how many). The seed of the moments is in
the output of a test: `DUNGHAN_KILL_SEED=…` repeats it.
"""

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from pipelines.layout import REPOSITORY
from tests.faults.killing import (
    EXAMPLES,
    KEY,
    SECOND_NIGHT,
    STAGES,
    Kill,
    Tally,
    Undisturbed,
    hashes,
    kill_a_night,
    kill_many,
    run_and_kill,
    run_through,
    settings_of,
    undisturbed_nights,
)
from warehouse.lock import holder
from warehouse.publish import current

pytestmark = pytest.mark.faults

#: One of each stage, the earlier ones first: once a version is published a night is over.
SIGNALS = ("SIGINT", "SIGKILL", "SIGTERM", "SIGKILL", "SIGKILL", "SIGKILL")


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    return undisturbed_nights(tmp_path_factory.mktemp("undisturbed"))


def seeded() -> random.Random:
    seed = os.environ.get("DUNGHAN_KILL_SEED") or str(time.time_ns())
    print(f"DUNGHAN_KILL_SEED={seed}")
    return random.Random(seed)


def test_a_killed_nightly_run_is_simply_done_again(nights: Undisturbed, tmp_path: Path) -> None:
    chance, tally = seeded(), Tally()
    kills = [
        Kill(stage, chance.uniform(0, nights.seconds[stage]), "run", signal)
        for stage, signal in zip(STAGES, SIGNALS, strict=False)
    ]
    done = list(kill_a_night(tmp_path / "night", nights, iter(kills), tally, most=len(kills)))
    assert tally.hits.total() >= 3, done
    assert tally.looks > 5


def test_a_run_that_was_started_the_plain_way(nights: Undisturbed, tmp_path: Path) -> None:
    """Not forked from a process with the imports done: killed while it imports, lands or validates."""
    folder = tmp_path / "night"
    shutil.copytree(nights.second, folder, symlinks=True)
    environment = os.environ | {
        "DUNGHAN_DROP_ZONE": str(folder / "inbox"),
        "DUNGHAN_WAREHOUSE": str(folder / "warehouse"),
        "DUNGHAN_PRIVACY_KEY": KEY,
    }
    environment.pop("DAGSTER_HOME", None)
    chance = seeded()
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", "from pipelines.cli import main; main(['run', '--full-refresh'])"],
            cwd=REPOSITORY,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(chance.uniform(0, 15))
        process.kill()
        process.wait(60)
        assert holder(settings_of(folder)) is None
    assert hashes(run_through(folder)) == hashes(nights.publications[1])


@pytest.mark.slow
def test_the_very_first_nightly_run_killed_leaves_nothing_half_published(nights: Undisturbed, tmp_path: Path) -> None:
    folder = tmp_path / "night"
    shutil.copytree(EXAMPLES, folder / "inbox", ignore=lambda _, names: [n for n in names if n in SECOND_NIGHT])
    chance = seeded()
    for stage in STAGES[:4]:
        run_and_kill(folder, Kill(stage, chance.uniform(0, nights.seconds[stage] / 2)))
        assert current(settings_of(folder)) is None
    assert hashes(run_through(folder)) == hashes(nights.publications[0])


@pytest.mark.slow
def test_killed_hundreds_of_times() -> None:
    told: list[dict[str, Any]] = []
    signals = ("SIGKILL",) * 8 + ("SIGTERM", "SIGINT")
    tally = kill_many(int(os.environ.get("DUNGHAN_KILLS", "200")), signals, lambda **what: told.append(what))
    assert tally.failures == 0, [what for what in told if "failure" in what]


def test_the_hash_tells_different_marts_apart(nights: Undisturbed) -> None:
    """The comparisons above would be worth nothing if they could not fail."""
    one, two = (hashes(publication) for publication in nights.publications)
    differing: list[Any] = [name for name in one if one[name] != two[name]]
    assert {"fct_dossiers", "fct_verdicts", "mart_load_ledger"} <= set(differing)
