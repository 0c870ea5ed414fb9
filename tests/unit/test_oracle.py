"""The oracle itself: proven on the worked examples and real permits, held to 02's identities on random drop zones."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle import drop_zone, random_exports, values
from tests.oracle.comparison import OVERRIDES
from tests.oracle.drop_zone import DropZone, Limit
from tests.oracle.periods import (
    Period,
    _rounded,
    backlog_daily,
    form_ii06_report,
    lineage,
    on_time_rate,
    periods,
    progress_766,
    timeliness_monthly,
)
from tests.oracle.timeliness import (
    Oracle,
    add_months,
    history,
    portal_766,
    statutory_due,
    within_statutory,
)
from tests.oracle.working_days import WorkCalendar
from tests.oracle.working_hours import working_seconds
from tests.support import properties

DATA = Path(__file__).resolve().parents[1] / "data"
SEEDS = (1, 2, 3, 4)


@pytest.fixture(scope="session")
def calendar() -> WorkCalendar:
    return WorkCalendar(OVERRIDES)


@pytest.fixture(
    scope="module", params=[SEEDS[0], *(pytest.param(seed, marks=pytest.mark.integration) for seed in SEEDS[1:])]
)
def random_zone(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[DropZone, list]:
    files = random_exports.generate(request.param, dossiers=250)
    root = tmp_path_factory.mktemp("inbox")
    files.write(root)
    return drop_zone.read(root), files.pairs


@pytest.fixture(scope="module")
def random_oracles(random_zone: tuple[DropZone, list], calendar: WorkCalendar) -> list[Oracle]:
    zone, pairs = random_zone
    return [Oracle(zone, calendar, as_of, known_at) for as_of, known_at in pairs]


# Proof on given figures ---------------------------------------------------------------------------


@pytest.mark.parametrize(("examples", "pairs"), [("worked_examples", 5), ("worked_examples_2", 4)])
def test_worked_examples(examples: str, pairs: int, calendar: WorkCalendar) -> None:
    """Every verdict of expected_verdicts.csv, at all pairs of (as_of, known_at), and none besides."""
    zone = drop_zone.read(DATA / examples / "inbox")
    expected: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    with (DATA / examples / "expected_verdicts.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            row.pop("note")
            expected[row.pop("as_of"), row.pop("known_at")].append(row)
    assert len(expected) == pairs
    for (as_of, known_at), rows in expected.items():
        known = datetime.fromisoformat(known_at) if known_at else None
        verdicts = Oracle(zone, calendar, datetime.fromisoformat(as_of), known).verdicts()
        found = [{column: _written(getattr(v, column)) for column in rows[0]} for v in verdicts]
        assert sorted(found, key=str) == sorted(rows, key=str), (as_of, known_at)


def _written(value: object) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, datetime) else str(value)


@pytest.mark.parametrize("examples", ["worked_examples", "worked_examples_2"])
def test_worked_ledger(examples: str) -> None:
    zone = drop_zone.read(DATA / examples / "inbox")
    reasons: dict[str, Counter[str]] = {line.file_name: Counter() for line in zone.ledger}
    for row in zone.quarantine:
        reasons[row.file_name].update(row.reasons)
    found = {
        line.file_name: (
            line.source,
            line.kind,
            line.exported_at.isoformat(),
            str(line.rows_read),
            str(line.rows_accepted),
            str(line.rows_quarantined),
            " ".join(f"{reason}={count}" for reason, count in sorted(reasons[line.file_name].items())),
        )
        for line in zone.ledger
    }
    with (DATA / examples / "expected_ledger.csv").open(encoding="utf-8") as lines:
        expected = {row.pop("file"): tuple(row.values()) for row in csv.DictReader(lines)}
    assert found == expected


@pytest.mark.integration
@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        (
            datetime(2012, 1, 31, 23, 59, 59),
            "citizen_handover overdue 500; form_ii06 early 325; form_ii06 late 135; form_ii06 on_time 36; "
            "form_ii06 overdue 4; portal_766 late 170; portal_766 on_time 326; portal_766 overdue 4",
        ),
        (
            datetime(2011, 6, 30, 23, 59, 59),
            "form_ii06 early 324; form_ii06 in_time 3; form_ii06 late 118; form_ii06 on_time 36; form_ii06 overdue 19",
        ),
    ],
)
def test_real_permits(as_of: datetime, expected: str, calendar: WorkCalendar) -> None:
    """The counts of the real permits' README."""
    oracle = Oracle.of_folder(DATA / "real_permits" / "inbox", OVERRIDES, as_of)
    found = Counter(f"{v.rule_set} {v.verdict}" for v in oracle.verdicts())
    named = {line.rsplit(" ", 1)[0]: int(line.rsplit(" ", 1)[1]) for line in expected.split("; ")}
    rule_sets = {name.split()[0] for name in named}
    assert {name: count for name, count in found.items() if name.split()[0] in rule_sets} == named


