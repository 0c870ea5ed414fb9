"""The marts beyond the core on `validated` tables made by tests/support: against the oracle, each other, other
moments."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from expectations.catalogue import load_catalogue
from tests.oracle import drop_zone, random_exports
from tests.oracle.comparison import OVERRIDES
from tests.oracle.drop_zone import DropZone
from tests.oracle.periods import (
    backlog_daily,
    form_ii06_report,
    lineage,
    on_time_rate,
    progress_766,
    timeliness_monthly,
)
from tests.oracle.timeliness import Oracle
from tests.oracle.working_days import WorkCalendar
from tests.support.small_build import settings_in
from tests.support.validated import Dbt, append, load
from warehouse.build import plan_build, record_green

pytestmark = pytest.mark.integration

NO_UNIT_TESTS = ("--exclude-resource-type", "unit_test")
NO_TESTS = ("--exclude-resource-type", "test", *NO_UNIT_TESTS)
RULES = [rule.model_dump(exclude={"predicate"}) | {"rule_id": rule.id} for rule in load_catalogue().rules]
BAD_FILE = {
    "source": "dvcqg",
    "kind": "dossiers",
    "file_name": "hoso_20240501.json",
    "file_path": "dvcqg/dossiers/hoso_20240501.json",
    "file_sha256": "f" * 64,
    "exported_at": datetime(2024, 5, 1, 23, 59, 59),
}
FORM = (
    *("received_total", "received_online", "received_direct", "carried_over"),
    *("resolved_total", "resolved_early", "resolved_on_time", "resolved_late"),
    *("pending_total", "pending_in_time", "pending_overdue"),
)
MONTHLY = (
    "received",
    "carried_over",
    "resolved_early",
    "resolved_on_time",
    "resolved_late",
    "pending_in_time",
    "pending_overdue",
)
DAILY = ("received", "resolved", "pending_in_time", "pending_overdue")
PROGRESS = (
    *("total_received", "total_on_time", "total_overdue", "total_completed"),
    *("avg_processing_days", "ratio", "score"),
)
FORM_KEY = ("source", "scheme", "period", "agency_code", "field_code")
RULE_SETS = ("form_ii06", "portal_766", "citizen_handover", "first_appointment")

Rows = dict[tuple[Any, ...], tuple[Any, ...]]


class World:
    """One random drop zone, validated; built at any pair of moments."""

    def __init__(self, scratch: Path) -> None:
        exports = random_exports.generate(seed=206, dossiers=900)
        exports.write(scratch / "inbox")
        self.zone: DropZone = drop_zone.read(scratch / "inbox")
        self.as_of = max(as_of for as_of, _ in exports.pairs)
        self.known_at = min(known_at for _, known_at in exports.pairs if known_at)
        self.dbt = Dbt(scratch / "build.duckdb", scratch)
        with duckdb.connect(str(self.dbt.database)) as con:
            load(con, self.zone)
            append(con, "rules", RULES)
            self._reject(con)

    def _reject(self, con: duckdb.DuckDBPyConnection) -> None:
        """A file with two rejected rows of three, and one that could not be read: `load` takes accepted rows only."""
        counts = {"exported_at_from": "name", "load_id": "f" * 16}
        append(
            con,
            "files",
            [
                BAD_FILE | counts | {"status": "loaded", "rows_read": 3, "rows_accepted": 1, "rows_quarantined": 2},
                BAD_FILE
                | counts
                | {"file_path": "dvcqg/dossiers/hong.json", "file_sha256": "e" * 64, "status": "rejected"}
                | {"reason": "REJ_FILE_UNREADABLE", "rows_read": 0, "rows_accepted": 0, "rows_quarantined": 0},
            ],
        )
        rows = [
            (1, ["REJ_BAD_DATE", "REJ_BAD_STATUS"], "H39.18"),
            (2, ["REJ_BAD_DATE"], None),
        ]
        append(
            con,
            "quarantine",
            [BAD_FILE | {"row_number": n, "reasons": r, "offending": "{}", "agency_code": a} for n, r, a in rows],
        )

    def build(self, *arguments: str, as_of: datetime | None = None, known_at: datetime | None = None) -> None:
        self.dbt("build", "--full-refresh", *arguments, as_of=as_of or self.as_of, known_at=known_at)

    def oracle(self, known_at: datetime | None = None) -> Oracle:
        return Oracle(self.zone, WorkCalendar(OVERRIDES), self.as_of, known_at)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.dbt.database), read_only=True) as con:
            return con.execute(query).fetchall()

    def figures(self, mart: str, key: Iterable[str], columns: Iterable[str]) -> Rows:
        """Rows of a mart by key; the grain is proven on the way."""
        key, columns = tuple(key), tuple(columns)
        rows = self.rows(f"select {', '.join(key + columns)} from marts.{mart}")
        found = {row[: len(key)]: row[len(key) :] for row in rows}
        assert len(found) == len(rows), f"{mart}: grain"
        return found


def unlike(expected: Mapping[Any, Any], actual: Mapping[Any, Any]) -> list[str]:
    """The first rows that differ, for reading."""
    keys = sorted(set(expected) | set(actual), key=str)
    return [
        f"{k}\n  expected {expected.get(k)}\n  actual   {actual.get(k)}"
        for k in keys
        if expected.get(k) != actual.get(k)
    ][:5]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Built at as_of with every test of the project, identities included; no limit to what is known."""
    made = World(tmp_path_factory.mktemp("marts"))
    made.build()
    return made


