"""Timeliness of a dossier at one (as_of, known_at): history (§1), facts (§2), rule sets (§3), measures (§4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from itertools import groupby, pairwise
from pathlib import Path

from tests.oracle import drop_zone
from tests.oracle.dates import END_OF_DAY
from tests.oracle.drop_zone import Content, DossierRow, DropZone, Event, Limit, Procedure
from tests.oracle.values import folded, procedure_key
from tests.oracle.working_days import WorkCalendar

RULE_SETS = ("form_ii06", "portal_766", "citizen_handover", "first_appointment")
PENDING_STATES = ("processing", "waiting_supplement", "waiting_fee")
DONE = frozenset({9, 10})
OVERDUE_BUCKETS = ((0, "0"), (2, "1-2"), (5, "3-5"), (10, "6-10"), (30, "11-30"))
DUE_BUCKETS = ((0, "0"), (1, "1"), (3, "2-3"), (7, "4-7"))
WEIGHTS = {"hour": Fraction(1, 8), "day": Fraction(1), "working_day": Fraction(7, 5), "month": Fraction(30)}


# §1 History ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Version:
    valid_from: datetime
    row: DossierRow

    @property
    def content(self) -> Content:
        return self.row.content


@dataclass(frozen=True)
class History:
    """Versions of one (source, dossier_code) in order, and how many of its rows opened none."""

    versions: list[Version]
    unchanged: int
    superseded: int


def history(rows: Iterable[DossierRow]) -> History:
    """Versions of the accepted rows of one dossier, given in any order (timeliness §1)."""
    ordered = sorted(rows, key=lambda r: r.place)
    last_of_export = {row.place.exported_at: row for row in ordered}
    versions: list[Version] = []
    for at, row in last_of_export.items():
        # the agency counts as content: for codes of a local form it comes from the envelope (portal-exports §5)
        if not versions or (versions[-1].content, versions[-1].row.agency_code) != (row.content, row.agency_code):
            versions.append(Version(at, row))
    return History(versions, len(last_of_export) - len(versions), len(ordered) - len(last_of_export))


# §2 Facts -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Request:
    """A round of asking for missing papers; `answered_at` is None when it had no answer by as_of."""

    requested_at: datetime
    answered_at: datetime | None


@dataclass(frozen=True)
class Facts:
    source: str
    dossier_code: str
    agency_code: str
    field_code: str
    channel: str
    procedure_key: str | None
    status: int
    received_at: datetime
    due_at: datetime | None
    as_of: datetime
    ended_at: datetime | None
    handed_over_at: datetime | None
    is_handover_unknown: bool
    promise: Promise
    fee_demand_at: datetime | None
    requests: tuple[Request, ...]
    state: str
    versions: int

    @property
    def paused(self) -> timedelta:
        """Closed supplement time within [received_at, ended_at, or as_of while pending], overlaps counted once."""
        until = self.ended_at or self.as_of
        closed = [
            (max(r.requested_at, self.received_at), min(r.answered_at, until)) for r in self.requests if r.answered_at
        ]
        total, covered = timedelta(), datetime.min
        for start, end in sorted(closed):
            begin = max(start, covered)
            if end > begin:
                total += end - begin
                covered = end
        return total


@dataclass(frozen=True)
class Promise:
    """The first promise (timeliness §3, first_appointment)."""

    promised_at: datetime | None
    reappointments: int


class Dossier:
    """All that is known of one dossier by known_at. fields: folded name of a field → its codes in the catalogues."""

    def __init__(self, versions: list[Version], events: list[Event], fields: Mapping[str, set[str]]) -> None:
        self.fields = fields
        self.versions = versions
        self.events = sorted(events, key=lambda e: (e.event_at, e.place))
        self.used = versions[-1].content
        self.row = versions[-1].row

    def _field_by_name(self) -> str:
        """The one code that catalogues have for the name of the field, else the folded name (portal-exports §9)."""
        name = folded(self.used.field_name)
        codes = self.fields.get(name, set())
        return next(iter(codes)) if len(codes) == 1 else name

    def facts(self, as_of: datetime) -> Facts | None:
        """Facts at as_of; None outside the population (timeliness §2)."""
        used, received = self.used, self.used.received_at
        if received is None or received > as_of or used.status == 1:
            return None
        events = [e for e in self.events if e.event_at <= as_of]
        ended = self._ended_at(events)
        ended = max(ended, received) if ended else None
        if ended and ended > as_of:
            ended = None
        handed = used.returned_at or _last(events, 10)
        if used.status != 10 or handed is None or not received <= handed <= as_of:
            handed = None
        requests = tuple(self._requests(events, received, as_of))
        fee = (_first(events, 6) or self._run_start({6})) if used.status == 6 else None
        return Facts(
            source=self.row.source,
            dossier_code=self.row.dossier_code,
            agency_code=self.row.agency_code,
            field_code=used.field_code or self._field_by_name() or "unknown",
            channel=used.channel,
            procedure_key=procedure_key(used.procedure_code),
            status=used.status,
            received_at=received,
            due_at=used.due_at,
            as_of=as_of,
            ended_at=ended,
            handed_over_at=handed,
            is_handover_unknown=used.status == 10 and used.returned_at is None and _last(self.events, 10) is None,
            promise=self._promise(received),
            fee_demand_at=fee,
            requests=requests,
            state=_state(used.status, ended, requests, fee, as_of),
            versions=len(self.versions),
        )

    def _promise(self, received: datetime) -> Promise:
        """Walk the known versions, whatever as_of is (timeliness §3)."""
        told = (s for s in self.used.supplements if s.requested_at)
        rounds = sorted(told, key=lambda s: s.requested_at or datetime.max)
        asked = self._requests(self.events, received, datetime.max)
        promised: datetime | None = None
        last_due: datetime | None = None
        moved = 0
        for before, version in zip([None, *self.versions], self.versions, strict=False):
            due = version.content.due_at
            if due is None:
                continue
            if promised is None or last_due is None:
                # a round may tell an appointment that was made before the first export
                earlier = [s.due_before for s in rounds[:1] if s.due_before]
                promised = last_due = min([due, *earlier])
            if due > last_due:
                justified = any(s.answered_at and s.due_after == due for s in rounds) or any(
                    r.answered_at and before is not None and before.valid_from < r.answered_at <= version.valid_from
                    for r in asked
                )
                if justified:
                    promised = due
                else:
                    moved += 1
            if due < promised:
                promised = due
            last_due = due
        return Promise(promised, moved)

    def _ended_at(self, events: list[Event]) -> datetime | None:
        used = self.used
        if used.status in DONE:
            known = used.finished_at or _last(events, 9) or used.returned_at or _last(events, 10)
            return known or self._run_start(DONE)
        if used.status in (7, 8):
            return used.finished_at or _last(events, used.status) or self._run_start({used.status})
        if used.status == 3:
            return used.refused_at or used.finished_at or _last(events, 3) or self._run_start({3})
        return None

    def _run_start(self, statuses: Iterable[int]) -> datetime:
        """valid_from of the first version of the latest unbroken run of versions with these statuses."""
        start = self.versions[-1].valid_from
        for version in reversed(self.versions):
            if version.content.status not in statuses:
                break
            start = version.valid_from
        return start

    def _requests(self, events: list[Event], received: datetime, as_of: datetime) -> list[Request]:
        if self.used.supplements:
            return [
                Request(s.requested_at, _by(s.answered_at, as_of))
                for s in self.used.supplements
                if s.requested_at and received <= s.requested_at <= as_of
            ]
        runs = [list(run) for _, run in groupby(events, key=lambda e: e.status == 5)]
        asked = [
            Request(run[0].event_at, after[0].event_at if after else None)
            for run, after in pairwise([*runs, []])
            if run[0].status == 5
        ]
        if asked:
            return asked
        if self.used.status == 5 and (start := self._run_start({5})) <= as_of:
            return [Request(start, None)]
        return []


def _by(at: datetime | None, limit: datetime) -> datetime | None:
    return at if at and at <= limit else None


def _last(events: list[Event], status: int) -> datetime | None:
    return max((e.event_at for e in events if e.status == status), default=None)


def _first(events: list[Event], status: int) -> datetime | None:
    return min((e.event_at for e in events if e.status == status), default=None)


def _state(
    status: int, ended: datetime | None, requests: tuple[Request, ...], fee: datetime | None, as_of: datetime
) -> str:
    if ended:
        return {7: "withdrawn", 8: "stopped", 3: "refused"}.get(status, "finished")
    if any(r.answered_at is None for r in requests):
        return "waiting_supplement"
    if fee and fee <= as_of:
        return "waiting_fee"
    return "processing"


# §3 Rule sets -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Evaluation:
    verdict: str
    reason: str
    effective_end: datetime
    effective_due: datetime | None


def form_ii06(facts: Facts) -> Evaluation | None:
    """The periodic form: dates are compared, stopped dossiers stay pending. None outside its population."""
    return _by_dates(facts, facts.due_at)


def first_appointment(facts: Facts) -> Evaluation | None:
    """As form_ii06, with the promised date in the place of the due date."""
    return _by_dates(facts, facts.promise.promised_at)


def _by_dates(facts: Facts, due: datetime | None) -> Evaluation | None:
    if facts.status == 3:
        return None
    resolved = facts.ended_at if facts.state in ("withdrawn", "finished") else None
    verdict, reason = _form_case(facts.state, resolved, due, facts.as_of)
    return Evaluation(verdict, reason, resolved or facts.as_of, due)


def _form_case(state: str, resolved: datetime | None, due: datetime | None, as_of: datetime) -> tuple[str, str]:
    if state == "withdrawn":
        return "on_time", "WITHDRAWN"
    if resolved:
        return form_resolution(resolved, due)
    if state == "stopped":
        return "in_time", "STOPPED"
    if state in ("waiting_supplement", "waiting_fee"):
        return "in_time", "CLOCK_PAUSED"
    if due is None:
        return "in_time", "NO_DUE_DATE"
    return ("overdue", "PAST_DUE_DATE") if as_of.date() > due.date() else ("in_time", "BEFORE_DUE")


def form_resolution(ended: datetime, due: datetime | None) -> tuple[str, str]:
    """Verdict and reason of a finished dossier in form_ii06."""
    if due is None:
        return "on_time", "NO_DUE_DATE"
    if ended.date() < due.date():
        return "early", "BEFORE_DUE_DATE"
    return ("on_time", "ON_DUE_DATE") if ended.date() == due.date() else ("late", "AFTER_DUE_DATE")


def portal_766(facts: Facts, limit: Limit | None, calendar: WorkCalendar) -> Evaluation:
    """The national portal's index: timestamps are compared, closed supplement time does not count."""
    sole_open = len(facts.requests) == 1 and facts.requests[0].answered_at is None
    if facts.ended_at:
        end = facts.ended_at - facts.paused
    elif sole_open:
        end = facts.requests[0].requested_at
    else:
        end = facts.as_of - facts.paused
    good, bad = ("on_time", "late") if facts.ended_at else ("in_time", "overdue")
    due = facts.due_at or (statutory_due(facts.received_at, limit, calendar) if limit else None)
    is_waiting = any(r.answered_at is None for r in facts.requests)
    if not facts.ended_at and len(facts.requests) >= 2 and is_waiting:
        return Evaluation("overdue", "MANY_SUPPLEMENTS", end, due)
    if facts.due_at:
        return (
            Evaluation(good, "WITHIN_DUE", end, due) if end <= facts.due_at else Evaluation(bad, "PAST_DUE", end, due)
        )
    if limit is None:
        return Evaluation("no_deadline", "NO_DEADLINE", end, None)
    if within_statutory(facts.received_at, end, limit, calendar):
        return Evaluation(good, "WITHIN_STATUTORY", end, due)
    return Evaluation(bad, "PAST_STATUTORY", end, due)


