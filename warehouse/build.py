"""What one build is: the moment it closes figures at, what it may assume of the build before, and how dbt is called.

The build file keeps its own watermark (`state.builds`, docs/architecture.md). It moves only when a build was green; an
attempt that was killed stays there without an end, because it may have changed tables, and the next plan must know.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import yaml

from pipelines.clock import wall_clock
from pipelines.config import Settings
from pipelines.layout import DBT_PROJECT, REPOSITORY
from warehouse import calendar, spark
from warehouse.database import connect_build, number

# What the figures depend on. Tests and documentation of the dbt project may change without a rebuild.
FINGERPRINTED = ("models", "macros", "seeds")
# What a green build was checked by, besides what the models say of themselves: others have not seen its rows.
CHECKS = (DBT_PROJECT / "tests", REPOSITORY / "expectations" / "marts.py", REPOSITORY / "expectations" / "marts.yml")
DBT_SCHEMAS = ("seeds", "staging", "intermediate", "marts")  # staging: of older build files
NOTHING = -1  # a watermark below every validation_seq

_BUILDS = """
create schema if not exists state;
create table if not exists state.builds (
    build_id bigint, as_of timestamp, known_at timestamp, validation_seq bigint, fingerprint varchar,
    definitions_version varchar, changed_since bigint, full_refresh boolean, started_at timestamp, finished_at timestamp
);
alter table state.builds add column if not exists checks varchar
"""
#: What a release needs to go on from a build; builds of releases before definitions 2.0 call it otherwise.
_WATERMARK = "validation_seq"


class BuildError(Exception):
    """A build cannot be planned. The message says what is wrong and what to do."""


@dataclass(frozen=True)
class BuildPlan:
    """One attempt to build. Times are local wall clock; `known_at` None means no limit.

    `changed_since`: rows of `validated` with a greater validation_seq are new to this build. `validation_seq`: the
    newest row of `validated`. `because`: why it is a full refresh; empty when it is not.
    """

    build_id: int
    as_of: datetime
    known_at: datetime | None
    changed_since: int
    full_refresh: bool
    validation_seq: int
    fingerprint: str
    definitions_version: str
    because: str = ""


def plan_build(settings: Settings, *, full_refresh: bool = False, part: bool = False) -> BuildPlan:
    """Decide what the next build is, set its clock and note that it begins; a full refresh empties dbt's schemas.

    part: only some models or tests will run, and they cannot count on the others' having seen what is new.

    as_of: the setting, else the latest exported_at of a loaded file, not later than known_at (timeliness §1). The
    caller holds the lock and has closed the build file. Raises BuildError when nothing is loaded, CalendarError.
    """
    with _open_build(settings) as con:
        plan = _plan(con, settings, full_refresh)
        checks = checks_hash()
        # First, because it may refuse: a calendar that cannot be used is no build that began.
        write_build_parameters(con, settings, plan, green_build=NOTHING if part else _green_build(con, checks))
        row = {**asdict(plan), "started_at": wall_clock(), "checks": checks}
        del row["because"]
        con.execute(
            """insert into state.builds
            select $build_id, $as_of, $known_at, $validation_seq, $fingerprint, $definitions_version, $changed_since,
            $full_refresh, $started_at, null, $checks""",
            row,
        )
        if plan.full_refresh:
            # Otherwise tables of models that are no longer in the project would stay, and be published.
            for schema in DBT_SCHEMAS:
                con.execute(f"drop schema if exists {schema} cascade")
    return plan


def write_build_parameters(
    con: duckdb.DuckDBPyConnection, settings: Settings, plan: BuildPlan, *, green_build: int
) -> None:
    """Write what the models read besides the data: the clock and the calendar of this plan (schema `state`).

    green_build: rows with a greater `built_by` are new to lists and checks; all of them are with NOTHING.
    """
    changes = calendar.read(settings)
    calendar.write_tables(con, calendar.at_revision(changes, settings.calendar_revision), changes)
    con.execute(
        """create or replace table state.clock as
        select $1::timestamp as as_of, $2::timestamp as known_at, $3::bigint as changed_since,
        $4 as definitions_version, $5::bigint as build_id, $6::bigint as green_build""",
        [plan.as_of, plan.known_at, plan.changed_since, plan.definitions_version, plan.build_id, green_build],
    )


def _green_build(con: duckdb.DuckDBPyConnection, checks: str) -> int:
    """The last green build, if it passed these checks; else NOTHING: they have seen no row yet."""
    row = con.execute(
        "select max(build_id) from state.builds where finished_at is not null and checks = $1", [checks]
    ).fetchone()
    return NOTHING if row is None or row[0] is None else int(row[0])


def current_build(settings: Settings) -> BuildPlan:
    """What `plan_build` would decide now; nothing is noted and nothing begins. Raises BuildError as it does."""
    with _open_build(settings) as con:
        return _plan(con, settings, full_refresh=False)


def record_green(settings: Settings, plan: BuildPlan) -> None:
    """Move the watermark: the build of this plan ran through and its audit was green."""
    with connect_build(settings) as con:
        con.execute("update state.builds set finished_at = ? where build_id = ?", [wall_clock(), plan.build_id])
        # What was before the last green build answers no question any more.
        con.execute("delete from state.builds where build_id < ?", [plan.build_id])


def last_green(settings: Settings) -> BuildPlan:
    """The plan whose result lies in the build file now, for publishing it once more.

    Raises BuildError when there is no green build, or when something was loaded or begun after it.
    """
    none = "Chưa có lần dựng nào thành công; hãy chạy `dunghan run` / There is no green build yet; run `dunghan run`"
    if not settings.layout.build_db.exists():
        raise BuildError(none)
    with connect_build(settings) as con:
        _know_builds(con)
        attempts = _attempts_since_green(con)
        if not attempts or attempts[0].because:
            raise BuildError(none)
        if len(attempts) > 1 or _validations(con)[1] != attempts[0].validation_seq:
            raise BuildError(
                "Tệp dựng đã thay đổi sau lần dựng thành công cuối; hãy chạy `dunghan run`\n"
                "The build file changed after the last green build; run `dunghan run`"
            )
    return attempts[0]


def dbt_environment(settings: Settings) -> dict[str, str]:
    """Environment variables that dbt needs on top of the process's own: the engine, paths, limits, and nothing called
    out."""
    layout = settings.layout
    return {
        "DUNGHAN_ENGINE": settings.engine,
        "DUNGHAN_BUILD_DB": str(layout.build_db),
        "DUNGHAN_THREADS": str(settings.threads),
        "DUNGHAN_MEMORY_LIMIT": settings.memory_limit,
        "DUNGHAN_TEMP": str(layout.temp),
        "DBT_PROJECT_DIR": str(DBT_PROJECT),
        "DBT_PROFILES_DIR": str(DBT_PROJECT),
        "DBT_TARGET_PATH": str(layout.dbt_target / "target"),
        "DBT_LOG_PATH": str(layout.dbt_target / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_VERSION_CHECK": "false",
        "DO_NOT_TRACK": "1",
        **spark.environment(settings),
    }


def dbt_arguments(plan: BuildPlan, *, part: bool = False) -> list[str]:
    """Arguments after `dbt`: seeds, models and data tests in one go. Unit tests need no data; `make test` runs them.

    Seeds that changed are a changed project, and that is a full refresh: a nightly run leaves them as they are, unless
    it is asked for a `part`. dbt's artefacts are written by a full refresh only (`warehouse.compiled`).
    """
    arguments = ["build", "--exclude-resource-type", "unit_test"]
    if plan.full_refresh:
        return [*arguments, "--full-refresh"]
    return [*arguments, *([] if part else ["--exclude-resource-type", "seed"]), "--no-write-json"]


def dbt_executable() -> Path:
    """dbt of the environment that runs this."""
    return Path(sys.executable).with_name("dbt")


def definitions_version(project: Path = DBT_PROJECT) -> str:
    """Version of the rules (timeliness) of the dbt project. Raises BuildError when it does not say."""
    try:
        return str(
            yaml.safe_load((project / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]["definitions_version"]
        )
    except (OSError, KeyError, TypeError, yaml.YAMLError) as error:
        raise BuildError(
            f"{project.name}/dbt_project.yml: thiếu vars.definitions_version ({error})"
            f" / {project.name}/dbt_project.yml: vars.definitions_version is missing ({error})"
        ) from None


def build_fingerprint(settings: Settings) -> str:
    """What a build depends on besides `validated`: version of the rules, the project that computes them, the calendar,
    and the engine: none goes on from tables of another."""
    days = calendar.revision(settings)
    engine = "" if settings.engine == "duckdb" else f":{settings.engine}"
    rules = f"{definitions_version()}{days.mark}:{project_hash()}{engine}"
    return f"{rules}:{days.sha256}" if days.number else rules


def project_hash(project: Path = DBT_PROJECT) -> str:
    """SHA-256 of what decides figures in the dbt project: models, macros, seeds and the project file."""
    return _hash_of(_fingerprinted(project), project)


def checks_hash() -> str:
    """SHA-256 of the checks of a build that the project hash says nothing of: tests of dbt, expectations of marts."""
    files = (path for place in CHECKS for path in (place.rglob("*") if place.is_dir() else [place]))
    return _hash_of((path for path in files if path.is_file() and path.suffix != ".md"), REPOSITORY)


def _hash_of(files: Iterable[Path], below: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path.relative_to(below).as_posix()}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _fingerprinted(project: Path) -> Iterator[Path]:
    yield project / "dbt_project.yml"
    for folder in FINGERPRINTED:
        yield from (path for path in (project / folder).rglob("*") if path.is_file() and path.suffix != ".md")


def _open_build(settings: Settings) -> duckdb.DuckDBPyConnection:
    if not settings.layout.build_db.exists():
        raise BuildError(_nothing_loaded(settings))
    return connect_build(settings)


def _know_builds(con: duckdb.DuckDBPyConnection) -> None:
    """Make the table of builds where there is none. That of an older release tells nothing that can be gone on from:
    it goes, and everything is built."""
    columns = con.execute(
        """select column_name from duckdb_columns()
        where database_name = current_database() and schema_name = 'state' and table_name = 'builds'"""
    ).fetchall()
    if columns and (_WATERMARK,) not in columns:
        con.execute("drop table state.builds")
    con.execute(_BUILDS)


def _plan(con: duckdb.DuckDBPyConnection, settings: Settings, full_refresh: bool) -> BuildPlan:
    definitions = definitions_version() + calendar.revision(settings).mark
    fingerprint = build_fingerprint(settings)
    latest = _latest_export(con, settings)
    as_of = settings.as_of or latest
    validations = _validations(con)
    _know_builds(con)
    attempts = _attempts_since_green(con)
    because = _why_full(attempts, as_of, settings.known_at, validations, fingerprint)
    if settings.engine == "spark":
        because = because or "spark"  # its plain tables cannot be changed, only made anew
    if full_refresh:
        because = "--full-refresh"
    return BuildPlan(
        build_id=number(con, "select coalesce(max(build_id), 0) + 1 from state.builds"),
        as_of=as_of,
        known_at=settings.known_at,
        changed_since=NOTHING if because else attempts[0].validation_seq,
        full_refresh=bool(because),
        validation_seq=validations[1],
        fingerprint=fingerprint,
        definitions_version=definitions,
        because=because,
    )


def _nothing_loaded(settings: Settings) -> str:
    known_at = settings.known_at and f"{settings.known_at:%Y-%m-%dT%H:%M:%S}"
    until = (f" đến {known_at}", f" up to {known_at}") if known_at else ("", "")
    return (
        f"Chưa có tệp nào được nạp{until[0]}; hãy xem `dunghan doctor` và thư mục nhận tệp {settings.drop_zone}\n"
        f"No file is loaded{until[1]}; see `dunghan doctor` and the drop zone {settings.drop_zone}"
    )


def _latest_export(con: duckdb.DuckDBPyConnection, settings: Settings) -> datetime:
    try:
        found = con.execute(
            """select max(exported_at) from validated.files
            where status = 'loaded' and exported_at <= coalesce(?, exported_at)""",
            [settings.known_at],
        ).fetchone()
    except duckdb.CatalogException:
        found = None
    if not found or found[0] is None:
        raise BuildError(_nothing_loaded(settings))
    latest: datetime = found[0]
    return latest


def _validations(con: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """The oldest validation that a file of the ledger still stands from, and the newest of any table of `validated`."""
    tables = con.execute(
        "select table_name from duckdb_columns()"
        " where schema_name = 'validated' and column_name = 'validation_seq' order by 1"
    ).fetchall()
    newest = [number(con, f'select coalesce(max(validation_seq), 0) from validated."{table}"') for (table,) in tables]
    return number(con, "select coalesce(min(validation_seq), 0) from validated.files"), max(newest, default=0)


def _attempts_since_green(con: duckdb.DuckDBPyConnection) -> list[BuildPlan]:
    """The last green build, then every attempt after it. When no build was ever green, the first has `because` set."""
    rows = con.execute(
        """select build_id, as_of, known_at, changed_since, full_refresh, validation_seq, fingerprint,
        definitions_version,
            case when finished_at is null then 'not finished' else '' end
        from state.builds
        where build_id >= coalesce((select max(build_id) from state.builds where finished_at is not null), 0)
        order by build_id"""
    ).fetchall()
    return [BuildPlan(*row) for row in rows]


def _why_full(
    attempts: list[BuildPlan],
    as_of: datetime,
    known_at: datetime | None,
    validations: tuple[int, int],
    fingerprint: str,
) -> str:
    """Why the tables of the last green build cannot be carried on from; empty when they can.

    An attempt that did not finish may have rewritten any table, so it must be a step forward from the green build too.
    """
    if not attempts or attempts[0].because:
        return "no green build"
    if known_at is not None:
        return "known_at"
    green, *unfinished = attempts
    reasons = {
        "full refresh not finished": any(attempt.full_refresh for attempt in unfinished),
        "definitions changed": any(attempt.fingerprint != fingerprint for attempt in attempts),
        "known_at before": any(attempt.known_at is not None for attempt in attempts),
        "as_of goes back": any(attempt.as_of > as_of for attempt in attempts),
        # Rows accepted before may be gone, and no validation_seq shows that.
        "everything was validated again": not validations[0] <= green.validation_seq <= validations[1],
    }
    return next((reason for reason, applies in reasons.items() if applies), "")
