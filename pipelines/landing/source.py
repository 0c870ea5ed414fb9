"""Files → Arrow tables of the lake, one after the other: read, made canonical, named by their landing. Knows no dlt."""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

import duckdb
import pyarrow as pa

from pipelines.clock import to_local
from pipelines.config import EVERY_SOURCE, Settings
from pipelines.contract import KINDS
from pipelines.errors import kind_and_place
from pipelines.landing.lake import LEDGER, arrow_schema, reader_fingerprint
from pipelines.masking import masked, masked_name
from pipelines.portal.canonical import MAX_DRIFT_NAMES, Canonicaliser, Portion
from pipelines.portal.discovery import ExportFile
from pipelines.portal.privacy import PrivacyKey
from pipelines.portal.readers import FileFacts, FileRejected, open_reader
from pipelines.portal.readers.base import UNREADABLE, Attention
from pipelines.portal.text_rows import TextRows
from pipelines.progress import Progress

log = logging.getLogger("dunghan.landing")

MAX_DETAIL = 300
#: As many rows, and bytes of rows as text, may wait to be converted together: planning a statement takes as long as
#: converting some thousand rows does.
WAITING_ROWS = 131_072
WAITING_BYTES = 192 * 1024 * 1024


@dataclass
class LandedFile:
    """What became of one observation.

    rows: rows of it in the lake (for an unreadable file those before the fault). reader: fingerprint of what read it;
    null when the file was not even hashed. span: the bytes of it that are read (readers.spans); None: all.
    """

    file: ExportFile
    landing_id: str
    outcome: str
    reason: str | None = None
    detail: str | None = None
    facts: FileFacts = field(default_factory=lambda: FileFacts(""))
    rows: int = 0
    sha256: str | None = None
    reader: str | None = None
    span: tuple[int, int] | None = None

    def fail(self, error: Exception) -> None:
        """A fault of ours in this file. It must not cost the nightly run: the file is told and tried again next
        time."""
        where = kind_and_place(error)
        log.error("%s: %s", self.file.file_path, where)
        self.outcome, self.reason, self.sha256 = "unreadable", UNREADABLE, None
        self.detail = f"lỗi nội bộ, sẽ thử lại ({where}) / internal error, will be tried again ({where})"


class _Together(NamedTuple):
    """What rows must have in common to be converted together."""

    kind: str
    columns: tuple[str, ...]
    own_words_of: str = ""


def observations(settings: Settings, files: Sequence[ExportFile]) -> list[LandedFile]:
    """The files as observed, each with a landing of its own; landings are ordered as the files are."""
    base = f"{time.time_ns():020d}"
    return [
        LandedFile(
            file,
            landing_id=f"{base}-{index:06d}-{secrets.token_hex(3)}",
            outcome=file.outcome,
            reason=UNREADABLE if file.outcome == "unreadable" else None,
            detail=file.detail if file.outcome == "unreadable" else None,
            sha256=file.sha256,
            reader=reader_fingerprint(settings, file.source) if file.sha256 else None,
        )
        for index, file in enumerate(files)
    ]


class Arrival(Protocol):
    """Files on their way into the lake, wherever they are read."""

    landed: list[LandedFile]

    def rows(self) -> Iterator[tuple[str, pa.Table]]:
        """(lake table, rows): every row of every new file. `landed` then says what became of the files."""
        ...


def tables(arrival: Arrival) -> Iterator[tuple[str, pa.Table]]:
    """(lake table, rows): every row of every file, then the ledger, a row per file."""
    yield from arrival.rows()
    now = to_local(datetime.now(UTC))
    rows = [_ledger_row(entry, now) for entry in arrival.landed]
    yield LEDGER, pa.Table.from_pylist(rows, schema=arrow_schema(LEDGER))


