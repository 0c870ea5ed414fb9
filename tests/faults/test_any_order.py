"""Whatever happens to a drop zone and to the runs over it, in whatever order: what is published is what a model in
plain Python says.

Files come new, changed, identical under another name, touched, late, with bad rows, unreadable; runs go through, are
killed (SIGKILL, a process of its own), the lake is compacted, a past moment is restated, readers are taken back to an
earlier version. Real landing (dlt), lake, validation (Great Expectations), compaction, build plan and publication; in
the place of dbt, which takes half a minute, stands one table by one query: the status of every dossier by its last row
(timeliness §1). dbt's own models are compared with the oracle elsewhere (tests/integration/test_oracle.py).
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import tempfile
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from expectations.validation import validate
from pipelines.config import Scope, Settings, load_settings
from pipelines.landing.compaction import compact
from pipelines.landing.lake import Lake
from pipelines.landing.pipeline import land
from pipelines.portal.discovery import discover
from tests.support.properties import examples
from warehouse.build import BuildPlan, plan_build, record_green
from warehouse.database import connect_build
from warehouse.lock import holder, run_lock
from warehouse.publish import current, leftovers, publish, rollback, versions

pytestmark = pytest.mark.faults

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.faults.test_any_order", "dlt", "great_expectations"])

DAYS = [date(2024, 3, 1) + timedelta(days=n) for n in range(8)]
SOURCES = ("dvcqg", "motcua")
GOOD, BAD = (2, 4, 9), (0, 99)
#: A row: number of its dossier, its status (a bad one is refused).
Row = tuple[int, int]
ROWS = st.lists(st.tuples(st.integers(1, 6), st.sampled_from((*GOOD, *GOOD, *BAD))), min_size=1, max_size=6)
UNREADABLE = b'[{"MaHoSo": "H39'
#: A killed run is hit within so many seconds, or went through before.
LONGEST = 3.0

# ---- the model ------------------------------------------------------------------------------------------------------


def exported_at(path: str) -> datetime:
    """By the date in the file's name: the end of that day (portal-exports §1)."""
    return datetime.combine(datetime.strptime(path.split("_")[1][:8], "%Y%m%d").date(), time(23, 59, 59))


def code(dossier: int) -> str:
    return f"H39.18.25-240304-{dossier:04d}"


def exported(rows: list[Row]) -> bytes:
    """A file of rows; None for one that nobody can read."""
    records = [
        {
            "MaHoSo": code(dossier),
            "MaTTHC": "1.001193.000.00.00.H39",
            "NgayTiepNhan": "20240304083000",
            "NgayHenTra": "20240308170000",
            "TrangThaiHoSo": str(status),
        }
        for dossier, status in rows
    ]
    return json.dumps(records).encode()


@dataclass(frozen=True, order=True)
class Observation:
    """A content (its rows; () = unreadable) at a path."""

    path: str
    rows: tuple[Row, ...]

    @property
    def source(self) -> str:
        return self.path.split("/")[0]

    @property
    def moment(self) -> datetime:
        return exported_at(self.path)


@dataclass(frozen=True)
class Figures:
    """What must be published: (path, status) of the ledger, rows quarantined, the last status of each dossier."""

    ledger: frozenset[tuple[str, str, int]]
    quarantined: int
    dossiers: frozenset[tuple[str, str, int]]


def figures(seen: set[Observation], until: datetime | None = None) -> Figures:
    """The rules in plain Python. Of several observations of one content of a source the earliest is loaded, by
    (exported_at, path); the last row of a dossier is that of the largest (exported_at, file name, row number)."""
    counting = [observed for observed in seen if until is None or observed.moment <= until]
    first: dict[tuple[str, tuple[Row, ...]], Observation] = {}
    for observed in sorted(counting, key=lambda one: (one.moment, one.path)):
        first.setdefault((observed.source, observed.rows), observed)
    loaded = set(first.values())

    def status(observed: Observation) -> str:
        if observed not in loaded:
            return "duplicate"
        return "loaded" if observed.rows else "rejected"

    good = [
        ((observed.moment, observed.path.split("/")[-1], number), observed.source, code(dossier), state)
        for observed in loaded
        for number, (dossier, state) in enumerate(observed.rows, 1)
        if state in GOOD
    ]
    last = {(source, dossier): state for _, source, dossier, state in sorted(good)}
    bad = sum(state in BAD for observed in loaded for _, state in observed.rows)
    return Figures(
        # the rows of a duplicate are those of the file that was loaded
        frozenset((one.path, status(one), len(one.rows) if one in loaded else 0) for one in counting),
        bad,
        frozenset((*key, state) for key, state in last.items()),
    )


# ---- the product ----------------------------------------------------------------------------------------------------


