"""Working hours, registrations that wait and steps of dossiers (timeliness §6), hour by hour and event by event."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from fractions import Fraction
from itertools import pairwise

from tests.oracle.drop_zone import Event
from tests.oracle.timeliness import Facts, Oracle, form_ii06
from tests.oracle.working_days import WorkCalendar

HOURS = ((time(7, 30), time(11, 30)), (time(13, 30), time(17)))
CITIZEN = (5, 6)
BULK = 100
COVERED = Fraction(8, 10)

Key = tuple[str, str]


def working_seconds(calendar: WorkCalendar, a: datetime, b: datetime) -> int:
    """Seconds of office hours between two moments; 0 if b ≤ a. Every day is looked at."""
    total, day = timedelta(), a.date()
    while day <= b.date():
        if calendar.is_working(day):
            for opens, closes in HOURS:
                begin, end = max(a, datetime.combine(day, opens)), min(b, datetime.combine(day, closes))
                total += max(end - begin, timedelta())
        day += timedelta(1)
    return int(total.total_seconds())


def waiting_acceptance(oracle: Oracle) -> dict[Key, tuple[float | None, bool | None]]:
    """(working hours waited, whether over eight) of the dossiers of status 1 that were submitted by as_of."""
    found: dict[Key, tuple[float | None, bool | None]] = {}
    for key, dossier in oracle.dossiers.items():
        submitted = dossier.used.submitted_at
        if dossier.used.status != 1 or (submitted and submitted > oracle.as_of):
            continue
        waited = working_seconds(oracle.calendar, submitted, oracle.as_of) if submitted else None
        found[key] = (None, None) if waited is None else (waited / 3600, waited > 8 * 3600)
    return found


@dataclass(frozen=True)
class Step:
    event: Event
    left_at: datetime | None
    working_seconds: int
    past_norm: bool | None
    longest: bool
    returned_to_unit: bool
    coverage: float | None
    attributable: bool
    is_late: bool


def steps(oracle: Oracle) -> dict[tuple[str, str, int], Step]:
    """Every step by source, dossier and its number."""
    told = {key: [e for e in oracle.dossiers[key].events if e.event_at <= oracle.as_of] for key in oracle.facts}
    bulk = _bulk(oracle, told)
    return {
        (*key, number): step
        for key, facts in oracle.facts.items()
        for number, step in enumerate(_steps(oracle, facts, told[key], key in bulk), 1)
    }


def _steps(oracle: Oracle, facts: Facts, events: list[Event], is_bulk: bool) -> Iterator[Step]:
    if not events:
        return
    begin, until = facts.received_at, facts.ended_at or oracle.as_of

    def seconds(a: datetime, b: datetime) -> int:
        return working_seconds(oracle.calendar, max(a, begin), min(b, until))

    own = [seconds(a.event_at, b.event_at) for a, b in pairwise(events)] + [seconds(events[-1].event_at, until)]
    work = [s for s, e in zip(own, events, strict=True) if e.status not in CITIZEN]
    whole = seconds(begin, until)
    coverage = Fraction(sum(own), whole) if whole else None
    attributable = (
        not is_bulk and coverage is not None and coverage >= COVERED and any(e.status not in (9, 10) for e in events)
    )
    evaluation = form_ii06(facts)
    for n, (event, lasted) in enumerate(zip(events, own, strict=True)):
        left: datetime | None = None
        if n + 1 < len(events):
            left = events[n + 1].event_at
        elif facts.ended_at:
            left = max(facts.ended_at, event.event_at)
        yield Step(
            event=event,
            left_at=left,
            working_seconds=lasted,
            past_norm=(left or oracle.as_of) > event.norm_end if event.norm_end else None,
            longest=attributable and event.status not in CITIZEN and lasted > 0 and lasted == max(work),
            returned_to_unit=_returns(events[:n], event.unit_name),
            coverage=None if coverage is None else float(coverage),
            attributable=attributable,
            is_late=evaluation is not None and evaluation.verdict in ("late", "overdue"),
        )


def _returns(before: list[Event], unit: str) -> bool:
    """Whether the unit had the dossier and another one has had it since; events without a unit say nothing."""
    units = [e.unit_name for e in before if e.unit_name]
    return bool(unit) and unit in units and units[-1] != unit


def _bulk(oracle: Oracle, told: dict[Key, list[Event]]) -> set[Key]:
    """Dossiers with an event in a minute in which those of very many dossiers of their agency lie."""
    minutes: dict[tuple[str, str, datetime], set[Key]] = defaultdict(set)
    for key, events in told.items():
        for event in events:
            if event.event_at.time() != time():
                minute = event.event_at.replace(second=0)
                minutes[key[0], oracle.facts[key].agency_code, minute].add(key)
    return {key for dossiers in minutes.values() if len(dossiers) >= BULK for key in dossiers}