def citizen_handover(facts: Facts) -> Evaluation | None:
    """As the citizen sees it: only the result in hand counts. None outside its population."""
    if facts.status == 3:
        return None
    due, handed = facts.due_at, facts.handed_over_at
    end = handed or facts.as_of
    if facts.state in ("withdrawn", "stopped"):
        return Evaluation("not_applicable", "NOT_APPLICABLE", end, due)
    if due is None:
        return Evaluation("no_deadline", "NO_DUE_DATE", end, None)
    if facts.ended_at and facts.is_handover_unknown:
        return Evaluation("not_applicable", "NO_HANDOVER_DATE", end, due)
    if handed is None:
        return (
            Evaluation("overdue", "PAST_DUE", end, due) if end > due else Evaluation("in_time", "WITHIN_DUE", end, due)
        )
    if handed.date() < due.date():
        return Evaluation("early", "BEFORE_DUE_DATE", end, due)
    return Evaluation("on_time", "WITHIN_DUE", end, due) if handed <= due else Evaluation("late", "PAST_DUE", end, due)


def statutory_limit(procedures: Iterable[Procedure], source: str, key: str | None, channel: str) -> Limit | None:
    """The maximum of the latest catalogue row of the dossier's own source, else of any source (portal-exports §3)."""
    rows = [p for p in procedures if p.key == key]
    rows = [p for p in rows if p.source == source] or rows
    if not rows:
        return None
    latest = max(rows, key=lambda p: p.place)
    limits = [limit for limit in latest.limits if limit.channel == channel] or list(latest.limits)
    return max(limits, key=lambda limit: limit.amount * WEIGHTS[limit.unit], default=None)


