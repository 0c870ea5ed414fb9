"""From what the rules gave to a page: typed facts in the order in which people ask for them, ready for JSON.

Nothing is decided here. Keys of people never leave: that the applicant's key changed is said, not what it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import duckdb

from pipelines.contract import DOSSIERS
from pipelines.explain import words
from pipelines.explain.gather import Row, Sender, literal, rows

#: What may differ between versions: status and moments first, as people ask for them.
_CONTENT = sorted(
    (field for field in DOSSIERS.columns if field.column != "content_hash"),
    key=lambda field: ("status", "times", field.published).index(field.published),
)
_HEAD = (
    "agency_code", "procedure_code", "procedure_name", "field_code", "field_name", "channel", "status", "state",
    "submitted_at", "received_at", "due_at", "finished_at", "returned_at", "refused_at", "ended_at", "handed_over_at",
    "statutory_amount", "statutory_unit", "calendar",
)  # fmt: skip
_MEASURES = (
    "reason", "effective_end", "effective_due", "requests", "paused_seconds", "working_days_taken",
    "calendar_days_overdue", "working_days_overdue", "overdue_bucket", "due_bucket",
)  # fmt: skip

#: as_of and known_at (None: no limit)
Pair = tuple[datetime, datetime | None]
Names = Mapping[str, Mapping[Any, tuple[str, str]]]


@dataclass(frozen=True)
class Place:
    """Where a row lies. `part`: sheet or member of an archive, None when the file has none; `row` as people count."""

    file_name: str
    file_path: str
    part: str | None
    row: int


@dataclass(frozen=True)
class Change:
    """A field that differs from the version before. Of personal data neither value is shown."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True)
class Version:
    """A version of the dossier (timeliness §1). `used`: the one that the verdicts are about."""

    number: int
    valid_from: datetime
    last_seen_at: datetime
    used: bool
    place: Place
    changes: list[Change]
    unchanged_rows: int
    superseded_rows: int
    warnings: list[str]


@dataclass(frozen=True)
class Event:
    """A progress event. `counts`: it lies at or before as_of. `officer`: key, or name where configured to be kept."""

    event_at: datetime
    status: int
    unit: str | None
    officer: str | None
    counts: bool
    file_name: str


@dataclass(frozen=True)
class CalendarDay:
    """A row of the calendar that makes a day other than its weekday says. origin: holidays (the frozen package),
    calendar_overrides (the project's seed), calendar (the warehouse's calendar.csv). scope: VN or a level-1 code."""

    day: date
    kind: str
    name: str
    origin: str
    scope: str


@dataclass(frozen=True)
class Span:
    """Days after `after` up to and with `upto` (timeliness §2). calendar_days = working_days + weekend_days +
    days_off."""

    after: date
    upto: date
    calendar_days: int
    working_days: int
    weekend_days: int
    days_off: list[CalendarDay]
    make_up_days: list[CalendarDay]


@dataclass(frozen=True)
class Wait:
    """A request for papers or a pause of the clock. `until` None: open at as_of. origin: list, events, status."""

    since: datetime
    until: datetime | None
    working_days: int
    origin: str | None = None


@dataclass(frozen=True)
class Verdict:
    """A row of fct_verdicts, the days it is overdue by, and the reason as a sentence."""

    rule_set: str
    rule_set_vi: str
    rule_set_en: str
    verdict: str
    verdict_vi: str
    verdict_en: str
    reason: str
    effective_end: datetime
    effective_due: datetime | None
    requests: int
    paused_seconds: int
    working_days_taken: int
    calendar_days_overdue: int
    working_days_overdue: int
    overdue_bucket: str | None
    due_bucket: str | None
    overdue_days: Span | None
    sentence_vi: str
    sentence_en: str


@dataclass(frozen=True)
class Move:
    """A due date that a version set in the place of another. `seen`: from when it is known. later: it is a later one;
    justified: because of papers that were supplied at answered_at."""

    seen: datetime
    due_before: datetime
    due_at: datetime
    later: bool
    justified: bool
    answered_at: datetime | None


@dataclass(frozen=True)
class Promise:
    """What the citizen was promised (timeliness §3, first_appointment). first: the first due date known. promised_at:
    that date, moved only by papers that were supplied. reappointments: moves to a later date without them."""

    first: datetime
    promised_at: datetime
    reappointments: int
    moves: list[Move]


