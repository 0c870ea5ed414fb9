"""Publication: what a version holds, the one pointer, retention, rollback, failures. Kills: tests/faults."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from expectations.audit import replacement_guard
from pipelines.config import Settings
from tests.support.small_build import AS_OF, ROWS, build_marts, green_nightly_run, settings_in
from warehouse.build import last_green
from warehouse.publish import (
    PublicationError,
    content_hash,
    current,
    git_revision,
    leftovers,
    publish,
    rollback,
    versions,
)

pytestmark = pytest.mark.integration


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path, keep_versions=3)


def nightly_runs_seen(settings: Settings) -> set[tuple[int, int]]:
    """(nightly run, rows) of every mart that a reader of the pointer sees, in DuckDB and in Parquet."""
    published = settings.layout.published
    seen = set()
    with duckdb.connect(str(published / "dunghan.duckdb"), read_only=True) as con:
        for mart in ("fct_dossiers", "fct_verdicts"):
            seen |= set(con.execute(f"select night, count(*) from marts.{mart} group by night").fetchall())
    for path in (published / "parquet").glob("*.parquet"):
        column = pq.read_table(path, columns=["night"])["night"].to_pylist()
        seen |= {(nightly_run, column.count(nightly_run)) for nightly_run in set(column)}
    return seen


def test_a_version_is_whole(settings: Settings) -> None:
    plan = green_nightly_run(settings, 1)
    done = publish(settings, plan)
    published = settings.layout.published
    assert nightly_runs_seen(settings) == {(1, ROWS)}
    manifest = json.loads((published / "manifest.json").read_text())
    assert manifest == done.manifest
    assert manifest["as_of"] == AS_OF.isoformat()
    assert (manifest["known_at"], manifest["definitions_version"]) == (None, plan.definitions_version)
    assert manifest["git_revision"] == git_revision()
    assert manifest["version"].startswith("20240531T235959-")
    assert set(manifest["marts"]) == {"fct_dossiers", "fct_verdicts"}
    for mart, entry in manifest["marts"].items():
        parquet = published / "parquet" / f"{mart}.parquet"
        assert entry["rows"] == ROWS == pq.read_metadata(parquet).num_rows
        assert entry["parquet"]["sha256"] == hashlib.sha256(parquet.read_bytes()).hexdigest()
        assert entry["parquet"]["bytes"] == parquet.stat().st_size
    with duckdb.connect(str(published / "dunghan.duckdb"), read_only=True) as con:
        kinds = con.execute("select table_name from duckdb_tables() order by 1").fetchall()
        assert kinds == [("fct_dossiers",), ("fct_verdicts",)], "views of the build are tables here"
        comment = con.execute(
            "select comment from duckdb_columns() where column_name = 'night' and comment is not null"
        )
        assert comment.fetchall() == [("Đêm / The night",)]
    assert (done.folder / "dunghan.duckdb").stat().st_mode & 0o222 == 0
    assert leftovers(settings) == []


def test_everything_switches_through_one_link(settings: Settings) -> None:
    publish(settings, green_nightly_run(settings, 1))
    published = settings.layout.published
    fixed = {
        name: (published / name).lstat().st_ino
        for name in ("dunghan.duckdb", "marts.duckdb", "parquet", "manifest.json")
    }
    second = publish(settings, green_nightly_run(settings, 2))
    assert {name: (published / name).lstat().st_ino for name in fixed} == fixed, "fixed names are never touched again"
    assert str((published / "current").readlink()) == f"versions/{second.version}"
    for name in fixed:
        assert (published / name).resolve() == (published / "versions" / second.version / name).resolve()
    assert nightly_runs_seen(settings) == {(2, ROWS)}


def test_readers_keep_what_they_opened(settings: Settings) -> None:
    """Even when the version they have open was removed. Opened by the fixed name, `marts.x` is not ambiguous."""
    first = publish(settings, green_nightly_run(settings, 1))
    with duckdb.connect(str(settings.layout.published / "dunghan.duckdb"), read_only=True) as reader:
        for nightly_run in range(2, 7):
            publish(settings, green_nightly_run(settings, nightly_run))
        assert not first.folder.exists()
        assert reader.execute("select distinct night, count(*) over () from marts.fct_dossiers").fetchall() == [
            (1, ROWS)
        ]
    assert nightly_runs_seen(settings) == {(6, ROWS)}


def test_a_version_under_the_older_name_is_read_and_gone_back_to(settings: Settings) -> None:
    older = publish(settings, green_nightly_run(settings, 1))
    beside = settings.layout.published / f"marts-{older.version}.duckdb"
    (older.folder / "marts.duckdb").unlink()
    (older.folder / "dunghan.duckdb").rename(beside)
    (older.folder / "marts.duckdb").symlink_to(Path("..", "..", beside.name))
    assert older.database == older.folder / "marts.duckdb"
    publish(settings, green_nightly_run(settings, 2))
    rollback(settings, older.version)
    assert nightly_runs_seen(settings) == {(1, ROWS)}
    for nightly_run in range(3, 7):
        publish(settings, green_nightly_run(settings, nightly_run))
    assert not beside.exists(), "it goes with its version"


def test_old_versions_go_the_current_one_stays(settings: Settings) -> None:
    made = [publish(settings, green_nightly_run(settings, nightly_run)).version for nightly_run in range(1, 5)]
    assert [v.version for v in versions(settings)] == made[:0:-1]
    assert {path.name for path in (settings.layout.published / "versions").iterdir()} == set(made[1:])

    oldest = rollback(settings, made[1])
    assert oldest.version == made[1]
    assert nightly_runs_seen(settings) == {(2, ROWS)}
    newest = publish(settings, green_nightly_run(settings, 5)).version
    assert {v.version for v in versions(settings)} == {made[2], made[3], newest}, "no longer current: made[1] may go"


def test_the_version_before_is_kept_for_readers_on_their_way(settings: Settings) -> None:
    one = settings.model_copy(update={"keep_versions": 1})
    made = [publish(one, green_nightly_run(one, nightly_run)).version for nightly_run in (1, 2, 3)]
    assert [v.version for v in versions(one)] == [made[2], made[1]]


def test_rollback(settings: Settings) -> None:
    with pytest.raises(PublicationError, match="no version before"):
        rollback(settings)
    made = [publish(settings, green_nightly_run(settings, nightly_run)).version for nightly_run in (1, 2, 3)]
    assert rollback(settings).version == made[1]
    assert nightly_runs_seen(settings) == {(2, ROWS)}
    assert rollback(settings).version == made[0]
    with pytest.raises(PublicationError, match="no version before"):
        rollback(settings)
    assert rollback(settings, made[2]).version == made[2]
    assert nightly_runs_seen(settings) == {(3, ROWS)}
    with pytest.raises(PublicationError, match=made[0]):
        rollback(settings, "../../etc")
    assert leftovers(settings) == []


@pytest.mark.parametrize(
    "damage",
    [
        ["drop view marts.fct_verdicts", "drop table marts.fct_dossiers"],
        ["create or replace view marts.fct_verdicts as select error('no figures') as night"],
    ],
)
def test_a_failure_publishes_nothing_and_leaves_nothing(settings: Settings, damage: list[str]) -> None:
    before = publish(settings, green_nightly_run(settings, 1))
    plan = green_nightly_run(settings, 2)
    build_marts(settings, 2, extra=damage)
    with pytest.raises(PublicationError):
        publish(settings, plan)
    now = current(settings)
    assert now is not None
    assert now.version == before.version
    assert nightly_runs_seen(settings) == {(1, ROWS)}
    assert leftovers(settings) == []
    assert len(list(settings.layout.published.glob("versions/*/dunghan.duckdb"))) == 1


def test_tables_of_a_killed_dbt_are_not_published(settings: Settings) -> None:
    plan = green_nightly_run(settings, 1)
    build_marts(settings, 1, extra=["create table marts.fct_dossiers__dbt_tmp as select 1 as night"])
    assert set(publish(settings, plan).manifest["marts"]) == {"fct_dossiers", "fct_verdicts"}


def test_same_content_same_hash(settings: Settings) -> None:
    """Of two publications of the same figures; only another figure changes it."""
    first, again = (publish(settings, green_nightly_run(settings, 1)).manifest["marts"] for _ in range(2))
    assert {m: e["content_hash"] for m, e in first.items()} == {m: e["content_hash"] for m, e in again.items()}
    other = publish(settings, green_nightly_run(settings, 2)).manifest["marts"]
    assert all(other[mart]["content_hash"] != first[mart]["content_hash"] for mart in first)


@pytest.mark.parametrize(
    ("rows", "same"),
    [
        ("values (2, 'b', [1.5]), (1, 'a', null)", True),
        ("values (1, 'a', null)", False),
        ("values (1, 'a', null), (1, 'a', null), (2, 'b', [1.5])", False),
        ("values (1, 'a', null), (2, 'b', [1.5]), (3, 'c', null), (3, 'c', null)", False),
        ("values (1, 'b', null), (2, 'a', [1.5])", False),
        ("values (1, 'a', []), (2, 'b', [1.5])", False),
        ("values (1, '', null), (2, 'b', [1.5])", False),
        ("values (1, null, null), (2, 'b', [1.5])", False),
    ],
)
def test_content_hash(rows: str, same: bool) -> None:
    with duckdb.connect() as con:
        con.execute("create table a (id int, name varchar, list double[]); create table b as from a")
        con.execute("insert into a values (1, 'a', null), (2, 'b', [1.5])")
        con.execute(f"insert into b {rows}")
        assert (content_hash(con, "a") == content_hash(con, "b")) == same


def test_content_hash_knows_columns_but_not_their_order() -> None:
    with duckdb.connect() as con:
        con.execute("create table a as select 1 as x, 2 as y")
        con.execute("create table b as select 2 as y, 1 as x")
        con.execute("create table c as select 2 as x, 1 as y")
        con.execute("create table d as select 1 as x, 2::double as y")
        hashes = [content_hash(con, name) for name in "abcd"]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3


def test_content_hash_ignores_the_order_of_adding_up() -> None:
    with duckdb.connect() as con:
        con.execute("create table a as select 0.1::double + 0.2::double + 0.3::double as share")
        con.execute("create table b as select 0.3::double + 0.2::double + 0.1::double as share")
        assert con.execute("select (from a) = (from b)").fetchone() == (False,)
        assert content_hash(con, "a") == content_hash(con, "b")


def build_stamped(settings: Settings, nightly_run: int, rows: str, written: str = "") -> None:
    """A mart that is a view, with stamps. rows: values of (dossier_code, share, flags); written: by this night."""
    build_marts(
        settings,
        nightly_run,
        extra=[
            "create or replace table intermediate.int_dossier_facts as select 'dvcqg' as source, dossier_code,"
            " share::decimal(9, 1) as share, flags::varchar[] as flags,"
            f" case when contains('{written}', dossier_code) then {10**6 + nightly_run} else 0 end as built_by"
            f" from (values {rows}) as told (dossier_code, share, flags)",
            f"create or replace table marts.fct_dossiers as select *, timestamp '2024-05-{nightly_run:02}' as as_of,"
            " null::timestamp as known_at, '1.0' as definitions_version from intermediate.int_dossier_facts",
            "create or replace view marts.fct_verdicts as select * exclude (built_by) from marts.fct_dossiers",
        ],
    )


def published_rows(settings: Settings, version: str) -> list[tuple[object, ...]]:
    with duckdb.connect(
        str(settings.layout.published / "versions" / version / "dunghan.duckdb"), read_only=True
    ) as con:
        return con.execute("from marts.fct_verdicts order by all").fetchall()


FIRST_NIGHT = "('a', 1.5, ['x']), ('b', null, null), ('c', 3, [])"


@pytest.mark.parametrize(
    ("second_nightly_run", "written", "carried"),
    [
        (FIRST_NIGHT, "", 1),
        (FIRST_NIGHT, "abc", 1),
        ("('a', 1.5, ['x']), ('b', null, null), ('c', 3, []), ('d', 4, null)", "d", 1),
        ("('a', 1.5, ['x']), ('b', null, []), ('c', 3, null)", "bc", 1),
        ("('a', 1.5, ['x', 'y']), ('b', 0, null), ('c', null, [])", "abc", 1),
        # what a build does not say that it wrote is found all the same
        ("('a', 1.5, ['x', 'y']), ('b', 0, null), ('c', null, [])", "ab", 0),
        ("('a', 1.5, ['x'])", "a", 0),
        ("('d', 1.5, ['x']), ('e', null, null), ('f', 3, [])", "def", 0),
    ],
    ids=["nothing", "the same again", "added", "lists", "values", "one not told", "removed", "others"],
)
def test_what_goes_on_from_the_version_before_says_what_the_build_says(
    settings: Settings, second_nightly_run: str, written: str, carried: int
) -> None:
    green_nightly_run(settings, 1)
    build_stamped(settings, 1, FIRST_NIGHT)
    first = publish(settings, last_green(settings))
    plan = green_nightly_run(settings, 2)
    build_stamped(settings, 2, second_nightly_run, written)
    second = publish(settings, plan)
    whole = publish(settings, replace(plan, full_refresh=True))
    assert [v.manifest["carried"] for v in (first, second, whole)] == [0, carried, 0]
    assert second.manifest["written_again"] == ([] if carried else ["fct_dossiers", "fct_verdicts"])
    assert published_rows(settings, second.version) == published_rows(settings, whole.version)
    same = ["rows", "content_hash"]
    for mart, entry in whole.manifest["marts"].items():
        assert [second.manifest["marts"][mart][name] for name in same] == [entry[name] for name in same]
    assert len(published_rows(settings, first.version)) == 3, "the version before is not touched"


def test_a_mart_with_other_columns_is_written_whole(settings: Settings) -> None:
    publish(settings, green_nightly_run(settings, 1))
    plan = green_nightly_run(settings, 2)
    build_stamped(settings, 2, FIRST_NIGHT)
    second = publish(settings, plan)
    assert len(published_rows(settings, second.version)) == 3
    third = green_nightly_run(settings, 3)
    build_marts(settings, 3, extra=["drop table marts.fct_dossiers"])
    assert set(publish(settings, third).manifest["marts"]) == {"fct_verdicts"}, "a mart that is no more"


def test_now_and_then_a_file_is_written_whole(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouse.publish.MOST_CARRIED", 2)
    carried = [
        publish(settings, green_nightly_run(settings, nightly_run)).manifest["carried"] for nightly_run in range(1, 6)
    ]
    assert carried == [0, 1, 2, 0, 1]
    assert publish(settings, last_green(settings), ordered=True).manifest["carried"] == 0


def test_a_far_smaller_version_is_not_believed(settings: Settings) -> None:
    plan = green_nightly_run(settings, 1, rows=100)
    assert replacement_guard(settings, plan).ok, "nothing is published yet"
    publish(settings, plan)
    for rows, ok in ((90, True), (89, False)):
        build_marts(settings, 2, rows)
        guard = replacement_guard(settings, plan)
        assert (guard.ok, guard.expected, guard.found) == (ok, 100, rows)
        assert str(rows) in guard.message("vi")
    assert replacement_guard(settings, replace(plan, known_at=AS_OF)).ok, "another pair: cannot be compared"
    assert replacement_guard(settings, replace(plan, as_of=AS_OF - timedelta(days=30))).ok
    assert not replacement_guard(settings, replace(plan, as_of=AS_OF + timedelta(days=30))).ok
