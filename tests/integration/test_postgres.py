# ruff: noqa: TID251  (what Dagster tells of it is tested here, too)
"""The published version in PostgreSQL, on a real server that the tests start: the same figures, whole at any moment.

Two warehouses: the worked examples after one nightly run through Dagster (every mart, row-level security on), and small
ones whose rows tell their version.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import dagster as dg
import duckdb
import psycopg
import pytest
from pydantic import SecretStr

from pipelines.cli import main
from pipelines.config import Settings, load_settings
from pipelines.layout import REPOSITORY
from pipelines.orchestration.assets.deliveries import LOADED, POSTGRES
from pipelines.orchestration.instance import open_instance
from pipelines.orchestration.runner import RunOutcome, run_nightly
from pipelines.serving import catalogue
from pipelines.serving.postgres import PostgresError, load
from pipelines.serving.postgres import load as loading
from tests.support.postgres import PASSWORD, Server, server
from tests.support.small_build import ROWS, build_marts, green_nightly_run, settings_in
from warehouse.build import last_green
from warehouse.publish import current, publish

pytestmark = pytest.mark.integration

EXAMPLES = REPOSITORY / "tests" / "data" / "worked_examples"
KEY = "0123456789abcdef-for-tests"
#: Agencies of the worked examples: one, and one whose code only begins alike.
AGENCY, ALIKE = "H39.18.25", "H39.18.2"


@pytest.fixture(scope="module")
def pg() -> Iterator[Server]:
    with server() as started:
        yield started


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("DUNGHAN_", "PG")) or name == "DAGSTER_HOME":
            monkeypatch.delenv(name)


# The worked examples ------------------------------------------------------------


def settings_for(folder: Path, pg: Server) -> Settings:
    return load_settings(
        drop_zone=str(folder / "inbox"),
        warehouse=folder / "warehouse",
        privacy_key=KEY,
        postgres_dsn=pg.dsn(),
        postgres_row_security=True,
    )


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory, pg: Server) -> tuple[Path, RunOutcome]:
    """The folder of one nightly run that went all the way into PostgreSQL, and how it ended."""
    folder = tmp_path_factory.mktemp("night")
    shutil.copytree(EXAMPLES / "inbox", folder / "inbox")
    return folder, run_nightly(settings_for(folder, pg))


@pytest.fixture
def warehouse(night: tuple[Path, RunOutcome], pg: Server) -> Settings:
    return settings_for(night[0], pg)


@pytest.fixture
def marts(warehouse: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published file."""
    with duckdb.connect(str(warehouse.layout.published / "dunghan.duckdb"), read_only=True) as con:
        yield con


@pytest.fixture
def admin(pg: Server) -> Iterator[psycopg.Connection[Any]]:
    with closing(pg.connect()) as con:
        yield con


@pytest.fixture
def reader(pg: Server, night: tuple[Path, RunOutcome]) -> Iterator[psycopg.Connection[Any]]:
    """A person who may read, with no agency given yet."""
    with closing(pg.connect()) as con:
        con.execute("create role clerk login password 'of-the-clerk'; grant dunghan_reader to clerk")
        with closing(pg.connect("clerk", "of-the-clerk")) as mine:
            yield mine
        con.execute("delete from marts_access.agencies; drop role clerk")


def one(con: Any, query: str) -> Any:
    """The one value that a query gives."""
    row = con.execute(query).fetchone()
    assert row is not None
    return row[0]


def plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(tuple(value) if isinstance(value, list) else value for value in row)


def test_every_mart_is_the_same_row_by_row(marts: duckdb.DuckDBPyConnection, admin: psycopg.Connection[Any]) -> None:
    names = [name for (name,) in marts.execute("select table_name from duckdb_tables()").fetchall()]
    assert len(names) == len(catalogue.marts())
    for name in names:
        columns = ", ".join(column for column, *_ in marts.execute(f"describe marts.{name}").fetchall())
        query = f"select {columns} from marts.{name}"
        published = Counter(map(plain, marts.execute(query).fetchall()))
        assert Counter(map(plain, admin.execute(query).fetchall())) == published, name
    assert one(marts, "select count(*) from marts.fct_verdicts") > 0