@dataclass(frozen=True)
class Step:
    """How long the dossier was with a unit, in seconds of working hours, from one event to the next (timeliness §6).
    left_at None: open at as_of. citizen_time: the citizen was to act. norm_end: when the step should have been done.
    Nobody is made answerable for it here: mart_step_durations says where that may be done."""

    unit: str | None
    status: int
    entered_at: datetime
    left_at: datetime | None
    working_seconds: int
    citizen_time: bool
    norm_end: datetime | None


@dataclass(frozen=True)
class Duty:
    """What the office must do next, and by which day; None: at once, or there is no day."""

    id: str
    by: date | None
    sentence_vi: str
    sentence_en: str


@dataclass(frozen=True)
class Rejected:
    """A row of the code that was turned away. `offending`: JSON text, masked."""

    kind: str
    place: Place
    exported_at: datetime
    reasons: list[str]
    offending: str | None


@dataclass(frozen=True)
class Gap:
    """Something that is not known, or known and not used."""

    id: str
    sentence_vi: str
    sentence_en: str


@dataclass(frozen=True)
class Page:
    """One source's dossier. situation: in_population; not_in_population (with the gap that says why); and without facts
    known_later, only_quarantined, events_only, not_published."""

    source: str
    situation: str
    head: Row | None
    flags: list[str]
    versions: list[Version]
    events: list[Event]
    requests: list[Wait]
    pauses: list[Wait]
    until_due: Span | None
    until_end: Span | None
    verdicts: list[Verdict]
    promise: Promise | None
    steps: list[Step]
    duties: list[Duty]
    quarantined: list[Rejected]
    gaps: list[Gap]


def names_of_codes(con: duckdb.DuckDBPyConnection) -> dict[str, dict[Any, tuple[str, str]]]:
    """What the codes of the seeds are called: seed → code → (Vietnamese, English)."""
    keys = {
        "statuses": "status",
        "channels": "channel",
        "states": "state",
        "verdicts": "verdict",
        "rule_sets": "rule_set",
    }
    return {
        seed: {row[key]: (row["name_vi"], row["name_en"]) for row in rows(con, f"select * from seeds.{seed}")}
        for seed, key in keys.items()
    }


def page(con: duckdb.DuckDBPyConnection, pair: Pair, sender: Sender, names: Names) -> Page:
    """The page of one source's dossier, after gather and replay for the pair."""
    return _Teller(con, pair, sender, names).page()


