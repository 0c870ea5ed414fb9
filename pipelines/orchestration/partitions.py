"""Partitions: how landed data is cut. One partition is one day of export moments (`exported_at`, portal-exports §1).

Only `export_days` is partitioned, the asset of the backfill. Everything else works on what is new or changed, whatever
day that was exported.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import dagster as dg

from pipelines.config import Settings

TIME_ZONE = "Asia/Ho_Chi_Minh"

#: Tags that Dagster gives a run of one partition, and of a range of them.
PARTITION, RANGE_START, RANGE_END = (
    "dagster/partition",
    "dagster/asset_partition_range_start",
    "dagster/asset_partition_range_end",
)


def days_of(settings: Settings) -> dg.DailyPartitionsDefinition:
    """Every day from `first_export_day` to today, both included."""
    return dg.DailyPartitionsDefinition(start_date=str(settings.first_export_day), timezone=TIME_ZONE, end_offset=1)


def window(context: dg.AssetExecutionContext) -> tuple[date, date]:
    """First and last export date that this run was asked for, both included."""
    keys = context.partition_key_range
    return date.fromisoformat(keys.start), date.fromisoformat(keys.end)


def days_asked(tags: Mapping[str, str]) -> list[str]:
    """First and last day (ISO) of the range that a run with these tags was asked for; none of a nightly run."""
    one = tags.get(PARTITION)
    first, last = tags.get(RANGE_START, one), tags.get(RANGE_END, one)
    return [first, last] if first and last else []
