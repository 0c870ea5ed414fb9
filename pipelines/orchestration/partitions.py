"""Partitions: how landed data is cut. One partition is one day of export moments (`exported_at`, portal-exports §1).

Only landing is partitioned. Everything after it works on what changed, whatever day that was exported.
"""

from __future__ import annotations

from datetime import date

import dagster as dg

TIME_ZONE = "Asia/Ho_Chi_Minh"

# The earliest export moment a file name can carry is in the year 2000; the last partition is today's.
EXPORT_DATES = dg.DailyPartitionsDefinition(start_date="2000-01-01", timezone=TIME_ZONE, end_offset=1)


def window(context: dg.AssetExecutionContext) -> tuple[date, date] | None:
    """First and last export date that this run was asked for, both included; None: every date (the nightly run)."""
    if not (context.has_partition_key or context.has_partition_key_range):
        return None
    keys = context.partition_key_range
    return date.fromisoformat(keys.start), date.fromisoformat(keys.end)