def test_keys_are_those_of_the_catalogue(night: tuple[Path, RunOutcome], admin: psycopg.Connection[Any]) -> None:
    found = admin.execute(
        """select tables.relname, indisprimary or indnullsnotdistinct,
            array(select attname::text from pg_attribute
                where attrelid = indrelid and attnum = any (indkey::int2[])) as columns
        from pg_index join pg_class as tables on tables.oid = indrelid
        where relnamespace = 'marts'::regnamespace and indisunique"""
    ).fetchall()
    keys = {name: set(columns) for name, whole, columns in found if whole and name in catalogue.marts()}
    assert keys == {name: set(mart.key) for name, mart in catalogue.marts().items()}
    with pytest.raises(psycopg.errors.UniqueViolation):
        admin.execute("insert into marts.fct_verdicts select * from marts.fct_verdicts limit 1")


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("select * from marts.fct_verdicts where dossier_code = 'x'", "fct_verdicts_pkey"),
        ("select * from marts.mart_lost_points_766 where dossier_code = 'x'", "mart_lost_points_766_pkey"),
        ("select * from marts.fct_dossiers where agency_code like 'H39.18.%'", "fct_dossiers_agency_code_idx"),
    ],
)
def test_indexes_serve_what_people_look_up(
    night: tuple[Path, RunOutcome], admin: psycopg.Connection[Any], query: str, index: str
) -> None:
    admin.execute("set enable_seqscan = off")
    plan = "\n".join(line for (line,) in admin.execute(f"explain {query}").fetchall())
    assert index in plan


def test_everything_is_described_in_vietnamese(night: tuple[Path, RunOutcome], admin: psycopg.Connection[Any]) -> None:
    said = dict(
        admin.execute(
            """select relname || '.' || attname, col_description(attrelid, attnum)
            from pg_attribute join pg_class on pg_class.oid = attrelid
            where relnamespace = 'marts'::regnamespace and relkind = 'r' and attnum > 0"""
        ).fetchall()
    )
    for name, mart in catalogue.marts().items():
        table = one(admin, f"select obj_description('marts.{name}'::regclass)")
        assert mart.grain.vi in table
        for column in mart.columns.values():
            assert said[f"{name}.{column.name}"] == column.meaning.vi


def test_texts_sort_as_vietnamese_do(night: tuple[Path, RunOutcome], admin: psycopg.Connection[Any]) -> None:
    words = "(values ('Đất đai'), ('Dân tộc'), ('Ẩm thực'), ('Bảo hiểm'), ('Đầu tư')) as t(word)"
    rows = admin.execute(f'select word from {words} order by word collate "vi-x-icu"').fetchall()
    assert [word for (word,) in rows] == ["Ẩm thực", "Bảo hiểm", "Dân tộc", "Đất đai", "Đầu tư"]