def within_statutory(received: datetime, end: datetime, limit: Limit, calendar: WorkCalendar) -> bool:
    """Whether the effective end lies within the statutory maximum (timeliness §3)."""
    n = limit.amount
    if limit.unit == "hour":
        return Fraction(int((end - received).total_seconds())) <= n * 3600
    if limit.unit == "day":
        return (end.date() - received.date()).days <= n
    if limit.unit == "working_day":
        return calendar.wd(received.date(), end.date()) <= n
    return end.date() <= add_months(received.date(), int(n))


def statutory_due(received: datetime, limit: Limit, calendar: WorkCalendar) -> datetime:
    """The moment at which the statutory maximum runs out (timeliness §3)."""
    n = limit.amount
    if limit.unit == "hour":
        return received + timedelta(seconds=float(n * 3600))
    if limit.unit == "day":
        last = received.date() + timedelta(days=int(n))
    elif limit.unit == "working_day":
        last = calendar.nth_after(received.date(), int(n))
    else:
        last = add_months(received.date(), int(n))
    return datetime.combine(last, END_OF_DAY)


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last day of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    first = date(year, month + 1, 1)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return min(first + timedelta(day.day - 1), following - timedelta(1))


# §4 Measures --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    """One row of fct_verdicts."""

    source: str
    dossier_code: str
    rule_set: str
    state: str
    requests: int
    verdict: str
    reason: str
    effective_end: datetime
    effective_due: datetime | None
    paused_seconds: int
    working_days_taken: int
    calendar_days_overdue: int
    working_days_overdue: int
    overdue_bucket: str | None
    due_bucket: str | None