# Values, calendar, statutory limits ---------------------------------------------------------------


@given(
    at=st.datetimes(datetime(2000, 1, 2), datetime(2100, 12, 30)).map(lambda t: t.replace(microsecond=0)),
    seed=st.integers(0, 10**6),
    due=st.booleans(),
    round_to=st.sampled_from(("second", "minute", "midnight", "day's end")),
)
def test_every_way_of_writing_a_moment_reads_the_same(at: datetime, seed: int, due: bool, round_to: str) -> None:
    at = {
        "second": at,
        "minute": at.replace(second=0),
        "midnight": at.replace(hour=0, minute=0, second=0),
        "day's end": at.replace(hour=23, minute=59, second=59),
    }[round_to]
    assert values.moment(random_exports.write_moment(Random(seed), at, end_of_day=due), end_of_day=due) == at


@pytest.mark.parametrize(
    "raw",
    ["20240230", "32/01/2024", "04/03/24", "4.3-2024", "1999-12-31", "2101-01-01", "20240304 25:00", "x", "24-3-4"],
)
def test_invalid_moments(raw: str) -> None:
    with pytest.raises(values.BadValueError):
        values.moment(raw)


@pytest.mark.parametrize("raw", ["", None, "0", "00000000000000", "  "])
def test_missing_moments(raw: str | None) -> None:
    assert values.moment(raw) is None


@pytest.mark.parametrize(
    ("code", "envelope", "agency"),
    [
        ("000.01.18.H39-240304-0001", "H1", "H39.18.01"),
        ("000.00.19.H40-220214-0001", "", "H40.19"),
        ("H57.132-260804-0583", "", "H57.132"),
        ("HS/1", "000.00.19.h47", "H47.19"),
        ("HS/1", "", "unknown"),
    ],
)
def test_agency_of_a_dossier(code: str, envelope: str, agency: str) -> None:
    assert values.agency_of(code, envelope) == agency


@pytest.mark.parametrize(
    ("name", "at", "origin"),
    [
        ("hoso_20240601T060000.ndjson", datetime(2024, 6, 1, 6), "name"),
        ("hoso-20240601-0600.csv", datetime(2024, 6, 1, 6), "name"),
        ("hoso20240605.json", datetime(2024, 6, 5, 23, 59, 59), "name"),
        ("v20249901_20240605_2359.json", datetime(2024, 6, 5, 23, 59), "name"),
        ("hoso.json", datetime(2024, 6, 1, 7), "mtime"),
    ],
)
def test_export_moment(name: str, at: datetime, origin: str) -> None:
    mtime = (datetime(2024, 6, 1) - datetime(1970, 1, 1)).total_seconds()
    assert drop_zone.exported_at(name, mtime) == (at, origin)


def test_working_days(calendar: WorkCalendar) -> None:
    assert calendar.wd(date(2024, 4, 26), date(2024, 5, 5)) == 3  # 2 and 3 May, and the make-up Saturday 4 May
    assert calendar.wd(date(2024, 2, 7), date(2024, 2, 15)) == 1  # Tết
    assert calendar.wd(date(2026, 1, 1), date(2026, 1, 10)) == 6  # the override: off on Friday 2, work on Saturday 10
    assert calendar.wd(date(2024, 3, 8), date(2024, 3, 8)) == calendar.wd(date(2024, 3, 9), date(2024, 3, 8)) == 0
    assert calendar.nth_after(date(2024, 3, 8), 0) == date(2024, 3, 8)
    assert calendar.nth_after(date(2024, 3, 8), 1) == date(2024, 3, 11)


