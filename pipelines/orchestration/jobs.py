"""Jobs: what is started as one. Both go all the way; they differ in which exports they look at."""

from __future__ import annotations

from typing import Any

import dagster as dg

from expectations.schema import VALIDATED_TABLES
from pipelines.config import Settings
from pipelines.contract import KINDS
from pipelines.orchestration.assets import deliveries
from pipelines.orchestration.assets.exports import EXPORT_DAYS, EXPORTS, landed_key
from pipelines.orchestration.assets.publication import PUBLICATION
from pipelines.orchestration.assets.validation import validated_key

NIGHTLY = "nightly_job"
BACKFILL = "backfill_job"


_EVERYTHING = dg.AssetSelection.all() | dg.AssetSelection.all_asset_checks()
_LANDING = dg.AssetSelection.assets(EXPORTS, *map(landed_key, KINDS))
_DAYS = dg.AssetSelection.assets(EXPORT_DAYS)


def build() -> list[Any]:
    """nightly_job: everything new, whatever its date, so it has no partitions. backfill_job: some days."""
    return [
        dg.define_asset_job(
            NIGHTLY,
            _EVERYTHING - _DAYS,
            description="Nạp mọi tệp mới, dựng, kiểm tra, công bố / load whatever is new, build, audit, publish",
        ),
        dg.define_asset_job(
            BACKFILL,
            _EVERYTHING - _LANDING,
            description=(
                "Như nightly_job nhưng chỉ nạp tệp có ngày kết xuất trong khoảng đã chọn, một lượt cho cả khoảng / "
                "like nightly_job for exports of a range of dates, one run for the whole range"
            ),
        ),
    ]


def without_build(settings: Settings) -> list[dg.AssetKey]:
    """What a run with nothing new goes through: it looks at the drop zone and at the rules, and keeps the publication.

    PostgreSQL or the metastore may have missed it.
    """
    validated = map(validated_key, VALIDATED_TABLES)
    return [EXPORTS, *map(landed_key, KINDS), *validated, PUBLICATION, *deliveries.keys(settings)]


def nightly_config(*, full_refresh: bool = False, force: bool = False) -> dict[str, Any]:
    """Run configuration of the jobs. full_refresh: validate and build all again. force: build and publish anyway."""
    return {
        "ops": {
            "validation": {"config": {"rebuild": full_refresh}},
            "marts": {"config": {"full_refresh": full_refresh, "force": force}},
            "audit": {"config": {"force": force}},
        }
    }
