"""Building on Spark (`engine = "spark"`): what a build there is given, and how its tables come back.

Landing, validation, audit and publication are DuckDB's, on one machine; between them stands the build:

    <folder>/sources/<schema>/<table>/      tables of `validated` and `state`, as they lie in the build file
    <folder>/tables/<schema>.db/<table>/    what dbt made: plain Parquet, dropped and made anew by every build
    <folder>/spark.conf                     the properties of the session (0600: there may be passwords of a cluster)

Readers see neither: `take_over` makes views on what dbt made in the build file, and the publisher copies from there.
The folder is one that this machine and every executor see under the same path. Nothing here imports pyspark.
"""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

from pipelines.config import Settings
from pipelines.sql import literal, quoted
from warehouse.database import connect_build

#: Schemas of the build file that models read, besides each other.
_READ = ("validated", "state")
_SOURCES, _TABLES, _PROPERTIES = "sources", "tables", "spark.conf"
# The lowest level: the files live for one build.
_PARQUET = "format parquet, compression zstd, compression_level 1"
#: What is not asked of people: no web page per build, no bar drawn into dbt's log, one session that ends with it.
_QUIET = {
    "spark.app.name": "dunghan",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}


class SparkTablesError(Exception):
    """What Spark left is not what the models describe. The message names tables and columns, and what to do."""


def folder(settings: Settings) -> Path:
    """The folder that this machine and the executors share; a restatement has its own beside the nightly build's."""
    shared, work = settings.spark.folder, settings.layout.work
    if shared is None:
        return settings.layout.spark
    return shared.expanduser().resolve() / (work.name if work else "nightly")


def prepare(settings: Settings) -> None:
    """Write what a build reads and how its session is told; what the build before left goes. Nothing with DuckDB.

    The caller holds the lock, the plan of the build is made (it writes `state`) and the build file is closed.
    """
    if settings.engine != "spark":
        return
    root = folder(settings)
    for name in (_SOURCES, _TABLES):
        shutil.rmtree(root / name, ignore_errors=True)
    with connect_build(settings) as con:
        for schema, table in _tables(con):
            place = root / _SOURCES / schema / table
            place.mkdir(parents=True)
            rows = f"{quoted(schema)}.{quoted(table)}"
            con.execute(f"copy {rows} to {literal(place / 'rows.parquet')} ({_PARQUET})")
    write_properties(settings)


def environment(settings: Settings) -> dict[str, str]:
    """Variables that dbt needs for this engine, besides those of every build; `prepare` was called before a build."""
    if settings.engine != "spark":
        return {}
    root = folder(settings)
    return {
        "DUNGHAN_SPARK_SOURCES": json.dumps(_places(root)),
        "DUNGHAN_SPARK_THREADS": str(settings.spark.threads),
        "PYSPARK_SUBMIT_ARGS": f"--properties-file {shlex.quote(str(root / _PROPERTIES))} pyspark-shell",
        "PYSPARK_PYTHON": sys.executable,
    }


def properties(settings: Settings) -> dict[str, str]:
    """Properties of the session: ours, then those of [spark.conf], then those that decide where things lie."""
    spark = settings.spark
    given: dict[str, object] = {
        "spark.driver.memory": spark.driver_memory,
        "spark.executor.memory": spark.executor_memory,
        "spark.executor.cores": spark.executor_cores,
        "spark.cores.max": spark.cores_max,
        "spark.sql.shuffle.partitions": spark.shuffle_partitions,
    }
    return {
        **_QUIET,
        **{name: str(value) for name, value in given.items() if value is not None},
        **{name: value.get_secret_value() for name, value in spark.conf.items()},
        "spark.master": spark.master,
        "spark.sql.warehouse.dir": (folder(settings) / _TABLES).as_uri(),
    }


def write_properties(settings: Settings) -> None:
    """Write the file that the session is told by (`environment`)."""
    root = folder(settings)
    root.mkdir(parents=True, exist_ok=True)
    path = root / _PROPERTIES
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text("".join(f"{name} {value}\n" for name, value in properties(settings).items()), encoding="utf-8")