class _Teller:
    """Reads the replayed tables of one dossier."""

    def __init__(self, con: duckdb.DuckDBPyConnection, pair: Pair, sender: Sender, names: Names) -> None:
        self.con, self.sender, self.names = con, sender, names
        self.code = sender.dossier_code
        self.whose = f"(source, dossier_code) = ({literal(sender.source)}, {literal(sender.dossier_code)})"
        self.as_of, self.known_at = pair
        self.ends = [row["status"] for row in rows(con, "select status from seeds.statuses where is_end")]
        facts = self._of_source("intermediate.int_dossier_facts")
        self.facts = facts[0] if facts else None

    def page(self) -> Page:
        facts = self.facts
        counts = bool(facts and facts["in_population"])
        versions = self._versions()
        events = self._events()
        requests = self._requests() if counts else []
        pauses = self._pauses() if counts else []
        verdicts = self._verdicts(pauses) if counts else []
        quarantined = self._quarantined()
        situation = self._situation(bool(events), bool(quarantined))
        deadline = next((v.effective_due for v in verdicts if v.rule_set == "portal_766"), None)
        return Page(
            source=self.sender.source,
            situation=situation,
            head=self._head(),
            flags=self._flags(),
            versions=versions,
            events=events,
            requests=requests,
            pauses=pauses,
            until_due=self._span(facts["received_at"], deadline) if facts and deadline else None,
            until_end=self._span(facts["received_at"], facts["ended_at"] or self.as_of) if facts and counts else None,
            verdicts=verdicts,
            promise=self._promise() if counts else None,
            steps=self._steps() if counts else [],
            duties=self._duties(verdicts),
            quarantined=quarantined,
            gaps=self._gaps(situation, events, quarantined),
        )

    def _situation(self, events: bool, quarantined: bool) -> str:
        if self.facts:
            return "in_population" if self.facts["in_population"] else "not_in_population"
        if events:
            return "events_only"
        if quarantined:
            return "only_quarantined"
        return "known_later" if self.sender.later else "not_published"

    def _head(self) -> Row | None:
        facts = self.facts
        if facts is None:
            return None
        # An agency without a name is called by its code.
        agency = rows(
            self.con,
            f"""select name from marts.dim_agency
            where agency_code = {literal(facts["agency_code"])} and is_latest and name <> agency_code""",
        )
        sent = rows(self.con, self._sql("intermediate.int_dossier_versions", "agency_name, version_no"))
        as_sent = next((row["agency_name"] for row in sent if row["version_no"] == facts["versions"]), None)
        return {
            **{column: facts[column] for column in _HEAD},
            "agency_name": agency[0]["name"] if agency else as_sent,
            "agency_name_as_sent": as_sent,
        }

    def _flags(self) -> list[str]:
        found = self._of_source("marts.fct_dossiers")
        return list(found[0]["flags"]) if found else []

    def _versions(self) -> list[Version]:
        found = rows(
            self.con,
            f"""
            select v.*, f.file_name, f.file_path, p.name as part, v.row_number - coalesce(p.before, 0) as row_in_part
            from ({self._sql("intermediate.int_dossier_versions")}) as v
            join ledger as f on f.kind = 'dossiers' and f.source = v.source and f.file_sha256 = v.file_sha256
            asof left join parts as p
                on p.kind = 'dossiers' and p.source = v.source and p.file_sha256 = v.file_sha256
                and p.before < v.row_number
            order by v.version_no
            """,
        )
        asked = rows(
            self.con,
            f"""select file_sha256, row_number, requested_at, answered_at, due_before, due_after
            from validated.supplements
            where {self.whose} order by file_sha256, row_number, position""",
        )
        versions = []
        before: Row | None = None
        for row in found:
            place = (row["file_sha256"], row["row_number"])
            row["supplements"] = [
                {key: entry[key] for key in ("requested_at", "answered_at", "due_before", "due_after")}
                for entry in asked
                if (entry["file_sha256"], entry["row_number"]) == place
            ]
            versions.append(
                Version(
                    number=row["version_no"],
                    valid_from=row["valid_from"],
                    last_seen_at=row["last_seen_at"],
                    used=self.facts is not None and row["version_no"] == self.facts["versions"],
                    place=_place(row),
                    changes=_changes(before, row) if before else [],
                    unchanged_rows=row["unchanged_rows"],
                    superseded_rows=row["superseded_rows"],
                    warnings=list(row["warnings"]),
                )
            )
            before = row
        return versions

    def _events(self) -> list[Event]:
        return [
            Event(
                event_at=row["event_at"],
                status=row["status"],
                unit=row["unit_name"],
                officer=row["officer_key"],
                counts=row["event_at"] <= self.as_of,
                file_name=row["first_file_name"],
            )
            for row in self._of_source("intermediate.int_events", "event_no")
        ]

    def _requests(self) -> list[Wait]:
        origins = {row["round_no"]: row["origin"] for row in self._of_source("intermediate.int_supplement_rounds")}
        return [
            self._wait(row["requested_at"], row["answered_at"], origins.get(row["round_no"], "status"))
            for row in self._of_source("intermediate.int_supplement_requests", "round_no")
        ]

    def _pauses(self) -> list[Wait]:
        found = self._of_source("intermediate.int_pauses", "paused_from")
        return [self._wait(row["paused_from"], row["paused_to"]) for row in found if row["paused_from"] <= self.as_of]

    def _wait(self, since: datetime, until: datetime | None, origin: str | None = None) -> Wait:
        return Wait(since, until, self._span(since, until or self.as_of).working_days, origin)

    def _verdicts(self, pauses: list[Wait]) -> list[Verdict]:
        assert self.facts is not None
        waiting = next((pause.since for pause in reversed(pauses) if pause.until is None), None)
        facts = {**self.facts, "as_of": self.as_of, "waiting_since": waiting}
        order = list(self.names["rule_sets"])
        found = self._of_source("intermediate.int_verdicts")
        verdicts = []
        for row in sorted(found, key=lambda row: order.index(row["rule_set"])):
            due, end = row["effective_due"], row["effective_end"]
            bad = row["verdict"] in ("late", "overdue")
            row["days_early"] = self._span(end, due).working_days if row["verdict"] == "early" else None
            soon = row["verdict"] == "in_time" and row["state"] == "processing" and due is not None
            row["days_left"] = self._span(self.as_of, due).working_days if soon else None
            verdicts.append(
                Verdict(
                    rule_set=row["rule_set"],
                    rule_set_vi=self.names["rule_sets"][row["rule_set"]][0],
                    rule_set_en=self.names["rule_sets"][row["rule_set"]][1],
                    verdict=row["verdict"],
                    verdict_vi=self.names["verdicts"][row["verdict"]][0],
                    verdict_en=self.names["verdicts"][row["verdict"]][1],
                    **{name: row[name] for name in _MEASURES},
                    overdue_days=self._span(due, end) if bad and due and end.date() > due.date() else None,
                    sentence_vi=words.letter("vi", self.code, row, facts),
                    sentence_en=words.letter("en", self.code, row, facts),
                )
            )
        return verdicts

    def _promise(self) -> Promise | None:
        """None for a dossier that never had a due date."""
        assert self.facts is not None
        walked = self._of_source("intermediate.int_due_moves", "version_no")
        moves = [
            Move(
                seen=row["valid_from"],
                due_before=row["due_before"],
                due_at=row["due_at"],
                later=row["is_later"],
                justified=row["is_justified"],
                answered_at=row["answered_at"],
            )
            for row in walked
            if row["due_at"] != row["due_before"]
        ]
        first = walked[0]["due_before"] if walked else self.facts["due_at"]
        promised_at = self.facts["promised_at"]
        if first is None or promised_at is None:
            return None
        return Promise(first, promised_at, self.facts["reappointments"], moves)

    def _steps(self) -> list[Step]:
        return [
            Step(
                unit=row["unit_name"],
                status=row["status"],
                entered_at=row["entered_at"],
                left_at=row["left_at"],
                working_seconds=row["working_seconds"],
                citizen_time=row["citizen_time"],
                norm_end=row["norm_end"],
            )
            for row in self._of_source("intermediate.int_steps", "step_no")
        ]

    def _duties(self, verdicts: list[Verdict]) -> list[Duty]:
        """By form_ii06, the report that offices are held to."""
        facts = self.facts
        official = next((verdict for verdict in verdicts if verdict.rule_set == "form_ii06"), None)
        if facts is None or official is None:
            return [duty("accept")] if facts and facts["status"] == 1 else []
        if facts["ended_at"] is not None:
            return self._duties_of_ended(official)
        if facts["state"] in ("waiting_supplement", "waiting_fee"):
            return [duty(facts["state"])]
        if official.effective_due is None:
            return [duty("appoint")]
        return self._duties_of_pending(official, official.effective_due.date())

    def _duties_of_pending(self, official: Verdict, due: date) -> list[Duty]:
        assert self.facts is not None
        if official.verdict == "overdue":
            again = self.facts["reappointments"]
            return [duty("settle_now"), duty("no_more_appointments", n=again) if again else duty("apologise_now")]
        apology_by = self._last_working_day_before(due)
        missed = apology_by is None or apology_by < self.as_of.date()
        return [
            duty("settle", due, due=due),
            duty("apologise_late") if missed else duty("apologise", apology_by, apology_by=apology_by),
        ]

    def _duties_of_ended(self, official: Verdict) -> list[Duty]:
        assert self.facts is not None
        duties = []
        unhanded = self.facts["handed_over_at"] is None and not self.facts["is_handover_unknown"]
        if self.facts["state"] == "finished" and unhanded:
            duties.append(duty("hand_over"))
        if official.verdict == "late" and official.calendar_days_overdue >= 1:
            duties.append(duty("apologise_for_late"))
        return duties

    def _last_working_day_before(self, due: date) -> date | None:
        """The last day on which a letter of apology can still go out in time (timeliness §6, mart_due_soon)."""
        calendar = self.facts["calendar"] if self.facts else "VN"
        found = rows(
            self.con,
            f"""select max(day) as day from intermediate.int_calendar
            where calendar = {literal(calendar)} and is_working_day and day < {_date(due)}""",
        )
        day: date | None = found[0]["day"]
        return day

    def _quarantined(self) -> list[Rejected]:
        found = rows(
            self.con,
            f"""
            with landed as (
                {self._sql("landed_dossiers", "'dossiers' as kind, source, file_sha256, row_number")}
                union all
                {self._sql("landed_progress", "'progress' as kind, source, file_sha256, row_number")}
            )
            select q.* exclude (row_number), q.row_number as row_in_part
            from validated.quarantine as q
            left join parts as p
                on p.kind = q.kind and p.source = q.source and p.file_sha256 = q.file_sha256 and p.name = q.part
            join landed as r
                on r.kind = q.kind and r.source = q.source and r.file_sha256 = q.file_sha256
                and r.row_number = q.row_number + coalesce(p.before, 0)
            order by q.exported_at, q.file_path, r.row_number
            """,
        )
        return [
            Rejected(row["kind"], _place(row), row["exported_at"], list(row["reasons"]), row["offending"])
            for row in found
        ]

    def _gaps(self, situation: str, events: list[Event], quarantined: list[Rejected]) -> list[Gap]:
        facts, sender = self.facts, self.sender
        later = {"known_at": self.known_at, "exported_at": sender.later_from}
        gaps = []
        if situation == "not_in_population" and facts is not None:
            if facts["received_at"] is None:
                gaps.append(gap("not_received"))
            elif facts["status"] == 1:
                gaps.append(gap("not_accepted"))
            else:
                gaps.append(gap("received_later", received_at=facts["received_at"]))
        elif facts is None:
            gaps.append(gap(situation, **later))
        if facts is not None:
            wrong = {
                "refused": facts["state"] == "refused",
                "ends_later": facts["in_population"] and facts["ended_at"] is None and facts["status"] in self.ends,
                "no_agency": facts["agency_code"] == "unknown",
                "no_due_date": facts["due_at"] is None,
                "no_statutory_limit": facts["due_at"] is None and facts["statutory_amount"] is None,
                "no_events": not events,
            }
            gaps += [gap(name) for name, applies in wrong.items() if applies]
        if quarantined:
            gaps.append(gap("quarantined", rows=len(quarantined)))
        if sender.later and situation != "known_later":
            gaps.append(gap("later", rows=sender.later, **later))
        if sender.waiting and situation != "not_published":
            gaps.append(gap("waiting", rows=sender.waiting))
        return gaps

    def _span(self, after: datetime, upto: datetime) -> Span:
        """The days between two moments in the calendar of the dossier's agency; none when `upto` is not later."""
        calendar = self.facts["calendar"] if self.facts else "VN"
        days = rows(
            self.con,
            f"""select
                count(*) as calendar_days,
                count(*) filter (is_working_day) as working_days,
                coalesce(list({{'day': day, 'kind': kind, 'name': name, 'origin': origin, 'scope': scope}} order by day)
                    filter (not is_working_day and iso_weekday <= 5), []) as days_off,
                coalesce(list({{'day': day, 'kind': kind, 'name': name, 'origin': origin, 'scope': scope}} order by day)
                    filter (is_working_day and iso_weekday > 5), []) as make_up_days
            from intermediate.int_calendar
            where calendar = {literal(calendar)} and day > {_date(after)} and day <= {_date(upto)}""",
        )[0]
        return Span(
            after=after.date(),
            upto=upto.date(),
            calendar_days=days["calendar_days"],
            working_days=days["working_days"],
            weekend_days=days["calendar_days"] - days["working_days"] - len(days["days_off"]),
            days_off=[CalendarDay(**found) for found in days["days_off"]],
            make_up_days=[CalendarDay(**found) for found in days["make_up_days"]],
        )

    def _of_source(self, table: str, order: str = "all") -> list[Row]:
        return rows(self.con, f"{self._sql(table)} order by {order}")

    def _sql(self, table: str, columns: str = "*") -> str:
        return f"select {columns} from {table} where {self.whose}"


def _changes(before: Row, after: Row) -> list[Change]:
    return [
        Change(field.column, *((None, None) if field.personal else (before[field.column], after[field.column])))
        for field in _CONTENT
        if field.column in after and before[field.column] != after[field.column]
    ]


def gap(gap_id: str, **values: Any) -> Gap:
    """A gap with its sentence."""
    return Gap(gap_id, words.gap("vi", gap_id, **values), words.gap("en", gap_id, **values))


def duty(duty_id: str, by: date | None = None, **values: Any) -> Duty:
    """A duty with its sentence."""
    return Duty(duty_id, by, words.duty("vi", duty_id, **values), words.duty("en", duty_id, **values))


def _place(row: Row) -> Place:
    return Place(row["file_name"], row["file_path"], row["part"], row["row_in_part"])


def _date(moment: date) -> str:
    return f"date '{moment:%Y-%m-%d}'"
