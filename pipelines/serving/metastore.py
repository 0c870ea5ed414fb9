"""The published marts under their names in a Hive metastore, for those who ask Spark (`[spark] metastore`, `database`).

A view per mart on the Parquet file of the published version: the figures stay where they are, and a query reads one
version from its beginning to its end, for the version before is kept. Views are pointed to the new version one after
the other, within seconds; whoever lays marts side by side at that moment looks at their `as_of`.

A session of Spark in a process of its own, as for work on executors (warehouse.executors says why); it needs none.
"""

from __future__ import annotations

import contextlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipelines.config import Settings
from pipelines.files import write_whole
from pipelines.serving.extras import require
from pipelines.serving.published import Published, opened, statement
from warehouse import spark
from warehouse.dbt_child import die_with_parent
from warehouse.executors import answer_of, log_of
from warehouse.reading import published_now

EXTRA = "spark"
#: What the metastore shows, noted here so that a run with nothing new needs no session of Spark.
NOTE = "metastore.json"
STEP = "metastore"
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

    A view that we made goes with its mart; nobody else's is touched but one of the same name. Raises MetastoreError,
    NothingPublishedError, MissingExtraError.
    """
    require("pyspark", EXTRA)
    publication = published_now(settings)
    place = {"metastore": settings.spark.metastore, "database": settings.spark.database}
    note = settings.layout.state / NOTE
    before = _noted(note)
    made = set(before.get("marts", ())) if before.items() >= place.items() else set()
    marts = sorted(publication.manifest["marts"])
    shown = {**place, "version": publication.version, "marts": marts}
    if before != shown:
        # Until all is done it is not known which version is shown, but which views may be ours.
        write_whole(note, json.dumps({**place, "version": None, "marts": sorted(made.union(marts))}))
        with opened(settings, publication) as published:
            views = [_view(published, settings.spark.database, mart) for mart in marts]
        gone = [
            _filled("drop_view", settings.spark.database, mart=_quoted(mart)) for mart in sorted(made.difference(marts))
        ]
        _in_a_session(settings, [_filled("create_database", settings.spark.database), *views, *gone])
        write_whole(note, json.dumps(shown))
    return Named(publication.version, settings.spark.database, len(marts), kept=before == shown)


def _noted(note: Path) -> dict[str, Any]:
    """What the metastore was last told; nothing when that is not known, or damaged."""
    with contextlib.suppress(OSError, TypeError, ValueError):
        return dict(json.loads(note.read_text(encoding="utf-8")))
    return {}


def _filled(name: str, database: str, **words: str) -> str:
    return statement(f"metastore/{name}").format(database=_quoted(database), **words)


def _view(published: Published, database: str, mart: str) -> str:
    """The statement that makes the view of a mart, with what is said of it and of its columns."""
    file = published.publication.folder.resolve() / published.publication.manifest["marts"][mart]["parquet"]["file"]
    columns = _said(published.con, "duckdb_columns()", mart, "column_name, comment", "order by column_index")
    (comment,) = _said(published.con, "duckdb_tables()", mart, "comment")[0]
    return _filled(
        "create_view",
        database,
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


def _in_a_session(settings: Settings, statements: list[str]) -> None:
    uris = {"spark.hadoop.hive.metastore.uris": settings.spark.metastore}
    job = {"properties": {**spark.properties(settings), **_SESSION, **uris}, "statements": statements}
    log = log_of(settings, STEP)
    log.unlink(missing_ok=True)
    if answer_of("pipelines.serving.metastore", json.dumps(job).encode(), log) is None:
        raise MetastoreError(
            f"Metastore {settings.spark.metastore} chưa có bản công bố mới; hãy xem {log} và `dunghan doctor`"
            f" / the metastore {settings.spark.metastore} does not show the published version; see {log} and "
            "`dunghan doctor`"
        )


# ---- the process with the session -----------------------------------------------------------------------------------


def main() -> None:
    """Do a job from standard input. Ends with Spark's own error where the metastore does not take a statement."""
    die_with_parent()
    job = json.load(sys.stdin)
    from pyspark.sql import SparkSession

    session = SparkSession.builder.config(map=job["properties"]).getOrCreate()
    try:
        for text in job["statements"]:
            session.sql(text)
    finally:
        session.stop()


if __name__ == "__main__":
    main()
