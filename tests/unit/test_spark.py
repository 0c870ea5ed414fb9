"""Building on Spark, as far as no Spark is needed for it: settings, what a build is given, what is taken over."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import preflight_spark
from pipelines.config import ConfigurationError, Settings, load_settings
from pipelines.layout import DBT_PROJECT
from pipelines.preflight import require_sound
from pipelines.preflight_spark import examine_metastore, examine_spark
from tests.support.small_build import AS_OF, settings_in, validate
from warehouse import spark
from warehouse.build import build_fingerprint, dbt_environment, plan_build, record_green
from warehouse.database import connect_build

CASES = Path(__file__).resolve().parents[1] / "cluster" / "dialect.sql"
#: Dispatched macros that have no value to compare, and where they are seen instead.
ELSEWHERE = {
    "fingerprint": "each engine has a hash of its own; marts do not show it",
    "carried_on": "decides how a table is made: every build",
    "shown_as_view": "decides how a table is made: every build",
    "expose_sources": "makes the tables that a build reads: every build",
}
_NOT_NULL = [{"type": "not_null"}]


def settings_with(tmp_path: Path, **own: Any) -> Settings:
    return settings_in(tmp_path, engine="spark", spark=own)


def mart(name: str, **columns: str) -> dict[str, Any]:
    """A node of dbt's manifest; columns: name → type, with ! where null is refused."""
    return {
        "resource_type": "model",
        "schema": "marts",
        "alias": name,
        "config": {"materialized": "table"},
        "description": f"Bảng {name} / Table {name}",
        "columns": {
            column: {
                "name": column,
                "data_type": kind.rstrip("!"),
                "description": f"Cột {column} / Column {column}",
                "constraints": _NOT_NULL if kind.endswith("!") else [],
            }
            for column, kind in columns.items()
        },
    }


def leave(settings: Settings, nodes: list[dict[str, Any]], **queries: str) -> Path:
    """What a build on Spark leaves: dbt's manifest, and Parquet of each query; returns dbt's folder."""
    target = settings.layout.dbt_target / "target"
    target.mkdir(parents=True, exist_ok=True)
    manifest = {"nodes": {node["alias"]: node for node in nodes}}
    (target / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    for name, query in queries.items():
        place = spark.folder(settings) / "tables" / "marts.db" / name
        place.mkdir(parents=True)
        duckdb.execute(f"copy ({query}) to '{place}/part-0.parquet' (format parquet)")
    return target


def test_every_wrong_piece_of_the_section_is_told_at_once() -> None:
    wrong = {"master": "somewhere", "executor_memory": "much", "executor_cores": 0, "conf": {"spark.master": "local"}}
    with pytest.raises(ConfigurationError) as told:
        load_settings(engine="sparkle", spark=wrong)
    for name in ("engine", "spark.master", "spark.executor_memory", "spark.executor_cores", "spark.conf"):
        assert f"({name})" in str(told.value)


def test_a_cluster_needs_a_shared_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="folder"):
        load_settings(spark={"master": "spark://may-chu:7077"})
    assert load_settings(spark={"master": "spark://may-chu:7077", "folder": tmp_path}).spark.folder == tmp_path


def test_what_is_missing_is_told_before_anything_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight_spark, "PACKAGES", ("no-such-package",))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "no-java"))
    settings = load_settings(
        engine="spark",
        warehouse=tmp_path / "warehouse",
        drop_zone=str(tmp_path / "inbox"),
        spark={"master": "spark://127.0.0.1:9", "folder": tmp_path / "shared"},
    )
    (tmp_path / "inbox").mkdir()
    with pytest.raises(ConfigurationError) as told:
        require_sound(settings)
    for piece in ("no-such-package", "Java 17", "spark://127.0.0.1:9"):
        assert piece in str(told.value)
    assert not (tmp_path / "warehouse").exists()


def test_duckdb_asks_nothing_of_spark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight_spark, "PACKAGES", ("no-such-package",))
    settings = settings_in(tmp_path)
    assert list(examine_spark(settings)) == []
    assert spark.environment(settings) == {}
    spark.prepare(settings)
    spark.take_over(settings, tmp_path)
    assert not spark.folder(settings).exists()
    assert dbt_environment(settings)["DUNGHAN_ENGINE"] == "duckdb"


def test_a_metastore_that_does_not_answer_is_told_and_keeps_no_run_from_starting(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, spark={"metastore": "thrift://127.0.0.1:9,thrift://127.0.0.1:7"})
    Path(settings.drop_zone).mkdir()
    advice = {finding.name: finding.advice for finding in examine_metastore(settings)}
    assert "thrift://127.0.0.1:9,thrift://127.0.0.1:7" in (advice["metastore"] or ("",))[0]
    assert advice.keys() >= {"spark_packages", "java"}
    require_sound(settings)
    assert list(examine_metastore(settings_in(tmp_path))) == []