def measure(facts: Facts, rule_set: str, validated: Evaluation, calendar: WorkCalendar) -> Verdict:
    """The verdict with its measures (timeliness §4)."""
    if rule_set == "citizen_handover":
        taken_until = facts.handed_over_at or facts.as_of
    elif rule_set in ("form_ii06", "first_appointment") and facts.state == "stopped":
        taken_until = facts.as_of  # stopped dossiers stay pending in this rule set
    else:
        taken_until = facts.ended_at or facts.as_of
    bad = validated.verdict in ("late", "overdue")
    days = working_days = 0
    if bad and validated.effective_due:
        due_day, end_day = validated.effective_due.date(), validated.effective_end.date()
        days, working_days = max(0, (end_day - due_day).days), calendar.wd(due_day, end_day)
    due_bucket = None
    due = facts.promise.promised_at if rule_set == "first_appointment" else facts.due_at
    if validated.verdict == "in_time" and due and facts.state == "processing":
        due_bucket = _bucket(calendar.wd(facts.as_of.date(), due.date()), DUE_BUCKETS, ">7")
    return Verdict(
        source=facts.source,
        dossier_code=facts.dossier_code,
        rule_set=rule_set,
        state=facts.state,
        requests=len(facts.requests),
        verdict=validated.verdict,
        reason=validated.reason,
        effective_end=validated.effective_end,
        effective_due=validated.effective_due,
        paused_seconds=int(facts.paused.total_seconds()),
        working_days_taken=calendar.wd(facts.received_at.date(), taken_until.date()),
        calendar_days_overdue=days,
        working_days_overdue=working_days,
        overdue_bucket=_bucket(working_days, OVERDUE_BUCKETS, ">30") if bad else None,
        due_bucket=due_bucket,
    )


