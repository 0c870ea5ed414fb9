"""Files → Arrow tables of the lake, one after the other: read, made canonical, named by their landing. Knows no dlt."""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from pipelines.config import Settings
from pipelines.landing.lake import LEDGER, arrow_schema
from pipelines.portal.canonical import MAX_DRIFT_NAMES, Canonicaliser, shown_name
from pipelines.portal.contract import KINDS
from pipelines.portal.discovery import LOCAL_OFFSET, ExportFile
from pipelines.portal.privacy import PrivacyKey
from pipelines.portal.readers import FileFacts, FileRejected, open_reader
from pipelines.portal.readers.base import UNREADABLE

log = logging.getLogger("dunghan.landing")

Progress = Callable[[str], None]
MAX_DETAIL = 300


@dataclass
class LandedFile:
    """What became of one sighting. rows: rows of it in the lake (for an unreadable file those before the fault)."""

    file: ExportFile
    landing_id: str
    outcome: str
    reason: str | None = None
    detail: str | None = None
    facts: FileFacts = field(default_factory=lambda: FileFacts(""))
    rows: int = 0
    sha256: str | None = None


@dataclass
class LandingPass:
    """One pass over files. `tables()` yields (lake table, rows); the ledger comes last. `landed` fills as it goes."""

    settings: Settings
    con: duckdb.DuckDBPyConnection
    key: PrivacyKey
    files: list[ExportFile]
    progress: Progress | None = None
    landed: list[LandedFile] = field(default_factory=list)

    def tables(self) -> Iterator[tuple[str, pa.Table]]:
        """Every row of every file, then the ledger. A bad file never stops the others."""
        base = f"{time.time_ns():020d}"
        for index, file in enumerate(self.files):
            entry = LandedFile(
                file,
                landing_id=f"{base}-{index:06d}-{secrets.token_hex(3)}",
                outcome=file.outcome,
                reason=UNREADABLE if file.outcome == "unreadable" else None,
                detail=file.detail if file.outcome == "unreadable" else None,
                sha256=file.sha256,
            )
            self.landed.append(entry)
            if file.outcome == "new":
                if self.progress:
                    self.progress(f"{file.file_path} ({index + 1}/{len(self.files)})")
                yield from self._rows(entry)
        yield LEDGER, self._ledger()

    def _rows(self, entry: LandedFile) -> Iterator[tuple[str, pa.Table]]:
        file, kind = entry.file, KINDS[entry.file.kind]
        canonical = Canonicaliser(self.con, kind, self.key, self.settings.keep_officer_names)
        schema = arrow_schema(kind.table)
        entry.outcome = "read"
        try:
            reader = open_reader(file)
            entry.facts = reader.facts
            for batch in reader.batches():
                rows = canonical.convert(batch, reader.facts.envelope_agency)
                entry.rows += rows.num_rows
                yield kind.table, _named(rows, schema, entry)
        except FileRejected as error:
            entry.outcome, entry.reason, entry.detail = "unreadable", error.reason, error.detail
        except Exception as error:  # a fault of ours in one file must not cost the night; it is tried again next time
            log.error("%s: %s", file.file_path, _where(error))
            entry.outcome, entry.reason, entry.sha256 = "unreadable", UNREADABLE, None
            entry.detail = f"lỗi nội bộ, sẽ thử lại / internal error, will be tried again ({_where(error)})"
        entry.facts.drift.update(canonical.drift)
        if file.changed():
            # Its rows are not those of the fingerprint: without one they do not count, and the file is read again.
            entry.outcome, entry.reason, entry.sha256 = "unreadable", UNREADABLE, None
            entry.detail = "tệp thay đổi trong khi đọc, sẽ thử lại / the file changed while it was read, will try again"

    def _ledger(self) -> pa.Table:
        now = datetime.now(UTC).replace(tzinfo=None) + LOCAL_OFFSET
        return pa.Table.from_pylist([_ledger_row(entry, now) for entry in self.landed], schema=arrow_schema(LEDGER))


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
    drift = Counter({shown_name(name): 0 for name in facts.drift})
    for name, rows in facts.drift.items():
        drift[shown_name(name)] += rows
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
        "detail": entry.detail[:MAX_DETAIL] if entry.detail else None,
        "format": facts.format or None,
        "rows_read": entry.rows,
        "drift": json.dumps(dict(drift.most_common(MAX_DRIFT_NAMES)), ensure_ascii=False) if drift else None,
        "notes": json.dumps(facts.notes, ensure_ascii=False) if facts.notes else None,
        "seen_at": now,
    }


def _where(error: Exception) -> str:
    """Type and place of an error. Never its message: messages of parsers hold the values they choke on."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" {trace.tb_frame.f_code.co_name}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{place}"