def test_form_ii06_is_the_oracles(world: World) -> None:
    expected = {key: tuple(found[c] for c in FORM) for key, found in form_ii06_report(world.oracle()).items()}
    actual = world.figures("rpt_form_ii06", FORM_KEY, FORM)
    assert len(actual) > 500
    assert not unlike(expected, actual), "\n".join(unlike(expected, actual))


def test_months_are_the_oracles(world: World) -> None:
    key = ("source", "scheme", "month", "agency_code", "field_code", "channel")
    found = timeliness_monthly(world.oracle())
    expected = {at: tuple(row[c] for c in MONTHLY) for at, row in found.items()}
    assert not unlike(expected, world.figures("mart_timeliness_monthly", key, MONTHLY))
    rates = {at: float(rate) if (rate := on_time_rate(row)) is not None else None for at, row in found.items()}
    actual = {at: row[0] for at, row in world.figures("mart_timeliness_monthly", key, ["on_time_rate"]).items()}
    assert None in rates.values()
    assert actual == pytest.approx(rates)


def test_days_are_the_oracles(world: World) -> None:
    expected = {key: tuple(found[c] for c in DAILY) for key, found in backlog_daily(world.oracle()).items()}
    actual = world.figures("mart_backlog_daily", ("source", "day", "agency_code"), DAILY)
    quiet = {key for key, row in actual.items() if not any(row)} - set(expected)
    assert not unlike(expected, {key: row for key, row in actual.items() if key not in quiet})


@pytest.mark.parametrize(
    ("mart", "scheme"), [("mart_progress_766", "calendar"), ("mart_progress_766_reporting", "reporting")]
)
def test_progress_is_the_oracles(world: World, mart: str, scheme: str) -> None:
    expected = {
        key: tuple(float(v) if (v := getattr(row, c)) is not None else None for c in PROGRESS)
        for key, row in progress_766(world.oracle(), scheme).items()
    }
    assert not unlike(expected, world.figures(mart, ("source", "period", "agency_code"), PROGRESS))


def test_the_form_of_a_level_is_the_sum_of_what_is_below_it(world: World) -> None:
    expected: dict[tuple[Any, ...], list[int]] = {}
    for (*key, agency_code, field_code), row in world.figures("rpt_form_ii06", FORM_KEY, FORM).items():
        for code in lineage(agency_code):
            so_far = expected.setdefault((*key, code, field_code), [0] * len(FORM))
            expected[*key, code, field_code] = [a + b for a, b in zip(so_far, row, strict=True)]
    actual = world.figures("rpt_form_ii06_levels", FORM_KEY, FORM)
    assert not unlike({key: tuple(row) for key, row in expected.items()}, actual)


