"""What a run mends by itself when a step stumbles on damage: it takes the damaged thing away and says so, and whoever
started the run starts it once more (`runner`; after a run of Dagster's daemon the next one).

The lake is made of the exports, the build of the lake, Dagster's storage of nothing that figures depend on. What cannot
be made again is never taken away: it is named with the command (pipelines.errors, the errors of its module).
"""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from pipelines.config import Settings
from pipelines.errors import DAMAGED_DUCKDB, DAMAGED_PARQUET, DAMAGED_SQLITE, chain, fault_of
from pipelines.landing.checksums import LakeDamagedError, damaged, put_aside
from pipelines.landing.lake import SCHEMAS
from warehouse.database import is_damaged

BUILD = (
    "tệp dựng build.duckdb bị hỏng; đã bỏ, dựng lại toàn bộ từ kho"
    " / the build file build.duckdb was damaged; dropped, everything is built again from the lake"
)
STORAGE = (
    "sổ ghi lượt chạy của Dagster bị hỏng; để sang bên (*.damaged), ghi sổ mới; số liệu không dựa vào sổ này"
    " / Dagster's storage was damaged; put aside (*.damaged), another is begun; no figure depends on it"
)
#: Where Dagster's own storage lies below DAGSTER_HOME.
_STORAGES = ("history", "schedules")
_ASIDE = ".damaged"


def mend(settings: Settings, error: BaseException) -> str | None:
    """Take away the damaged thing that an error of a step tells of; what was done, as a sentence in both languages.

    None when there is nothing to mend. Never raises. The caller holds the run lock; no step is under way.
    """
    try:
        return _mend(settings, error)
    except (OSError, duckdb.Error):  # the first error is the one to be told
        return None


def _mend(settings: Settings, error: BaseException) -> str | None:
    for link in chain(error):
        if isinstance(link, LakeDamagedError):
            return put_aside(settings, link.damaged)
    fault = fault_of(error)
    if fault is DAMAGED_DUCKDB and is_damaged(settings):
        return drop_build(settings)
    if fault is DAMAGED_PARQUET and (found := damaged(settings, SCHEMAS)):
        return put_aside(settings, found)
    return None


def drop_build(settings: Settings) -> str:
    """Remove the build file and its log; says so."""
    build = settings.layout.build_db
    for path in (build, build.with_name(f"{build.name}.wal")):
        path.unlink(missing_ok=True)
    return BUILD


def is_of_storage(error: BaseException) -> bool:
    """Is Dagster's storage damaged?"""
    return fault_of(error) is DAMAGED_SQLITE


def put_storage_aside(home: Path) -> str:
    """Rename Dagster's own storage, in place of what was put aside before; says so."""
    for name in _STORAGES:
        place, aside = home / name, home / f"{name}{_ASIDE}"
        if place.exists():
            shutil.rmtree(aside, ignore_errors=True)
            place.rename(aside)
    return STORAGE
