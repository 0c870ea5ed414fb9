"""Marks the rows to validate: which rules each violates, and what the rules on files are made of, in temporary tables
of one connection (see `mark`).

On this machine, or on the executors of a cluster where there is so much that it pays: a task marks the rows of some
Parquet files of the lake, counts of the pieces of a file add up.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa

from expectations import predicates
from expectations.catalogue import Catalogue, Kind
from pipelines.config import Settings
from pipelines.landing.lake import Counting
from pipelines.portal.sql import load_macros
from pipelines.progress import Progress
from pipelines.sql import literal
from warehouse.database import connect
from warehouse.executors import attempt, for_executors, is_worth_it, on_executors, together, workplace

#: Name of the step (warehouse.executors).
_STEP = "validation"
#: What all tasks need, in the folder of the step.
_JOB = "job"


def mark(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    catalogue: Catalogue,
    rows: Mapping[Kind, Counting],
    progress: Progress,
) -> None:
    """Make, of the rows of each kind that are of files in table `to_validate`:

    rows_<kind> (view: the rows with what is known of their file), marks_<kind> (those that a rule marked: source,
    file_sha256, file_name, row_number, reasons, warnings), batch_<kind> (view: the rows with their reasons and
    warnings) and counts_<kind> (predicates.file_counts). Raises ClusterError.

    Views on the lake: as tables they would be a second copy of everything. What is expensive, the rules, is done once;
    of rows that violate none, which nearly all are, nothing is kept.
    """
    paths = [path for of_kind in rows.values() for path in of_kind.paths]
    if not is_worth_it(settings, sum(map(_bytes, paths)), settings.spark.validation_from_mib):
        for kind, of_kind in rows.items():
            _mark(con, catalogue, kind, of_kind.sql())
        return
    items = [(kind, paths) for kind, of_kind in rows.items() for paths in together(of_kind.paths, _bytes)]
    progress(f"Spark ({len(items)})")
    with workplace(settings, _STEP) as folder:
        files = con.execute("from to_validate").to_arrow_table()
        # Once for all tasks: there may be as many files as were sent in years.
        (folder / _JOB).write_bytes(pickle.dumps(_Job(for_executors(settings), catalogue, dict(rows), files)))
        answers = on_executors(settings, _STEP, _Work(folder), items)
        for kind, of_kind in rows.items():
            places = [place for (asked, _), place in zip(items, answers, strict=True) if asked == kind]
            _mark(con, catalogue, kind, of_kind.sql(), places)


def _mark(
    con: duckdb.DuckDBPyConnection, catalogue: Catalogue, kind: Kind, rows: str, places: Sequence[Path] = ()
) -> None:
    """See `mark`. rows: SQL text for FROM. places: where executors have left what there is to know of them; none: the
    rules are applied here."""
    con.execute(f"""
        create temp view rows_{kind} as
        select
            r.*, f.file_name, f.file_path, f.exported_at, coalesce(f.attention, '') as file_attention,
            case when f.outcome = 'unreadable' then f.reason end as file_reason,
        from {rows} as r
        join to_validate as f on f.kind = '{kind}' and f.source = r.source and f.file_sha256 = r.file_sha256
    """)
    marks = f"""
        select source, file_sha256, file_name, row_number, reasons, warnings
        from ({predicates.marked(catalogue, kind, f"rows_{kind}")})
        where len(reasons) > 0 or len(warnings) > 0"""
    con.execute(f"create temp table marks_{kind} as {_left(places, 'marks') or marks}")
    con.execute(f"""
        create temp view batch_{kind} as
        select r.*, coalesce(m.reasons, []) as reasons, coalesce(m.warnings, []) as warnings
        from rows_{kind} as r
        left join marks_{kind} as m using (row_number, source, file_sha256)
    """)
    pieces = _left(places, "counts")
    counts = predicates.added_counts(f"({pieces})") if pieces else predicates.file_counts(kind, f"batch_{kind}")
    con.execute(f"create temp table counts_{kind} as {counts}")


# ---- on a cluster ---------------------------------------------------------------------------------------------------


def _bytes(path: Path) -> int:
    return path.stat().st_size


def _left(places: Sequence[Path], table: str) -> str:
    """SQL query: what executors left of a table; empty when none did."""
    files = ", ".join(literal(place / f"{table}.parquet") for place in places)
    return f"from read_parquet([{files}])" if files else ""


class _Job(NamedTuple):
    """What all tasks need. files: table `to_validate`."""

    settings: Settings
    catalogue: Catalogue
    rows: dict[Kind, Counting]
    files: pa.Table


@dataclass(frozen=True)
class _Work:
    """What an executor does with some Parquet files of a kind. folder: of the step."""

    folder: Path

    def __call__(self, item: tuple[Kind, tuple[Path, ...]]) -> Path:
        """Mark their rows; where `marks.parquet` and `counts.parquet` lie. Raises FileNotFoundError when this machine
        does not see the lake."""
        kind, paths = item
        for path in paths:
            if not path.is_file():
                raise FileNotFoundError(f"{path}: máy này không thấy kho / {path}: no lake on this machine")
        job: _Job = pickle.loads((self.folder / _JOB).read_bytes())  # noqa: S301  (of our own run, in its folder 0700)
        place = attempt(self.folder)
        with connect(job.settings.model_copy(update={"warehouse": place})) as con:
            load_macros(con)
            con.register("to_validate", job.files)
            _mark(con, job.catalogue, kind, job.rows[kind].sql(paths))
            for table in ("marks", "counts"):
                con.execute(f"copy {table}_{kind} to {literal(place / f'{table}.parquet')} (format parquet)")
        return place