def settings_of(root: Path) -> Settings:
    return load_settings(
        drop_zone=str(root / "inbox"),
        warehouse=root / "warehouse",
        privacy_key="0123456789abcdef-for-tests",
        settle_seconds=0,
        keep_versions=4,
        threads=1,
    )


LAST_ROWS = """
    select d.source, d.dossier_code, d.status
    from validated.dossiers as d
    join validated.files as f
        on f.source = d.source and f.kind = 'dossiers' and f.file_sha256 = d.file_sha256 and f.status = 'loaded'
    qualify row_number() over (
        partition by d.source, d.dossier_code order by f.exported_at desc, f.file_name desc, d.row_number desc
    ) = 1
"""


def build_without_dbt(own: Settings) -> BuildPlan:
    """In the place of dbt: the last row of every dossier, and the ledger, as marts of this build."""
    plan = plan_build(own)
    with connect_build(own) as con:
        con.execute("create schema if not exists intermediate; create schema if not exists marts")
        for name in ("int_dossier_facts", "int_dossier_verdicts"):
            con.execute(
                f"create or replace table intermediate.{name} as"
                " select rows.*, clock.as_of, clock.known_at, clock.definitions_version, clock.build_id as built_by"
                f" from ({LAST_ROWS}) as rows cross join state.clock as clock"
            )
        con.execute("create or replace view marts.fct_dossiers as from intermediate.int_dossier_facts")
        con.execute(
            "create or replace view marts.mart_load_ledger as"
            " select file_path, status, rows_read, rows_quarantined from validated.files"
        )
    record_green(own, plan)
    return plan


def run(root: Path) -> None:
    """One nightly run, dbt left out."""
    own = settings_of(root)
    own.layout.create()
    with run_lock(own):
        land(own, discover(own, Lake(own).known()))
        result = validate(own)
        assert result.failed == []
        publish(own, build_without_dbt(own))


def run_in_child(root: Path) -> None:
    os.setsid()
    run(root)


def read(database: Path) -> Figures:
    with duckdb.connect(str(database), read_only=True) as con:
        files = con.execute("select file_path, status, coalesce(rows_read, 0) from marts.mart_load_ledger").fetchall()
        quarantined = con.execute("select sum(rows_quarantined) from marts.mart_load_ledger").fetchone()
        dossiers = con.execute("select source, dossier_code, status from marts.fct_dossiers").fetchall()
    assert quarantined is not None
    assert len(set(files)) == len(files)
    assert len({row[:2] for row in dossiers}) == len(dossiers)
    return Figures(frozenset(files), int(quarantined[0] or 0), frozenset(dossiers))


