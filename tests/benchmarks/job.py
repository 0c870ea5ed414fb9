"""The whole job as users run it, from process start to published, beside scripts on the same files.

Cases in their order: the plain script, the same work in plain DuckDB, a full load, the usual stack (of at most
USUAL_STACK dossiers, for it takes long), nightly runs, a nightly run with nothing new, the rebuild from the lake, a
restatement, what BI tools read. Medians of several rounds; every night brings new files. No ratio is told before the
facts and verdicts of the scripts are those of the product.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

from pipelines.samples import SampleSpec, generate
from tests.benchmarks import reads
from tests.benchmarks.agreement import differences
from tests.benchmarks.measuring import DUNGHAN, Measured, measure, median, written_by

PLAIN = Path(__file__).with_name("plain_duckdb.py")
SAME_WORK = Path(__file__).with_name("same_work.py")
#: So many dossiers at most are given to the usual stack.
USUAL_STACK = 300_000
#: Procedures of a province; SampleSpec says how they are spread.
PROCEDURES = 1_500
_HEADINGS = "| case | rounds | wall s | cpu s | peak GiB | written GB | wall to plain | cpu to same work | exit |"


class Job:
    """One size of a province in one folder: a sample, a warehouse, and the table as it grows."""

    def __init__(self, folder: Path, dossiers: int, changes: int, rounds: int) -> None:
        self.rounds, self.dossiers = rounds, dossiers
        self.inbox, self.warehouse, self.plain = folder / "inbox", folder / "warehouse", folder / "plain"
        self.same_work, self.usual_stack = folder / "same_work", folder / "usual_stack"
        self.env = {"DUNGHAN_DROP_ZONE": str(self.inbox), "DUNGHAN_WAREHOUSE": str(self.warehouse)}
        self.waiting = _sample(folder, dossiers, changes, rounds, self.inbox)
        size = written_by(self.inbox)
        print(
            f"{dossiers:,} dossiers, {size / 1e9:.2f} GB of exports, {os.cpu_count()} cores, {rounds} rounds,"
            f" load {os.getloadavg()[0]:.1f} before"
        )
        print(_HEADINGS + "\n" + "|---" * _HEADINGS.count(" | ") + "|---|", flush=True)

    def run(self) -> None:
        """Every case. Stops when `dunghan` does not publish."""
        self.compare()
        nights, rebuilds = zip(*(self._night() for _ in range(self.rounds)), strict=True)
        self._tell("plain DuckDB script after a night, rebuilding", median(rebuilds))
        self._tell("`dunghan run`, a night of changes", median(nights), to=median(rebuilds))
        self._tell("`dunghan run`, nothing new", self.repeat(lambda: self._dunghan("run")))
        self._tell("`dunghan run --full-refresh`, from the lake", self.repeat(self._rebuild))
        self._tell("`dunghan restate`", self.repeat(self._restate))
        print(flush=True)
        reads.main(self.warehouse / "published" / "dunghan.duckdb")

    def compare(self) -> None:
        """A full load beside the scripts, in turn, so that what disturbs the machine disturbs all of them."""
        cases = {
            "plain DuckDB script": self._plain,
            "the same work in plain DuckDB": self._same_work,
            "`dunghan run`, full load": self._full_load,
            "the usual stack": self._usual_stack,
        }
        if self.dossiers > USUAL_STACK:
            del cases["the usual stack"]
        rounds = [{name: case() for name, case in cases.items()} for _ in range(self.rounds)]
        self._must_agree()
        found = {name: median(measured[name] for measured in rounds) for name in cases}
        self.to_plain, self.to_same_work = list(found.values())[:2]
        for name, measured in found.items():
            self._tell(name, measured)
        self._tell_stages()

    def _must_agree(self) -> None:
        """Stops when a script says something else of a dossier than the product."""
        product = self.warehouse / "published" / "dunghan.duckdb"
        told = {"same_work.py": differences(self.same_work / "dunghan.duckdb", product)}
        if self.usual_stack.exists():
            told["usual_stack.py"] = differences(self.usual_stack / "warehouse.duckdb", product, "marts")
        if any(rows for marts in told.values() for rows in marts.values()):
            sys.exit(f"rows that differ from the product's: {told}")

    def _tell_stages(self) -> None:
        """Seconds of each stage in the last round: on the clock, and of processor where that is known."""
        steps = json.loads((self.warehouse / "state" / "last-run.json").read_text(encoding="utf-8"))["seconds"]
        print("stages of the product, wall s: " + ", ".join(f"{step} {wall:.1f}" for step, wall in steps.items()))
        for folder in (self.same_work, self.usual_stack):
            if folder.exists():
                stages = json.loads((folder / "stages.json").read_text(encoding="utf-8"))
                each = ", ".join(f"{name} {spent['wall']:.1f}/{spent['cpu']:.1f}" for name, spent in stages.items())
                print(f"stages of {folder.name}, wall/cpu s: {each}", flush=True)

    def repeat(self, case: Callable[[], Measured]) -> Measured:
        """Median of the rounds."""
        return median(case() for _ in range(self.rounds))

    def _tell(self, name: str, found: Measured, to: Measured | None = None) -> None:
        """to: the run of the plain script that it is compared with; else that on the first export."""
        print(
            f"| {name} | {self.rounds} | {found.wall:.1f} | {found.cpu:.1f} | {found.memory / 2**30:.2f} "
            f"| {found.written / 1e9:.2f} | {found.wall / (to or self.to_plain).wall:.2f} "
            f"| {found.cpu / self.to_same_work.cpu:.2f} | {found.status} |",
            flush=True,
        )

    def _plain(self) -> Measured:
        return self._script([sys.executable, str(PLAIN)], self.plain)

    def _same_work(self) -> Measured:
        return self._script([sys.executable, str(SAME_WORK)], self.same_work)

    def _usual_stack(self) -> Measured:
        return self._script([sys.executable, "-m", "tests.benchmarks.usual_stack"], self.usual_stack)

    def _script(self, command: list[str], out: Path) -> Measured:
        """A script on the exports, into an empty folder."""
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        found = measure([*command, str(self.inbox), str(out)])
        if found.status:
            sys.exit(f"{' '.join(command)} → {found.status}")
        return found

    def _dunghan(self, *arguments: str) -> Measured:
        found = measure([*DUNGHAN, *arguments], self.env)
        if found.status:
            sys.exit(f"dunghan {' '.join(arguments)} → {found.status}")
        return found

    def _full_load(self) -> Measured:
        shutil.rmtree(self.warehouse, ignore_errors=True)
        return self._dunghan("run")

    def _night(self) -> tuple[Measured, Measured]:
        """The next export arrives: what we take, and what the plain script takes for everything again."""
        arrived = self.waiting.pop(0)
        arrived.rename(self.inbox / "dvcqg" / "dossiers" / arrived.name)
        return self._dunghan("run"), self._plain()

    def _rebuild(self) -> Measured:
        return self._dunghan("run", "--full-refresh")

    def _restate(self) -> Measured:
        shutil.rmtree(self.warehouse / "restated", ignore_errors=True)
        last = max(path.stem for path in (self.inbox / "dvcqg" / "dossiers").iterdir())
        closed = f"{datetime.strptime(last[-8:], '%Y%m%d').date()}T23:59:59"
        return self._dunghan("restate", "--as-of", closed, "--known-at", closed)


def _sample(folder: Path, dossiers: int, changes: int, nights: int, inbox: Path) -> list[Path]:
    """The first export lies in `inbox`, the nightly runs' wait aside in their order."""
    # Five years of a province: one district could not take so many a day, and most dossiers are long done.
    spec = SampleSpec(
        dossiers=dossiers,
        agency="H39",
        progress=0.0,
        procedures=PROCEDURES,
        first_day=date(2020, 1, 1),
        last_day=date(2024, 12, 31),
        nights=nights,
        changes_per_night=changes,
    )
    generate(spec, folder / "sample").inbox.rename(inbox)
    later = sorted((inbox / "dvcqg" / "dossiers").iterdir())[1:]
    (folder / "later").mkdir()
    return [path.rename(folder / "later" / path.name) for path in later]


def main(folder: Path, dossiers: int, changes: int, rounds: int, *, only_compare: bool = False) -> None:
    """Generate, measure, print the table. only_compare: no nightly run and nothing after it."""
    job = Job(folder, dossiers, changes, rounds)
    if only_compare:
        job.compare()
    else:
        job.run()
