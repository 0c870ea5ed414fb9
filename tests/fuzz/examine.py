"""What must hold for any bytes at all: nothing but FileRejected, rows in order, and every row becomes a lake row.

Bytes are examined in a process of their own, so that a crash, a hang or a leak is a finding and no end of the search.
"""

from __future__ import annotations

import multiprocessing
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from typing import Any

import duckdb
import fsspec
import pyarrow.compute as pc

from pipelines.contract import KINDS
from pipelines.portal.canonical import Canonicaliser, Portion
from pipelines.portal.discovery import ExportFile
from pipelines.portal.privacy import PrivacyKey
from pipelines.portal.readers import FileRejected, open_reader

#: Seconds after which a file counts as one that never ends. The readers' own limits are far below.
PATIENCE = 150.0
REASONS = ("REJ_FILE_UNREADABLE", "REJ_FILE_NO_HEADING", "REJ_FILE_SHIFTED")


@dataclass(frozen=True)
class Verdict:
    """rows: read before the end or the rejection. rejected: reason, '' for none. fault: what should never be."""

    rows: int
    rejected: str = ""
    fault: str = ""
    seconds: float = 0.0


def file_of(data: bytes, kind: str) -> ExportFile:
    """The bytes as an export file, nowhere on disk."""
    fs = fsspec.filesystem("memory")
    fs.pipe("/fuzz", data)
    moment = datetime(2024, 6, 1)
    return ExportFile(fs, "/fuzz", f"dvcqg/{kind}/fuzz", "dvcqg", kind, len(data), moment, moment, "name", "0" * 64)


def examine(con: duckdb.DuckDBPyConnection, data: bytes, kind: str) -> Verdict:
    """Read the bytes as an export of that kind, make the rows canonical, check. Raises whatever a reader raises that it
    must not, and AssertionError."""
    canonical = Canonicaliser(con, KINDS[kind], PrivacyKey.of(b"0" * 32))
    seen = last = rows = 0
    try:
        reader = open_reader(file_of(data, kind))
        for batch in reader.batches():
            numbers = batch.table.column("row_number")
            assert numbers.null_count == 0
            assert batch.table.num_rows == 0 or numbers[0].as_py() > last, "row numbers rise from batch to batch"
            rising = pc.greater(numbers.slice(1), numbers.slice(0, max(len(numbers) - 1, 0)))
            assert pc.all(rising).as_py() is not False, "row numbers rise within a batch"
            last = numbers[-1].as_py() if len(numbers) else last
            for column in batch.table.columns:
                column.validate(full=True)
            seen += batch.table.num_rows
            if not batch.table.num_rows:
                continue
            (found,) = canonical.convert([Portion(batch, reader.facts.envelope_agency, rows)])
            rows += found.rows.num_rows
            if not KINDS[kind].document:
                assert found.rows.column("row_number").to_pylist() == numbers.to_pylist(), "no row vanishes"
    except FileRejected as rejection:
        assert rejection.reason in REASONS, rejection.reason
        assert " / " in rejection.detail, "Vietnamese and English"
        rejection.detail.encode()
        return Verdict(seen, rejection.reason)
    assert sorted(part.before for part in reader.facts.parts) == [part.before for part in reader.facts.parts]
    "".join([reader.facts.format, *reader.facts.notes, *reader.facts.drift]).encode()
    return Verdict(seen)


def _serve(pipe: Connection) -> None:
    con = duckdb.connect(config={"threads": 1, "memory_limit": "1GB"})
    con.execute("set enable_progress_bar = false")
    while True:
        data, kind = pipe.recv()
        started = time.monotonic()
        try:
            found = examine(con, data, kind)
        except BaseException:  # everything is a finding
            found = Verdict(0, fault=traceback.format_exc())
        pipe.send(Verdict(found.rows, found.rejected, found.fault, time.monotonic() - started))


class Examiner:
    """The process that examines. `ask` never raises for what the bytes do: the verdict says it."""

    def __init__(self) -> None:
        self._process: Any = None
        self._pipe: Any = None

    def ask(self, data: bytes, kind: str) -> Verdict:
        if self._process is None:
            context = multiprocessing.get_context("spawn")
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(target=_serve, args=(theirs,), daemon=False)
            self._process.start()
            theirs.close()
        try:
            self._pipe.send((data, kind))
            if self._pipe.poll(PATIENCE):
                return self._pipe.recv()
            fault = f"no answer within {PATIENCE:.0f} s"
        except (EOFError, OSError):
            self._process.join(10)
            fault = f"the process died, exit status {self._process.exitcode}"
        self.end()
        return Verdict(0, fault=fault)

    def end(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = self._pipe = None


@contextmanager
def examiner() -> Iterator[Examiner]:
    """An examiner for as long as the block lasts."""
    one = Examiner()
    try:
        yield one
    finally:
        one.end()
