"""Landing: a dlt pipeline that appends Arrow tables to the lake. Any number of times, after any kill, the same lake."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from more_itertools import constrained_batches

from pipelines.config import Settings
from pipelines.landing import cluster
from pipelines.landing.lake import DATASET, PIPELINE, SCHEMAS, Lake
from pipelines.landing.source import Arrival, LandedFile, LandingPass, observations, tables
from pipelines.portal.discovery import ExportFile, new_files
from pipelines.portal.privacy import PrivacyKey, load_key
from pipelines.portal.readers.base import prefetched
from pipelines.progress import Progress
from warehouse.database import connect

#: Source bytes of one dlt load. A kill costs at most one load; more than this much is landed in several.
PACKAGE_BYTES = 4 * 1024**3
PACKAGE_FILES = 5_000


class LandingError(Exception):
    """dlt could not append to the lake. What was committed before stays; landing again continues."""

    #: What it came from tells more, when that is a fault of disk or files (pipelines.errors).
    repeats = True


@dataclass
class LandingResult:
    """What a landing did. Counts are of this landing only; load_ids are dlt's, oldest first."""

    load_ids: list[str] = field(default_factory=list)
    files: Counter[tuple[str, str]] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    drift: dict[str, dict[str, int]] = field(default_factory=dict)
    file_rows: dict[str, int] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def rows_read(self) -> int:
        """Rows landed, of all kinds."""
        return self.rows.total()


def land(settings: Settings, files: list[ExportFile], progress: Progress | None = None) -> LandingResult:
    """Append `files` to the lake and return what was done: {(kind, outcome): files}, {kind: rows}, drift by file_path.

    Contents that the lake already has are recorded as duplicates, observations that it already has are skipped: the
    same list may be landed again. The caller holds the run lock. Raises LandingError, ClusterError, PrivacyKeyError.
    """
    settings.layout.create()
    result = LandingResult(versions={name: version(name) for name in ("dlt", "duckdb", "pyarrow")})
    new = new_files(files, Lake(settings).known())
    if not new:
        return result
    key = load_key(settings)
    for package in constrained_batches(new, PACKAGE_BYTES, PACKAGE_FILES, lambda file: file.size, strict=False):
        with _reading(settings, key, observations(settings, package), progress) as landing:
            result.load_ids += _append(settings, landing)
        _count(result, landing)
    return result


@contextlib.contextmanager
def _reading(
    settings: Settings, key: PrivacyKey, landed: list[LandedFile], progress: Progress | None
) -> Iterator[Arrival]:
    """The files read in this process, or on the cluster where it is worth it."""
    if cluster.is_worth_it(settings, landed):
        with cluster.read_on_cluster(settings, key, landed, progress) as landing:
            yield landing
    else:
        with connect(settings) as con:
            yield LandingPass(settings, con, key, landed, progress)


def _count(result: LandingResult, landing: Arrival) -> None:
    for entry in landing.landed:
        result.files[entry.file.kind, entry.outcome] += 1
        result.rows[entry.file.kind] += entry.rows
        result.file_rows[entry.file.file_path] = entry.rows
        if entry.facts.drift:
            result.drift[entry.file.file_path] = dict(entry.facts.drift)


def _append(settings: Settings, landing: Arrival) -> list[str]:
    """One dlt load of everything the landing yields; returns the ids of the loads that were committed."""
    dlt = _quiet_dlt(settings)
    # The working folder is disposable: the lake itself says what was landed. A package that a killed run has left there
    # would be loaded instead of the new one; its files are not in the lake and are landed again.
    shutil.rmtree(settings.layout.dlt_state / PIPELINE, ignore_errors=True)
    pipeline = dlt.pipeline(
        PIPELINE,
        pipelines_dir=str(settings.layout.dlt_state),
        destination=dlt.destinations.filesystem(bucket_url=settings.layout.lake.as_uri()),
        dataset_name=DATASET,
    )

    @dlt.resource(name="landing", write_disposition="append")
    def landing_resource() -> Iterator[Any]:
        # The next rows are converted while dlt writes these.
        for table, rows in prefetched(tables(landing)):
            yield dlt.mark.with_hints(rows, _hints(dlt, table), create_table_variant=True)

    try:
        info = pipeline.run(landing_resource(), loader_file_format="parquet")
        info.raise_on_failed_jobs()
    except Exception as error:
        raise LandingError(
            f"{settings.layout.lake}: không ghi được vào kho ({type(error).__name__}),"
            " hãy kiểm tra dung lượng và quyền ghi rồi chạy lại"
            f" / {settings.layout.lake}: cannot append to the lake ({type(error).__name__}),"
            " check space and permissions and run again"
        ) from error
    return list(info.loads_ids)


def _hints(dlt: Any, table: str) -> Any:
    # Wall clocks: without the hint dlt takes them for UTC.
    columns = {
        name: {"name": name, "data_type": "timestamp", "timezone": False}
        for name, kind in SCHEMAS[table].items()
        if kind == "TIMESTAMP"
    }
    return dlt.mark.make_hints(table_name=table, columns=columns, write_disposition="append")


def _quiet_dlt(settings: Settings) -> Any:
    """dlt, told before its import to send nothing, to write into the warehouse only and to keep no second copy."""
    home = str(settings.layout.dlt_state)
    os.environ.update(
        {
            "RUNTIME__DLTHUB_TELEMETRY": "false",
            "RUNTIME__LOG_LEVEL": "ERROR",
            "DLT_DATA_DIR": home,
            "DLT_PROJECT_DIR": home,
            "RESTORE_FROM_DESTINATION": "false",
            "LOAD__DELETE_COMPLETED_JOBS": "true",
        }
    )
    import dlt

    return dlt


__all__ = ["LandingError", "LandingResult", "land"]