def test_months_are_clamped() -> None:
    assert add_months(date(2024, 1, 31), 1) == date(2024, 2, 29)
    assert add_months(date(2024, 11, 30), 3) == date(2025, 2, 28)
    assert add_months(date(2024, 12, 15), 1) == date(2025, 1, 15)


@given(
    received=st.datetimes(datetime(2023, 1, 1), datetime(2026, 12, 31)).map(lambda t: t.replace(microsecond=0)),
    amount=st.sampled_from(("0.5", "1", "1.1", "2.5", "3", "10")).map(Fraction),
    unit=st.sampled_from(("hour", "day", "working_day")),
)
def test_statutory_due_is_the_last_moment_within(
    calendar: WorkCalendar, received: datetime, amount: Fraction, unit: str
) -> None:
    """The effective due date and the test of the maximum agree to the second, but for rests on days off."""
    limit = Limit("1", amount, unit)
    due = statutory_due(received, limit, calendar)
    assert within_statutory(received, due, limit, calendar)
    after = due + timedelta(seconds=1)
    while unit == "working_day" and not calendar.is_working(after.date()):
        after += timedelta(1)
    assert not within_statutory(received, after, limit, calendar)


@given(numerator=st.integers(0, 10**6), denominator=st.integers(1, 10**4))
def test_rounding_is_half_up(numerator: int, denominator: int) -> None:
    rounded = _rounded(numerator, denominator)
    assert rounded is not None
    gap = Fraction(numerator, denominator) - Fraction(rounded)
    assert -Fraction(1, 200) <= gap < Fraction(1, 200)


def test_lineage() -> None:
    assert lineage("H39.18.25") == ["H39.18.25", "H39.18", "H39"]
    assert lineage("unknown") == ["unknown"]


def test_reporting_periods_close_on_the_14th() -> None:
    found = {p.name: p for p in periods("reporting", date(2024, 1, 1), date(2024, 12, 31))}
    assert found["2024-01"] == Period("reporting", "2024-01", datetime(2023, 12, 15), datetime(2024, 1, 14, 23, 59, 59))
    assert (found["2024-Q2"].begin, found["2024-Q2"].end.date()) == (datetime(2024, 3, 15), date(2024, 6, 14))
    assert (found["2024-H2"].begin, found["2024-H2"].end.date()) == (datetime(2024, 6, 15), date(2024, 12, 14))
    assert (found["2024"].begin, found["2024"].end.date()) == (datetime(2023, 12, 15), date(2024, 12, 14))


# Identities on random drop zones ------------------------------------------------------------------


@pytest.mark.integration
@settings(max_examples=properties.examples(20))
@given(seed=st.integers(0, 10**6))
def test_order_of_loading_never_matters(random_zone: tuple[DropZone, list], seed: int) -> None:
    zone, _ = random_zone
    by_dossier = defaultdict(list)
    for row in zone.dossiers:
        by_dossier[row.source, row.dossier_code].append(row)
    rng = Random(seed)
    for rows in rng.sample(list(by_dossier.values()), 40):
        assert history(rng.sample(rows, len(rows))) == history(rows)


def test_accounting(random_zone: tuple[DropZone, list], random_oracles: list[Oracle]) -> None:
    """portal-exports §6: rows read = accepted + quarantined; accepted = versions + unchanged + superseded."""
    zone, _ = random_zone
    assert all(line.rows_read == line.rows_accepted + line.rows_quarantined for line in zone.ledger)
    accepted = sum(line.rows_accepted for line in zone.ledger if line.kind == "dossiers")
    histories = random_oracles[0].histories.values()  # its known_at is unlimited
    assert accepted == sum(len(h.versions) + h.unchanged + h.superseded for h in histories)
    assert sum(h.superseded for h in histories) > 0
    assert sum(h.unchanged for h in histories) > 0