def take_over(settings: Settings, target: Path) -> None:
    """Make a view in the build file on the table of every model that has one on Spark: columns, types and descriptions
    as the models have them, none null that must not be. Nothing with DuckDB.

    target: folder of dbt's artefacts; its manifest says what was made. Raises SparkTablesError, with everything that
    does not fit, and then publication finds no mart.
    """
    if settings.engine != "spark":
        return
    nodes = json.loads((target / "manifest.json").read_bytes())["nodes"].values()
    with connect_build(settings) as con:
        problems = [problem for node in nodes if _is_table(node) for problem in _take_over(con, settings, node)]
    if problems:
        raise SparkTablesError(
            "Bảng Spark dựng không đúng mô tả; xem state/dbt/logs/dbt.log rồi `dunghan run`"
            " / tables made by Spark are not as described; see state/dbt/logs/dbt.log, then `dunghan run`:\n"
            + "\n".join(problems)
        )


def _take_over(con: duckdb.DuckDBPyConnection, settings: Settings, node: Mapping[str, Any]) -> Iterator[str]:
    """The view on one table; yields what does not fit its description."""
    schema, name = node["schema"], node["alias"]
    table = f"{schema}.{name}"
    rows = f"read_parquet({literal(folder(settings) / _TABLES / f'{schema}.db' / name / '*.parquet')})"
    try:
        present = {str(column[0]) for column in con.execute(f"describe select * from {rows}").fetchall()}
    except duckdb.IOException:
        yield f"{table}: không có bảng này / {table}: no such table"
        return
    # Only marts describe every column with its type.
    described = {column["name"]: column for column in node["columns"].values() if column["data_type"]}
    if described and present != described.keys():
        differ = ", ".join(sorted(present ^ described.keys()))
        yield f"{table}: cột thừa hoặc thiếu: {differ} / {table}: columns too many or missing: {differ}"
        return
    shown = ", ".join(
        f"cast({quoted(column)} as {entry['data_type']}) as {quoted(column)}" for column, entry in described.items()
    )
    view = f"{quoted(schema)}.{quoted(name)}"
    con.execute(f"create schema if not exists {quoted(schema)}")
    con.execute(f"create or replace view {view} as select {shown or '*'} from {rows}")
    for column, rows_without in _nulls(con, view, described):
        yield f"{table}: {column} trống ở {rows_without} dòng / {table}: {column} is null in {rows_without} rows"
    if described:
        con.execute(f"comment on view {view} is {literal(node['description'])}")
    for column, entry in described.items():
        con.execute(f"comment on column {view}.{quoted(column)} is {literal(entry['description'])}")


def _nulls(
    con: duckdb.DuckDBPyConnection, view: str, described: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[str, int]]:
    """(column, rows) of those that are null and must not be: plain Parquet refuses no row while it is written."""
    never = [
        column
        for column, entry in described.items()
        if any(constraint["type"] == "not_null" for constraint in entry["constraints"])
    ]
    if never:
        counts = ", ".join(f"count(*) - count({quoted(column)})" for column in never)
        found = con.execute(f"select {counts} from {view}").fetchone() or ()
        yield from ((column, number) for column, number in zip(never, found, strict=True) if number)


def _is_table(node: Mapping[str, Any]) -> bool:
    """Is it a model with rows of its own? Seeds and views serve the other models only."""
    return node["resource_type"] == "model" and node["config"]["materialized"] == "table"


def _places(root: Path) -> dict[str, dict[str, str]]:
    """Schema → table → address of the folder with its rows."""
    places: dict[str, dict[str, str]] = {}
    for place in sorted((root / _SOURCES).glob("*/*")):
        places.setdefault(place.parent.name, {})[place.name] = place.as_uri()
    return places


def _tables(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    return con.execute(
        "select schema_name, table_name from duckdb_tables() where list_contains($1, schema_name) order by all",
        [list(_READ)],
    ).fetchall()