def _bucket(days: int, limits: tuple[tuple[int, str], ...], beyond: str) -> str:
    return next((name for limit, name in limits if days <= limit), beyond)


# The whole drop zone ------------------------------------------------------------------------------


class Oracle:
    """Answers of 02 for one drop zone at one (as_of, known_at); known_at None = no limit."""

    def __init__(
        self, zone: DropZone, calendar: WorkCalendar, as_of: datetime, known_at: datetime | None = None
    ) -> None:
        self.as_of = as_of
        self.calendar = calendar
        limit = known_at or datetime.max
        rows: dict[tuple[str, str], list[DossierRow]] = defaultdict(list)
        events: dict[tuple[str, str], list[Event]] = defaultdict(list)
        for row in zone.dossiers:
            if row.place.exported_at <= limit:
                rows[row.source, row.dossier_code].append(row)
        for event in zone.events:
            if event.place.exported_at <= limit:
                events[event.source, event.dossier_code].append(event)
        self.histories = {key: history(group) for key, group in rows.items()}
        self._catalogue: dict[str, list[Procedure]] = defaultdict(list)
        fields: dict[str, set[str]] = defaultdict(set)
        for procedure in zone.procedures:
            if procedure.place.exported_at <= limit:
                self._catalogue[procedure.key].append(procedure)
                for name, code in procedure.fields:
                    fields[name].add(code)
        self.dossiers = {key: Dossier(h.versions, events[key], fields) for key, h in self.histories.items()}
        found = {key: dossier.facts(as_of) for key, dossier in self.dossiers.items()}
        self.facts = {key: facts for key, facts in found.items() if facts}

    @classmethod
    def of_folder(cls, root: Path, overrides: Path, as_of: datetime, known_at: datetime | None = None) -> Oracle:
        """The oracle of a drop zone on disk; `overrides` is calendar_overrides.csv."""
        return cls(drop_zone.read(root), WorkCalendar(overrides), as_of, known_at)

    def portal(self, facts: Facts) -> Evaluation:
        """portal_766 with the statutory maximum of the dossier's procedure."""
        rows = self._catalogue[facts.procedure_key] if facts.procedure_key else []
        limit = statutory_limit(rows, facts.source, facts.procedure_key, facts.channel)
        return portal_766(facts, limit, self.calendar)

    def verdicts(self) -> list[Verdict]:
        """fct_verdicts: one row per dossier and rule set in whose population it is."""
        found = []
        for facts in self.facts.values():
            each = (form_ii06(facts), self.portal(facts), citizen_handover(facts), first_appointment(facts))
            validated = zip(RULE_SETS, each, strict=True)
            found += [measure(facts, rule_set, j, self.calendar) for rule_set, j in validated if j]
        return found


def start_of(day: date) -> datetime:
    """Midnight at which a day begins."""
    return datetime.combine(day, time())
