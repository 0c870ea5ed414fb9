"""Work on the executors of a Spark cluster (`engine = "spark"`): whole tasks, each by DuckDB as on this machine.

    this machine ── work, items ──> a process with a session of Spark ── one item each ──> executors
    this machine <── what they answer ──┘

A task is the work on one item. One whose executor died is done again: it writes into a new folder each time (`attempt`)
and answers where, and only what the attempt that was through tells of is read, so that nothing is doubled.

A process of its own, because the JVM goes with it and pyspark takes over what belongs to the run (signals, standard
output); it dies with its parent. What it is told comes by its standard input only: there may be a key in the work. Not
in an item: pyspark hands those to the JVM in a file, the work over a connection (as long as it is small).
"""

from __future__ import annotations

import contextlib
import os
import pickle
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from more_itertools import constrained_batches

from pipelines.config import Settings, Spark
from warehouse import spark
from warehouse.dbt_child import PARENT, die_with_parent
from warehouse.dbt_process import end

Item = TypeVar("Item")
Answer = TypeVar("Answer")

MIB = 1024**2
#: Files of a task: as many as come to this many bytes, so that one plan of a statement serves many small ones.
TASK_BYTES = 64 * MIB
TASK_FILES = 500
#: What DuckDB may take in an executor; a reader holds some batches of rows besides.
TASK_MEMORY = "512MB"


class ClusterError(Exception):
    """The executors could not do it. Nothing was written; the step begins anew when it is tried again."""


class _Job(NamedTuple):
    properties: dict[str, str]
    work: Callable[[Any], Any]
    items: list[Any]


def is_worth_it(settings: Settings, size: int, least: int | None) -> bool:
    """Are so many bytes enough for a session to pay? least: the MiB of [spark] from which on they are; None: never."""
    return settings.engine == "spark" and least is not None and size > 0 and size >= least * MIB


def together(files: Iterable[Item], size: Callable[[Item], int]) -> list[tuple[Item, ...]]:
    """The files of each task, in their order. size: bytes of one."""
    return list(constrained_batches(files, TASK_BYTES, TASK_FILES, size, strict=False))


@contextlib.contextmanager
def workplace(settings: Settings, step: str) -> Iterator[Path]:
    """An empty folder of a step in the one that is shared with the executors, there as long as this lasts."""
    folder = spark.folder(settings) / step
    shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed
    folder.mkdir(parents=True, mode=0o700)
    log_of(settings, step).unlink(missing_ok=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def on_executors(settings: Settings, step: str, work: Callable[[Item], Answer], items: Sequence[Item]) -> list[Answer]:
    """What the work on each item of a step answers, in their order. Work, items and answers are pickled; what Spark
    says goes to `state/spark-<step>.log`.

    Raises ClusterError when the session ends without an answer, or a task has failed as often as Spark tries.
    """
    if not items:
        return []
    log = log_of(settings, step)
    answer = answer_of("warehouse.executors", pickle.dumps(_Job(spark.properties(settings), work, list(items))), log)
    if not answer:
        raise ClusterError(
            f"Cụm Spark không làm xong việc; hãy xem {log}, `dunghan doctor`, rồi `dunghan run`."
            " Mọi executor phải thấy kho nhận (khi kiểm tra: thư mục kho) và [spark] folder dưới cùng một đường dẫn"
            f" / The Spark cluster could not do its work; see {log}, `dunghan doctor`, then `dunghan run`."
            " Every executor must see the drop zone (to validate: the warehouse folder) and [spark] folder under the"
            " same path"
        )
    answers: list[Answer] = pickle.loads(answer)  # noqa: S301  (of our own child, by its pipe)
    return answers


def answer_of(module: str, job: bytes, log: Path) -> bytes | None:
    """What the program of a module, which starts a session of Spark, writes to standard output when it is given a job
    on standard input; None when it fails. log: what Spark says is added to it."""
    environment = {**os.environ, PARENT: str(os.getpid()), "PYSPARK_PYTHON": sys.executable}
    command = [sys.executable, "-m", module]
    with log.open("ab") as said:
        process = subprocess.Popen(  # noqa: S603  (our own module)
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, env=environment
        )
    with process:
        try:
            answer, _ = process.communicate(job)
        finally:
            end(process)
    return None if process.returncode else answer


def log_of(settings: Settings, step: str) -> Path:
    """Where what Spark says during a step is kept."""
    return settings.layout.state / f"spark-{step}.log"


def for_executors(settings: Settings) -> Settings:
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


def attempt(folder: Path) -> Path:
    """A new folder for what one attempt writes."""
    place = folder / secrets.token_hex(8)
    place.mkdir(mode=0o700)
    return place


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
            answers = context.parallelize(job.items, len(job.items)).map(job.work).collect()
        finally:
            context.stop()
        answer.write(pickle.dumps(answers))


if __name__ == "__main__":
    # What is pickled must be called the same in every process.
    from warehouse.executors import main as of_this_module

    of_this_module()
