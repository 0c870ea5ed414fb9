"""Freezes the public holidays of Vietnam from the `holidays` package into holidays.csv (timeliness §2).

    python dbt_project/seeds/build_holidays.py

Every year is instantiated: the package knows make-up working days only of the years it was asked for. What the package
lacks stands in calendar_overrides.csv, which wins.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

YEARS = range(2000, 2101)  # portal-exports §4: every date that is read lies in these years
SEED = Path(__file__).with_name("holidays.csv")
WORKED_OFF = "Ngày làm bù"


def calendar_rows() -> Iterator[tuple[str, str, str]]:
    """(date ISO, kind `off` | `work`, name in Vietnamese), by date. `work` are weekend days that are worked off."""
    import holidays  # a development dependency: the seed is frozen so that no installation needs it

    vietnam = holidays.country_holidays("VN", years=YEARS, language="vi")
    days = {day: ("off", name) for day, name in vietnam.items()}
    days |= dict.fromkeys(vietnam.weekend_workdays, ("work", WORKED_OFF))
    for day, (kind, name) in sorted(days.items()):
        yield day.isoformat(), kind, name


def write_seed(path: Path = SEED) -> None:
    """Write the seed as dbt reads it."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("date", "kind", "name"))
        writer.writerows(calendar_rows())


if __name__ == "__main__":
    write_seed()
