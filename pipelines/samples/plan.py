"""The arithmetic of a sample, worked out before any row exists: working days, arrivals per day, who meets which fate.

Only small things (days, agencies, procedures) are handled here; rows are made in SQL from these numbers.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise
from math import gcd
from pathlib import Path

from pipelines.layout import DBT_PROJECT
from pipelines.samples import catalogues
from pipelines.samples.catalogues import LEVELS, Level, Procedure
from pipelines.samples.spec import SampleError, SampleSpec

SLOTS = 1000  # agencies and procedures are drawn from tables of so many slots, in proportion to their weights
DAYS_AFTER = 200  # appointments may lie so many days after the last export
WEEKDAY_WEIGHTS = (125, 108, 100, 97, 90, 60, 60)  # Mondays are busy; Saturdays count when they are made up
MOST_A_DAY = 8_999  # four-digit daily sequences per agency; the numbers above are kept for extra dossiers


@dataclass(frozen=True)
class Agency:
    """One receiving agency: canonical code, as in portal-exports §5."""

    code: str
    name: str
    level: Level
    parent: str | None
    weight: int
    place: str

    @property
    def old_code(self) -> str:
        """The reversed, zero-padded form, `000.25.18.H39`."""
        groups = self.code.split(".")[::-1]
        return ".".join(["000", *["00"] * (3 - len(groups)), *groups])


@dataclass(frozen=True)
class Day:
    """One day of reception: its working-day ordinal, the first dossier and how many."""

    ordinal: int
    first: int
    dossiers: int


@dataclass(frozen=True)
class Zone:
    """A stretch of dossiers in order of reception, of which `pending` are still open at the end.

    `(step * (i - first) + shift) % size` shuffles the stretch one to one; small results are the pending ones.
    """

    first: int
    size: int
    pending: int
    pending_before: int
    resolved_before: int
    step: int
    shift: int


class Plan:
    """Everything SQL needs to know about one spec."""

    def __init__(self, spec: SampleSpec) -> None:
        self.spec = spec
        self.working_days = working_days(spec.first_day, spec.last_day + timedelta(days=DAYS_AFTER))
        self.agencies = agencies(spec.agency)
        self.procedures = sorted(
            catalogues.procedures(spec.procedures), key=lambda p: (LEVELS.index(p.level), p.days, p.code)
        )
        busiest = (
            max(day.dossiers for day in self.days)
            * max(a.weight for a in self.agencies)
            // sum(a.weight for a in self.agencies)
        )
        if busiest > MOST_A_DAY * 0.95:
            raise SampleError(
                f"agency: {busiest} hồ sơ một ngày tại một cơ quan là quá nhiều; chọn mã tỉnh hoặc kỳ dài hơn "
                f"/ agency: {busiest} dossiers a day at one agency are too many; take a province or a longer period"
            )

    @cached_property
    def last_ordinal(self) -> int:
        """Ordinal of the last working day that the last export sees."""
        return sum(day <= self.spec.last_day for day in self.working_days) - 1

    @cached_property
    def days(self) -> list[Day]:
        """Arrivals per working day; the dossiers' numbers go up with time."""
        weights = [
            WEEKDAY_WEIGHTS[day.weekday()] * (80 + _digest(self.spec.seed, "day", day) % 41)
            for day in self.working_days[: self.last_ordinal + 1]
        ]
        total, before, days = sum(weights), 0, []
        for ordinal, weight in enumerate(weights):
            first, before = self.spec.dossiers * before // total, before + weight
            days.append(Day(ordinal, first, self.spec.dossiers * before // total - first))
        return days

    @cached_property
    def counts(self) -> dict[str, int]:
        return self.spec.mix.counts(self.spec.dossiers)

    @cached_property
    def zones(self) -> list[Zone]:
        """Old, middle and new receptions: most open dossiers are recent, the stuck ones are old.

        What needs time to have passed (late, overdue) is put into the old zone only.
        """
        counts, total = self.counts, len(self.days)
        new, middle = min(4, total // 5), min(16, total // 3)
        firsts = [0, self.days[total - new - middle].first, self.days[total - new].first, self.spec.dossiers]
        sizes = [after - first for first, after in pairwise(firsts)]
        open_, waiting = sum(counts[fate] for fate in PENDING), counts["wait_papers"] + counts["wait_fee"]
        old = min(counts["overdue"] + counts["stopped"] + waiting // 2, sizes[0] - counts["late"])
        if counts["overdue"] > old:
            raise SampleError(
                "mix: quá nhiều hồ sơ trễ hạn, quá hạn so với kỳ; bớt late, overdue hoặc kéo dài kỳ "
                "/ mix: more late and overdue dossiers than the period can hold; lower them or take a longer period"
            )
        newest = min(sizes[2], max((open_ - old) * 45 // 100, open_ - old - sizes[1]), sizes[2] * 7 // 10)
        recent = min(sizes[1], open_ - old - newest)
        old += min(open_ - old - newest - recent, sizes[0] - counts["late"] - old)
        newest = open_ - old - recent
        if newest > sizes[2]:
            raise SampleError("mix: quá nhiều hồ sơ trễ hạn; hãy bớt late / mix: too many late dossiers; lower late")
        zones: list[Zone] = []
        pending_before = resolved_before = 0
        for number, (first, size, pending) in enumerate(zip(firsts, sizes, [old, recent, newest], strict=False)):
            step, shift = self.shuffle(size, f"zone{number}")
            zones.append(Zone(first, size, pending, pending_before, resolved_before, step, shift))
            pending_before, resolved_before = pending_before + pending, resolved_before + size - pending
        return zones

    def shuffle(self, size: int, name: str) -> tuple[int, int]:
        """(step, shift) of a one-to-one map of 0..size-1 that spreads neighbours far apart."""
        if size <= 1:
            return 1, 0
        step = max(1, int(size * 0.6180339887) + _digest(self.spec.seed, name) % 97)
        while gcd(step, size) != 1:
            step += 1
        return step, _digest(self.spec.seed, name, "shift") % size

    @property
    def touch_place(self) -> str:
        """SQL: a dossier's place in the shuffled circle that office corrections go round, night after night."""
        step, shift = self.shuffle(self.spec.dossiers, "touches")
        return f"(({step}::bigint * i + {shift}) % {self.spec.dossiers})"

    @cached_property
    def agency_slots(self) -> list[tuple[int, int, int]]:
        """(agency, rank of the slot within its agency, slots of the agency), shuffled."""
        numbers = _by_weight([agency.weight for agency in self.agencies])
        step, shift = self.shuffle(SLOTS, "agencies")
        order = [numbers[(step * slot + shift) % SLOTS] for slot in range(SLOTS)]
        seen = [0] * len(self.agencies)
        slots = []
        for number in order:
            slots.append((number, seen[number], numbers.count(number)))
            seen[number] += 1
        return slots

    def procedures_of(self, level: Level) -> list[tuple[int, Procedure]]:
        return [(number, procedure) for number, procedure in enumerate(self.procedures) if procedure.level == level]

    @cached_property
    def longest(self) -> int:
        """The longest appointment, in working days, that agencies of every level can give."""
        return min(max(p.days for _, p in self.procedures_of(level)) for level in LEVELS)

    @property
    def procedure_slots_a_level(self) -> int:
        """Enough that the rarest of many procedures have one, too."""
        return SLOTS * 10 if self.spec.procedures else SLOTS

    def procedure_slots(self, level: Level) -> list[int]:
        """Procedure numbers of the level in proportion to their weights, the shortest first."""
        own = self.procedures_of(level)
        weights = [procedure.weight for _, procedure in own]
        return [own[number][0] for number in _by_weight(weights, self.procedure_slots_a_level)]

    def slots_below(self, level: Level) -> list[int]:
        """Entry n: how many slots of the level hold procedures of fewer than n working days (n = 0 .. longest + 1)."""
        days = [self.procedures[number].days for number in self.procedure_slots(level)]
        return [sum(of_slot < n for of_slot in days) for n in range(self.longest + 2)]


PENDING = ("overdue", "stopped", "wait_fee", "wait_papers", "in_time")


def working_days(first: date, last: date) -> list[date]:
    """Monday–Friday less days off plus make-up days, from the frozen seeds (timeliness §2); calendar_overrides.csv
    wins."""
    kinds: dict[str, str] = {}
    for name in ("holidays.csv", "calendar_overrides.csv"):
        kinds.update(_calendar_seed(DBT_PROJECT / "seeds" / name))
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in days if kinds.get(day.isoformat(), "work" if day.weekday() < 5 else "off") == "work"]


def _calendar_seed(path: Path) -> dict[str, str]:
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            return {row["date"]: row["kind"] for row in csv.DictReader(lines)}
    except FileNotFoundError:
        raise SampleError(
            f"Thiếu lịch làm việc {path.name} (make seeds) / the calendar seed {path.name} is missing (make seeds)"
        ) from None


def agencies(root: str) -> list[Agency]:
    """The agencies below a district or province code, the root first; weights say how much each receives."""
    province, _, district = root.partition(".")
    province_name = catalogues.PROVINCE_NAMES.get(province, f"tỉnh {province}")
    if district:
        return _district(province, int(district), province_name, None)
    result = [Agency(root, f"UBND {province_name}", "province", None, 4, province_name)]
    for number, name in enumerate(catalogues.DEPARTMENTS):
        result.append(Agency(f"{root}.{number + 1:02}", name, "province", root, 12, province_name))
    for number in range(len(catalogues.DISTRICTS)):
        result += _district(province, catalogues.FIRST_DISTRICT + number, province_name, root)
    return result


def _district(province: str, number: int, province_name: str, parent: str | None) -> list[Agency]:
    code, index = f"{province}.{number:02}", number - catalogues.FIRST_DISTRICT
    at_home = province == "H39"
    known = at_home and 0 <= index < len(catalogues.DISTRICTS)
    name = catalogues.DISTRICTS[index] if known else f"huyện {_place(number)}"
    place = f"{name}, {province_name}"
    communes = (
        catalogues.COMMUNES if (at_home and number == 18) else [f"xã {_place(number * 7 + n)}" for n in range(12)]
    )
    scale = 1 if parent is None else 0
    result = [Agency(code, f"UBND {name}", "district", parent, 300 if scale else 16, place)]
    for n, commune in enumerate(communes):
        own = f"{code}.{catalogues.FIRST_COMMUNE + n:02}"
        weight = 30 + _digest(0, own) % 40 if scale else 2 + _digest(0, own) % 3
        result.append(Agency(own, f"UBND {commune}", "commune", code, weight, f"{commune}, {place}"))
    return result


def _place(number: int) -> str:
    first, second = catalogues.PLACE_SYLLABLES
    return f"{first[number % len(first)]} {second[number // len(first) % len(second)]}"


def _by_weight(weights: list[int], places: int = SLOTS) -> list[int]:
    """So many numbers 0..len-1, each in proportion to its weight, in order, none left out."""
    total, before, slots = sum(weights), 0, []
    for number, weight in enumerate(weights):
        first, before = places * before // total, before + weight
        slots += [number] * (places * before // total - first)
    return slots


def _digest(*parts: object) -> int:
    return int.from_bytes(hashlib.sha256("|".join(map(str, parts)).encode()).digest()[:6], "big")
