"""Reading exports on a cluster (`engine = "spark"`): the executors read the files, each as this machine would.

    this machine ── what is to be read ──> a process with a session of Spark ── a task per big file ──> executors
    this machine <── what became of the files, which Parquet files hold their rows ──┘

A task is one `LandingPass` over its files, on one thread, and writes rows into a folder of its own below
`<shared folder>/landing`. A task that is done again (its executor died) writes another one; only what the attempt that
was through tells of is read, so that nothing is doubled. dlt appends the rows here, as on one machine: one lake, one
ledger, one place that commits. A process of its own, because the JVM goes with it and pyspark takes over what belongs
to the run (signals, standard output); it dies with its parent.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.config import Settings, Spark
from pipelines.landing.lake import arrow_schema
from pipelines.landing.source import LandedFile, LandingPass, portions
from pipelines.portal.privacy import PrivacyKey
from pipelines.progress import Progress
from warehouse import spark
from warehouse.database import connect
from warehouse.dbt_child import PARENT, die_with_parent
from warehouse.dbt_process import end

MIB = 1024**2
#: Files of a task: as many as come to this many bytes, so that one plan of the statement serves many small ones.
TASK_BYTES = 64 * MIB
TASK_FILES = 500
#: What DuckDB may take in an executor; a reader holds some batches of rows besides.
TASK_MEMORY = "512MB"
_LOG = "spark-landing.log"


class ClusterError(Exception):
    """The executors could not read. Nothing was appended; landing again begins anew."""


class _Read(NamedTuple):
    """What a task answers. landed: its files; rows: (table of the lake, Parquet file with rows for it)."""

    landed: list[LandedFile]
    rows: list[tuple[str, Path]]


class _Job(NamedTuple):
    """What the process is told, by its standard input only: there is a key in it."""

    settings: Settings
    key: PrivacyKey
    properties: dict[str, str]
    folder: Path
    tasks: list[list[LandedFile]]


@dataclass
class ClusterLanding:
    """Files that were read on the cluster (see Arrival)."""

    landed: list[LandedFile]
    parquet: list[tuple[str, Path]]

    def rows(self) -> Iterator[tuple[str, pa.Table]]:
        """See Arrival."""
        for table, path in self.parquet:
            with pq.ParquetFile(path) as file:
                for group in range(file.num_row_groups):
                    yield table, file.read_row_group(group).cast(arrow_schema(table))


def is_worth_it(settings: Settings, landed: Sequence[LandedFile]) -> bool:
    """Is there so much to read that starting a session pays ([spark] landing_from_mib)?"""
    size = sum(entry.file.size for entry in landed if entry.outcome == "new")
    return settings.engine == "spark" and size > 0 and size >= settings.spark.landing_from_mib * MIB


@contextlib.contextmanager
def read_on_cluster(
    settings: Settings, key: PrivacyKey, landed: Sequence[LandedFile], progress: Progress | None = None
) -> Iterator[ClusterLanding]:
    """The files, read by the executors; their rows lie in the shared folder as long as this lasts.

    Raises ClusterError when the session ends without an answer, or an executor does not see the drop zone.
    """
    folder = spark.folder(settings) / "landing"
    shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed
    folder.mkdir(parents=True, mode=0o700)
    new = [entry for entry in landed if entry.outcome == "new"]
    if progress:
        progress(f"Spark ({len(new)})")
    try:
        tasks = list(portions(new, lambda entry: entry.file.size, most=TASK_BYTES, count=TASK_FILES))
        answers = _asked(settings, _Job(_told(settings), key, spark.properties(settings), folder, tasks))
        became = {entry.landing_id: entry for answer in answers for entry in answer.landed}
        yield ClusterLanding(
            [became.get(entry.landing_id, entry) for entry in landed],
            [rows for answer in answers for rows in answer.rows],
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _told(settings: Settings) -> Settings:
    """The settings as executors need them: no password of another system leaves this machine."""
    return settings.model_copy(
        update={
            "privacy_key": None,
            "webhook_url": None,
            "postgres_dsn": None,
            "digests": {},
            "spark": Spark(),
            "threads": 1,
            "memory_limit": TASK_MEMORY,
        }
    )


def _asked(settings: Settings, job: _Job) -> list[_Read]:
    """What the tasks answer, in their order, from a process of its own."""
    log = settings.layout.state / _LOG
    environment = {**os.environ, PARENT: str(os.getpid()), "PYSPARK_PYTHON": sys.executable}
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipelines.landing.cluster"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            env=environment,
        )
    with process:
        try:
            answer, _ = process.communicate(pickle.dumps(job))
        finally:
            end(process)
    if process.returncode or not answer:
        raise ClusterError(
            f"Cụm Spark không đọc được các tệp; hãy xem {log}, `dunghan doctor`, rồi `dunghan run`."
            " Mọi executor phải thấy kho nhận và [spark] folder dưới cùng một đường dẫn"
            f" / The Spark cluster could not read the files; see {log}, `dunghan doctor`, then `dunghan run`."
            " Every executor must see the drop zone and [spark] folder under the same path"
        )
    answers: list[_Read] = pickle.loads(answer)  # noqa: S301  (of our own child, by its pipe)
    return answers


# ---- the process with the session, and its executors ----------------------------------------------------------------


def main() -> None:
    """Read a job from standard input, have its tasks done, write their answers to standard output."""
    die_with_parent()
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answer:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
        job: _Job = pickle.load(sys.stdin.buffer)  # noqa: S301  (of our own parent, by its pipe)
        from pyspark import SparkConf, SparkContext

        context = SparkContext(conf=SparkConf().setAll(list(job.properties.items())))
        try:
            tasks = context.parallelize(job.tasks, len(job.tasks))
            answers = tasks.map(_Task(job.settings, job.key, job.folder)).collect()
        finally:
            context.stop()
        answer.write(pickle.dumps(answers))


@dataclass(frozen=True)
class _Task:
    """What an executor does with the files of a task."""

    settings: Settings
    key: PrivacyKey
    folder: Path

    def __call__(self, landed: list[LandedFile]) -> _Read:
        """Read them into a new folder. Raises FileNotFoundError when this machine does not see the drop zone: its
        files would be taken for unreadable ones."""
        for root in {entry.file.path.removesuffix(entry.file.file_path) for entry in landed}:
            if not landed[0].file.fs.isdir(root):
                raise FileNotFoundError(f"{root}: máy này không thấy kho nhận / {root}: no drop zone on this machine")
        place = self.folder / secrets.token_hex(8)
        place.mkdir(mode=0o700)
        with (
            connect(self.settings.model_copy(update={"warehouse": place})) as con,
            contextlib.ExitStack() as writers,
        ):
            rows: dict[str, pq.ParquetWriter] = {}
            for table, batch in LandingPass(self.settings, con, self.key, landed).rows():
                if table not in rows:
                    path = str(place / f"{table}.parquet")
                    rows[table] = writers.enter_context(pq.ParquetWriter(path, batch.schema, compression="zstd"))
                rows[table].write_table(batch)
        return _Read(landed, [(table, place / f"{table}.parquet") for table in rows])


if __name__ == "__main__":
    # What is pickled must be called the same in every process.
    from pipelines.landing.cluster import main as of_this_module

    of_this_module()