def test_form_identities(random_oracles: list[Oracle]) -> None:
    """timeliness §7: 3 = 7 + 11, and column 6 of a period is column 11 of the period before it."""
    for oracle in random_oracles:
        found = form_ii06_report(oracle)
        groups = {(key[0], key[1], key[3], key[4]) for key in found}
        for source, scheme, agency, field in groups:
            for sizes in _sequences(scheme, oracle):
                before = 0
                for period in sizes:
                    figures = found.get((source, scheme, period.name, agency, field), Counter())
                    assert figures["received_total"] == figures["resolved_total"] + figures["pending_total"]
                    assert figures["received_total"] == figures["received"] + figures["carried_over"]
                    assert figures["carried_over"] == before, (source, period, agency, field)
                    before = figures["pending_total"]


def _sequences(scheme: str, oracle: Oracle) -> list[list[Period]]:
    """Months, quarters, halves, years of the scheme, each in order of time."""
    first = min(facts.received_at for facts in oracle.facts.values()).date()
    sizes: dict[str, list[Period]] = defaultdict(list)
    for period in periods(scheme, first, oracle.as_of.date()):
        sizes[period.name[4:6].rstrip("0123456789") or "year"].append(period)
    assert set(sizes) == {"-", "-Q", "-H", "year"}
    return [sorted(size, key=lambda p: p.begin) for size in sizes.values()]


def test_periodic_marts_end_in_the_verdicts(random_oracles: list[Oracle]) -> None:
    """The period that holds as_of ends with the pending dossiers of form_ii06, and all flows add up to the resolved."""
    for oracle in random_oracles:
        verdicts = [v for v in oracle.verdicts() if v.rule_set == "form_ii06"]
        expected = Counter(v.verdict for v in verdicts)
        day = oracle.as_of.date()
        found = timeliness_monthly(oracle)
        for scheme in ("calendar", "reporting"):
            last = next(p.name for p in periods(scheme, day, day, months_only=True) if p.begin <= oracle.as_of <= p.end)
            own = {key: figures for key, figures in found.items() if key[1] == scheme}
            flows: Counter[str] = sum(own.values(), Counter())
            close: Counter[str] = sum((f for key, f in own.items() if key[2] == last), Counter())
            assert flows["received"] == len(verdicts)
            assert [flows[f"resolved_{v}"] for v in ("early", "on_time", "late")] == [
                expected[v] for v in ("early", "on_time", "late")
            ]
            assert close["pending_in_time"] == expected["in_time"]
            assert close["pending_overdue"] == expected["overdue"]
        today: Counter[str] = sum((f for key, f in backlog_daily(oracle).items() if key[1] == day), Counter())
        assert (today["pending_in_time"], today["pending_overdue"]) == (expected["in_time"], expected["overdue"])


def test_verdicts_partition_the_population(random_oracles: list[Oracle]) -> None:
    for oracle in random_oracles:
        seen = Counter((v.source, v.dossier_code, v.rule_set) for v in oracle.verdicts())
        assert set(seen.values()) == {1}
        refused = sum(facts.status == 3 for facts in oracle.facts.values())
        sizes = Counter(key[2] for key in seen)
        assert sizes["portal_766"] == len(oracle.facts)
        assert sizes["form_ii06"] == sizes["citizen_handover"] == len(oracle.facts) - refused
        for v in oracle.verdicts():
            assert (v.overdue_bucket is not None) == (v.verdict in ("late", "overdue"))
            assert v.verdict in ("late", "overdue") or v.calendar_days_overdue == v.working_days_overdue == 0
            assert 0 <= v.working_days_overdue <= v.calendar_days_overdue


def test_the_past_is_known_by_its_exports_only(random_zone: tuple[DropZone, list], calendar: WorkCalendar) -> None:
    """known_at gives what a drop zone gives that holds no later export."""
    zone, pairs = random_zone
    as_of, known_at = next((a, k) for a, k in pairs if k)
    early = DropZone(
        dossiers=[r for r in zone.dossiers if r.place.exported_at <= known_at],
        events=[e for e in zone.events if e.place.exported_at <= known_at],
        procedures=[p for p in zone.procedures if p.place.exported_at <= known_at],
    )
    assert Oracle(early, calendar, as_of).verdicts() == Oracle(zone, calendar, as_of, known_at).verdicts()