def test_a_past_period_of_the_index_is_what_its_own_close_said(world: World, tmp_path: Path) -> None:
    """With the same knowledge, the index of a month is the verdicts of a build made at the month's last second."""
    close = datetime(2024, 1, 31, 23, 59, 59)
    assert close < world.as_of
    later = world.figures("mart_progress_766", ("source", "period", "agency_code"), PROGRESS)
    then = World(tmp_path)
    then.build(*NO_TESTS, as_of=close)
    counted = then.rows(
        """select v.source, d.agency_code, count(*), count(*) filter (v.verdict in ('on_time', 'in_time')),
            count(*) filter (v.state in ('finished', 'withdrawn', 'stopped', 'refused'))
        from marts.fct_verdicts v join marts.fct_dossiers d using (source, dossier_code)
        where v.rule_set = 'portal_766' and d.received_at >= timestamp '2024-01-01' group by all"""
    )
    expected: dict[tuple[str, str], list[int]] = {}
    for source, agency_code, *counts in counted:
        for code in lineage(agency_code):
            so_far = expected.setdefault((source, code), [0, 0, 0])
            expected[source, code] = [a + b for a, b in zip(so_far, counts, strict=True)]
    actual = {(s, a): [row[0], row[1], row[3]] for (s, period, a), row in later.items() if period == "2024-01"}
    assert actual
    assert actual == expected


@pytest.mark.parametrize(("mart", "verdict"), [("mart_overdue_dossiers", "overdue"), ("mart_late_dossiers", "late")])
def test_lists_are_the_verdicts(world: World, mart: str, verdict: str) -> None:
    expected = {
        (v.source, v.dossier_code, v.rule_set): (
            v.calendar_days_overdue,
            v.working_days_overdue,
            v.overdue_bucket,
            v.calendar_days_overdue >= 1,
        )
        for v in world.oracle().verdicts()
        if v.verdict == verdict
    }
    measures = ("calendar_days_overdue", "working_days_overdue", "overdue_bucket", "apology_due")
    assert expected
    assert not unlike(expected, world.figures(mart, ("source", "dossier_code", "rule_set"), measures))


def test_due_soon_is_the_verdicts(world: World) -> None:
    calendar = WorkCalendar(OVERRIDES)
    oracle = world.oracle()
    expected = {
        (v.source, v.dossier_code, v.rule_set): (v.due_bucket, calendar.wd(world.as_of.date(), due.date()))
        for v in oracle.verdicts()
        if v.due_bucket not in (None, ">7") and (due := oracle.facts[v.source, v.dossier_code].due_at)
    }
    assert expected
    actual = world.figures("mart_due_soon", ("source", "dossier_code", "rule_set"), ("due_bucket", "working_days_left"))
    assert not unlike(expected, actual)


def test_rule_differences_are_those_of_the_verdicts(world: World) -> None:
    good, bad = {"early", "on_time", "in_time"}, {"late", "overdue"}
    said: dict[tuple[str, str], dict[str, str]] = {}
    for v in world.oracle().verdicts():
        said.setdefault((v.source, v.dossier_code), {})[v.rule_set] = v.verdict
    expected = {
        key: tuple(verdicts.get(r) for r in RULE_SETS)
        for key, verdicts in said.items()
        if good & set(verdicts.values()) and bad & set(verdicts.values())
    }
    assert expected
    columns = [f"{rule_set}_verdict" for rule_set in RULE_SETS]
    assert not unlike(expected, world.figures("mart_rule_differences", ("source", "dossier_code"), columns))


def test_scorecard_counts_and_ranks(world: World) -> None:
    oracle = world.oracle()
    counted: dict[tuple[str, str], dict[str, list[str]]] = {}
    for v in oracle.verdicts():
        agency = oracle.facts[v.source, v.dossier_code].agency_code
        counted.setdefault((v.source, agency), {}).setdefault(v.rule_set, []).append(v.verdict)

    def rate(verdicts: list[str]) -> float | None:
        resolved = [v for v in verdicts if v in ("early", "on_time", "late")]
        return sum(v != "late" for v in resolved) / len(resolved) if resolved else None

    expected = {}
    for (source, agency), by_rule in counted.items():
        form = by_rule.get("form_ii06", [])
        peers = [
            rate(rules.get("form_ii06", []))
            for (s, other), rules in counted.items()
            if s == source and _level(other) == _level(agency)
        ]
        own = rate(form)
        better = [p for p in peers if p is not None and (own is None or p > own)]
        rates = tuple(rate(by_rule.get(r, [])) for r in RULE_SETS)
        expected[source, agency] = (len(form), form.count("overdue"), len(better) + 1, *rates)
    columns = ["received", "overdue", "rank_in_level", *(f"on_time_rate_{rule_set}" for rule_set in RULE_SETS)]
    assert not unlike(expected, world.figures("mart_agency_scorecard", ("source", "agency_code"), columns))