@dataclass
class LandingPass:
    """One pass over files, in this process. `landed`: what was observed; what became of it fills in as they are
    read."""

    settings: Settings
    con: duckdb.DuckDBPyConnection
    key: PrivacyKey
    landed: list[LandedFile]
    progress: Progress | None = None
    _waiting: dict[_Together, list[tuple[LandedFile, Portion]]] = field(default_factory=dict)

    def rows(self) -> Iterator[tuple[str, pa.Table]]:
        """See Arrival. A bad file never stops the others."""
        for index, entry in enumerate(self.landed, 1):
            if entry.outcome == "new":
                if self.progress:
                    self.progress(f"{entry.file.file_path} ({index}/{len(self.landed)})")
                yield from self._read(entry)
        for together in list(self._waiting):
            yield from self._convert(together)

    def _read(self, entry: LandedFile) -> Iterator[tuple[str, pa.Table]]:
        entry.outcome = "read"
        try:
            reader = open_reader(entry.file, self.settings.synonyms(entry.file.source), entry.span)
            entry.facts = reader.facts
            for rows in reader.batches():
                yield from self._wait(entry, rows)
        except FileRejected as error:
            entry.outcome, entry.reason, entry.detail = "unreadable", error.reason, error.detail
        except Exception as error:
            entry.fail(error)
        if entry.file.changed():
            # Its rows are not those of the fingerprint: without one they do not count, and the file is read again.
            entry.outcome, entry.reason, entry.sha256 = "unreadable", UNREADABLE, None
            entry.detail = "tệp thay đổi trong khi đọc, sẽ thử lại / the file changed while it was read, will try again"

    def _wait(self, entry: LandedFile, rows: TextRows) -> Iterator[tuple[str, pa.Table]]:
        """Rows of small files wait for each other, until it pays to convert them."""
        source = entry.file.source
        own = source if self.settings.meanings(source) else ""
        together = _Together(entry.file.kind, tuple(rows.table.column_names), own)
        waiting = self._waiting.setdefault(together, [])
        waiting.append((entry, Portion(rows, entry.facts.envelope_agency, entry.rows)))
        # A document gives several rows, numbered on from those before it: they must be known.
        if KINDS[entry.file.kind].document or self._size(together)[0] >= WAITING_ROWS:
            yield from self._convert(together)
        while sum(self._size(each)[1] for each in self._waiting) >= WAITING_BYTES:
            yield from self._convert(max(self._waiting, key=lambda each: self._size(each)[1]))

    def _size(self, together: _Together) -> tuple[int, int]:
        """(rows, bytes) that wait."""
        tables = [portion.rows.table for _, portion in self._waiting.get(together, [])]
        return sum(table.num_rows for table in tables), sum(table.nbytes for table in tables)

    def _convert(self, together: _Together) -> Iterator[tuple[str, pa.Table]]:
        waiting = self._waiting.pop(together, [])
        kind = KINDS[together.kind]
        words = self.settings.meanings(together.own_words_of or EVERY_SOURCE)
        canonical = Canonicaliser(
            self.con, kind, self.key, self.settings.keep_officer_names, words, self.settings.dropped_columns
        )
        try:
            converted = canonical.convert([portion for _, portion in waiting])
        except Exception as error:
            if len(waiting) == 1:
                waiting[0][0].fail(error)
                return
            # One of them did it: each alone, so that only that one pays.
            for single in waiting:
                self._waiting[together] = [single]
                yield from self._convert(together)
            return
        schema = arrow_schema(kind.table)
        tables = []
        for (entry, _), found in zip(waiting, converted, strict=True):
            entry.rows += found.rows.num_rows
            entry.facts.drift.update(found.drift)
            entry.facts.repeated += found.repeated
            entry.facts.respelled |= found.respelled
            tables.append(_named(found.rows, schema, entry))
        yield kind.table, pa.concat_tables(tables)


def _named(rows: pa.Table, schema: pa.Schema, entry: LandedFile) -> pa.Table:
    """The rows with the columns that say where they come from, in the order and types of the lake."""
    names = {"landing_id": entry.landing_id, "source": entry.file.source, "file_sha256": entry.file.sha256}
    columns = [
        pa.repeat(pa.scalar(names[column.name], column.type), rows.num_rows)
        if column.name in names
        else rows.column(column.name).cast(column.type)
        for column in schema
    ]
    return pa.table(columns, schema=schema)


def _ledger_row(entry: LandedFile, now: datetime) -> dict[str, object]:
    file, facts = entry.file, entry.facts
    drift = Counter({masked_name(name): 0 for name in facts.drift})
    for name, rows in facts.drift.items():
        drift[masked_name(name)] += rows
    return {
        "landing_id": entry.landing_id,
        "source": file.source,
        "kind": file.kind,
        "file_name": file.file_name,
        "file_path": file.file_path,
        "file_size": file.size,
        "file_mtime": file.mtime,
        "file_sha256": entry.sha256,
        "exported_at": file.exported_at,
        "exported_at_from": file.exported_at_from,
        "outcome": entry.outcome,
        "reason": entry.reason,
        "detail": masked(entry.detail)[:MAX_DETAIL] if entry.detail else None,
        "format": facts.format or None,
        "rows_read": entry.rows,
        "drift": json.dumps(_most_frequent(drift), ensure_ascii=False) if drift else None,
        "notes": json.dumps([masked(note) for note in facts.all_notes], ensure_ascii=False)
        if facts.all_notes
        else None,
        "parts": json.dumps([asdict(part) for part in facts.parts], ensure_ascii=False) if facts.parts else None,
        "attention": json.dumps([_attention(each) for each in facts.attention], ensure_ascii=False)
        if facts.attention
        else None,
        "reader": entry.reader,
        "seen_at": now,
    }


def _most_frequent(drift: Counter[str]) -> dict[str, int]:
    """As many names as the ledger shows, in an order that does not depend on how the file was read."""
    return dict(sorted(drift.items(), key=lambda item: (-item[1], item[0]))[:MAX_DRIFT_NAMES])


def _attention(found: Attention) -> dict[str, str]:
    return {"rule_id": found.rule_id, "detail": masked(found.detail)[:MAX_DETAIL]}
