"""The whole job as users run it, from process start to published, beside a plain DuckDB script on the same files.

Cases in their order: the plain script and a full load, nightly runs, a nightly run with nothing new, the rebuild
from the lake, a restatement, what BI tools read. Medians of several rounds; every night brings new files.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

from pipelines.samples import SampleSpec, generate
from tests.benchmarks import reads
from tests.benchmarks.measuring import DUNGHAN, Measured, measure, median, written_by

PLAIN = Path(__file__).with_name("plain_duckdb.py")
_HEADINGS = "| case | rounds | wall s | cpu s | peak GiB | written GB | ratio to plain | exit |"


class Job:
    """One size of a province in one folder: a sample, a warehouse, and the table as it grows."""

    def __init__(self, folder: Path, dossiers: int, changes: int, rounds: int) -> None:
        self.rounds = rounds
        self.inbox, self.warehouse, self.plain = folder / "inbox", folder / "warehouse", folder / "plain"
        self.env = {"DUNGHAN_DROP_ZONE": str(self.inbox), "DUNGHAN_WAREHOUSE": str(self.warehouse)}
        self.waiting = _sample(folder, dossiers, changes, rounds, self.inbox)
        size = written_by(self.inbox)
        print(f"{dossiers:,} dossiers, {size / 1e9:.2f} GB of exports, {os.cpu_count()} cores, {rounds} rounds")
        print(_HEADINGS + "\n" + "|---" * _HEADINGS.count(" | ") + "|---|", flush=True)

    def run(self) -> None:
        """Every case. Stops when `dunghan` does not publish."""
        plain = self.repeat(self._plain)
        self._tell("plain DuckDB script", plain, plain)
        self._tell("`dunghan run`, full load", self.repeat(self._full_load), plain)
        nights, rebuilds = zip(*(self._night() for _ in range(self.rounds)), strict=True)
        self._tell("plain DuckDB script after a night, rebuilding", median(rebuilds), median(rebuilds))
        self._tell("`dunghan run`, a night of changes", median(nights), median(rebuilds))
        self._tell("`dunghan run`, nothing new", self.repeat(lambda: self._dunghan("run")), plain)
        self._tell("`dunghan run --full-refresh`, from the lake", self.repeat(self._rebuild), plain)
        self._tell("`dunghan restate`", self.repeat(self._restate), plain)
        print(flush=True)
        reads.main(self.warehouse / "published" / "dunghan.duckdb")

    def repeat(self, case: Callable[[], Measured]) -> Measured:
        """Median of the rounds."""
        return median(case() for _ in range(self.rounds))

    def _tell(self, name: str, found: Measured, plain: Measured) -> None:
        print(
            f"| {name} | {self.rounds} | {found.wall:.1f} | {found.cpu:.1f} | {found.memory / 2**30:.2f} "
            f"| {found.written / 1e9:.2f} | {found.wall / plain.wall:.2f} | {found.status} |",
            flush=True,
        )

    def _plain(self) -> Measured:
        shutil.rmtree(self.plain, ignore_errors=True)
        self.plain.mkdir()
        found = measure([sys.executable, str(PLAIN), str(self.inbox), str(self.plain)])
        if found.status:
            sys.exit(f"plain_duckdb.py → {found.status}")
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
        first_day=date(2020, 1, 1),
        last_day=date(2024, 12, 31),
        nights=nights,
        changes_per_night=changes,
    )
    generate(spec, folder / "sample").inbox.rename(inbox)
    later = sorted((inbox / "dvcqg" / "dossiers").iterdir())[1:]
    (folder / "later").mkdir()
    return [path.rename(folder / "later" / path.name) for path in later]


def main(folder: Path, dossiers: int, changes: int, rounds: int) -> None:
    """Generate, measure, print the table."""
    Job(folder, dossiers, changes, rounds).run()