def test_the_reader_only_reads(reader: psycopg.Connection[Any]) -> None:
    assert one(reader, "select count(*) from marts.dim_verdict") > 0
    for statement in (
        "delete from marts.dim_verdict",
        "insert into marts.dim_verdict select * from marts.dim_verdict",
        "update marts.fct_dossiers set agency_code = 'H39'",
        "create table marts.mine (n int)",
        "drop table marts.dim_verdict",
        "select * from marts_access.agencies",
        "insert into marts_access.agencies values ('clerk', '*')",
        "alter table marts.fct_dossiers disable row level security",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute(statement)


def test_a_reader_sees_the_agencies_given_and_those_below(
    reader: psycopg.Connection[Any], admin: psycopg.Connection[Any], marts: duckdb.DuckDBPyConnection
) -> None:
    guarded = [
        (name, "agency_code") for name, mart in catalogue.marts().items()
        if "agency_code" in mart.columns and not name.startswith("dim_")
    ]  # fmt: skip
    assert len(guarded) > 20

    def seen(name: str, column: str) -> set[str]:
        return {code for (code,) in reader.execute(f"select distinct {column} from marts.{name}").fetchall()}

    def published(name: str, column: str) -> set[str]:
        return {code for (code,) in marts.execute(f"select distinct {column} from marts.{name}").fetchall()}

    assert all(seen(name, column) == set() for name, column in guarded), "nothing is given yet"
    assert one(reader, "select count(*) from marts.fct_verdicts") == 0
    admin.execute("insert into marts_access.agencies values ('clerk', %s), ('clerk', %s)", [AGENCY, ALIKE])
    for name, column in guarded:
        mine = {code for code in published(name, column) if code and f"{code}.".startswith((f"{AGENCY}.", f"{ALIKE}."))}
        assert seen(name, column) == mine, name
    assert seen("fct_dossiers", "agency_code") == {AGENCY}
    verdicts = one(
        marts,
        f"""select count(*) from marts.fct_verdicts join marts.fct_dossiers using (source, dossier_code)
        where agency_code = '{AGENCY}'""",
    )
    assert 0 < verdicts == one(reader, "select count(*) from marts.fct_verdicts")
    assert one(reader, "select count(*) from marts.mart_load_ledger") == 0, "files are of no agency"

    admin.execute("update marts_access.agencies set agency_code = '*' where agency_code = %s", [ALIKE])
    for name in catalogue.marts():
        assert one(reader, f"select count(*) from marts.{name}") == one(marts, f"select count(*) from marts.{name}")


def test_agencies_may_be_given_to_a_group(reader: psycopg.Connection[Any], admin: psycopg.Connection[Any]) -> None:
    admin.execute("create role office; grant office to clerk")
    admin.execute("insert into marts_access.agencies values ('office', %s), ('nobody there', '*')", [AGENCY])
    codes = reader.execute("select distinct agency_code from marts.fct_dossiers").fetchall()
    admin.execute("drop role office")
    assert codes == [(AGENCY,)]


def test_row_security_asks_once_per_statement(reader: psycopg.Connection[Any]) -> None:
    lines = reader.execute("explain select count(*) from marts.fct_verdicts").fetchall()
    plan = "\n".join(line for (line,) in lines)
    condition = re.search(r"Seq Scan on fct_verdicts.*\n +Filter: (.*)", plan)
    assert condition is not None, plan
    assert re.fullmatch(r"\(\$\d+ OR \(hashed SubPlan \d+\)\)", condition[1]), plan


def test_dagster_tells_what_was_loaded(night: tuple[Path, RunOutcome], warehouse: Settings) -> None:
    outcome = night[1]
    assert outcome.exit_code == 3, outcome.problems  # bad rows are in the examples on purpose
    assert outcome.summary is not None
    assert outcome.summary.undelivered == []
    assert "postgres" in outcome.summary.seconds
    with open_instance(warehouse) as instance:
        event = instance.get_latest_materialization_event(POSTGRES)
        assert event is not None
        assert event.asset_materialization is not None
        metadata = {name: value.value for name, value in event.asset_materialization.metadata.items()}
    assert metadata["version"] == outcome.version
    assert metadata["tables"] == len(catalogue.marts())


def test_a_server_that_is_down_is_told_and_made_up_for_by_the_next_run(
    night: tuple[Path, RunOutcome], pg: Server, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "night"
    shutil.copytree(night[0], folder, symlinks=True)
    settings = settings_for(folder, pg)
    version = publish(settings, last_green(settings)).version
    pg.stop()
    try:
        missed = run_nightly(settings)
        with pytest.raises(SystemExit) as end:
            main(["status", "--warehouse", str(folder / "warehouse")])
    finally:
        pg.start()
    assert missed.exit_code == 3
    assert missed.summary is not None
    assert (missed.summary.outcome, missed.version) == ("kept", version), "what is published stays published"
    assert end.value.code == 3
    assert "chưa đưa được" in capfd.readouterr().err
    assert len(missed.summary.undelivered) == 1
    with open_instance(settings) as instance:
        records = instance.get_records_for_run(
            missed.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
        ).records
    checks = [record.event_log_entry.get_dagster_event().asset_check_evaluation_data for record in records]
    assert [check.passed for check in checks if check.check_name == LOADED] == [False]

    with closing(pg.connect()) as con:
        assert one(con, "select version from marts.publication") == night[1].version, "the old one stays"
        caught_up = run_nightly(settings)
        assert caught_up.summary is not None
        assert (caught_up.exit_code, caught_up.summary.outcome) == (0, "kept")
        assert one(con, "select version from marts.publication") == missed.version
        assert one(con, "select version from marts_old.publication") == night[1].version
        when = one(con, "select loaded_at from marts.publication")
        assert run_nightly(settings).exit_code == 0
        assert one(con, "select loaded_at from marts.publication") == when, "loaded once"
    written = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    secrets = [text.encode() for text in (PASSWORD, quote(PASSWORD, safe=""))]
    assert [path for path in written for secret in secrets if secret in path.read_bytes()] == []


# Small warehouses ------------------------------------------------------------


@pytest.fixture
def small(pg: Server, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Settings]:
    """A warehouse with a published version, and a schema of its own on the server."""
    schema = f"t{abs(hash(request.node.name)) % 10**8}"
    settings = settings_in(tmp_path, postgres_dsn=pg.dsn(), postgres_schema=schema)
    publish(settings, green_nightly_run(settings, 1))
    yield settings
    with closing(pg.connect()) as con:
        for (name,) in con.execute("select nspname from pg_namespace where starts_with(nspname, %s)", [schema]):
            con.execute(f'drop schema "{name}" cascade')


def publish_next(settings: Settings, nightly_run: int) -> str:
    return publish(settings, green_nightly_run(settings, nightly_run)).version


def shown(pg: Server, settings: Settings, schema: str = "") -> tuple[Any, ...]:
    """(rows, first, last version of a row) of what readers see."""
    with closing(pg.connect()) as con:
        row = con.execute(
            f"select count(*), min(night), max(night) from {settings.postgres_schema}{schema}.fct_dossiers"
        ).fetchone()
    assert row is not None
    return row


def schemas(pg: Server, settings: Settings) -> set[str]:
    """What stands on the server, without the name itself."""
    with closing(pg.connect()) as con:
        found = con.execute(
            "select nspname from pg_namespace where starts_with(nspname, %s)", [settings.postgres_schema]
        ).fetchall()
    return {name.removeprefix(settings.postgres_schema) for (name,) in found}


def test_readers_see_one_whole_version_at_any_moment(pg: Server, small: Settings) -> None:
    load(small)
    done = threading.Event()
    seen: list[tuple[Any, ...]] = []
    problems: list[str] = []

    def read() -> None:
        with closing(pg.connect()) as con:
            while not done.is_set():
                try:
                    row = con.execute(
                        f"""select count(*), min(least(one.night, two.night)), max(greatest(one.night, two.night))
                        from {small.postgres_schema}.fct_dossiers as one
                        join {small.postgres_schema}.fct_verdicts as two using (dossier_code)"""
                    ).fetchone()
                    assert row is not None
                    seen.append(row)
                    time.sleep(0.002)
                except psycopg.Error as error:
                    problems.append(str(error))

    readers = [threading.Thread(target=read) for _ in range(4)]
    for thread in readers:
        thread.start()
    for nightly_run in range(2, 9):
        publish_next(small, nightly_run)
        assert load(small).left == []
    done.set()
    for thread in readers:
        thread.join()
    assert problems == []
    assert {rows for rows, _, _ in seen} == {ROWS}
    assert all(first == last for _, first, last in seen)
    assert {first for _, first, _ in seen} >= {1, 8}
    assert len({first for _, first, _ in seen}) >= 6
    assert shown(pg, small, "_old") == (ROWS, 7, 7), "the version before is kept"
    assert schemas(pg, small) == {"", "_old"}


def test_nobody_waits_for_a_reader_that_stays(pg: Server, small: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[loading.__module__], "DROP_SECONDS", 0.05)
    load(small)
    with closing(pg.connect()) as stays, stays.transaction():
        assert one(stays, f"select max(night) from {small.postgres_schema}.fct_dossiers") == 1
        for nightly_run in (2, 3):
            publish_next(small, nightly_run)
            loaded = load(small)
        assert shown(pg, small) == (ROWS, 3, 3)
        assert len(loaded.left) == 1
        assert schemas(pg, small) == {"", "_old", loaded.left[0].removeprefix(small.postgres_schema)}
    publish_next(small, 4)
    assert load(small).left == []
    assert schemas(pg, small) == {"", "_old"}


def at_table(number: int, do: Callable[[], None]) -> Callable[[str], None]:
    """Progress that does something when the table of that number is about to be copied."""
    told = iter(range(1, 1000))

    def tell(_: str) -> None:
        if next(told) == number:
            do()

    return tell


def test_a_server_that_goes_away_during_a_load_shows_the_old_version(pg: Server, small: Settings) -> None:
    load(small)
    publish_next(small, 2)
    try:
        with pytest.raises(PostgresError, match="bản cũ ở đó vẫn giữ nguyên") as error:
            load(small, progress=at_table(2, pg.stop))
    finally:
        pg.start()
    assert PASSWORD not in str(error.value)
    assert quote(PASSWORD, safe="") not in str(error.value)
    assert shown(pg, small) == (ROWS, 1, 1)
    assert "_next" in schemas(pg, small)
    load(small)
    assert shown(pg, small) == (ROWS, 2, 2)
    assert schemas(pg, small) == {"", "_old"}


def test_a_killed_load_shows_the_old_version_and_the_next_cleans_up(
    pg: Server, small: Settings, tmp_path: Path
) -> None:
    load(small)
    publish_next(small, 2)
    program = (
        "import os, signal; from pipelines.config import load_settings; from pipelines.serving.postgres import load\n"
        "told = iter(range(1, 100))\n"
        "load(load_settings(), progress=lambda _: next(told) == 2 and os.kill(os.getpid(), signal.SIGKILL))"
    )
    killed = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ
        | {
            "DUNGHAN_WAREHOUSE": str(small.warehouse),
            "DUNGHAN_POSTGRES_DSN": pg.dsn(),
            "DUNGHAN_POSTGRES_SCHEMA": small.postgres_schema,
        },
        cwd=REPOSITORY,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert shown(pg, small) == (ROWS, 1, 1)
    assert "_next" in schemas(pg, small)
    load(small)
    assert shown(pg, small) == (ROWS, 2, 2)
    assert schemas(pg, small) == {"", "_old"}


def test_a_key_that_tells_no_rows_apart_is_refused(pg: Server, small: Settings) -> None:
    load(small)
    plan = green_nightly_run(small, 2)
    build_marts(small, 2, extra=["insert into marts.fct_dossiers from marts.fct_dossiers limit 1"])
    publish(small, plan, ordered=True)
    with pytest.raises(PostgresError, match="UniqueViolation") as error:
        load(small)
    assert "H39-0" not in str(error.value), "no value of a row is told"
    assert shown(pg, small) == (ROWS, 1, 1)
    assert schemas(pg, small) == {""}


def test_a_user_who_may_not_load_is_told(pg: Server, small: Settings) -> None:
    load(small)
    with closing(pg.connect()) as con:
        con.execute("create role nobody_special login password 'abc-def'")
    publish_next(small, 2)
    theirs = small.model_copy(update={"postgres_dsn": SecretStr(pg.dsn("nobody_special", "abc-def"))})
    with pytest.raises(PostgresError, match="permission denied") as error:
        load(theirs)
    assert "abc-def" not in str(error.value)
    assert shown(pg, small) == (ROWS, 1, 1)
    assert schemas(pg, small) == {""}


def test_an_owner_without_other_rights_can_load(pg: Server, small: Settings) -> None:
    """As a careful administrator sets it up: the role of the readers is there, the loader may only create schemas."""
    with closing(pg.connect()) as con:
        con.execute("create role loader login password 'of-loader'; grant create on database postgres to loader")
        con.execute(f"create role readers_of_{small.postgres_schema}")
    changes = {
        "postgres_dsn": SecretStr(pg.dsn("loader", "of-loader")),
        "postgres_role": f"readers_of_{small.postgres_schema}",
        "postgres_row_security": True,
    }
    theirs = small.model_copy(update=changes)
    load(theirs)
    publish_next(small, 2)
    load(theirs)
    assert shown(pg, small) == (ROWS, 2, 2)


def test_two_loads_do_not_mix(pg: Server, small: Settings) -> None:
    load(small)
    publish_next(small, 2)
    inside, go_on = threading.Event(), threading.Event()

    def halt() -> None:
        inside.set()
        assert go_on.wait(60)

    first = threading.Thread(target=lambda: load(small, progress=at_table(2, halt)))
    first.start()
    assert inside.wait(60)
    with pytest.raises(PostgresError, match="Đang có tiến trình khác"):
        load(small, patience=0.1)
    assert shown(pg, small) == (ROWS, 1, 1)
    third = publish_next(small, 3)
    loaded: list[str] = []
    second = threading.Thread(target=lambda: loaded.append(load(small, patience=60).version))
    second.start()
    time.sleep(0.3)
    go_on.set()
    first.join()
    second.join()
    assert loaded == [third]
    assert shown(pg, small) == (ROWS, 3, 3)
    assert shown(pg, small, "_old") == (ROWS, 2, 2)


def test_a_schema_of_somebody_else_is_left_alone(pg: Server, small: Settings) -> None:
    with closing(pg.connect()) as con:
        con.execute(f"create schema {small.postgres_schema}; create table {small.postgres_schema}.theirs (n int)")
        with pytest.raises(PostgresError, match="không do Đúng Hạn tạo"):
            load(small)
        assert one(con, f"select count(*) from {small.postgres_schema}.theirs") == 0


def test_the_command_says_what_it_did_and_never_the_password(
    pg: Server, small: Settings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DUNGHAN_WAREHOUSE", str(small.warehouse))
    monkeypatch.setenv("DUNGHAN_POSTGRES_SCHEMA", small.postgres_schema)
    before = current(small)
    words = {"right": pg.dsn(), "wrong": pg.dsn(password="Sai rồi: 1/2"), "not one": "host=x passwort=Bí mật 42"}
    ends = {}
    for name, dsn in words.items():
        with pytest.raises(SystemExit) as end:
            main(["publish", "--postgres", dsn])
        ends[name] = end.value.code
    told = "".join(capfd.readouterr())
    assert ends == {"right": 0, "wrong": 3, "not one": 3}
    assert before is not None
    assert current(small) == before, "nothing is published anew"
    assert re.search(rf"Đã đưa bản {before.version}.*2 bảng, {2 * ROWS} dòng", told)
    for secret in (PASSWORD, "Sai rồi", "Bí mật", quote(PASSWORD, safe=""), quote("Sai rồi: 1/2", safe="")):
        assert secret not in told
    with closing(pg.connect()) as con:
        assert one(con, f"select version from {small.postgres_schema}.publication") == before.version