def _level(agency_code: str) -> int:
    return 0 if agency_code == "unknown" else agency_code.count(".") + 1


def test_quality_counts_rows_files_and_dossiers(world: World) -> None:
    found = world.rows(
        "select agency_code, rule_id, unit, count from marts.mart_quality where unit <> 'dossier' order by all"
    )
    assert found == [
        ("H39.18", "REJ_BAD_DATE", "row", 1),
        ("H39.18", "REJ_BAD_STATUS", "row", 1),
        ("unknown", "REJ_BAD_DATE", "row", 1),
        ("unknown", "REJ_FILE_UNREADABLE", "file", 1),
    ]
    flags = world.rows("select count(*) from (select unnest(flags) from marts.fct_dossiers)")[0][0]
    assert flags > 0
    assert world.rows("select sum(count) from marts.mart_quality where unit = 'dossier'")[0][0] == flags


def test_known_at_cuts_every_mart(world: World, tmp_path: Path) -> None:
    """Figures, ledger and quarantine with what was known then; every row says so."""
    then = World(tmp_path)
    then.build(*NO_UNIT_TESTS, known_at=then.known_at)
    oracle = then.oracle(then.known_at)
    expected = {key: tuple(found[c] for c in FORM) for key, found in form_ii06_report(oracle).items()}
    actual = then.figures("rpt_form_ii06", FORM_KEY, FORM)
    assert not unlike(expected, actual)
    assert expected != world.figures("rpt_form_ii06", FORM_KEY, FORM)
    used = then.rows(
        f"select exported_at <= timestamp '{then.known_at}', count(*) from validated.files group by 1 order by 1"
    )
    assert then.rows("select used, count(*) from marts.mart_load_ledger group by 1 order by 1") == used
    marts = then.rows("select distinct table_name from information_schema.tables where table_schema = 'marts'")
    for (mart,) in marts:
        stamps = then.rows(f"select distinct as_of, known_at, definitions_version is not null from marts.{mart}")
        assert stamps in ([], [(then.as_of, then.known_at, True)]), mart


@pytest.mark.slow  # each fault of a dbt test: tests/faults/test_validators.py
@pytest.mark.parametrize(
    ("harm", "test"),
    [
        (
            "update marts.rpt_form_ii06 set carried_over = carried_over + 1 where period = '2024-01'",
            "form_ii06_carries_over",
        ),
        (
            "update marts.mart_backlog_daily set pending_overdue = pending_overdue + 1 where day = '2024-01-31'",
            "pending_agrees_between_marts",
        ),
        (
            "delete from marts.rpt_form_ii06 where agency_code = (select min(agency_code) from marts.rpt_form_ii06)",
            "form_ii06_agrees_with_verdicts",
        ),
        (
            "update marts.rpt_form_ii06_levels set carried_over = 1 + carried_over where level = 1 and period = '2024'",
            "form_ii06_levels_carries_over",
        ),
        ("delete from marts.mart_progress_766 where level = 1", "progress_766_provinces_hold_everything"),
        ("delete from marts.mart_late_dossiers where rule_set = 'portal_766'", "lists_agree_with_verdicts"),
        (
            "update marts.mart_late_dossiers set reason = 'PAST_DUE' where (dossier_code, rule_set) = ("
            "select (dossier_code, rule_set) from marts.mart_late_dossiers where reason <> 'PAST_DUE' limit 1)",
            "lists_agree_with_verdicts",
        ),
        (
            "insert into marts.mart_rule_differences from marts.mart_rule_differences limit 1",
            "lists_agree_with_verdicts",
        ),
        (
            "update intermediate.int_dossier_verdicts set portal_766_verdict = null where dossier_code = ("
            "select min(dossier_code) from intermediate.int_dossier_verdicts where portal_766_verdict is not null)",
            "verdicts_cover_the_population",
        ),
        (
            "update intermediate.int_dossier_verdicts set agency_code = 'X1' where dossier_code = ("
            "select min(dossier_code) from intermediate.int_dossier_verdicts)",
            "verdicts_cover_the_population",
        ),
    ],
)
def test_identities_can_fail(world: World, tmp_path: Path, harm: str, test: str) -> None:
    """Each identity finds its own harm, so that a green audit means something."""
    copy = Dbt(tmp_path / "build.duckdb", world.dbt.scratch)
    copy.database.write_bytes(world.dbt.database.read_bytes())
    with duckdb.connect(str(copy.database)) as con:
        con.execute(harm)
    with pytest.raises(AssertionError, match=r"Got \d+ results?, configured to fail"):
        copy("test", "--select", test, as_of=world.as_of)


