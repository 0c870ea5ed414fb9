"""Working days (timeliness §2): Monday to Friday, less holidays and days off, plus make-up Saturdays."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path

import holidays

FIRST, LAST = date(1999, 1, 1), date(2101, 12, 31)


class WorkCalendar:
    """Working days between two dates of 1999–2101. `overrides` (calendar_overrides.csv: date, kind off|work) win."""

    def __init__(self, overrides: Path) -> None:
        vietnam = holidays.country_holidays("VN", years=range(FIRST.year, LAST.year + 1))
        with overrides.open(encoding="utf-8") as lines:
            said = {date.fromisoformat(row["date"]): row["kind"] == "work" for row in csv.DictReader(lines)}
        days = [FIRST + timedelta(n) for n in range((LAST - FIRST).days + 1)]
        self.working = [said.get(day, vietnam.is_working_day(day)) for day in days]
        self._upto = list(accumulate(self.working))

    def is_working(self, day: date) -> bool:
        """Whether offices work on that day."""
        return self.working[(day - FIRST).days]

    def wd(self, a: date, b: date) -> int:
        """Working days d with a < d ≤ b; 0 if b ≤ a."""
        return self._upto[(b - FIRST).days] - self._upto[(a - FIRST).days] if b > a else 0

    def nth_after(self, start: date, n: int) -> date:
        """The n-th working day after `start`; `start` itself for 0."""
        day = start
        while n > 0:
            day += timedelta(1)
            n -= self.is_working(day)
        return day
