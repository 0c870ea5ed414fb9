"""Nightly runs that are killed at random moments, by the hundred: what `make kills` and the tests of kills share.

A run is the real `dunghan run` with everything it starts. Its process is forked from one that has the imports done, so
that hundreds take minutes; `tests/faults/test_many_kills.py` kills some that were started the plain way.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
import psutil

from pipelines.config import Settings, load_settings
from pipelines.landing.lake import DATASET, SCHEMAS, Lake, look
from pipelines.layout import REPOSITORY
from pipelines.orchestration.record import AFTERWARDS, STEPS, RunRecord, read_record
from tests.support.workbooks import xlsx
from warehouse.lock import holder
from warehouse.publish import Publication, current, leftovers

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    ["tests.faults.killing", "pipelines.cli.app", "pipelines.orchestration.definitions", "great_expectations", "dlt"]
)

EXAMPLES = REPOSITORY / "tests" / "data" / "worked_examples" / "inbox"
KEY = "0123456789abcdef-for-tests"
#: What comes with the second nightly run, besides a workbook; everything else was there for the first.
SECOND_NIGHT = ("hoso_20240605.json", "tiendo_20240601T060000.ndjson")
#: A run with files to look at ends with 3.
ENDED_WELL = (0, 3)
#: Every stage of a run, in its order: before its first step, its steps, what it does after publishing.
STAGES = ("starting", "landing", "validation", "building", "audit", "publishing", "compacting")
_MARKS = {name: f"… {text}" for name, (text, _) in (STEPS | AFTERWARDS).items() if name in STAGES}
#: What a name has that is another one in each run: moments, hashes, numbers.
_OF_A_RUN = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{8,}|\d+")


def settings_of(folder: Path) -> Settings:
    return load_settings(
        drop_zone=str(folder / "inbox"), warehouse=folder / "warehouse", privacy_key=KEY, compact_after=2
    )


def second_night_arrives(folder: Path, workbook: bytes) -> None:
    """The second night's exports; the workbook is parsed in a process of its own (readers/confined.py)."""
    for path in EXAMPLES.rglob("*"):
        if path.name in SECOND_NIGHT:
            shutil.copy2(path, folder / "inbox" / path.relative_to(EXAMPLES))
    target = folder / "inbox" / "motcua" / "dossiers" / "hoso_20240606.xlsx"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(workbook)


def made_workbook() -> bytes:
    """Twenty dossiers of another system. A workbook says when it was made: two calls give two files."""
    heading = ["MaHoSo", "MaTTHC", "NgayTiepNhan", "NgayHenTra", "TrangThaiHoSo", "DonViXuLy"]
    office = "UBND xã Tân Tập - huyện Cần Giuộc"
    rows = [
        [f"H39.18.25-240601-{number:04d}", "1.001193.000.00.00.H39", "20240601080000", "20240612170000", "4", office]
        for number in range(101, 121)
    ]
    return xlsx([heading, *rows])


# ---- one run --------------------------------------------------------------------------------------------------------


def environment_of(folder: Path) -> dict[str, str]:
    return {
        "DUNGHAN_DROP_ZONE": str(folder / "inbox"),
        "DUNGHAN_WAREHOUSE": str(folder / "warehouse"),
        "DUNGHAN_PRIVACY_KEY": KEY,
        "DUNGHAN_COMPACT_AFTER": "2",
        "DUNGHAN_THREADS": "1",
        "DUNGHAN_LANG": "vi",
        "TMPDIR": str(folder / "tmp"),
    }


