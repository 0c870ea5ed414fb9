"""Reading exports on a cluster (`engine = "spark"`): the executors read the files, each as this machine would.

A task is one `LandingPass` over its files, on one thread, and writes rows into a folder of its own below
`<shared folder>/landing` (warehouse.executors). A large file of lines is divided among tasks; where a part has more to
say than its rows (a line that is none, a member passed over) one task reads the whole file after all, so that it is
understood as on one machine. dlt appends the rows here: one lake, one ledger, one place that commits.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, islice
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.config import Settings
from pipelines.landing.lake import arrow_schema
from pipelines.landing.source import LandedFile, LandingPass
from pipelines.portal.privacy import PrivacyKey
from pipelines.portal.readers import FileFacts, spans
from pipelines.progress import Progress
from warehouse import executors
from warehouse.database import connect
from warehouse.executors import MIB, attempt, for_executors, on_executors, together, workplace

#: A file of lines is divided into parts of so many bytes.
PART_BYTES = 128 * MIB
#: Name of the step (warehouse.executors).
_STEP = "landing"


class _Rows(NamedTuple):
    """Rows for a table of the lake. before: lines of the file in front of the part that they are of."""

    table: str
    path: Path
    before: int = 0


class _Read(NamedTuple):
    """What a task answers. landed: its files."""

    landed: list[LandedFile]
    rows: list[_Rows]


@dataclass
class ClusterLanding:
    """Files that were read on the cluster (see Arrival)."""

    landed: list[LandedFile]
    parquet: list[_Rows]

    def rows(self) -> Iterator[tuple[str, pa.Table]]:
        """See Arrival."""
        for table, path, before in self.parquet:
            with pq.ParquetFile(path) as file:
                for group in range(file.num_row_groups):
                    yield table, _numbered_on(file.read_row_group(group).cast(arrow_schema(table)), before)


def is_worth_it(settings: Settings, landed: Sequence[LandedFile]) -> bool:
    """Is there so much to read that starting a session pays ([spark] landing_from_mib)?"""
    size = sum(entry.file.size for entry in landed if entry.outcome == "new")
    return executors.is_worth_it(settings, size, settings.spark.landing_from_mib)


@contextlib.contextmanager
def read_on_cluster(
    settings: Settings, key: PrivacyKey, landed: Sequence[LandedFile], progress: Progress | None = None
) -> Iterator[ClusterLanding]:
    """The files, read by the executors; their rows lie in the shared folder as long as this lasts.

    Raises ClusterError (warehouse.executors), also when an executor does not see the drop zone.
    """
    new = [entry for entry in landed if entry.outcome == "new"]
    if progress:
        progress(f"Spark ({len(new)})")
    with workplace(settings, _STEP) as folder:
        answers = _read(settings, key, folder, new)
        became = {entry.landing_id: entry for answer in answers for entry in answer.landed}
        yield ClusterLanding(
            [became.get(entry.landing_id, entry) for entry in landed],
            [rows for answer in answers for rows in answer.rows],
        )


def _numbered_on(rows: pa.Table, before: int) -> pa.Table:
    """Rows of a part of a file, numbered as in the file."""
    if not before:
        return rows
    index = rows.schema.get_field_index("row_number")
    return rows.set_column(index, rows.schema.field(index), pc.add(rows.column(index), before))


def _read(settings: Settings, key: PrivacyKey, folder: Path, new: Sequence[LandedFile]) -> list[_Read]:
    """What the tasks answer: those of small files, of large ones, and of those that could not be divided after all."""
    work = _Work(for_executors(settings), key, folder)
    divided = [(entry, parts) for entry in new if (parts := _parts(settings, entry))]
    large = {entry.landing_id for entry, _ in divided}
    others = [entry for entry in new if entry.landing_id not in large]
    first = [*((part,) for _, parts in divided for part in parts), *together(others, lambda entry: entry.file.size)]
    answers = iter(on_executors(settings, _STEP, work, first))
    joined = [_joined(list(islice(answers, len(parts)))) for _, parts in divided]
    again = [(entry,) for (entry, _), answer in zip(divided, joined, strict=True) if answer is None]
    whole = on_executors(settings, _STEP, work, again)
    return [*answers, *(answer for answer in joined if answer), *whole]


def _parts(settings: Settings, entry: LandedFile) -> list[LandedFile]:
    """The parts of a large file of lines, each as if it were a file; none when it is read as a whole."""
    if entry.file.size < 2 * PART_BYTES:
        return []
    found = spans(entry.file, PART_BYTES, settings.synonyms(entry.file.source))
    return [replace(entry, span=span, facts=FileFacts("")) for span in found]


def _joined(parts: Sequence[_Read]) -> _Read | None:
    """What one task would answer for the file whose parts these are; None when the parts do not tell."""
    entries = [part.landed[0] for part in parts]
    lines = [entry.facts.lines for entry in entries if entry.facts.lines is not None]
    # Spellings that are met in some rows are understood in those converted with them, too: in other rows by parts.
    if len(lines) < len(entries) or any(entry.outcome != "read" or entry.facts.respelled for entry in entries):
        return None
    drift: Counter[str] = Counter()
    for entry in entries:
        drift.update(entry.facts.drift)
    facts = replace(entries[0].facts, drift=drift, repeated=sum(entry.facts.repeated for entry in entries), lines=None)
    file = replace(entries[0], span=None, facts=facts, rows=sum(entry.rows for entry in entries))
    before = accumulate(lines[:-1], initial=0)
    rows = [each._replace(before=lead) for part, lead in zip(parts, before, strict=True) for each in part.rows]
    return _Read([file], rows)


@dataclass(frozen=True)
class _Work:
    """What an executor does with the files of a task."""

    settings: Settings
    key: PrivacyKey
    folder: Path

    def __call__(self, files: Sequence[LandedFile]) -> _Read:
        """Read them into a new folder. Raises FileNotFoundError when this machine does not see the drop zone: its
        files would be taken for unreadable ones."""
        landed = list(files)
        for root in {entry.file.path.removesuffix(entry.file.file_path) for entry in landed}:
            if not landed[0].file.fs.isdir(root):
                raise FileNotFoundError(f"{root}: máy này không thấy kho nhận / {root}: no drop zone on this machine")
        place = attempt(self.folder)
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
        return _Read(landed, [_Rows(table, place / f"{table}.parquet") for table in rows])
