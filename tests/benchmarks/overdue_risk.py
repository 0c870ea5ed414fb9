"""How well does mart_overdue_risk tell? A test split in time: what it said on a day beside what happened later.

    python -m tests.benchmarks.overdue_risk [--dossiers 60000] [--folder DIR]
    python -m tests.benchmarks.overdue_risk --inbox DIR --at 2024-03-31 --at 2024-04-30 --until 2024-07-31

For every day `--at`, `dunghan run` closes and knows nothing later than that day; the last run, at `--until`, tells how
each dossier ended. Prints the table of docs/reference/overdue-risk.md. Without an inbox a world is made: agencies and
procedures of different speed, so that there is something to tell apart.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

import duckdb

from tests.oracle.comparison import published, run_pipeline

FIRST, LAST_RECEPTION, UNTIL = date(2024, 1, 2), date(2024, 6, 30), date(2024, 8, 31)
AT = (date(2024, 3, 31), date(2024, 4, 30), date(2024, 5, 31), date(2024, 6, 30))
AGENCIES = [f"H39.18.{n}" for n in range(10, 22)]
#: Procedure → days until the result is promised.
PROCEDURES = {"1.001190": 3, "1.002001": 5, "1.002002": 7, "2.000488": 10, "2.001008": 15, "1.004203": 20}
GROUPS = 10

Record = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """What the mart said of one dossier, and what became of it."""

    late_share: float
    compared_with: str
    is_late: bool


def make_world(inbox: Path, dossiers: int, moments: Iterable[date], seed: int = 1) -> None:
    """Exports at the end of each of the days, each with the dossiers that changed since the one before.

    How much of its time a dossier takes is log-normal around a middle of its agency and procedure: of some every
    hundredth is late, of others every second one.
    """
    rng = Random(seed)
    pace = {a: rng.uniform(-0.5, 0.0) for a in AGENCIES}
    difficulty = {p: rng.uniform(-0.4, 0.0) for p in PROCEDURES}
    days = (LAST_RECEPTION - FIRST).days + 1
    lives = []
    for number in range(dossiers):
        agency, procedure = rng.choice(AGENCIES), rng.choice(list(PROCEDURES))
        day = FIRST + timedelta(number * days // dossiers)
        received = datetime.combine(day, time(8)) + timedelta(seconds=rng.randrange(8 * 3600))
        due = datetime.combine(day + timedelta(PROCEDURES[procedure]), time(17))
        used = math.exp(rng.gauss(pace[agency] + difficulty[procedure], 0.4))
        code = f"{agency}-{day:%y%m%d}-{number % 10_000:04}"
        lives.append((code, procedure, received, due, received + (due - received) * used))
    before = datetime.min
    for moment in sorted(moments):
        close = datetime.combine(moment, time(23, 59, 59))
        changed = [life for life in lives if before < life[2] <= close or before < life[4] <= close]
        path = inbox / "motcua" / "dossiers" / f"hoso_{moment:%Y%m%d}.ndjson"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8") as lines:
            for life in changed:
                lines.write(json.dumps(_record(*life, close), ensure_ascii=False) + "\n")
        before = close


def _record(code: str, procedure: str, received: datetime, due: datetime, ended: datetime, close: datetime) -> Record:
    is_done = ended <= close
    return {
        "MaHoSo": code,
        "MaTTHC": procedure,
        "TenTTHC": f"Thủ tục {procedure}",
        "MaLinhVuc": "G15-TP01",
        "TenLinhVuc": "Hộ tịch",
        "KenhThucHien": "2",
        "LoaiDoiTuong": "1",
        "NgayTiepNhan": f"{received:%Y%m%d%H%M%S}",
        "NgayHenTra": f"{due:%Y%m%d%H%M%S}",
        "NgayKetThucXuLy": f"{ended:%Y%m%d%H%M%S}" if is_done else "",
        "TrangThaiHoSo": "9" if is_done else "4",
    }


def told_and_observed(inbox: Path, warehouse: Path, at: Iterable[date], until: date) -> list[Told]:
    """Every dossier of which the mart told a share on one of the days, with how it ended by `until`."""
    said: list[tuple[str, str, float, str]] = []
    for day in sorted(at):
        close = datetime.combine(day, time(23, 59, 59))
        run_pipeline(inbox, warehouse, close, close)
        with duckdb.connect(str(published(warehouse)), read_only=True) as con:
            said += con.execute(
                """select source, dossier_code, late_share, compared_with
                from marts.mart_overdue_risk where late_share is not null"""
            ).fetchall()
    run_pipeline(inbox, warehouse, datetime.combine(until, time(23, 59, 59)), None)
    with duckdb.connect(str(published(warehouse)), read_only=True) as con:
        verdicts = con.execute(
            "select source, dossier_code, verdict from marts.fct_verdicts where rule_set = 'form_ii06'"
        ).fetchall()
    ended = {(source, code): verdict for source, code, verdict in verdicts}
    return [
        Told(share, level, ended[source, code] in ("late", "overdue"))
        for source, code, share, level in said
        if ended.get((source, code)) in ("early", "on_time", "late", "overdue")
    ]


def table(told: list[Told]) -> str:
    """Markdown: dossiers in ten groups of one size by what was told, told beside observed."""
    ordered = sorted(told, key=lambda t: t.late_share)
    lines = [
        "| nhóm / group | hồ sơ / dossiers | đã nói / told | thấp nhất–cao nhất / range | thực tế / observed |",
        "|---|---|---|---|---|",
    ]
    for n in range(GROUPS):
        group = ordered[n * len(ordered) // GROUPS : (n + 1) * len(ordered) // GROUPS]
        lines.append(_line(str(n + 1), group))
    lines.append(_line("tất cả / all", ordered))
    mean = sum(t.is_late for t in told) / len(told)
    score = sum((t.late_share - t.is_late) ** 2 for t in told) / len(told)
    levels = Counter(t.compared_with for t in told)
    lines += [
        "",
        f"Brier: {score:.4f}; {mean * (1 - mean):.4f} nếu ai cũng được nói như nhau / if everyone was told the same.",
        "So với / compared with: " + ", ".join(f"{level} {count:,}" for level, count in levels.most_common()),
    ]
    return "\n".join(lines)


def _line(name: str, group: list[Told]) -> str:
    if not group:
        return f"| {name} | 0 | – | – | – |"
    shares = [t.late_share for t in group]
    observed = sum(t.is_late for t in group) / len(group)
    return (
        f"| {name} | {len(group):,} | {sum(shares) / len(shares):.1%} | {min(shares):.1%}–{max(shares):.1%}"
        f" | {observed:.1%} |"
    )


def main() -> None:
    """Makes a world or takes an inbox, runs, prints the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.overdue_risk")
    parser.add_argument("--inbox", type=Path, help="exports of one's own; default: a world is made")
    parser.add_argument("--at", type=date.fromisoformat, action="append", help="a day on which the mart is asked")
    parser.add_argument("--until", type=date.fromisoformat, default=UNTIL, help="the day of the outcome")
    parser.add_argument("--dossiers", type=int, default=60_000, help="of the made world")
    parser.add_argument("--folder", type=Path, help="where to work; default: a temporary folder")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as scratch:
        at = arguments.at or AT
        inbox = arguments.inbox or Path(scratch, "inbox")
        if not arguments.inbox:
            make_world(inbox, arguments.dossiers, [*at, arguments.until])
        print(table(told_and_observed(inbox, Path(scratch, "warehouse"), at, arguments.until)))


if __name__ == "__main__":
    main()