def test_progress_of_a_province_is_the_sum_of_its_agencies(random_oracles: list[Oracle]) -> None:
    for oracle in random_oracles:
        found = progress_766(oracle)
        received = Counter(f"{facts.received_at:%Y-%m}" for facts in oracle.facts.values())
        for month, count in received.items():
            tops = [row for (_, period, agency), row in found.items() if period == month and "." not in agency]
            assert sum(row.total_received for row in tops) == count
            assert all(row.total_received == row.total_on_time + row.total_overdue for row in tops)


@pytest.mark.integration
def test_random_zones_reach_every_case(calendar: WorkCalendar, tmp_path: Path) -> None:
    """A generator that never makes a case would prove nothing of it."""
    seen: set[tuple[str, ...]] = set()
    rejections: set[str] = set()
    rates = set()
    for seed in SEEDS:
        files = random_exports.generate(seed, dossiers=600)
        root = tmp_path / str(seed)
        files.write(root)
        zone = drop_zone.read(root)
        rejections |= {reason for row in zone.quarantine for reason in row.reasons}
        rejections |= {line.reason for line in zone.ledger if line.reason} | {line.status for line in zone.ledger}
        for as_of, known_at in files.pairs:
            oracle = Oracle(zone, calendar, as_of, known_at)
            for v in oracle.verdicts():
                seen |= {(v.rule_set, v.verdict, v.reason), ("state", v.state), ("due", str(v.due_bucket))}
                seen |= {("requests", str(v.requests)), ("overdue", str(v.overdue_bucket))}
            rates |= {on_time_rate(f) is None for f in timeliness_monthly(oracle).values()}
            assert any(portal_766(f, None, calendar).reason == "NO_DEADLINE" for f in oracle.facts.values())
    assert {c for c in seen if c[0] == "state"} == {
        ("state", s)
        for s in ["finished", "withdrawn", "stopped", "refused", "waiting_supplement", "waiting_fee", "processing"]
    }
    assert {c[1] for c in seen if c[0] == "due"} == {"None", "0", "1", "2-3", "4-7", ">7"}
    assert {c[1] for c in seen if c[0] == "overdue"} == {"None", "0", "1-2", "3-5", "6-10", "11-30", ">30"}
    assert {c[1] for c in seen if c[0] == "requests"} >= {"0", "1", "2", "3"}
    # timeliness §3: verdicts of the rows of each case ladder
    assert Counter(c[0] for c in seen if len(c) == 3) == {
        "form_ii06": 10,
        "portal_766": 10,
        "citizen_handover": 8,
        "first_appointment": 10,
    }, sorted(c for c in seen if len(c) == 3)
    assert rates == {True, False}
    rows = ["NOT_A_RECORD", "NO_CODE", "CODE_TOO_LONG", "BAD_STATUS", "NO_RECEPTION", "BAD_DATE"]
    files_ = ["FILE_UNREADABLE", "FILE_NO_HEADING", "FILE_SHIFTED", "FILE_MOSTLY_BAD"]
    assert rejections == {f"REJ_{name}" for name in rows + files_} | {"loaded", "duplicate", "rejected"}


@pytest.mark.parametrize(
    ("a", "b", "hours"),
    [
        ("2024-03-04 11:00", "2024-03-04 14:00", 1.0),  # the lunch break does not count
        ("2024-03-01 16:30", "2024-03-04 08:00", 1.0),  # a weekend
        ("2024-02-07 17:00", "2024-02-15 07:30", 0.0),  # Tết
        ("2024-05-03 17:00", "2024-05-05 12:00", 7.5),  # a Saturday that is made up for
        ("2024-03-04 06:00", "2024-03-05 23:00", 15.0),
        ("2024-03-05 09:00", "2024-03-04 09:00", 0.0),
    ],
)
def test_working_hours(a: str, b: str, hours: float) -> None:
    began, ended = datetime.fromisoformat(a), datetime.fromisoformat(b)
    assert working_seconds(WorkCalendar(OVERRIDES), began, ended) == hours * 3600