def test_a_row_that_is_not_sound_is_named(world: World, tmp_path: Path) -> None:
    """One test per model holds many rules; whoever is woken by it must read which one is broken. All at once: every
    rule by itself is in tests/faults/test_validators.py."""
    harms = {
        "insert into marts.dim_channel from marts.dim_channel": ("dim_channel", r"channel not unique \(\d+\)"),
        "update marts.dim_field set field_name = null": ("dim_field", r"field_name null \(\d+\)"),
        "update marts.mart_quality set unit = 'day' where unit = 'file'": (
            "mart_quality",
            r"unit not accepted \(\d+\)",
        ),
        "insert into marts.mart_quality select * from marts.mart_quality": ("mart_quality", r"not unique \(\d+\)"),
        "update marts.mart_backlog_daily set agency_code = 'X1'": (
            "mart_backlog_daily",
            r"agency_code not in dim_agency \(1\)",
        ),
        "update marts.mart_load_ledger set rows_accepted = rows_accepted + 1": (
            "mart_load_ledger",
            r"ledger_rows_read_is_accepted_plus_quarantined \(\d+\)",
        ),
        "update marts.rpt_form_ii06 set resolved_total = resolved_total + 1 where period = '2024-01'": (
            "rpt_form_ii06",
            r"form_ii06_columns_3_7_11 \(\d+\)",
        ),
        "insert into intermediate.int_dossier_verdicts from intermediate.int_dossier_verdicts limit 1": (
            "int_dossier_verdicts",
            r"source, dossier_code not unique \(1\)",
        ),
    }
    copy = Dbt(tmp_path / "build.duckdb", world.dbt.scratch)
    copy.database.write_bytes(world.dbt.database.read_bytes())
    with duckdb.connect(str(copy.database)) as con:
        for harm in harms:
            con.execute(harm)
    with pytest.raises(AssertionError) as failed:
        copy("test", "--select", *(f"sound_rows_{test}" for test, _ in harms.values()), as_of=world.as_of)
    said = re.split(r"(?=Failure in test )", str(failed.value))
    for test, told in harms.values():
        assert any(f"sound_rows_{test}" in part and re.search(told, part) for part in said), (test, told)


