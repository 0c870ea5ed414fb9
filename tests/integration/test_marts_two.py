"""The marts of definitions 2.0 that compare, wait and walk through steps, against the oracle on a random drop zone."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.integration.test_dbt_marts import NO_UNIT_TESTS, RULES, World, unlike
from tests.oracle import drop_zone, random_exports
from tests.oracle.drop_zone import Event
from tests.oracle.flags import flags
from tests.oracle.timeliness import Facts, Verdict, form_ii06
from tests.oracle.working_hours import Step, steps, waiting_acceptance, working_seconds
from tests.support.identities import IDENTITIES, OF_REPORTS, TOLD
from tests.support.validated import Dbt, append, load, officer_key

pytestmark = pytest.mark.integration

FLAGS = {"WRN_MANY_SUPPLEMENTS", "WRN_REAPPOINTED", "WRN_REAPPOINTED_TWICE", "WRN_LATE_SUPPLEMENT"}
VERDICTS = ("early", "on_time", "late", "in_time", "overdue", "no_deadline", "not_applicable")
STEP = (
    *("unit_name", "officer_key", "status", "entered_at", "left_at", "working_seconds", "citizen_time", "norm_end"),
    *("past_norm", "longest", "returned_to_unit", "coverage", "attributable", "is_late"),
)


class StepWorld(World):
    """A random drop zone, and a day on which one agency pressed a button for many dossiers at once."""

    def __init__(self, scratch: Path) -> None:
        exports = random_exports.generate(seed=41, dossiers=1600, whole_bad_files=False)
        exports.write(scratch / "inbox")
        self.zone = drop_zone.read(scratch / "inbox")
        self.as_of = exports.pairs[1][0]
        self.zone.events += self._bulk_closing()
        self._appoint_again_and_again()
        self.dbt = Dbt(scratch / "build.duckdb", scratch)
        with duckdb.connect(str(self.dbt.database)) as con:
            load(con, self.zone)
            append(con, "rules", RULES)

    def _bulk_closing(self) -> list[Event]:
        first = min(event.place for event in self.zone.events if event.source == "dvcqg")
        at = self.as_of.replace(hour=16, minute=45, second=0) - timedelta(1)
        rows = self.zone.dossiers
        codes = {row.dossier_code for row in rows if (row.source, row.agency_code) == ("dvcqg", "H39.18.25")}
        return [
            Event("dvcqg", code, at + timedelta(seconds=n % 60), 4, ("", ""), replace(first, row_number=10**6 + n))
            for n, code in enumerate(sorted(codes))
        ]

    def _appoint_again_and_again(self) -> None:
        """Dossiers whose due date each export moves by a week, without any supplement: random ones are moved once."""
        exports: dict[tuple[str, str], list[int]] = defaultdict(list)
        for number, row in enumerate(self.zone.dossiers):
            if row.content.received_at and not row.content.supplements and row.content.status != 5:
                exports[row.source, row.dossier_code].append(number)
        for numbers in [numbers for numbers in exports.values() if len(numbers) > 2][:20]:
            numbers.sort(key=lambda number: self.zone.dossiers[number].place.exported_at)
            for week, number in enumerate(numbers):
                row = self.zone.dossiers[number]
                received = self.zone.dossiers[numbers[0]].content.received_at
                assert received is not None
                due = received.replace(hour=17, minute=0, second=0) + timedelta(weeks=1 + week)
                self.zone.dossiers[number] = replace(row, content=replace(row.content, due_at=due))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = StepWorld(tmp_path_factory.mktemp("marts_two"))
    made.build(*NO_UNIT_TESTS)
    return made


def test_verdicts_are_the_oracles(world: World) -> None:
    """Every rule set, with reason, end, deadline and measures; the readings of 2.0 are all there."""
    key, columns = ("source", "dossier_code", "rule_set"), tuple(Verdict.__annotations__)[3:]
    verdicts = list(world.oracle().verdicts())
    expected = {
        (v.source, v.dossier_code, v.rule_set): tuple(getattr(v, column) for column in columns) for v in verdicts
    }
    assert {v.reason for v in verdicts} >= {"MANY_SUPPLEMENTS", "NO_HANDOVER_DATE"}
    assert not unlike(expected, world.figures("fct_verdicts", key, columns))


def test_flags_are_the_oracles(world: World) -> None:
    oracle = world.oracle()
    expected = {
        key: flags(dossier.versions, oracle.facts.get(key), oracle.calendar) & FLAGS
        for key, dossier in oracle.dossiers.items()
    }
    assert set().union(*expected.values()) == FLAGS
    actual = world.figures("fct_dossiers", ("source", "dossier_code"), ["flags"])
    assert not unlike(expected, {key: set(row[0]) & FLAGS for key, row in actual.items()})


def test_letters_of_apology_are_owed_by_the_oracles_calendar(world: World) -> None:
    """timeliness §3, §6 (NĐ 61/2018 Art. 19(9)): by the last working day before the due date; missed when it passed
    and nothing was re-appointed."""
    oracle, today = world.oracle(), world.as_of.date()
    soon: dict[tuple[str, str, str], tuple[Any, ...]] = {}
    overdue: dict[tuple[str, str, str], tuple[Any, ...]] = {}
    for v in oracle.verdicts():
        facts, key = oracle.facts[v.source, v.dossier_code], (v.source, v.dossier_code, v.rule_set)
        if v.due_bucket not in (None, ">7") and v.effective_due:
            by = v.effective_due.date() - timedelta(1)
            while not oracle.calendar.is_working(by):
                by -= timedelta(1)
            soon[key] = (by, today >= by)
        if v.verdict == "overdue":
            moved = facts.promise.reappointments
            missed = facts.due_at is not None and today > facts.due_at.date() and moved == 0
            overdue[key] = (facts.promise.promised_at, moved, v.calendar_days_overdue >= 1, missed)
    key_columns = ("source", "dossier_code", "rule_set")
    assert {due for _, due in soon.values()} == {True, False} == {row[3] for row in overdue.values()}
    assert not unlike(soon, world.figures("mart_due_soon", key_columns, ("apology_by", "apology_due")))
    columns = ("promised_at", "reappointments", "apology_due", "apology_missed")
    assert not unlike(overdue, world.figures("mart_overdue_dossiers", key_columns, columns))


def test_agencies_are_ranked_among_their_kind(world: World) -> None:
    """portal-exports §5: since July 2025 two groups are a commune (three digits) or a department (two)."""
    names = dict(world.rows("select agency_code, level_name from marts.mart_agency_scorecard"))
    assert names == {code: _kind(code) for code in names}
    rates = world.figures(
        "mart_agency_scorecard", ("source", "agency_code"), ("level", "on_time_rate_form_ii06", "rank_in_level")
    )
    for (source, code), (level, rate, rank) in rates.items():
        better = [
            other
            for (s, c), (its_level, other, _) in rates.items()
            if (s, its_level, _kind(c)) == (source, level, _kind(code)) and other is not None
            if rate is None or other > rate
        ]
        assert rank == len(better) + 1, code


def _kind(agency_code: str) -> str | None:
    groups = agency_code.split(".")
    if agency_code == "unknown" or len(groups) > 2:
        return None
    return "PROVINCE" if len(groups) == 1 else "COMMUNE" if len(groups[1]) == 3 else "DEPARTMENT"


def test_rule_sets_are_counted_as_the_oracle_says(world: World) -> None:
    oracle = world.oracle()
    expected: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    known = {row[0] for row in world.rows("select rule_set from marts.dim_rule_set")}
    for v in oracle.verdicts():
        facts = oracle.facts[v.source, v.dossier_code]
        if v.rule_set in known:
            for scheme, month in _months(facts.received_at).items():
                key = (v.source, scheme, month, facts.agency_code, facts.field_code, facts.channel, v.rule_set)
                expected[key][v.verdict] += 1
    columns = ("source", "scheme", "month", "agency_code", "field_code", "channel", "rule_set")
    actual = world.figures("mart_timeliness_rule_sets", columns, ("received", *VERDICTS, "on_time_rate"))
    rows = {key: (sum(c.values()), *(c[v] for v in VERDICTS), _on_time_rate(c)) for key, c in expected.items()}
    assert not unlike(rows, actual)


def _months(received: datetime) -> dict[str, str]:
    """Month of each scheme: by the calendar, and from the 15th of the month before to the 14th."""
    first = received.replace(day=1)
    named = first + timedelta(31) if received.day >= 15 else first
    return {"calendar": f"{received:%Y-%m}", "reporting": f"{named:%Y-%m}"}


def _on_time_rate(counts: Counter[str]) -> float | None:
    resolved = counts["early"] + counts["on_time"] + counts["late"]
    return (counts["early"] + counts["on_time"]) / resolved if resolved else None


def test_registrations_wait_in_working_hours(world: World) -> None:
    expected = waiting_acceptance(world.oracle())
    actual = world.figures(
        "mart_waiting_acceptance", ("source", "dossier_code"), ("working_hours_waited", "over_8_hours")
    )
    assert {over for _, over in expected.values()} >= {True, None}
    assert not unlike(expected, actual)


def test_steps_are_the_oracles(world: World) -> None:
    expected = steps(world.oracle())
    cells = {key: _cells(step) for key, step in expected.items()}
    assert {s.attributable for s in expected.values()} == {True, False}
    assert any(s.longest for s in expected.values())
    assert any(s.returned_to_unit for s in expected.values())
    assert not unlike(cells, world.figures("mart_step_durations", ("source", "dossier_code", "step_no"), STEP))


def _cells(step: Step) -> tuple[Any, ...]:
    event = step.event
    return (
        event.unit_name or None,
        officer_key(event) if step.attributable else None,
        event.status,
        event.event_at,
        step.left_at,
        step.working_seconds,
        event.status in (5, 6),
        event.norm_end,
        step.past_norm,
        step.longest,
        step.returned_to_unit,
        step.coverage,
        step.attributable,
        step.is_late,
    )


def test_bulk_moments_name_no_one(world: World) -> None:
    """Every dossier of the agency that had the button pressed, and no officer of it."""
    agency = "source = 'dvcqg' and agency_code = 'H39.18.25'"
    found = world.rows(
        f"select count(*), count(officer_key), count(*) filter (longest) from marts.mart_step_durations where {agency}"
    )[0]
    assert found[0] > 100
    assert found[1:] == (0, 0)


def test_bottlenecks_are_sums_of_steps(world: World) -> None:
    oracle = world.oracle()
    waits: dict[tuple[Any, ...], list[Step]] = defaultdict(list)
    for (source, code, _), step in steps(oracle).items():
        if step.attributable and step.event.status not in (3, 5, 6, 7, 8, 9, 10):
            facts, procedure = oracle.facts[source, code], oracle.dossiers[source, code].used.procedure_code
            unit = step.event.unit_name or "unknown"
            month = f"{step.event.event_at:%Y-%m}"
            waits[source, facts.agency_code, unit, procedure or "unknown", month].append(step)
    late: Counter[tuple[Any, ...]] = Counter()
    for (source, agency, _, procedure, month), group in waits.items():
        late[source, agency, procedure, month] += sum(s.working_seconds for s in group if s.is_late)
    expected = {}
    for key, group in waits.items():
        whole = late[key[0], key[1], key[3], key[4]]
        opened = [s.event.event_at for s in group if s.left_at is None]
        expected[key] = (
            len(group),
            pytest.approx(_percentile(group, Fraction(1, 2))),
            pytest.approx(_percentile(group, Fraction(9, 10))),
            sum(s.working_seconds for s in group if s.is_late) / whole if whole else None,
            sum(s.returned_to_unit for s in group),
            len(opened),
            min(opened, default=None),
        )
    columns = ("steps", "median_working_hours", "p90_working_hours", "share_of_late_waiting", "returns", "open_now")
    key = ("source", "agency_code", "unit_name", "procedure_code", "month")
    assert len(expected) > 100
    assert not unlike(expected, world.figures("mart_unit_bottlenecks", key, (*columns, "oldest_open_at")))


def _percentile(group: list[Step], share: Fraction) -> float:
    """Of working hours, between the two nearest steps."""
    hours = sorted(Fraction(s.working_seconds, 3600) for s in group)
    place = share * (len(hours) - 1)
    low = int(place)
    high = min(low + 1, len(hours) - 1)
    return float(hours[low] + (hours[high] - hours[low]) * (place - low))


def test_risk_is_counted_on_comparable_dossiers(world: World) -> None:
    oracle = world.oracle()
    used = {key: u for key, f in oracle.facts.items() if (u := _percent_used(f)) is not None and u >= 75}
    verdicts = {key: e.verdict for key in used if (e := form_ii06(oracle.facts[key]))}
    past = [
        key
        for key, verdict in verdicts.items()
        if (due := oracle.facts[key].due_at)
        and due.date() < world.as_of.date()
        and verdict in ("early", "on_time", "late", "overdue")
    ]

    def alike(level: str, a: tuple[str, str], b: tuple[str, str]) -> bool:
        procedures = [oracle.dossiers[key].used.procedure_code for key in (a, b)]
        agencies = [oracle.facts[key].agency_code for key in (a, b)]
        same = bool(procedures[0]) and procedures[0] == procedures[1]
        return a[0] == b[0] and (level == "all" or (same and (level == "procedure" or agencies[0] == agencies[1])))

    expected: dict[tuple[str, str], tuple[Any, ...]] = {}
    for key, verdict in verdicts.items():
        if verdict != "in_time" or oracle.facts[key].state != "processing":
            continue
        expected[key] = (None, None, None)
        for level in ("procedure_agency", "procedure", "all"):
            found = [other for other in past if alike(level, key, other) and used[other] >= min(used[key], 100)]
            if len(found) >= 30:
                late = sum(verdicts[other] in ("late", "overdue") for other in found)
                expected[key] = (level, len(found), late)
                break
    assert expected
    columns = ("compared_with", "comparable_dossiers", "late_dossiers")
    assert not unlike(expected, world.figures("mart_overdue_risk", ("source", "dossier_code"), columns))


def _percent_used(facts: Facts) -> int | None:
    """Whole percent of the time from the reception to the due date that was used by the end, or by as_of."""
    if facts.due_at is None or facts.due_at <= facts.received_at:
        return None
    until = facts.ended_at or facts.as_of
    return 100 * (until - facts.received_at) // (facts.due_at - facts.received_at)


HOLD_HERE = {name: identity for name, identity in IDENTITIES.items() if name not in OF_REPORTS}


def test_parts_add_up_to_wholes(world: World) -> None:
    empty = [mart for mart in TOLD if not world.rows(f"select 1 from marts.{mart} limit 1")]
    assert not empty
    broken = {name: rows[:3] for name, identity in HOLD_HERE.items() if (rows := world.rows(identity.broken))}
    assert not broken


@pytest.mark.parametrize("name", HOLD_HERE)
def test_every_identity_finds_its_harm(world: World, tmp_path: Path, name: str) -> None:
    for number, harm in enumerate(HOLD_HERE[name].harms):
        # views name their database: the copy must be called the same
        copy = tmp_path / str(number) / world.dbt.database.name
        copy.parent.mkdir()
        copy.write_bytes(world.dbt.database.read_bytes())
        with duckdb.connect(str(copy)) as con:
            con.execute(harm)
            assert con.execute(HOLD_HERE[name].broken).fetchall(), harm
        copy.unlink()


def test_steps_that_name_no_one_are_of_every_sort(world: World) -> None:
    """Too little covered, a bulk moment, nothing but the end: each is there, or its identity would say nothing."""
    sorts = world.rows("""
        select
            count(*) filter (coalesce(coverage, 0) < 0.8 and not only_end),
            count(*) filter (coverage >= 0.8 and not only_end),
            count(*) filter (only_end)
        from (
            select source, dossier_code, any_value(coverage) as coverage, bool_and(status in (9, 10)) as only_end
            from marts.mart_step_durations where not attributable group by all
        )
    """)[0]
    assert all(sorts), sorts


def test_steps_of_a_dossier_make_up_the_time_that_they_cover(world: World) -> None:
    """timeliness §6: the seconds of all steps are the share `coverage` of the working time from reception to end."""
    oracle = world.oracle()
    sums = world.rows("""
        select source, dossier_code, sum(working_seconds), any_value(coverage)
        from marts.mart_step_durations group by all
    """)
    assert sums
    for source, code, seconds, coverage in sums:
        facts = oracle.facts[source, code]
        whole = working_seconds(oracle.calendar, facts.received_at, facts.ended_at or facts.as_of)
        assert (coverage is None) == (whole == 0), code
        assert seconds == pytest.approx((coverage or 0) * whole, abs=0.5), code
