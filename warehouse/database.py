"""Opening DuckDB the one way this project does: bounded memory, own spill folder, absolute paths, nothing fetched from the network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from pipelines.config import Settings


def duckdb_config(settings: Settings) -> dict[str, Any]:
    """Options every connection of a run is opened with (DuckDB setting names)."""
    return {
        "memory_limit": settings.memory_limit,
        "threads": settings.threads,
        "temp_directory": str(settings.layout.temp),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }


def connect(settings: Settings, path: Path | None = None, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open `path` (None: in memory). The caller closes. Only the run that holds the lock may open the build file."""
    return duckdb.connect(str(path.resolve()) if path else ":memory:", read_only=read_only, config=duckdb_config(settings))


def connect_build(settings: Settings) -> duckdb.DuckDBPyConnection:
    """Open the private build file for writing."""
    return connect(settings, settings.layout.build_db)