class Office(RuleBasedStateMachine):
    """A drop zone, a warehouse, and what the model believes of them."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="dunghan-any-order-"))
        (self.root / "inbox").mkdir()
        self.settings = settings_of(self.root)
        self.there: dict[str, tuple[Row, ...]] = {}
        self.seen: set[Observation] = set()
        #: version → what it must say
        self.published: dict[str, Figures] = {}
        self.now: str | None = None

    def teardown(self) -> None:
        shutil.rmtree(self.root)

    # ---- files

    def _put(self, path: str, rows: tuple[Row, ...], content: bytes) -> None:
        target = self.root / "inbox" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        self.there[path] = rows

    @rule(source=st.sampled_from(SOURCES), day=st.sampled_from(DAYS), number=st.integers(1, 2), rows=ROWS)
    def a_file_comes_or_changes(self, source: str, day: date, number: int, rows: list[Row]) -> None:
        """New, late or out of order; over one that is there: changed."""
        self._put(f"{source}/dossiers/hs_{day:%Y%m%d}_{number}.json", tuple(rows), exported(rows))

    @precondition(lambda self: self.there)
    @rule(which=st.randoms(use_true_random=False), day=st.sampled_from(DAYS))
    def the_same_comes_again_under_another_name(self, which: Any, day: date) -> None:
        path = which.choice(sorted(self.there))
        content = (self.root / "inbox" / path).read_bytes()
        self._put(f"{path.split('/')[0]}/dossiers/hs_{day:%Y%m%d}_9.json", self.there[path], content)

    @precondition(lambda self: self.there)
    @rule(which=st.randoms(use_true_random=False), seconds=st.integers(1, 9))
    def a_file_is_touched(self, which: Any, seconds: int) -> None:
        path = self.root / "inbox" / which.choice(sorted(self.there))
        moment = path.stat().st_mtime - 60 * seconds
        os.utime(path, (moment, moment))

    @rule(day=st.sampled_from(DAYS))
    def a_file_that_nobody_can_read(self, day: date) -> None:
        self._put(f"dvcqg/dossiers/hong_{day:%Y%m%d}.json", (), UNREADABLE)

    @precondition(lambda self: self.there)
    @rule(which=st.randoms(use_true_random=False))
    def a_file_goes(self, which: Any) -> None:
        """What was loaded stays loaded."""
        path = which.choice(sorted(self.there))
        (self.root / "inbox" / path).unlink()
        del self.there[path]

    # ---- runs

    @property
    def _waiting(self) -> set[Observation]:
        return {Observation(path, rows) for path, rows in self.there.items()} - self.seen

    def _loads_nothing(self) -> bool:
        return not any(rows for _, _, rows in figures(self.seen | self._waiting).ledger)

    def _published(self) -> None:
        now = current(self.settings)
        assert now is not None
        assert now.version not in self.published
        self.now = now.version
        self.published[now.version] = figures(self.seen)

    @precondition(lambda self: not self._loads_nothing())
    @rule()
    def a_run(self) -> None:
        run(self.root)
        self.seen |= self._waiting
        self._published()
        assert leftovers(self.settings) == []

    @precondition(lambda self: not self._loads_nothing())
    @rule(share=st.floats(0, 1))
    def a_run_is_killed(self, share: float) -> None:
        child = PROCESSES.Process(target=run_in_child, args=(self.root,))
        child.start()
        child.join(share * LONGEST)
        if child.is_alive():
            os.kill(child.pid or 0, signal.SIGKILL)
        child.join(60)
        assert child.exitcode in (0, -signal.SIGKILL)
        assert holder(self.settings) is None
        # All that waited was landed, or nothing of it; the figures are those before or after.
        waiting, landed = self._waiting, self._landed()
        assert self.seen <= landed <= self.seen | waiting
        assert landed in (self.seen, self.seen | waiting)
        self.seen = landed
        now = current(self.settings)
        if now is not None and now.version != self.now:
            self._published()
        else:
            assert child.exitcode != 0

    def _landed(self) -> set[Observation]:
        """What the lake says of the observations that the model knows of."""
        if not (self.settings.layout.lake / "raw").exists():
            return set()
        with duckdb.connect() as con:
            found = con.execute(
                f"select distinct file_path, file_sha256 from {Lake(self.settings).rows('files')}"
            ).fetchall()
        return {self._of(path, sha) for path, sha in found}

    def _of(self, path: str, sha: str) -> Observation:
        for observed in self.seen | self._waiting:
            content = exported(list(observed.rows)) if observed.rows else UNREADABLE
            if observed.path == path and hashlib.sha256(content).hexdigest() == sha:
                return observed
        raise AssertionError(f"the lake has seen what was never there: {path}")

    @precondition(lambda self: self.seen)
    @rule()
    def the_lake_is_compacted(self) -> None:
        with run_lock(self.settings):
            compact(self.settings)

    @precondition(lambda self: self.seen)
    @rule(day=st.sampled_from(DAYS))
    def a_past_moment_is_restated(self, day: date) -> None:
        """As `dunghan restate` does up to dbt: the validation of what was exported until then, in its own place."""
        moment = datetime.combine(day, time(23, 59, 59))
        expected = figures(self.seen, until=moment)
        work = self.root / "restating"
        own = self.settings.restating(work, Scope(exported_until=moment))
        own.layout.create()
        validate(own)
        with connect_build(own) as con:
            files = con.execute("select file_path, status, coalesce(rows_read, 0) from validated.files").fetchall()
            dossiers = con.execute(f"select source, dossier_code, status from ({LAST_ROWS})").fetchall()
        assert frozenset(files) == expected.ledger
        assert frozenset(dossiers) == expected.dossiers
        shutil.rmtree(work)

    @precondition(lambda self: self.now is not None)
    @rule(which=st.randoms(use_true_random=False))
    def readers_are_taken_back(self, which: Any) -> None:
        kept = [version.version for version in versions(self.settings)]
        back = which.choice(kept)
        rollback(self.settings, back)
        self.now = back

    # ---- what always holds

    @invariant()
    def readers_see_what_the_model_says(self) -> None:
        now = current(self.settings)
        assert (now.version if now else None) == self.now
        if now is not None:
            assert read(self.settings.layout.published / "dunghan.duckdb") == self.published[now.version]


def steps(count: int, of_examples: int) -> settings:
    return settings(
        max_examples=of_examples,
        stateful_step_count=count,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
        # Each step takes a second: to make a failing story shorter would take an hour.
        phases=[Phase.explicit, Phase.generate],
    )


class TestSomeOrders(Office.TestCase):  # type: ignore[misc,valid-type]
    settings = steps(12, examples(4))


@pytest.mark.slow
class TestManyOrders(Office.TestCase):  # type: ignore[misc,valid-type]
    settings = steps(40, examples(50))
