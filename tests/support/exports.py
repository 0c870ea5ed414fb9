"""Export files of a test: bytes put into a drop zone and seen the way a run sees them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from pipelines.config import Settings, load_settings
from pipelines.portal.discovery import ExportFile, discover
from pipelines.portal.readers import FileFacts, open_reader

#: What is the same in all; reading the settings anew for every small file takes longer than reading the file.
SETTINGS = load_settings(threads=1, memory_limit="1GB")


def zone(root: Path) -> Settings:
    """Settings of a drop zone and a warehouse below `root`."""
    (root / "inbox").mkdir(parents=True, exist_ok=True)
    return SETTINGS.model_copy(update={"drop_zone": str(root / "inbox"), "warehouse": root / "warehouse"})


def put(root: Path, content: bytes | str, place: str = "dvcqg/dossiers/hoso_20240601.json") -> Path:
    """Write a file into the drop zone below `root`."""
    path = root / "inbox" / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def seen(root: Path, content: bytes | str, place: str = "dvcqg/dossiers/hoso_20240601.json") -> ExportFile:
    """The file, put and discovered."""
    put(root, content, place)
    return next(file for file in discover(zone(root)) if file.file_path == place)


def read(root: Path, content: bytes | str, kind: str = "dossiers") -> tuple[list[dict], FileFacts]:
    """(text rows, facts) of a file. Raises FileRejected."""
    reader = open_reader(seen(root, content, f"dvcqg/{kind}/tep_20240601"))
    tables = [batch.table for batch in reader.batches()]
    return (pa.concat_tables(tables, promote_options="default").to_pylist() if tables else []), reader.facts