def test_documentation_of_the_marts_is_current(world: World, tmp_path: Path) -> None:
    """docs/marts.md is what the manifest says; every mart has a title of its own in both languages and says its grain
    first, and every column what it means."""
    script = Path(__file__).parents[2] / "dbt_project" / "generate_marts_doc.py"
    manifest = world.dbt.scratch / "target" / "manifest.json"
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    marts = [n for n in nodes if n["resource_type"] == "model" and n["schema"] == "marts"]
    titles = {n["name"]: n["config"]["meta"].get("title", "").split(" / ") for n in marts}
    assert not [name for name, title in titles.items() if len(title) != 2 or not all(title)]
    assert len({vi for vi, _ in titles.values()}) == len({en for _, en in titles.values()}) == len(marts)
    target, catalogue = tmp_path / "marts.md", tmp_path / "marts.json"
    command = [sys.executable, script, "--manifest", manifest, "--output", target, "--json", catalogue]
    subprocess.run(list(map(str, command)), check=True)
    assert catalogue.read_bytes() == script.with_name("marts.json").read_bytes(), "run `make docs`"
    committed = Path(__file__).parents[2] / "docs" / "marts.md"
    for page in ("marts.md", "distortions.md"):
        made, kept = target.with_name(page), committed.with_name(page)
        assert made.read_text(encoding="utf-8") == kept.read_text(encoding="utf-8"), "run `make docs`"
    assert not [n["name"] for n in marts if not n["description"] or not n["contract"]["enforced"]]
    assert not [f"{n['name']}.{c}" for n in marts for c, column in n["columns"].items() if not column["description"]]


def test_nightly_runs_leave_the_marts_of_a_full_refresh(world: World, tmp_path: Path) -> None:
    """Exports come in four lots, months close between the nightly runs: the same marts as from everything at once.

    The third nightly run dies after the verdicts: what it wrote is older than the build that follows, and nobody
    listed it.
    """
    files = sorted(line.file_name for line in world.zone.ledger if line.status == "loaded")
    moments = [datetime(2024, 1, 20, 12), datetime(2024, 2, 10, 12), datetime(2024, 3, 15, 12), world.as_of]
    nightly_runs, settings = Dbt(tmp_path / "warehouse" / "build.duckdb", tmp_path), settings_in(tmp_path)
    assert nightly_runs.database == settings.layout.build_db
    for nightly_run, as_of in enumerate(moments, 1):
        with duckdb.connect(str(nightly_runs.database)) as con:
            load(con, world.zone, validation_seq=nightly_run, only=files[nightly_run - 1 :: len(moments)])
            append(con, "rules", RULES if nightly_run == 1 else [])
        plan = plan_build(settings.model_copy(update={"as_of": as_of}))
        assert plan.full_refresh == (nightly_run == 1)
        if nightly_run == 3:
            nightly_runs("build", *NO_TESTS, "--select", "+int_dossier_verdicts", clocks=False)
            continue
        refresh = ("--full-refresh",) if plan.full_refresh else ()
        nightly_runs("build", *NO_UNIT_TESTS, *refresh, clocks=False)
        record_green(settings, plan)
    with duckdb.connect() as con:
        con.execute(
            f"attach '{nightly_runs.database}' as nights (read_only);"
            f" attach '{world.dbt.database}' as whole (read_only)"
        )
        for table in (
            *("intermediate.int_progress_766", "marts.mart_progress_766", "marts.mart_timeliness_monthly"),
            *("marts.rpt_form_ii06", "marts.mart_backlog_daily", "marts.mart_agency_scorecard"),
            *("marts.mart_overdue_dossiers", "marts.mart_late_dossiers", "marts.mart_due_soon"),
            "marts.mart_rule_differences",
            *("marts.mart_progress_766_reporting", "marts.rpt_form_ii06_levels", "marts.mart_distortions"),
            *("marts.mart_timeliness_rule_sets", "marts.mart_waiting_acceptance", "marts.mart_unit_bottlenecks"),
            *("marts.mart_overdue_risk", "intermediate.int_steps", "intermediate.int_bulk_dossiers"),
            *("marts.dim_agency_crosswalk", "marts.mart_timeliness_monthly_current", "marts.mart_agency_names"),
        ):
            a, b = f"from nights.{table}", f"from whole.{table}"
            differing = con.execute(f"({a} except all {b}) union all ({b} except all {a}) limit 3").fetchall()
            assert not differing, f"{table}: {differing}"
    for view in ("fct_dossiers", "fct_verdicts", "mart_step_durations"):
        assert shown(nightly_runs.database, view) == shown(world.dbt.database, view)


def shown(database: Path, mart: str) -> list[tuple[Any, ...]]:
    """What readers would see of a mart. A view is read in its own file: it names the catalog."""
    with duckdb.connect(str(database), read_only=True) as con:
        return con.execute(f"select columns(c -> c <> 'built_by') from marts.{mart} order by all").fetchall()
