"""A year of nightly runs, as users run them: does the last night cost what the tenth did, and what grows on the disk?

    python -m tests.benchmarks nightly runs [--nights 365] [--dossiers 100000] [--changes 1000] [--folder DIR]

Every nightly run the exports of one day arrive and `dunghan run` takes them. What each cost is in DIR/nights.csv as
soon as it has ended; started again with the same DIR it goes on after the last of them.
"""

from __future__ import annotations

import csv
import json
import re
import statistics
import sys
from collections import defaultdict
from datetime import date
from pathlib import Path

from pipelines.samples import SampleSpec, generate
from tests.benchmarks.measuring import DUNGHAN, measure

Row = dict[str, float]

STEPS = ("landing", "validation", "building", "audit", "publishing", "compacting")
#: Parts of a warehouse whose growth is looked at.
PARTS = ("lake", "build.duckdb", "published", "dagster", "quality", "state")
SHOWN = (10, 50, 100, 150, 200, 250, 300, 350)
#: Nightly runs on either side of one over which the median is taken: a single one may have been disturbed.
AROUND = 2


def main(folder: Path, nights: int = 365, dossiers: int = 100_000, changes: int = 1_000) -> list[Row]:
    """Run what is left of the nightly runs in `folder`, print the tables; returns a row per nightly run (seconds,
    bytes, files)."""
    days = _arrivals(folder / "sample", nights, dossiers, changes)
    warehouse, inbox, log = folder / "warehouse", folder / "inbox", folder / "nights.csv"
    env = {"DUNGHAN_DROP_ZONE": str(inbox), "DUNGHAN_WAREHOUSE": str(warehouse)}
    rows = _read(log)
    for night, files in enumerate(days):
        for path in files:
            target = inbox / path.relative_to(folder / "sample" / "inbox")
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                target.hardlink_to(path)
        if night >= len(rows):
            cost = measure([*DUNGHAN, "run"], env)
            if cost.status:
                sys.exit(f"đêm / night {night}: dunghan run → {cost.status}")
            row = {"night": night, "wall": cost.wall, "cpu": cost.cpu, "memory": cost.memory} | _look(warehouse)
            _append(log, row)
            rows.append(row)
    report(rows)
    return rows


def _arrivals(sample: Path, nights: int, dossiers: int, changes: int) -> list[list[Path]]:
    """Files by the day on which they arrive: the full export, with the catalogues, then one nightly run each."""
    if not (sample / "inbox").exists():
        # Ten years, so that nearly all dossiers are in the first export and the nightly runs bring changes.
        last = date(2024, 12, 31)
        spec = SampleSpec(
            dossiers=dossiers,
            agency="H39",
            first_day=date(2015, 1, 1),
            last_day=last,
            nights=nights,
            changes_per_night=changes,
        )
        generate(spec, sample)
    days: dict[str, list[Path]] = defaultdict(list)
    for path in sorted((sample / "inbox").rglob("*")):
        if path.is_file():
            found = re.search(r"_(\d{8})", path.name)
            days[found[1] if found and path.parent.name in ("dossiers", "progress") else ""].append(path)
    catalogues, first, *later = (days[day] for day in sorted(days))
    return [catalogues + first, *later]


def _look(warehouse: Path) -> Row:
    """Files and bytes of each part, seconds of each step of the run that has just ended."""
    found: Row = {}
    for part in PARTS:
        path = warehouse / part
        files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file() and not p.is_symlink()]
        found[f"{part} files"] = len(files)
        found[f"{part} bytes"] = sum(file.stat().st_size for file in files)
    seconds = json.loads((warehouse / "state" / "last-run.json").read_text(encoding="utf-8"))["seconds"]
    return found | {step: seconds.get(step, 0.0) for step in STEPS}


def _read(log: Path) -> list[Row]:
    if not log.exists():
        return []
    with log.open(encoding="utf-8", newline="") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def _append(log: Path, row: Row) -> None:
    new = not log.exists()
    with log.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        if new:
            writer.writeheader()
        writer.writerow(row)


def report(rows: list[Row]) -> None:
    """The table of some nightly runs (median of five around each), then the last against the tenth, then what grows."""
    last = len(rows) - 1
    nights = [night for night in SHOWN if night + AROUND < last] + [last]
    print("| night | wall s | cpu s | peak GiB | " + " | ".join(STEPS) + " |\n" + "|---" * (4 + len(STEPS)) + "|")
    for night in nights:
        around = {name: median_around(rows, night, name) for name in ("wall", "cpu", "memory", *STEPS)}
        steps = " | ".join(f"{around[step]:.2f}" for step in STEPS)
        print(f"| {night} | {around['wall']:.1f} | {around['cpu']:.1f} | {around['memory'] / 2**30:.2f} | {steps} |")
    print("\n| night | " + " | ".join(f"{part} files, MB" for part in PARTS) + " |\n" + "|---" * (1 + len(PARTS)) + "|")
    for night in nights:
        parts = " | ".join(
            f"{rows[night][f'{part} files']:.0f}, {rows[night][f'{part} bytes'] / 1e6:.1f}" for part in PARTS
        )
        print(f"| {night} | {parts} |")
    if last >= 10 + AROUND:
        for name in ("wall", "cpu", "memory"):
            ratio = median_around(rows, last, name) / median_around(rows, 10, name)
            print(f"\n{name}: night {last} / night 10 = {ratio:.2f}", end="")
        later = rows[5:]
        print("\n\nper night: " + ", ".join(f"{name} {_slope(later, name):+.4f} s" for name in ("wall", "cpu", *STEPS)))


def median_around(rows: list[Row], night: int, name: str) -> float:
    """Median of a column over a nightly run and those around it, always five of them where there are so many."""
    end = min(night + AROUND, len(rows) - 1)
    return statistics.median(row[name] for row in rows[max(0, end - 2 * AROUND) : end + 1])


def _slope(rows: list[Row], name: str) -> float:
    return statistics.linear_regression([row["night"] for row in rows], [row[name] for row in rows]).slope
