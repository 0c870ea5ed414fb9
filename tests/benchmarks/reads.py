"""How long a reader of the published file waits: what pages and people ask, hundreds of times, with random keys.

    python -m tests.benchmarks.reads --marts FILE [--rounds 300]

One connection is opened once; what opening and its first question cost is told apart. Milliseconds, p50 and p95.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

#: What the 95th of a hundred readers may wait, in milliseconds.
TARGET = 50.0
#: Keys are drawn from so many dossiers, agencies and months.
KEYS = 1_000

QUESTIONS = {
    "tháng của cơ quan / agency's month (mart_timeliness_monthly)": """
        select field_name, channel, received, resolved_early, resolved_on_time, resolved_late, on_time_rate
        from marts.mart_timeliness_monthly
        where scheme = 'calendar' and agency_code = $agency and month = $month
        order by field_name, channel""",
    "tháng của cơ quan / agency's month (fct_dossiers, fct_verdicts)": """
        select dossiers.field_code, verdicts.verdict, count(*) as dossiers
        from marts.fct_dossiers as dossiers
        inner join marts.fct_verdicts as verdicts using (source, dossier_code)
        where dossiers.agency_code = $agency and verdicts.rule_set = 'form_ii06'
            and dossiers.received_at >= $first and dossiers.received_at < $first + interval 1 month
        group by all order by all""",
    "quá hạn nhiều nhất của cơ quan / agency's most overdue": """
        select dossier_code, procedure_name, due_at, working_days_overdue
        from marts.mart_overdue_dossiers
        where rule_set = 'form_ii06' and agency_code = $agency
        order by working_days_overdue desc, dossier_code limit 50""",
    "quá hạn nhiều nhất / most overdue of all": """
        select agency_code, dossier_code, procedure_name, due_at, working_days_overdue
        from marts.mart_overdue_dossiers
        where rule_set = 'form_ii06'
        order by working_days_overdue desc, dossier_code limit 50""",
    "một hồ sơ / one dossier (fct_dossiers)": "select * from marts.fct_dossiers where dossier_code = $code",
    "một hồ sơ / one dossier (fct_verdicts)": "select * from marts.fct_verdicts where dossier_code = $code",
}


@dataclass(frozen=True)
class Waits:
    """Milliseconds of one question."""

    p50: float
    p95: float
    most: float


def main(marts: Path, rounds: int = 300) -> dict[str, Waits]:
    """Ask every question `rounds` times, print the table; returns what each cost."""
    keys = list(_keys(marts, rounds))
    started = time.perf_counter()
    con = duckdb.connect(str(marts), read_only=True)
    # With a parameter: DuckDB imports what binding needs at the first one.
    con.execute("select count(*) from marts.dim_agency where agency_code = $agency", {"agency": "H39"}).fetchall()
    first = (time.perf_counter() - started) * 1000
    (threads,) = con.execute("select current_setting('threads')").fetchone() or (0,)
    (rows,) = con.execute("select count(*) from marts.fct_dossiers").fetchone() or (0,)
    print(f"{rows:,} hồ sơ / dossiers, {threads} luồng / threads")
    print(f"mở và câu hỏi đầu tiên / opening and the first question: {first:.0f} ms")
    print("| câu hỏi / question | p50 ms | p95 ms | max ms | ≤ 50 ms |\n|---|--:|--:|--:|---|")
    waits = {}
    for question, sql in QUESTIONS.items():
        waits[question] = _ask(con, sql, keys)
        w = waits[question]
        print(
            f"| {question} | {w.p50:.1f} | {w.p95:.1f} | {w.most:.1f} | {'✓' if w.p95 <= TARGET else '✗'} |", flush=True
        )
    con.close()
    return waits


def _keys(marts: Path, rounds: int) -> Iterator[dict[str, str | date]]:
    """Dossiers drawn at random, each with its agency and the month it was received in: what exists is asked for."""
    with duckdb.connect(str(marts), read_only=True) as con:
        found = con.execute(
            f"""select dossier_code, agency_code, date_trunc('month', received_at)::date
            from (select * from marts.fct_dossiers where in_population using sample {KEYS} rows (reservoir, 7))
            order by all"""
        ).fetchall()
    draw = random.Random(7)
    for _ in range(rounds):
        code, agency, first = draw.choice(found)
        yield {"code": code, "agency": agency, "first": first, "month": f"{first:%Y-%m}"}


def _ask(con: duckdb.DuckDBPyConnection, sql: str, keys: list[dict[str, str | date]]) -> Waits:
    taken = []
    for key in keys:
        wanted = {name: value for name, value in key.items() if f"${name}" in sql}
        started = time.perf_counter()
        con.execute(sql, wanted).fetchall()
        taken.append((time.perf_counter() - started) * 1000)
    return Waits(statistics.median(taken), statistics.quantiles(taken, n=20)[-1], max(taken))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--marts", type=Path, required=True, help="published/dunghan.duckdb")
    parser.add_argument("--rounds", type=int, default=300)
    arguments = parser.parse_args()
    main(arguments.marts, arguments.rounds)
