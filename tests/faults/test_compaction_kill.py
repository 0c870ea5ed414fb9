"""A compaction is killed with SIGKILL, at every stage and at random moments, while others read: each row counts once.

Real processes, real files. The seed of the moments is in the output of a test: `DUNGHAN_KILL_SEED=…` repeats it.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from pipelines.config import Settings
from pipelines.landing.compaction import compact
from pipelines.landing.lake import DATASET, LOADS, SCHEMAS, Lake, reading
from pipelines.layout import REPOSITORY
from tests.lake_builder import File, LakeBuilder
from tests.support.exports import zone
from warehouse.lock import holder

pytestmark = pytest.mark.faults

LOADS_MADE, ROWS = 25, 400

#: Compacts; tells of each call of these before and after it, and waits a little there.
PROGRAM = """
import sys, time
from pathlib import Path
from pipelines.config import load_settings
from pipelines.landing import compaction
from warehouse.lock import run_lock

def slowed(name):
    real = getattr(compaction, name)
    def call(*arguments, **named):
        print(name, "before", flush=True)
        time.sleep(0.1)
        done = real(*arguments, **named)
        print(name, "after", flush=True)
        time.sleep(0.1)
        return done
    return call

for name in sys.argv[1:]:
    setattr(compaction, name, slowed(name))
settings = load_settings()
with run_lock(settings):
    compaction.compact(settings)
"""


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake that was compacted once, then got more loads, one of which was killed."""
    root = tmp_path_factory.mktemp("lake")
    settings = zone(root)
    settings.layout.create()
    builder = LakeBuilder(settings)
    for number in range(LOADS_MADE):
        codes = [f"H39.18.25-240304-{number:02d}{row:04d}" for row in range(ROWS)]
        dossiers = File([{"dossier_code": code} for code in codes], name=f"hoso_{number}.ndjson")
        events = File([{"event_key": code} for code in codes], "progress", f"tiendo_{number}.ndjson")
        builder.land(dossiers, events, complete=number != LOADS_MADE - 1)
        if number == LOADS_MADE // 2:
            compact(settings)
    return root


def rows(settings: Settings) -> Counter[tuple[str, str, int]]:
    """Every row of the lake by its place: (table, landing, row)."""
    found: Counter[tuple[str, str, int]] = Counter()
    for table in SCHEMAS:
        number = "0" if table == "files" else "row_number"
        with reading(settings), duckdb.connect() as con:
            found.update(
                con.execute(f"select '{table}', landing_id, {number} from {Lake(settings).rows(table)}").fetchall()
            )
    return found


def start(root: Path, *slowed: str) -> subprocess.Popen[str]:
    environment = os.environ | {
        "DUNGHAN_WAREHOUSE": str(root / "warehouse"),
        "DUNGHAN_DROP_ZONE": str(root / "inbox"),
        "DUNGHAN_THREADS": "1",
    }
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *slowed], cwd=REPOSITORY, env=environment, text=True, stdout=subprocess.PIPE
    )


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=60)
    assert process.stdout is not None
    process.stdout.close()


def mended(root: Path, expected: Counter[tuple[str, str, int]]) -> None:
    """The lake is whole although nobody has mended anything; the next compaction clears what the killed one left."""
    settings = zone(root)
    assert holder(settings) is None
    assert rows(settings) == expected
    compact(settings)
    assert rows(settings) == expected
    folder = settings.layout.lake / DATASET
    assert {table: len(list((folder / table).glob("*"))) for table in ("files", "dossiers", "events", LOADS)} == {
        "files": 1,
        "dossiers": 1,
        "events": 1,
        LOADS: 0,
    }


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(
    ("stage", "call"),
    [("_write", 1), ("_content", 2), ("sync", 1), ("save_merged", 0), ("_sync_if_there", 2), ("_of", 5)],
)
def test_killed_at_a_stage(lake: Path, tmp_path: Path, stage: str, call: int, moment: str) -> None:
    root = tmp_path / "killed"
    shutil.copytree(lake, root)
    expected = rows(zone(root))
    assert len(expected) == (LOADS_MADE - 1) * (2 + 2 * ROWS)
    process = start(root, stage)
    assert process.stdout is not None
    reached = 0
    for line in process.stdout:
        reached += line.split() == [stage, moment]
        if reached == call + 1:
            break
    assert reached == call + 1
    kill(process)
    mended(root, expected)


def test_killed_at_random_while_others_read(lake: Path, tmp_path: Path) -> None:
    seed = os.environ.get("DUNGHAN_KILL_SEED") or str(time.time_ns())
    print(f"DUNGHAN_KILL_SEED={seed}")
    chance = random.Random(seed)
    expected = rows(zone(lake))
    seen, errors, done = [0], [], threading.Event()

    def read(settings: Settings) -> None:
        while not done.is_set():
            try:
                assert rows(settings) == expected
                seen[0] += 1
            except BaseException as error:
                errors.append(f"{type(error).__name__}: {error}"[:300])

    for attempt in range(4):
        root = tmp_path / f"killed{attempt}"
        shutil.copytree(lake, root)
        done.clear()
        reader = threading.Thread(target=read, args=(zone(root),))
        reader.start()
        try:
            for _ in range(3):
                process = start(root)
                time.sleep(chance.uniform(0.5, 2.0))
                kill(process)
        finally:
            done.set()
            reader.join()
        mended(root, expected)
    assert not errors, errors[:3]
    assert seen[0] > 4
