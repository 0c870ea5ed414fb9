"""The core of the dbt project on `validated` tables made by tests/support.

The worked examples, the real permits, the oracle, and nightly runs against a full refresh.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest

from tests.oracle import drop_zone, random_exports
from tests.oracle.comparison import OVERRIDES
from tests.oracle.drop_zone import DropZone
from tests.oracle.flags import flags
from tests.oracle.timeliness import Oracle, Verdict
from tests.oracle.working_days import WorkCalendar
from tests.support.validated import Dbt, load
from warehouse.calendar import COLUMNS as COLUMNS_OF_CALENDAR
from warehouse.calendar import parse as parse_calendar

pytestmark = pytest.mark.integration

DATA = Path(__file__).parents[1] / "data"
EXAMPLES = ("worked_examples", "worked_examples_2")
CORE = (
    "--select",
    "+path:models/marts/core",
    "int_dossier_versions",
    "int_history_accounting",
    "int_supplement_requests",
)
NO_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
COLUMNS = tuple(Verdict.__annotations__)
OF_HISTORY = {
    *("WRN_REOPENED", "WRN_DUE_MOVED", "WRN_DUE_MOVED_LATE", "WRN_MANY_SUPPLEMENTS"),
    *("WRN_REAPPOINTED", "WRN_REAPPOINTED_TWICE", "WRN_LATE_SUPPLEMENT"),
}
KEPT = (
    "intermediate.int_dossier_versions",
    "intermediate.int_events",
    "intermediate.int_dossier_facts",
    "intermediate.int_verdicts",
    "intermediate.int_history_accounting",
    "intermediate.int_supplement_requests",
    "marts.fct_dossiers",
    "marts.fct_verdicts",
    "marts.dim_agency",
    "marts.dim_procedure",
    "marts.dim_field",
)


def build_core(dbt: Dbt, as_of: datetime, known_at: datetime | None = None, changed_since: int | None = None) -> None:
    """Build without tests; `changed_since` None = full refresh."""
    refresh = ("--full-refresh",) if changed_since is None else ()
    dbt("build", *CORE, *NO_TESTS, *refresh, as_of=as_of, known_at=known_at, changed_since=changed_since or 0)


def verdicts(database: Path) -> dict[tuple[str, str, str], tuple[object, ...]]:
    with duckdb.connect(str(database), read_only=True) as con:
        rows = con.execute(f"select {', '.join(COLUMNS)} from marts.fct_verdicts").fetchall()
    found = {row[:3]: row[3:] for row in rows}
    assert len(found) == len(rows), "fct_verdicts: grain"
    return found


def oracle_verdicts(oracle: Oracle) -> dict[tuple[str, str, str], tuple[object, ...]]:
    rows = [tuple(getattr(v, name) for name in COLUMNS) for v in oracle.verdicts()]
    return {row[:3]: row[3:] for row in rows}


def unlike(expected: Mapping[Any, Any], actual: Mapping[Any, Any]) -> list[str]:
    """The first rows that differ, for reading."""
    keys = sorted(set(expected) | set(actual), key=str)
    return [
        f"{k}\n  expected {expected.get(k)}\n  actual   {actual.get(k)}"
        for k in keys
        if expected.get(k) != actual.get(k)
    ][:5]


def unlike_tables(one: Dbt, other: Dbt, table: str) -> list[tuple[object, ...]]:
    """Rows that are in one build only (views name their own database, so the files cannot be attached together)."""
    tables = []
    for dbt in (one, other):
        with duckdb.connect(str(dbt.database), read_only=True) as con:
            tables.append(con.execute(f"select * from {table}").to_arrow_table())
    with duckdb.connect() as con:
        con.register("a", tables[0])
        con.register("b", tables[1])
        return con.execute("(from a except all from b) union all (from b except all from a) limit 3").fetchall()


def expected_rows(folder: str) -> Iterator[dict[str, str]]:
    with (DATA / folder / "expected_verdicts.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Dbt]:
    made = {}
    for folder in EXAMPLES:
        scratch = tmp_path_factory.mktemp(folder)
        with duckdb.connect(str(scratch / "build.duckdb")) as con:
            load(con, drop_zone.read(DATA / folder / "inbox"))
        made[folder] = Dbt(scratch / "build.duckdb", scratch)
    return made


PAIRS = {folder: sorted({(row["as_of"], row["known_at"]) for row in expected_rows(folder)}) for folder in EXAMPLES}


# All pairs are asked of the same SQL, one dossier at a time, in test_explain.py.
@pytest.mark.parametrize(
    ("folder", "pair"),
    [
        pytest.param(folder, pair, marks=() if n in (1, len(pairs) - 1) else pytest.mark.slow)
        for folder, pairs in PAIRS.items()
        for n, pair in enumerate(pairs)
    ],
)
def test_worked_examples(examples: dict[str, Dbt], folder: str, pair: tuple[str, str]) -> None:
    """Every expected row, and no other, at the pair (as_of, known_at)."""
    as_of, known_at = pair
    dbt = examples[folder]
    build_core(dbt, datetime.fromisoformat(as_of), datetime.fromisoformat(known_at) if known_at else None)
    columns = [name for name in next(expected_rows(folder)) if name not in ("as_of", "known_at", "note")]
    with duckdb.connect(str(dbt.database), read_only=True) as con:
        moment = "coalesce(strftime({}, '%Y-%m-%dT%H:%M:%S'), '')"
        texts = ", ".join(moment.format(c) if c.startswith("effective_") else f"cast({c} as varchar)" for c in columns)
        rows = con.execute(f"select {texts} from marts.fct_verdicts").fetchall()
    actual = {row[:2]: row[2:] for row in rows}
    expected = {
        (row["dossier_code"], row["rule_set"]): tuple(row[c] for c in columns[2:])
        for row in expected_rows(folder)
        if (row["as_of"], row["known_at"]) == pair
    }
    assert len(actual) == len(rows)
    assert not unlike(expected, actual), "\n".join(unlike(expected, actual))


def test_the_examples_pass_every_test_of_the_project(examples: dict[str, Dbt]) -> None:
    """Unit tests, contracts, grains, relationships and the identity of portal-exports §6 on the built examples."""
    examples["worked_examples"](
        "build", *CORE, "--full-refresh", "--indirect-selection", "buildable", as_of=datetime(2024, 6, 30, 23, 59, 59)
    )


@pytest.mark.parametrize(
    ("as_of", "counts"),
    [
        (
            "2012-01-31T23:59:59",
            {
                ("form_ii06", "early"): 325,
                ("form_ii06", "on_time"): 36,
                ("form_ii06", "late"): 135,
                ("form_ii06", "overdue"): 4,
                ("portal_766", "on_time"): 326,
                ("portal_766", "late"): 170,
                ("portal_766", "overdue"): 4,
                ("citizen_handover", "overdue"): 500,
            },
        ),
        (
            "2011-06-30T23:59:59",
            {
                ("form_ii06", "early"): 324,
                ("form_ii06", "on_time"): 36,
                ("form_ii06", "late"): 118,
                ("form_ii06", "overdue"): 19,
                ("form_ii06", "in_time"): 3,
            },
        ),
    ],
)
def test_real_permits(tmp_path: Path, as_of: str, counts: dict[tuple[str, str], int]) -> None:
    """The published figures of real clocks (tests/data/real_permits/README.md)."""
    dbt = Dbt(tmp_path / "build.duckdb", tmp_path)
    with duckdb.connect(str(dbt.database)) as con:
        load(con, drop_zone.read(DATA / "real_permits" / "inbox"))
    build_core(dbt, datetime.fromisoformat(as_of))
    with duckdb.connect(str(dbt.database), read_only=True) as con:
        rows = con.execute("select rule_set, verdict, count(*) from marts.fct_verdicts group by all").fetchall()
    told = {key[0] for key in counts}
    assert {(rule_set, verdict): n for rule_set, verdict, n in rows if rule_set in told} == counts


def test_nightly_runs_equal_a_full_refresh_and_the_oracle(tmp_path: Path) -> None:
    """Exports come in lots and out of order while as_of moves on. Each nightly run gives the oracle's verdicts.

    One night dies half way: the watermark stays, and the next nightly run makes up for it. The last night leaves the
    very rows of a full refresh.
    """
    files = random_exports.generate(seed=766, dossiers=1500)
    files.write(tmp_path / "inbox")
    whole = drop_zone.read(tmp_path / "inbox")
    rng = Random(766)
    nightly_runs = sorted({as_of for as_of, _ in files.pairs})
    lot = {line.file_name: rng.randrange(len(nightly_runs)) for line in whole.ledger}
    calendar = WorkCalendar(OVERRIDES)

    dbt = Dbt(tmp_path / "build.duckdb", tmp_path / "scratch")
    watermark = None
    for nightly_run, as_of in enumerate(nightly_runs):
        arrived = {name for name, n in lot.items() if n <= nightly_run}
        with duckdb.connect(str(dbt.database)) as con:
            load(con, whole, validation_seq=nightly_run + 1, only={name for name, n in lot.items() if n == nightly_run})
        if nightly_run == 2:
            half = ("--select", "int_dossier_history", "int_events", "int_supplement_rounds", "int_dossier_facts")
            dbt("run", *half, as_of=as_of, changed_since=watermark or 0)
            continue
        build_core(dbt, as_of, changed_since=watermark)
        watermark = nightly_run + 1
        found = unlike(oracle_verdicts(Oracle(_part(whole, arrived), calendar, as_of)), verdicts(dbt.database))
        assert not found, f"nightly run {nightly_run + 1}\n" + "\n".join(found)

    fresh = Dbt(tmp_path / "fresh.duckdb", tmp_path / "scratch")
    with duckdb.connect(str(fresh.database)) as con:
        load(con, whole)
    build_core(fresh, nightly_runs[-1])
    for table in KEPT:
        assert not unlike_tables(dbt, fresh, table), table


def test_a_province_goes_by_its_own_calendar(tmp_path: Path) -> None:
    """Days of the warehouse for the country and for H39: every verdict is the oracle's by the calendar of its agency.

    What H53 says of days before it took H39 over holds for nobody here.
    """
    told = {
        "VN": ["2024-01-09,off", "2024-01-27,work"],
        "H39": ["2024-01-10,off", "2024-01-09,work", "2024-02-03,work"],
    }
    lines = [f"{line},Thử,{scope},," for scope, days in told.items() for line in days]
    text = [",".join(COLUMNS_OF_CALENDAR), *(f"1,{line}" for line in [*lines, "2024-01-11,off,Thử,H53,,"])]
    files = random_exports.generate(seed=39, dossiers=1200)
    files.write(tmp_path / "inbox")
    zone = drop_zone.read(tmp_path / "inbox")
    as_of = max(as_of for as_of, _ in files.pairs)
    dbt = Dbt(tmp_path / "build.duckdb", tmp_path)
    with duckdb.connect(str(dbt.database)) as con:
        load(con, zone, days=parse_calendar("\n".join(text)))
    build_core(dbt, as_of)
    expected: dict[tuple[str, str, str], tuple[object, ...]] = {}
    frozen = OVERRIDES.read_text(encoding="utf-8")
    for scope, days in told.items():
        overrides = tmp_path / f"{scope}.csv"
        # of a day the later line counts: the province's own after the country's
        own = [f"{day},x,VN,x" for day in dict.fromkeys([*told["VN"], *days])]
        overrides.write_text("\n".join([frozen.rstrip("\n"), *own]) + "\n", encoding="utf-8")
        oracle = Oracle(zone, WorkCalendar(overrides), as_of)
        of_h39 = {key for key, facts in oracle.facts.items() if facts.agency_code.partition(".")[0] == "H39"}
        chosen = of_h39 if scope == "H39" else set(oracle.facts) - of_h39
        assert len(chosen) > 100
        expected |= {key: row for key, row in oracle_verdicts(oracle).items() if key[:2] in chosen}
    found = unlike(expected, verdicts(dbt.database))
    assert not found, "\n".join(found)


@pytest.mark.slow
def test_known_at_looks_only_at_earlier_exports(tmp_path: Path) -> None:
    """The same pair gives the same rows whatever was loaded since; and they are the oracle's."""
    files = random_exports.generate(seed=10, dossiers=800)
    files.write(tmp_path / "inbox")
    whole = drop_zone.read(tmp_path / "inbox")
    as_of, known_at = next((a, k) for a, k in files.pairs if k is not None)
    early = {line.file_name for line in whole.ledger if line.exported_at <= known_at}
    then, since = (Dbt(tmp_path / f"{name}.duckdb", tmp_path / "scratch") for name in ("then", "since"))
    with duckdb.connect(str(then.database)) as con:
        load(con, whole, only=early)
    with duckdb.connect(str(since.database)) as con:
        load(con, whole, validation_seq=7)
    for dbt in (then, since):
        build_core(dbt, as_of, known_at)
    oracle = Oracle(whole, WorkCalendar(OVERRIDES), as_of, known_at)
    assert not unlike(oracle_verdicts(oracle), verdicts(since.database))
    told = {
        key: flags(d.versions, oracle.facts.get(key), oracle.calendar) & OF_HISTORY
        for key, d in oracle.dossiers.items()
    }
    with duckdb.connect(str(since.database), read_only=True) as con:
        rows = con.execute("select source, dossier_code, flags from marts.fct_dossiers").fetchall()
    assert not unlike(told, {row[:2]: set(row[2]) & OF_HISTORY for row in rows})
    assert set().union(*told.values()) == OF_HISTORY, "the drop zone shows every warning of history"
    for table in KEPT[2:4] + KEPT[6:]:
        assert not unlike_tables(then, since, table), table


def _part(zone: DropZone, names: set[str]) -> DropZone:
    """The zone as if only these files had come (events then stand where they were seen first among them)."""
    return DropZone(
        dossiers=[row for row in zone.dossiers if row.place.file_name in names],
        events=[event for event in zone.events if event.place.file_name in names],
        procedures=[p for p in zone.procedures if p.place.file_name in names],
        ledger=[line for line in zone.ledger if line.file_name in names],
    )