@pytest.mark.parametrize("wrong", [{"metastore": "may-chu:9083"}, {"database": "bao cao"}, {"database": "a`b"}])
def test_names_in_a_metastore(wrong: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        load_settings(spark=wrong)


def test_properties(tmp_path: Path) -> None:
    """What people add stands beside ours; where tables lie and which master it is, they cannot change by it."""
    settings = settings_with(
        tmp_path,
        master="local[2]",
        folder=tmp_path / "shared",
        executor_cores=3,
        conf={"spark.ui.enabled": "true", "spark.eventLog.enabled": "true"},
    )
    properties = spark.properties(settings)
    assert properties["spark.master"] == "local[2]"
    assert properties["spark.executor.cores"] == "3"
    assert "spark.cores.max" not in properties
    assert (properties["spark.ui.enabled"], properties["spark.eventLog.enabled"]) == ("true", "true")
    assert properties["spark.sql.warehouse.dir"] == (tmp_path / "shared" / "nightly" / "tables").as_uri()


def test_a_build_is_given_the_tables_and_nothing_of_the_build_before(tmp_path: Path) -> None:
    settings = settings_with(tmp_path)
    validate(settings, (AS_OF.isoformat(), "loaded"))
    plan_build(settings)
    left = spark.folder(settings) / "tables" / "marts.db" / "old"
    left.mkdir(parents=True)
    spark.prepare(settings)
    assert not left.exists()
    variables = spark.environment(settings)
    sources = json.loads(variables["DUNGHAN_SPARK_SOURCES"])
    assert {"files"} == set(sources["validated"])
    assert {"clock", "calendar_overrides"} <= set(sources["state"])
    place = Path(sources["state"]["clock"].removeprefix("file://"))
    assert duckdb.sql(f"select as_of from '{place}/*.parquet'").fetchall() == [(AS_OF,)]
    assert str(spark.folder(settings) / "spark.conf") in variables["PYSPARK_SUBMIT_ARGS"]
    assert stat.S_IMODE((spark.folder(settings) / "spark.conf").stat().st_mode) == 0o600


def test_tables_are_taken_over_as_their_models_describe_them(tmp_path: Path) -> None:
    settings = settings_with(tmp_path)
    described = mart("mart_x", agency_code="varchar!", dossiers="bigint!", share="double", examples="varchar[]")
    query = "select ['a'] as examples, 0.5::decimal(4, 2) as share, 3::integer as dossiers, 'H39' as agency_code"
    spark.take_over(settings, leave(settings, [described], mart_x=query))
    with connect_build(settings) as con:
        columns = con.execute(
            "select column_name, data_type, comment from duckdb_columns() where table_name = 'mart_x'"
        )
        assert columns.fetchall() == [
            ("agency_code", "VARCHAR", "Cột agency_code / Column agency_code"),
            ("dossiers", "BIGINT", "Cột dossiers / Column dossiers"),
            ("share", "DOUBLE", "Cột share / Column share"),
            ("examples", "VARCHAR[]", "Cột examples / Column examples"),
        ]
        assert con.execute("from marts.mart_x").fetchall() == [("H39", 3, 0.5, ["a"])]
        assert con.execute("select comment from duckdb_views() where view_name = 'mart_x'").fetchall() == [
            ("Bảng mart_x / Table mart_x",)
        ]


def test_what_does_not_fit_its_description_is_named_all_at_once(tmp_path: Path) -> None:
    settings = settings_with(tmp_path)
    nodes = [
        mart("mart_null", agency_code="varchar!"),
        mart("mart_other", agency_code="varchar", dossiers="bigint"),
        mart("mart_missing", agency_code="varchar"),
    ]
    target = leave(
        settings,
        nodes,
        mart_null="select null::varchar as agency_code",
        mart_other="select 'H39' as agency_code, 1 as n",
    )
    with pytest.raises(spark.SparkTablesError) as told:
        spark.take_over(settings, target)
    for piece in (
        "mart_null: agency_code is null in 1 rows",
        "missing: dossiers, n",
        "marts.mart_missing: no such table",
    ):
        assert piece in str(told.value)


@pytest.mark.integration
def test_no_engine_goes_on_from_tables_of_the_other(tmp_path: Path) -> None:
    """Spark builds everything each time, and so does DuckDB after it."""
    on_duckdb = settings_in(tmp_path)
    validate(on_duckdb, (AS_OF.isoformat(), "loaded"))
    record_green(on_duckdb, plan_build(on_duckdb))
    assert not plan_build(on_duckdb).full_refresh
    on_spark = settings_with(tmp_path)
    assert build_fingerprint(on_spark) != build_fingerprint(on_duckdb)
    record_green(on_spark, plan_build(on_spark))
    again = plan_build(on_spark)
    assert (again.full_refresh, again.because) == (True, "spark")
    record_green(on_spark, again)
    assert plan_build(on_duckdb).because == "definitions changed"


def test_a_restatement_has_a_folder_of_its_own(tmp_path: Path) -> None:
    from pipelines.config import Scope

    settings = settings_with(tmp_path, master="local", folder=tmp_path / "shared")
    own = settings.restating(tmp_path / "restated" / ".work-1", Scope())
    assert spark.folder(settings) == tmp_path / "shared" / "nightly"
    assert spark.folder(own) == tmp_path / "shared" / ".work-1"


def test_every_dispatched_macro_has_a_case_for_both_engines() -> None:
    files = (DBT_PROJECT / "macros").rglob("*.sql")
    dispatched = {name for file in files for name in re.findall(r"adapter\.dispatch\('(\w+)'\)", file.read_text())}
    cases = CASES.read_text(encoding="utf-8")
    assert {name for name in dispatched - set(ELSEWHERE) if f"{name}(" not in cases} == set()
    assert set(ELSEWHERE) <= dispatched
