"""A nightly run is killed at a random moment of each stage (SIGKILL, SIGTERM, SIGINT): readers see whole versions all
the while, and the next nightly run ends as if nothing had been. `tests/faults/killing.py` says what is looked at.

200 and more by `make kills` (DUNGHAN_KILLS says how many). The seed of the moments is in
the output of a test: `DUNGHAN_KILL_SEED=…` repeats it.
"""

import os
import random
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from pipelines.history.restate import restatements
from tests.faults.killing import (
    EXAMPLES,
    SECOND_NIGHT,
    STAGES,
    Kill,
    Tally,
    Undisturbed,
    check_like_undisturbed,
    hashes,
    kill_a_night,
    kill_many,
    plain,
    reading,
    run_and_kill,
    run_through,
    second_night_arrives,
    settings_of,
    start,
    undisturbed_nights,
)
from warehouse.lock import holder
from warehouse.publish import Publication, current

pytestmark = pytest.mark.faults

#: One of each stage, the earlier ones first: once a version is published a night is over.
SIGNALS = ("SIGINT", "SIGKILL", "SIGTERM", "SIGKILL", "SIGKILL", "SIGKILL")


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    return undisturbed_nights(tmp_path_factory.mktemp("undisturbed"))


def current_of(folder: Path) -> Publication:
    published = current(settings_of(folder))
    assert published is not None
    return published


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


@pytest.mark.slow
def test_a_run_that_was_started_the_plain_way(nights: Undisturbed, tmp_path: Path) -> None:
    """Not forked from a process with the imports done: killed while it imports, lands or validates."""
    folder = tmp_path / "night"
    shutil.copytree(nights.second, folder, symlinks=True)
    chance = seeded()
    for _ in range(3):
        process = plain(folder, "run", "--full-refresh")
        time.sleep(chance.uniform(0, 15))
        process.kill()
        process.communicate(timeout=60)
        assert holder(settings_of(folder)) is None
    assert hashes(run_through(folder)) == hashes(nights.publications[1])


@pytest.mark.slow
def test_two_at_once(nights: Undisturbed, tmp_path: Path) -> None:
    """While a run is on, whoever else would write is told so at once (exit status 1), and the run ends as ever."""
    folder = tmp_path / "night"
    shutil.copytree(nights.first, folder, symlinks=True)
    second_night_arrives(folder, nights.workbook)
    with reading(folder):
        run = start(folder)
        while holder(settings_of(folder)) is None:
            assert run.process.is_alive()
            time.sleep(0.05)
        days = ("--from", "2024-01-01", "--to", "2024-12-31")
        others = [plain(folder, *words) for words in (["run"], ["backfill", *days], ["compact"], ["rollback"])]
        told = [other.communicate(timeout=300)[0] for other in others]
        assert run.process.is_alive()
        run.process.join(900)
    for other, text in zip(others, told, strict=True):
        assert other.returncode == 1, text
        assert f"Một tiến trình khác đang ghi vào kho dữ liệu (pid {run.process.pid}" in text
        assert "Traceback" not in text
    check_like_undisturbed(folder, current_of(folder), nights, Tally())


@pytest.mark.slow
def test_a_restatement_beside_a_run_and_a_compaction(nights: Undisturbed, tmp_path: Path) -> None:
    """A restatement takes no lock: it reads what lies in the lake when it begins, and what it reads stays there."""
    folder = tmp_path / "night"
    shutil.copytree(nights.first, folder, symlinks=True)
    alone = plain(folder, "restate", "--as-of", "2024-05-31", "--known-at", "2024-05-31")
    said = alone.communicate(timeout=900)[0]
    assert alone.returncode == 0, said
    (first,) = restatements(settings_of(folder).layout.restated)
    second_night_arrives(folder, nights.workbook)
    beside = plain(folder, "restate", "--as-of", "2024-05-31", "--known-at", "2024-05-31", "--again")
    run = start(folder)
    run.process.join(900)
    compacting = plain(folder, "compact")
    for process in (compacting, beside):
        said = process.communicate(timeout=900)[0]
        assert process.returncode == 0, said
    assert {str(hashes(found)) for found in restatements(settings_of(folder).layout.restated)} == {str(hashes(first))}
    check_like_undisturbed(folder, current_of(folder), nights, Tally(), more=("restated",))


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
