"""`make bench`: the whole job as users run it, beside a plain DuckDB script on the same files, in the same session; and
the readers alone, shape by shape.

    python -m tests.benchmarks [job|readers] [--dossiers 2000000] [--shape xlsx] [--folder DIR]

Prints a table each; of the job: wall seconds, processor seconds, peak memory (the whole tree of processes), bytes
written, ratio.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from pipelines.samples import SampleSpec, generate
from pipelines.samples.shapes import SHAPES
from tests.benchmarks import readers

PLAIN = Path(__file__).with_name("plain_duckdb.py")


@dataclass(frozen=True)
class Measured:
    """wall and cpu in seconds, memory and written in bytes; status is the exit status."""

    wall: float
    cpu: float
    memory: int
    written: int
    status: int


def measure(command: list[str], out: Path, env: dict[str, str]) -> Measured:
    """Runs the command and samples the resident memory of its process tree ten times a second."""
    before = os.times()
    started = time.monotonic()
    child = psutil.Popen(command, env=os.environ | env, stdout=subprocess.DEVNULL)
    peak = 0
    while child.poll() is None:
        peak = max(peak, _resident(child))
        time.sleep(0.1)
    wall = time.monotonic() - started
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    written = sum(path.stat().st_size for path in out.rglob("*") if path.is_file() and not path.is_symlink())
    return Measured(wall, cpu, peak, written, child.returncode)


def _resident(child: psutil.Process) -> int:
    total = 0
    try:
        for process in (child, *child.children(recursive=True)):
            total += process.memory_info().rss
    except psutil.NoSuchProcess:
        pass
    return total


def main() -> None:
    """Generates the exports, measures, prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", nargs="?", choices=("job", "readers"), help="default: both")
    parser.add_argument("--dossiers", type=int, default=200_000)
    shapes = [*SHAPES, readers.CLERKS]
    parser.add_argument("--shape", action="append", choices=shapes, help="readers: only this one; repeatable")
    parser.add_argument("--folder", type=Path, help="where to work; default: a temporary folder")
    arguments = parser.parse_args()
    if arguments.what != "job":
        with tempfile.TemporaryDirectory(dir=arguments.folder) as scratch:
            readers.main(Path(scratch), arguments.dossiers, arguments.shape or shapes)
    if arguments.what != "readers":
        _job(arguments)


def _job(arguments: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(dir=arguments.folder) as scratch:
        folder = Path(scratch)
        # A province: one district alone could not take so many dossiers a day.
        sample = generate(SampleSpec(dossiers=arguments.dossiers, agency="H39", progress=0.0), folder / "sample")
        size = sum(path.stat().st_size for path in sample.inbox.rglob("*") if path.is_file())
        print(f"{arguments.dossiers:,} dossiers, {size / 1e9:.2f} GB of exports, {os.cpu_count()} cores")
        warehouse, plain = folder / "warehouse", folder / "plain"
        plain.mkdir()
        run = [sys.executable, "-c", "from pipelines.cli import main; main()", "run"]
        env = {"DUNGHAN_DROP_ZONE": str(sample.inbox), "DUNGHAN_WAREHOUSE": str(warehouse)}
        rows = {
            "plain DuckDB script": measure([sys.executable, str(PLAIN), str(sample.inbox), str(plain)], plain, {}),
            "dunghan run, everything new": measure(run, warehouse, env),
            "dunghan run, nothing new": measure(run, warehouse, env),
        }
    base = rows["plain DuckDB script"]
    print("| case | wall s | cpu s | peak GiB | written GB | ratio to plain | exit |\n|---|---|---|---|---|---|---|")
    for name, m in rows.items():
        ratio = m.wall / base.wall
        print(
            f"| {name} | {m.wall:.1f} | {m.cpu:.1f} | {m.memory / 2**30:.2f} | {m.written / 1e9:.2f} "
            f"| {ratio:.2f} | {m.status} |"
        )


if __name__ == "__main__":
    main()
