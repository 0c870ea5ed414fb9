"""A lake without the landing: typed rows written as complete (or killed) dlt loads, for tests of what reads them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from expectations.catalogue import Kind
from expectations.schema import TABLES
from pipelines.config import Settings
from pipelines.landing.lake import DATASET, arrow_schema

EXPORTED_AT = datetime(2024, 6, 1, 6, 0, 0)

#: A row of each kind that violates no rule.
CLEAN: dict[Kind, dict[str, Any]] = {
    "dossiers": {
        "is_record": True,
        "dossier_code": "H39.18.25-240304-0001",
        "agency_code": "H39.18.25",
        "code_date": date(2024, 3, 4),
        "code_form": "new",
        "sequence_digits": 4,
        "procedure_code": "1.001193.000.00.00.H39",
        "procedure_key": "1.001193",
        "procedure_padded": False,
        "channel": "1",
        "submitted_at": datetime(2024, 3, 4, 8, 0),
        "received_at": datetime(2024, 3, 4, 8, 30),
        "due_at": datetime(2024, 3, 8, 17, 0),
        "finished_at": datetime(2024, 3, 7, 16, 0),
        "returned_at": datetime(2024, 3, 7, 16, 30),
        "status": 10,
        "supplements": "[]",
        "supplement_count": 0,
        "placeholder_id": False,
        "placeholder_date": False,
        "bad_values": None,
    },
    "progress": {
        "is_record": True,
        "dossier_code": "H39.18.25-240304-0001",
        "event_at": datetime(2024, 3, 4, 8, 30),
        "status": 2,
        "event_key": "e1",
    },
    "procedures": {
        "is_record": True,
        "procedure_code": "1.001193",
        "procedure_key": "1.001193",
        "procedure_name": "Thủ tục đăng ký khai sinh",
        "limits": '[{"channel": "1", "amount": 3, "unit": "working_day"}]',
    },
    "agencies": {"is_record": True, "agency_code": "H39.18.25", "agency_name": "UBND xã"},
    "portal_reports": {"is_record": True, "department_code": "H44", "total_received": 10},
}


@dataclass
class File:
    """A file as the reader leaves it. `rows` are changes to the clean row of the kind; parts: (name, rows before);
    attention: rules of what its reader found strange."""

    rows: list[dict[str, Any]]
    kind: Kind = "dossiers"
    name: str = "hoso_20240601T060000.ndjson"
    source: str = "dvcqg"
    exported_at: datetime = EXPORTED_AT
    outcome: str = "read"
    reason: str | None = None
    content: str | None = None
    rows_read: int | None = None
    parts: list[tuple[str, int]] | None = None
    attention: list[str] = field(default_factory=list)
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        self.sha256 = hashlib.sha256((self.content or self.source + self.kind + self.name).encode()).hexdigest()

    @property
    def path(self) -> str:
        return f"{self.source}/{self.kind}/{self.name}"

    def copy_as(self, name: str, exported_at: datetime) -> File:
        """The same bytes under another name, which the landing records without reading them again."""
        content = self.content or self.source + self.kind + self.name
        return File([], self.kind, name, self.source, exported_at, outcome="duplicate", content=content)


class LakeBuilder:
    """Appends loads to the lake of one warehouse."""

    def __init__(self, settings: Settings) -> None:
        self.root: Path = settings.layout.lake / DATASET
        self.loads = len(list((self.root / "_dlt_loads").glob("*.jsonl")))

    def land(self, *files: File, complete: bool = True) -> None:
        """One dlt load. An incomplete one has its Parquet files but no entry in `_dlt_loads`."""
        self.loads += 1
        load_id = f"{1_700_000_000 + self.loads}.5"
        tables: dict[str, list[dict[str, Any]]] = {"files": []}
        for index, file in enumerate(files):
            landing = {"landing_id": f"{self.loads:04d}-{index:04d}", "source": file.source, "file_sha256": file.sha256}
            tables["files"].append(
                landing
                | {
                    "kind": file.kind,
                    "file_name": file.name,
                    "file_path": file.path,
                    "exported_at": file.exported_at,
                    "exported_at_from": "name",
                    "outcome": file.outcome,
                    "reason": file.reason,
                    "format": "ndjson",
                    "parts": json.dumps([{"name": n, "before": b} for n, b in file.parts]) if file.parts else None,
                    "attention": json.dumps([{"rule_id": r, "detail": "x"} for r in file.attention])
                    if file.attention
                    else None,
                    "rows_read": len(file.rows) if file.rows_read is None else file.rows_read,
                }
            )
            rows = [landing | CLEAN[file.kind] | row | {"row_number": n} for n, row in enumerate(file.rows, start=1)]
            tables.setdefault(TABLES[file.kind], []).extend(rows)
        for table, rows in tables.items():
            if rows:
                self.write(table, load_id, pa.Table.from_pylist(rows, schema=arrow_schema(table)))
        if complete:
            self.complete(load_id)

    def write(self, table: str, load_id: str, rows: pa.Table) -> None:
        folder = self.root / table
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(rows, folder / f"{load_id}.0.parquet")

    def complete(self, load_id: str) -> None:
        folder = self.root / "_dlt_loads"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"dunghan__{load_id}.jsonl").write_text(json.dumps({"load_id": load_id, "status": 0}) + "\n")
