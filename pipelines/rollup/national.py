"""A national version: the marts of all provinces one below the other, and the figures of the country, published whole.

Everything is written in the folder of the national warehouse, which is nobody's nightly run: its build file is there
only while a roll-up is under way. What is published is switched, kept and swept by warehouse/publish.py.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb

from pipelines.bilingual import BETWEEN
from pipelines.config import Settings
from pipelines.progress import Progress
from pipelines.rollup.provinces import Province, RollupRefusedError, find_provinces
from pipelines.serving import catalogue
from pipelines.sql import literal, quoted, rows_of
from warehouse.build import NOTHING, BuildPlan, project_hash, write_build_parameters
from warehouse.database import connect, connect_build
from warehouse.dbt_process import run_dbt
from warehouse.lock import run_lock
from warehouse.publish import PROVINCES, STAMPS, Publication, PublicationDamagedError, content_hash, publish, sound

#: Marts that stay with the provinces: files and rows that only they can look up and send again (nat_quality counts).
LEFT_OUT = ("mart_load_ledger", "mart_quarantine")
#: Marts that say the same in every province, and so are there once: joining them must not multiply rows.
SHARED = (
    *("dim_channel", "dim_date", "dim_distortion", "dim_indicator_766", "dim_reason", "dim_rule"),
    *("dim_rule_set", "dim_state", "dim_status", "dim_verdict"),
)
_COPIES = "provinces"
#: dbt builds the national models and the seeds they read; of checks only those whose tables are all there.
_DBT = ("build", "--full-refresh", "--exclude-resource-type", "unit_test")
_SELECTED = ("--select", "+path:models/national")
ENVIRONMENT = {"DUNGHAN_ROLLUP": "true", "DBT_INDIRECT_SELECTION": "cautious"}


def taken_marts() -> list[str]:
    """Names of the marts of provinces that a roll-up reads."""
    return sorted(set(catalogue.marts()) - set(LEFT_OUT))


def roll_up(settings: Settings, given: Sequence[str], into: Path, progress: Progress | None = None) -> Publication:
    """Make and publish the national version of these provinces' versions in the folder `into`; returns it.

    given: see find_provinces. Raises RollupRefusedError, LockHeldError, DbtRunError, PublicationError; then what was
    published before stays, and nothing half-done does (after a kill: until the next roll-up).
    """
    say = progress or (lambda _: None)
    own = settings.model_copy(update={"warehouse": into.expanduser().resolve(), "province": None})
    _require_national(own)
    with run_lock(own), _workspace(own) as copies:
        own.layout.create()
        provinces = find_provinces(given, taken_marts(), copies, say)
        plan = _plan(provinces)
        _lay_out(own, plan, provinces)
        run_dbt(own, (*_DBT, *_SELECTED), ENVIRONMENT, progress=say)
        say(f"→ {own.layout.published}")
        return publish(own, plan, {PROVINCES: [_described(province) for province in provinces]})


def _require_national(own: Settings) -> None:
    """Raise RollupRefusedError when the folder is the warehouse of a province."""
    published = None
    with contextlib.suppress(PublicationDamagedError):
        published = sound(own)
    if (own.layout.lake / "raw").exists() or (published is not None and not published.is_national):
        root = own.layout.root
        raise RollupRefusedError(
            [f"{root}: là kho của một tỉnh, hãy chọn thư mục khác / {root}: is a province's warehouse, name another"]
        )


@contextlib.contextmanager
def _workspace(own: Settings) -> Iterator[Path]:
    """A folder for copies, empty, and no build file; neither is left. The caller holds the lock."""
    copies = own.layout.temp / _COPIES
    try:
        _clear(own, copies)
        yield copies
    finally:
        _clear(own, copies)


def _clear(own: Settings, copies: Path) -> None:
    shutil.rmtree(copies, ignore_errors=True)
    for path in own.layout.root.glob(f"{own.layout.build_db.name}*"):
        path.unlink()


def _plan(provinces: Sequence[Province]) -> BuildPlan:
    """The build of a roll-up: closed at the latest moment among the provinces, which are of one day."""
    of_calendars = {province.definitions_version for province in provinces}
    rules = provinces[0].rules
    taken = json.dumps([_described(province) for province in provinces])
    return BuildPlan(
        build_id=1,
        as_of=max(province.as_of for province in provinces),
        known_at=provinces[0].known_at,
        changed_since=NOTHING,
        full_refresh=True,
        validation_seq=0,
        fingerprint=f"{rules}:{project_hash()}:{hashlib.sha256(taken.encode()).hexdigest()}",
        # calendars of their own differ between provinces: dim_province has each
        definitions_version=of_calendars.pop() if len(of_calendars) == 1 else f"{rules}+lich",
        because="rollup",
    )


def _described(province: Province) -> dict[str, Any]:
    """What the national manifest says of one province."""
    names = ("version", "as_of", "known_at", "definitions_version", "package_version", "fingerprint", "created_at")
    return {"province": province.code} | {name: province.manifest.get(name) for name in names}


def _lay_out(own: Settings, plan: BuildPlan, provinces: Sequence[Province]) -> None:
    """Make the build file: views on the Parquet of the provinces in schema `marts`, and what dbt is told besides.

    Raises RollupRefusedError when what must be the same everywhere is not.
    """
    with connect_build(own) as con:
        write_build_parameters(con, own, plan, green_build=NOTHING)
        con.execute(
            """create table state.provinces (
                province_code varchar, version varchar, as_of timestamp, definitions_version varchar,
                package_version varchar
            )"""
        )
        rows = [
            [one.code, one.version, one.as_of, one.definitions_version, one.manifest.get("package_version")]
            for one in provinces
        ]
        con.executemany("insert into state.provinces values (?, ?, ?, ?, ?)", rows)
        _require_same(con, provinces)
        con.execute("create schema marts")
        for mart in taken_marts():
            shown = _once(plan, provinces[0], mart) if mart in SHARED else _below_each_other(provinces, mart)
            con.execute(f"create view marts.{quoted(mart)} as {shown}")
            _describe(con, mart)


def _below_each_other(provinces: Sequence[Province], mart: str) -> str:
    """Query of a mart of all provinces, each with its code."""
    return " union all by name ".join(
        f"select {literal(one.code)} as province_code, * from read_parquet({literal(one.parquet(mart))})"
        for one in provinces
    )


def _once(plan: BuildPlan, province: Province, mart: str) -> str:
    """Query of a mart that is the same everywhere, closed when the national figures are."""
    known_at = literal(plan.known_at.isoformat()) if plan.known_at else "null"
    stamps = {
        "as_of": f"cast({literal(plan.as_of.isoformat())} as timestamp)",
        "known_at": f"cast({known_at} as timestamp)",
        "definitions_version": literal(plan.definitions_version),
    }
    replaced = ", ".join(f"{value} as {name}" for name, value in stamps.items())
    return f"select * replace ({replaced}) from read_parquet({literal(province.parquet(mart))})"


def _require_same(con: duckdb.DuckDBPyConnection, provinces: Sequence[Province]) -> None:
    """Raise RollupRefusedError: a shared mart says something else in some provinces, listed by what they say."""
    problems = []
    for mart in SHARED:
        groups: dict[str, list[str]] = {}
        for one in provinces:
            rows = f"(select * exclude ({', '.join(STAMPS)}) from read_parquet({literal(one.parquet(mart))}))"
            groups.setdefault(content_hash(con, rows), []).append(one.code)
        if len(groups) > 1:
            who = " ≠ ".join(", ".join(codes) for codes in groups.values())
            problems.append(
                f"{mart} không giống nhau ở các tỉnh: {who} (lịch cả nước, quy tắc phải như nhau)"
                f" / {mart} is not the same in all provinces: {who} (the country's calendar and the rules must be)"
            )
    if problems:
        raise RollupRefusedError(problems)


def _describe(con: duckdb.DuckDBPyConnection, mart: str) -> None:
    """What the mart and its columns mean, where a BI tool shows it."""
    told = catalogue.marts()[mart]
    view = f"marts.{quoted(mart)}"
    con.execute(f"comment on view {view} is {literal(BETWEEN.join((told.grain.vi, told.grain.en)))}")
    for column in told.columns.values():
        meaning = BETWEEN.join((column.meaning.vi, column.meaning.en))
        con.execute(f"comment on column {view}.{quoted(column.name)} is {literal(meaning)}")


def taken(settings: Settings, publication: Publication) -> list[dict[str, Any]]:
    """The rows of dim_province of a national version, by province_code."""
    with connect(settings, publication.database, read_only=True) as con:
        return rows_of(con.execute("from marts.dim_province order by province_code"))
