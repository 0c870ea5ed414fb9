"""Figures of periods (timeliness §5–§7): form II.06, the monthly and daily marts of form_ii06, the portal's index of
766."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from tests.oracle.dates import END_OF_DAY
from tests.oracle.timeliness import PENDING_STATES, Facts, Oracle, form_resolution, start_of

SCHEMES = ("calendar", "reporting")
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Period:
    """[begin, end] of one period of a scheme; figures close at `close`."""

    scheme: str
    name: str
    begin: datetime
    end: datetime

    def close(self, as_of: datetime) -> datetime:
        return min(self.end, as_of)


def periods(scheme: str, first: date, last: date, months_only: bool = False) -> list[Period]:
    """Every month, quarter, half and year of the scheme that touches [first, last] (timeliness §5)."""
    found = []
    for year in range(first.year - 1, last.year + 2):
        spans = [(f"{year}-{m:02}", m, 1) for m in range(1, 13)]
        if not months_only:
            spans += [(f"{year}-Q{q}", 3 * q - 2, 3) for q in range(1, 5)]
            spans += [(f"{year}-H1", 1, 6), (f"{year}-H2", 7, 6), (f"{year}", 1, 12)]
        for name, month, length in spans:
            begin, after = _month_begin(scheme, year, month), _month_begin(scheme, year, month + length)
            if begin <= last and after > first:
                found.append(Period(scheme, name, start_of(begin), start_of(after) - SECOND))
    return found


def _month_begin(scheme: str, year: int, month: int) -> date:
    year, month = (year + 1, month - 12) if month > 12 else (year, month)
    if scheme == "calendar":
        return date(year, month, 1)
    return date(year - 1, 12, 15) if month == 1 else date(year, month - 1, 15)


# form_ii06 at any moment --------------------------------------------------------------------------


@dataclass(frozen=True)
class Course:
    """The course of one dossier in form_ii06, with the knowledge of as_of: all that the periodic marts need."""

    source: str
    agency_code: str
    field_code: str
    channel: str
    received_at: datetime
    resolved_at: datetime | None
    resolution: str
    due_at: datetime | None
    pauses: tuple[tuple[datetime, datetime | None], ...]

    def pending_at(self, close: datetime) -> bool:
        return self.received_at <= close and not (self.resolved_at and self.resolved_at <= close)

    def overdue_at(self, close: datetime) -> bool:
        """Of a dossier pending at `close`: the pause rows apply only where their cause lies before it (timeliness
        §6)."""
        if any(start <= close and not (end and end <= close) for start, end in self.pauses):
            return False
        return self.due_at is not None and close.date() > self.due_at.date()


def course(facts: Facts) -> Course | None:
    """The course of a dossier; None outside the population of form_ii06."""
    if facts.status == 3:
        return None
    resolved = facts.ended_at if facts.state in ("finished", "withdrawn") else None
    resolution = "on_time"
    if resolved and facts.state == "finished":
        resolution, _ = form_resolution(resolved, facts.due_at)
    pauses: list[tuple[datetime, datetime | None]] = [(r.requested_at, r.answered_at) for r in facts.requests]
    if facts.fee_demand_at and facts.fee_demand_at <= facts.as_of:
        pauses.append((facts.fee_demand_at, None))
    if facts.state == "stopped" and facts.ended_at:
        pauses.append((facts.ended_at, None))
    return Course(
        source=facts.source,
        agency_code=facts.agency_code,
        field_code=facts.field_code,
        channel=facts.channel,
        received_at=facts.received_at,
        resolved_at=resolved,
        resolution=resolution,
        due_at=facts.due_at,
        pauses=tuple(pauses),
    )


def courses(oracle: Oracle) -> list[Course]:
    return [c for facts in oracle.facts.values() if (c := course(facts))]


def _figures(c: Course, period: Period, as_of: datetime) -> Counter[str]:
    """What one dossier adds to a period: received, carried_over, resolved_*, pending_*."""
    close = period.close(as_of)
    found: Counter[str] = Counter()
    if period.begin <= c.received_at <= close:
        found["received"] = 1
        found["received_online" if c.channel == "2" else "received_direct"] = 1
    elif c.received_at < period.begin and not (c.resolved_at and c.resolved_at < period.begin):
        found["carried_over"] = 1
    if c.resolved_at and period.begin <= c.resolved_at <= close:
        found[f"resolved_{c.resolution}"] = 1
    elif c.pending_at(close):
        found["pending_overdue" if c.overdue_at(close) else "pending_in_time"] = 1
    return found


Figures = dict[tuple[Any, ...], Counter[str]]


def form_ii06_report(oracle: Oracle) -> Figures:
    """rpt_form_ii06 by (source, scheme, period, agency, field); groups without any dossier are absent."""
    found: Figures = defaultdict(Counter)
    for c, period in _pairs(oracle, months_only=False):
        figures = _figures(c, period, oracle.as_of)
        if figures:
            found[c.source, period.scheme, period.name, c.agency_code, c.field_code] += figures
    for figures in found.values():
        figures["received_total"] = figures["received"] + figures["carried_over"]
        figures["resolved_total"] = sum(figures[f"resolved_{v}"] for v in ("early", "on_time", "late"))
        figures["pending_total"] = figures["pending_in_time"] + figures["pending_overdue"]
    return found


def timeliness_monthly(oracle: Oracle) -> Figures:
    """mart_timeliness_monthly by (source, scheme, month, agency, field, channel)."""
    found: Figures = defaultdict(Counter)
    for c, period in _pairs(oracle, months_only=True):
        figures = _figures(c, period, oracle.as_of)
        if figures:
            found[c.source, period.scheme, period.name, c.agency_code, c.field_code, c.channel] += figures
    return found


def on_time_rate(figures: Counter[str]) -> Fraction | None:
    """(early + on_time) / resolved; None when nothing was resolved."""
    good = figures["resolved_early"] + figures["resolved_on_time"]
    resolved = good + figures["resolved_late"]
    return Fraction(good, resolved) if resolved else None


def _pairs(oracle: Oracle, months_only: bool) -> Iterator[tuple[Course, Period]]:
    all_courses = courses(oracle)
    if not all_courses:
        return
    first = min(c.received_at for c in all_courses).date()
    spans = [p for scheme in SCHEMES for p in periods(scheme, first, oracle.as_of.date(), months_only)]
    for c in all_courses:
        for period in spans:
            if period.end >= c.received_at:
                yield c, period


def backlog_daily(oracle: Oracle) -> Figures:
    """mart_backlog_daily by (source, day, agency): received, resolved, pending at the end of the day."""
    found: Figures = defaultdict(Counter)
    for c in courses(oracle):
        found[c.source, c.received_at.date(), c.agency_code]["received"] += 1
        if c.resolved_at:
            found[c.source, c.resolved_at.date(), c.agency_code]["resolved"] += 1
        day = c.received_at.date()
        while day <= oracle.as_of.date():
            close = min(datetime.combine(day, END_OF_DAY), oracle.as_of)
            if not c.pending_at(close):
                break
            found[c.source, day, c.agency_code]["pending_overdue" if c.overdue_at(close) else "pending_in_time"] += 1
            day += timedelta(1)
    return found


# The portal's index -------------------------------------------------------------------------------


@dataclass
class Progress:
    """One row of mart_progress_766; rates None when nothing was received, the mean None when nothing was finished."""

    total_received: int = 0
    total_on_time: int = 0
    total_completed: int = 0
    finished: int = 0
    seconds: int = 0

    @property
    def total_overdue(self) -> int:
        return self.total_received - self.total_on_time

    @property
    def ratio(self) -> Decimal | None:
        return _rounded(100 * self.total_on_time, self.total_received)

    @property
    def score(self) -> Decimal | None:
        return _rounded(20 * self.total_on_time, self.total_received)

    @property
    def avg_processing_days(self) -> Decimal | None:
        return _rounded(self.seconds, 86400 * self.finished)


def _rounded(numerator: int, denominator: int) -> Decimal | None:
    if not denominator:
        return None
    exact = Fraction(numerator, denominator)
    hundredths = (Decimal(exact.numerator * 100) / Decimal(exact.denominator)).quantize(Decimal(1), ROUND_HALF_UP)
    return hundredths / 100


def lineage(agency_code: str) -> list[str]:
    """The agency and its parents up to the province, by the groups of its code."""
    groups = agency_code.split(".")
    return [".".join(groups[:n]) for n in range(len(groups), 0, -1)]


def progress_766(oracle: Oracle, scheme: str = "calendar") -> dict[tuple[str, str, str], Progress]:
    """mart_progress_766 by (source, period, agency): each period's receptions, validated at its close (timeliness §6).

    The law has it for calendar periods; by the scheme `reporting` it is mart_progress_766_reporting.
    """
    found: dict[tuple[str, str, str], Progress] = defaultdict(Progress)
    if not oracle.facts:
        return found
    first = min(facts.received_at for facts in oracle.facts.values()).date()
    spans = periods(scheme, first, oracle.as_of.date())
    for key, now in oracle.facts.items():
        for period in spans:
            if not period.begin <= now.received_at <= period.close(oracle.as_of):
                continue
            then = oracle.dossiers[key].facts(period.close(oracle.as_of))
            if then is None:
                continue
            validated = oracle.portal(then)
            for agency in lineage(then.agency_code):
                row = found[then.source, period.name, agency]
                row.total_received += 1
                row.total_on_time += validated.verdict in ("on_time", "in_time")
                row.total_completed += then.state not in PENDING_STATES
                if then.state == "finished":
                    row.finished += 1
                    row.seconds += int((validated.effective_end - then.received_at).total_seconds())
    return found


def total(figures: Iterable[Counter[str]]) -> Counter[str]:
    """The printed "Tổng cộng" row."""
    return sum(figures, Counter())
