"""A nightly run is killed with SIGKILL at a random moment of each step: readers see whole versions, and the next
nightly run ends as if nothing had been.

Real processes, real files. The seed of the moments is in the output of a test: `DUNGHAN_KILL_SEED=…` repeats it.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import psutil
import pytest

from pipelines.config import Settings, load_settings
from pipelines.layout import REPOSITORY
from pipelines.orchestration.record import STEPS, read_record
from warehouse.lock import holder
from warehouse.publish import Publication, current

pytestmark = pytest.mark.faults

EXAMPLES = REPOSITORY / "tests" / "data" / "worked_examples" / "inbox"
KEY = "0123456789abcdef-for-tests"
#: What comes with the second nightly run; everything else was there for the first.
SECOND_NIGHT = ("hoso_20240605.json", "tiendo_20240601T060000.ndjson")
ENDED_WELL = (0, 3)

PROGRAM = """
import sys
from pipelines.config import load_settings
from pipelines.orchestration.runner import run_nightly
sys.exit(run_nightly(load_settings(), progress=lambda what: print(what, flush=True)).exit_code)
"""


def settings_of(folder: Path) -> Settings:
    return load_settings(drop_zone=str(folder / "inbox"), warehouse=folder / "warehouse", privacy_key=KEY)


def start(folder: Path) -> subprocess.Popen[str]:
    environment = os.environ | {
        "DUNGHAN_DROP_ZONE": str(folder / "inbox"),
        "DUNGHAN_WAREHOUSE": str(folder / "warehouse"),
        "DUNGHAN_PRIVACY_KEY": KEY,
    }
    environment.pop("DAGSTER_HOME", None)
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=REPOSITORY, env=environment, text=True, stdout=subprocess.PIPE
    )


def run_through(folder: Path) -> Publication:
    process = start(folder)
    said = process.communicate(timeout=600)[0]
    assert process.returncode in ENDED_WELL, said
    published = current(settings_of(folder))
    assert published is not None
    return published


def run_and_kill(folder: Path, step: str, moment: float) -> bool:
    """Start a nightly run, wait for `step`, kill it `moment` seconds later. Everything it started must be gone with it.

    Returns whether it was killed within the step; a faster nightly run may have gone on to the next by then.
    """
    process = start(folder)
    assert process.stdout is not None
    wanted = {STEPS[step][0], STEPS[step][1]}
    for line in process.stdout:
        if line.strip() in wanted:
            break
    time.sleep(moment)
    try:
        family = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        family = []
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=60)
    said = {line.strip() for line in process.stdout}
    process.stdout.close()
    _, alive = psutil.wait_procs(family, timeout=10)
    assert not [child.cmdline() for child in alive], "a process outlived the run and could write beside the next one"
    assert holder(settings_of(folder)) is None
    later = list(STEPS)[list(STEPS).index(step) + 1 :]
    return not said & {name for following in later for name in STEPS[following]}


def second_nightly_run_arrives(folder: Path) -> None:
    for path in EXAMPLES.rglob("*"):
        if path.name in SECOND_NIGHT:
            shutil.copy2(path, folder / "inbox" / path.relative_to(EXAMPLES))


def hashes(published: Publication) -> dict[str, str]:
    return {name: mart["content_hash"] for name, mart in published.manifest["marts"].items()}


@dataclass
class Reader:
    """Opens what is published again and again, as BI tools do, and remembers which wholes it saw."""

    folder: Path
    seen: set[tuple[tuple[str, int], ...]] = field(default_factory=set)
    looks: int = 0
    errors: list[str] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        published = self.folder / "warehouse" / "published"
        while not self.done.is_set():
            try:
                # One resolution of the pointer, then everything through it: what a reader of one moment sees.
                version = (published / "current").resolve(strict=True)
                manifest = json.loads((version / "manifest.json").read_text(encoding="utf-8"))
                rows = {name: mart["rows"] for name, mart in manifest["marts"].items()}
                with duckdb.connect(str(version / "dunghan.duckdb"), read_only=True) as con:
                    tables = [
                        t
                        for (t,) in con.sql(
                            "select table_name from duckdb_tables() where schema_name = 'marts'"
                        ).fetchall()
                    ]
                    counted = {t: con.sql(f'from marts."{t}"').count("*").fetchall()[0][0] for t in tables}
                assert counted == rows, f"{version.name}: {counted} ≠ {rows}"
                with duckdb.connect() as con:
                    for name, count in rows.items():
                        path = version / "parquet" / f"{name}.parquet"
                        assert con.sql(f"select count(*) from '{path}'").fetchone() == (count,), path.name
                self.seen.add(tuple(sorted(rows.items())))
                self.looks += 1
            except Exception as error:
                self.errors.append(f"{type(error).__name__}: {error}")
            time.sleep(0.05)


@contextmanager
def reading(folder: Path) -> Iterator[Reader]:
    reader = Reader(folder)
    thread = threading.Thread(target=reader.look)
    thread.start()
    try:
        yield reader
    finally:
        reader.done.set()
        thread.join()


@dataclass(frozen=True)
class Undisturbed:
    """Two nightly runs that nobody killed: the folder after the first, both publications, and how long each step
    took."""

    first: Path
    publications: tuple[Publication, Publication]
    seconds: dict[str, float]

    @property
    def wholes(self) -> set[tuple[tuple[str, int], ...]]:
        return {
            tuple(sorted((name, mart["rows"]) for name, mart in publication.manifest["marts"].items()))
            for publication in self.publications
        }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    base = tmp_path_factory.mktemp("undisturbed")
    first = base / "first"
    shutil.copytree(EXAMPLES, first / "inbox", ignore=lambda _, names: [n for n in names if n in SECOND_NIGHT])
    one = run_through(first)
    second = base / "second"
    shutil.copytree(first, second, symlinks=True)
    second_nightly_run_arrives(second)
    two = run_through(second)
    record = read_record(settings_of(second))
    assert record is not None
    result = Undisturbed(first, (one, two), record.seconds)
    assert len(result.wholes) == 2  # the two nightly runs can be told apart by their counts
    return result


def moments(step: str, undisturbed: Undisturbed, count: int) -> list[float]:
    seed = os.environ.get("DUNGHAN_KILL_SEED") or str(time.time_ns())
    print(f"DUNGHAN_KILL_SEED={seed}")
    chance = random.Random(f"{seed} {step}")
    return [chance.uniform(0, undisturbed.seconds[step]) for _ in range(count)]


def check_recovery(folder: Path, undisturbed: Undisturbed, kills: list[tuple[str, float]]) -> None:
    second_nightly_run_arrives(folder)
    with reading(folder) as reader:
        for step, moment in kills:
            run_and_kill(folder, step, moment)
            record = read_record(settings_of(folder))
            assert record is not None
            assert record.outcome in ("running", "published")  # never said to have ended well when it had not
        published = run_through(folder)
        time.sleep(0.5)
    assert hashes(published) == hashes(undisturbed.publications[1])
    assert not reader.errors, reader.errors[:3]
    assert reader.looks > 5
    assert reader.seen <= undisturbed.wholes
    left = [path.name for path in (folder / "warehouse" / "published").glob(".publishing-*")]
    assert left == []


@pytest.mark.parametrize(
    "step", ["landing", pytest.param("validation", marks=pytest.mark.slow), "building", "publishing"]
)
def test_a_killed_nightly_run_is_simply_done_again(step: str, undisturbed: Undisturbed, tmp_path: Path) -> None:
    folder = tmp_path / "night"
    shutil.copytree(undisturbed.first, folder, symlinks=True)
    (moment,) = moments(step, undisturbed, 1)
    check_recovery(folder, undisturbed, [(step, moment)])


@pytest.mark.slow
def test_the_very_first_nightly_run_killed_leaves_nothing_half_published(
    undisturbed: Undisturbed, tmp_path: Path
) -> None:
    (moment,) = moments("building", undisturbed, 1)
    for attempt in range(4):
        folder = tmp_path / f"night{attempt}"
        shutil.copytree(undisturbed.first / "inbox", folder / "inbox")
        if run_and_kill(folder, "building", moment / 2**attempt):
            break
    assert current(settings_of(folder)) is None
    assert hashes(run_through(folder)) == hashes(undisturbed.publications[0])


@pytest.mark.slow
def test_a_nightly_run_killed_again_and_again(undisturbed: Undisturbed, tmp_path: Path) -> None:
    folder = tmp_path / "night"
    shutil.copytree(undisturbed.first, folder, symlinks=True)
    kills: list[tuple[str, float]] = []
    for step in ("landing", "validation", "building", "audit", "publishing"):
        kills += [(step, moment) for moment in moments(step, undisturbed, 4)]
    check_recovery(folder, undisturbed, kills)


def test_the_hash_tells_different_marts_apart(undisturbed: Undisturbed) -> None:
    """The comparison above would be worth nothing if it could not fail."""
    one, two = (hashes(publication) for publication in undisturbed.publications)
    differing: list[Any] = [name for name in one if one[name] != two[name]]
    assert {"fct_dossiers", "fct_verdicts", "mart_load_ledger"} <= set(differing)