def plain(folder: Path, *words: str) -> subprocess.Popen[str]:
    """A command of `dunghan` as people start it."""
    (folder / "tmp").mkdir(exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if name != "DAGSTER_HOME"}
    return subprocess.Popen(
        [sys.executable, "-c", "from pipelines.cli import main; main()", *words],
        cwd=REPOSITORY,
        env=environment | environment_of(folder),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def _run(folder: Path, command: str) -> None:
    """The child: a session of its own, its output in a file, temporary files where they can be counted."""
    os.setsid()
    # A shell has its background jobs ignore it, and with them all that they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    output = os.open(folder / "output", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    for descriptor in (1, 2):
        os.dup2(output, descriptor)
    sys.stdout = open(1, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115
    for name in [name for name in os.environ if name.startswith("DUNGHAN_")]:
        del os.environ[name]
    os.environ.pop("DAGSTER_HOME", None)
    os.environ |= environment_of(folder)
    tempfile.tempdir = None
    from pipelines.cli import main

    main([command])


@dataclass
class Started:
    """A run under way in `folder`."""

    folder: Path
    process: Any

    @property
    def output(self) -> str:
        path = self.folder / "output"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def reached(self) -> str:
        """The last stage that it has announced."""
        said = self.output
        return max((name for name in _MARKS if _MARKS[name] in said), key=STAGES.index, default="starting")


def start(folder: Path, command: str = "run") -> Started:
    (folder / "tmp").mkdir(exist_ok=True)
    (folder / "output").unlink(missing_ok=True)
    process = PROCESSES.Process(target=_run, args=(folder, command))
    process.start()
    return Started(folder, process)


def run_through(folder: Path) -> Publication:
    started = start(folder)
    started.process.join(900)
    assert started.process.exitcode in ENDED_WELL, f"{started.process.exitcode}: {started.output[-3000:]}"
    published = current(settings_of(folder))
    assert published is not None
    return published


@dataclass(frozen=True)
class Kill:
    """A signal to send `delay` seconds after a stage was announced (after the beginning of another command than `run`);
    group: to all that the run has started, too."""

    stage: str
    delay: float
    command: str = "run"
    signal: str = "SIGKILL"
    group: bool = False


@dataclass
class Killed:
    """What came of it. hit: the run was alive. stage: where it was. seconds: from the signal to the end of all."""

    kill: Kill
    hit: bool
    stage: str
    exitcode: int | None
    seconds: float
    published: bool


def run_and_kill(folder: Path, kill: Kill) -> Killed:
    """Everything that the run has started must be gone with it, its lock free, and the published version whole."""
    before = current(settings_of(folder))
    started = start(folder, kill.command)
    stage = STAGES.index(kill.stage if kill.command == "run" else "starting")
    while started.process.is_alive() and STAGES.index(started.reached()) < stage:
        time.sleep(0.02)
    started.process.join(kill.delay)
    reached = started.reached() if kill.command == "run" else f"dunghan {kill.command}"
    try:
        family = psutil.Process(started.process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        family = []
    hit = started.process.is_alive()
    sent = time.monotonic()
    if hit:
        number = signal.Signals[kill.signal]
        (os.killpg if kill.group else os.kill)(started.process.pid, number)
    started.process.join(120)
    if started.process.exitcode is None:
        started.process.kill()
        started.process.join()
        raise AssertionError(f"still alive 120 s after {kill}: {started.output[-2000:]}")
    _, alive = psutil.wait_procs(family, timeout=10)
    assert not [child.cmdline() for child in alive], f"a process outlived the run: {kill}"
    seconds = time.monotonic() - sent
    settings = settings_of(folder)
    assert holder(settings) is None
    now = look_at_published(folder)
    if hit and kill.signal != "SIGKILL":
        check_orderly_end(kill, started)
    return Killed(kill, hit, reached, started.process.exitcode, round(seconds, 2), now != (before and before.version))


def check_orderly_end(kill: Kill, started: Started) -> None:
    """Ctrl-C ends with 130 (README); a stop by the system with its signal, or with 143. No trace of the program."""
    expected = {"SIGINT": (130,), "SIGTERM": (-signal.SIGTERM, 143)}[kill.signal]
    late = started.process.exitcode in ENDED_WELL and "Các bước" in started.output
    assert started.process.exitcode in expected or late, f"{kill}: {started.process.exitcode} {started.output[-3000:]}"
    assert "Traceback" not in started.output, f"{kill}: {started.output[-3000:]}"


# ---- what readers see -----------------------------------------------------------------------------------------------


def look_at_published(folder: Path) -> str | None:
    """The version that readers see, every mart of which was counted in the file and in Parquet; None: none yet."""
    pointer = folder / "warehouse" / "published" / "current"
    if not pointer.is_symlink():
        return None
    version = pointer.resolve(strict=True)
    manifest = json.loads((version / "manifest.json").read_text(encoding="utf-8"))
    rows = {name: mart["rows"] for name, mart in manifest["marts"].items()}
    assert len(rows) > 20
    with duckdb.connect(str(version / "dunghan.duckdb"), read_only=True) as con:
        counted = " union all ".join(f"select '{name}', count(*) from marts.\"{name}\"" for name in rows)
        assert dict(con.execute(counted).fetchall()) == rows, version.name
        counted = " union all ".join(
            f"select '{name}', count(*) from '{version / 'parquet' / name}.parquet'" for name in rows
        )
        assert dict(con.execute(counted).fetchall()) == rows, version.name
    return str(manifest["version"])


@dataclass
class Reader:
    """Opens what is published again and again, as BI tools do, and remembers which versions it saw."""

    folder: Path
    seen: set[str] = field(default_factory=set)
    looks: int = 0
    errors: list[str] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def read_on(self) -> None:
        while not self.done.wait(0.3):
            try:
                if version := look_at_published(self.folder):
                    self.seen.add(version)
                    self.looks += 1
            except Exception as error:
                self.errors.append(f"{type(error).__name__}: {error}"[:500])


@contextmanager
def reading(folder: Path) -> Iterator[Reader]:
    """A reader all the while; what he could not read fails the test."""
    reader = Reader(folder)
    thread = threading.Thread(target=reader.read_on)
    thread.start()
    try:
        yield reader
    finally:
        reader.done.set()
        thread.join()
    assert reader.errors == []


def hashes(published: Publication) -> dict[str, str]:
    return {name: mart["content_hash"] for name, mart in published.manifest["marts"].items()}


def lake_rows(settings: Settings) -> Counter[tuple[str, Any, Any]]:
    """(table, place, hash of what a row says) → how often; without what another landing calls otherwise."""
    found: Counter[tuple[str, Any, Any]] = Counter()
    of_a_landing = {"landing_id", "seen_at"}
    with duckdb.connect() as con:
        for table, columns in SCHEMAS.items():
            said = ", ".join(
                f'"{column}"' for column in columns if column not in of_a_landing and "mtime" not in column
            )
            for source, hash_ in con.execute(
                f"select source, hash({said}) from {Lake(settings).rows(table)}"
            ).fetchall():
                found[table, source, hash_] += 1
    return found


def unlisted(settings: Settings) -> list[str]:
    """Parquet files of the lake that do not count: halves of killed loads, until the next compaction."""
    now = look(settings.layout.lake / DATASET)
    counting = {path for table in SCHEMAS for path in now.paths(table)}
    return sorted(str(path) for path in now.root.glob("*/*.parquet") if path not in counting)


def shapes(warehouse: Path) -> set[str]:
    """Every path of a warehouse without what differs from run to run."""
    return {_OF_A_RUN.sub("#", str(path.relative_to(warehouse))) for path in warehouse.rglob("*")}


def unfinished_runs(settings: Settings) -> list[str]:
    """Runs that Dagster believes to be on."""
    from dagster import DagsterRunStatus, RunsFilter  # noqa: TID251

    from pipelines.orchestration.instance import open_instance

    going = [DagsterRunStatus.STARTED, DagsterRunStatus.STARTING, DagsterRunStatus.QUEUED, DagsterRunStatus.NOT_STARTED]
    with open_instance(settings) as instance:
        return [run.run_id for run in instance.get_runs(RunsFilter(statuses=going))]


# ---- nights that nobody killed --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Undisturbed:
    """Two nightly runs that nobody killed: the folder after the first, that after the second, both publications, and
    how long each stage of the second took."""

    first: Path
    second: Path
    publications: tuple[Publication, Publication]
    seconds: dict[str, float]
    workbook: bytes


def undisturbed_nights(base: Path) -> Undisturbed:
    first = base / "first"
    shutil.copytree(EXAMPLES, first / "inbox", ignore=lambda _, names: [n for n in names if n in SECOND_NIGHT])
    one = run_through(first)
    second = base / "second"
    shutil.copytree(first, second, symlinks=True)
    workbook = made_workbook()
    second_night_arrives(second, workbook)
    began = time.monotonic()
    two = run_through(second)
    took = time.monotonic() - began
    record = read_record(settings_of(second))
    assert isinstance(record, RunRecord)
    seconds = {"starting": max(0.5, took - sum(record.seconds.values())), **record.seconds}
    assert set(STAGES) <= set(seconds), seconds
    assert hashes(one) != hashes(two)
    return Undisturbed(first, second, (one, two), seconds, workbook)


# ---- many kills -----------------------------------------------------------------------------------------------------


@dataclass
class Tally:
    """How many kills hit a run, by signal and stage; chains: nights that then went through, each like the undisturbed
    one; looks: how often a reader found everything whole meanwhile; halves: lake files of killed loads that lay there
    until a compaction removed them."""

    hits: Counter[str] = field(default_factory=Counter)
    failures: int = 0
    stages: Counter[str] = field(default_factory=Counter)
    missed: int = 0
    chains: int = 0
    published_then_killed: int = 0
    looks: int = 0
    halves: int = 0
    slowest_end: float = 0.0

    def add(self, killed: Killed) -> None:
        if not killed.hit:
            self.missed += 1
            return
        self.hits[killed.kill.signal] += 1
        self.stages[killed.stage] += 1
        self.published_then_killed += killed.published
        self.slowest_end = max(self.slowest_end, killed.seconds)


#: How many of a hundred kills wait for each stage: the later one is, the longer a kill takes. `dunghan publish`
#: publishes the same build again, without the minutes before it.
SHARES = {"starting": 25, "landing": 26, "validation": 26, "building": 10, "audit": 1, "publishing": 1, "compacting": 1}
SHARE_OF_PUBLISH = 10
MOST_IN_A_NIGHT = 20


def random_kill(chance: random.Random, nights: Undisturbed, signals: tuple[str, ...]) -> Kill:
    stage = chance.choices(list(SHARES), list(SHARES.values()))[0]
    name = chance.choice(signals)
    group = name != "SIGKILL" and chance.random() < 0.5
    return Kill(stage, round(chance.uniform(0, nights.seconds[stage]), 3), "run", name, group)


def kills_of_publish(chance: random.Random, nights: Undisturbed, signals: tuple[str, ...]) -> Iterator[Kill]:
    longest = nights.seconds["starting"] + nights.seconds["publishing"]
    while True:
        yield Kill("publishing", round(chance.uniform(0, longest), 3), "publish", chance.choice(signals))


def kill_a_night(folder: Path, nights: Undisturbed, kills: Iterator[Kill], tally: Tally, most: int) -> Iterator[Killed]:
    """One night killed up to `most` times, until a version was published, then left in peace."""
    shutil.copytree(nights.first, folder, symlinks=True)
    second_night_arrives(folder, nights.workbook)
    with reading(folder) as reader:
        for _ in range(most):
            killed = run_and_kill(folder, next(kills))
            tally.add(killed)
            yield killed
            if killed.published:
                break
        end_in_peace(folder, nights, tally)
    tally.looks += reader.looks


def kill_publications(
    folder: Path, nights: Undisturbed, kills: Iterator[Kill], tally: Tally, most: int
) -> Iterator[Killed]:
    """`dunghan publish` after the second night, killed `most` times, then a nightly run with nothing new."""
    shutil.copytree(nights.second, folder, symlinks=True)
    with reading(folder) as reader:
        for _ in range(most):
            killed = run_and_kill(folder, next(kills))
            tally.add(killed)
            yield killed
        end_in_peace(folder, nights, tally)
    tally.looks += reader.looks


def end_in_peace(folder: Path, nights: Undisturbed, tally: Tally) -> None:
    published = run_through(folder)
    record = read_record(settings_of(folder))
    if record is not None and "building" in record.seconds:
        # Whatever else the machine has to do now: a delay longer than a stage would hit the one after it.
        nights.seconds.update({name: took for name, took in record.seconds.items() if name in STAGES})
    tally.chains += 1
    check_like_undisturbed(folder, published, nights, tally)


def check_like_undisturbed(
    folder: Path, published: Publication, nights: Undisturbed, tally: Tally, more: Sequence[str] = ()
) -> None:
    """Nothing doubled, lost or left behind. more: folders of the warehouse that the undisturbed one has not."""
    settings = settings_of(folder)
    differing = {mart for mart, hash_ in hashes(nights.publications[1]).items() if hashes(published).get(mart) != hash_}
    assert differing == set()
    assert look_at_published(folder) == published.version
    assert lake_rows(settings) == lake_rows(settings_of(nights.second))
    left: dict[str, list[Any]] = {"publication": leftovers(settings)}
    left["temporary"] = [path.name for path in (folder / "tmp").iterdir()]
    left["runs"] = unfinished_runs(settings)
    assert not any(left.values()), left
    tally.halves += len(unlisted(settings))
    from pipelines.landing.compaction import compact
    from warehouse.lock import run_lock

    with run_lock(settings):
        compact(settings)
    assert unlisted(settings) == []
    strange = shapes(settings.layout.root) - shapes(settings_of(nights.second).layout.root)
    strange = {path for path in strange if not path.startswith(tuple(more))}
    assert strange == set(), strange


def kill_many(count: int, signals: tuple[str, ...], tell: Callable[..., None]) -> Tally:
    """Kill until `count` were by SIGKILL; what fails is told with its night, and the next night begins."""
    seed = os.environ.get("DUNGHAN_KILL_SEED") or str(time.time_ns())
    chance = random.Random(seed)
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="dunghan-kills-") as scratch:
        nights = undisturbed_nights(Path(scratch))
        tell(seed=seed, seconds=nights.seconds)
        of_run = iter(lambda: random_kill(chance, nights, signals), None)
        of_publish = kills_of_publish(chance, nights, signals)
        while tally.hits["SIGKILL"] < count and tally.failures < 10:
            folder = Path(scratch) / f"night{tally.chains}-{tally.failures}"
            most = min(MOST_IN_A_NIGHT, count - tally.hits["SIGKILL"])
            publishing = tally.stages["dunghan publish"] * 100 < SHARE_OF_PUBLISH * tally.hits.total()
            kill, kills = (kill_publications, of_publish) if publishing else (kill_a_night, of_run)
            try:
                for killed in kill(folder, nights, kills, tally, most):
                    tell(**asdict(killed))
            except AssertionError as error:
                tally.failures += 1
                tell(failure=str(error)[:4000], place=traceback.format_exc()[-600:])
            tell(**vars(tally))
            shutil.rmtree(folder, ignore_errors=True)
    return tally


def main() -> None:
    """`python -m tests.faults.killing COUNT FILE [SIGNAL …]`: so many kills, figures into the file as they come."""
    count, target = int(sys.argv[1]), Path(sys.argv[2])

    def tell(**what: Any) -> None:
        with target.open("a", encoding="utf-8") as out:
            out.write(json.dumps(what, ensure_ascii=False, default=str) + "\n")

    tally = kill_many(count, tuple(sys.argv[3:]) or ("SIGKILL",), tell)
    tell(done=True, **vars(tally))
    print(json.dumps(vars(tally), indent=1))
    sys.exit(bool(tally.failures))


if __name__ == "__main__":
    # Under its own name, or what the forked processes import would be another module.
    import_module("tests.faults.killing").main()
