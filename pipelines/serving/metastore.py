"""The published marts under their names in a Hive metastore, for those who ask Spark (`[spark] metastore`, `database`).

A view per mart on the Parquet file of the published version: the figures stay where they are, and a query reads one
version from its beginning to its end, for the version before is kept. Views are pointed to the new version one after
the other, within seconds; whoever lays marts side by side at that moment looks at their `as_of`.

A session of Spark in a process of its own, as for work on executors (warehouse.executors says why); it needs none.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipelines.config import Settings
from pipelines.serving.extras import require
from pipelines.serving.published import Published, opened, statement
from warehouse import spark
from warehouse.dbt_child import PARENT, die_with_parent
from warehouse.dbt_process import end
from warehouse.reading import published_now

EXTRA = "spark"
#: What the metastore shows, noted here so that a run with nothing new needs no session of Spark.
NOTE = "metastore.json"
LOG = "spark-metastore.log"
#: Views are only written down: nothing is computed. Wall clocks stay wall clocks.
_SESSION = {
    "spark.master": "local[1]",
    "spark.sql.catalogImplementation": "hive",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
}


class MetastoreError(Exception):
    """The metastore does not show the published version, or not all of it; the next run tries again."""


@dataclass(frozen=True)
class Named:
    """What the metastore shows now. kept: it did so already."""

    version: str
    database: str
    marts: int
    kept: bool = False


def name_marts(settings: Settings) -> Named:
    """Point the views of the metastore to the version that readers of the warehouse see, unless they are.

    Views of marts that the version does not have go. Raises MetastoreError, NothingPublishedError, MissingExtraError.
    """
    require("pyspark", EXTRA)
    publication = published_now(settings)
    database = settings.spark.database
    named = {"metastore": settings.spark.metastore, "database": database, "version": publication.version}
    note = settings.layout.state / NOTE
    if _noted(note) == named:
        return Named(publication.version, database, len(publication.manifest["marts"]), kept=True)
    with opened(settings, publication) as published:
        marts, views = published.marts, [_view(published, database, mart) for mart in published.marts]
    note.unlink(missing_ok=True)
    _in_a_session(settings, {"database": database, "marts": marts, "views": views})
    note.write_text(json.dumps(named), encoding="utf-8")
    return Named(publication.version, database, len(marts))


def _noted(note: Path) -> Any:
    """What the metastore was last told; None when that is not known, or damaged."""
    with contextlib.suppress(OSError, ValueError):
        return json.loads(note.read_text(encoding="utf-8"))
    return None


def _view(published: Published, database: str, mart: str) -> str:
    """The statement that makes the view of a mart, with what is said of it and of its columns."""
    file = published.publication.folder.resolve() / published.publication.manifest["marts"][mart]["parquet"]["file"]
    columns = _said(published.con, "duckdb_columns()", mart, "column_name, comment", "order by column_index")
    (comment,) = _said(published.con, "duckdb_tables()", mart, "comment")[0]
    return statement("metastore/create_view").format(
        database=_quoted(database),
        mart=_quoted(mart),
        columns=", ".join(f"{_quoted(name)} comment {_text(said)}" for name, said in columns),
        comment=_text(comment),
        file=_quoted(f"file://{file}"),
    )


def _said(con: duckdb.DuckDBPyConnection, catalogue: str, mart: str, what: str, order: str = "") -> list[Any]:
    query = f"select {what} from {catalogue} where schema_name = 'marts' and table_name = $1 {order}"
    return con.execute(query, [mart]).fetchall()


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _text(value: str | None) -> str:
    """A literal of Spark, which reads a backslash as an escape."""
    return "'" + (value or "").replace("\\", "\\\\").replace("'", "\\'") + "'"


def _in_a_session(settings: Settings, job: dict[str, Any]) -> None:
    uris = {"spark.hadoop.hive.metastore.uris": settings.spark.metastore}
    job["properties"] = {**spark.properties(settings), **_SESSION, **uris}
    log = settings.layout.state / LOG
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipelines.serving.metastore"],
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=said,
            env={**os.environ, PARENT: str(os.getpid())},
        )
    with process:
        try:
            process.communicate(json.dumps(job).encode())
        finally:
            end(process)
    if process.returncode:
        raise MetastoreError(
            f"Metastore {settings.spark.metastore} chưa có bản công bố mới; hãy xem {log} và `dunghan doctor`"
            f" / the metastore {settings.spark.metastore} does not show the published version; see {log} and "
            "`dunghan doctor`"
        )


# ---- the process with the session -----------------------------------------------------------------------------------


def main() -> None:
    """Read a job from standard input and do it. Ends with Spark's own error where the metastore does not take it."""
    die_with_parent()
    job = json.load(sys.stdin)
    from pyspark.sql import SparkSession

    session = SparkSession.builder.config(map=job["properties"]).getOrCreate()
    database = _quoted(job["database"])
    try:
        session.sql(statement("metastore/create_database").format(database=database))
        for view in job["views"]:
            session.sql(view)
        for row in session.sql(statement("metastore/views").format(database=database)).collect():
            if row.viewName not in job["marts"]:
                session.sql(statement("metastore/drop_view").format(database=database, mart=_quoted(row.viewName)))
    finally:
        session.stop()


if __name__ == "__main__":
    main()
