"""Assets of the way in: the export files seen in the drop zone, and what was landed of each kind.

One step: discovery and one dlt load. The lake is idempotent by content, so it may be repeated at any time.
"""

from collections.abc import Iterator

import dagster as dg

from pipelines.orchestration import resources
from pipelines.orchestration.partitions import EXPORT_DATES, window

EXPORTS = dg.AssetKey("exports")

#: kind of export → what the landed asset is
KINDS = {
    "dossiers": "Hồ sơ đã nạp, không còn dữ liệu cá nhân / landed dossiers, without personal data",
    "progress": "Tiến độ xử lý đã nạp / landed processing events",
    "procedures": "Danh mục thủ tục hành chính đã nạp / landed catalogue of procedures",
    "agencies": "Danh mục cơ quan đã nạp / landed agencies",
    "portal_reports": "Số liệu do chính cổng công bố / the portal's own figures, landed",
}


def landed_key(kind: str) -> dg.AssetKey:
    """Asset of what was landed of a kind."""
    return dg.AssetKey(["landed", kind])


def build(retry: dg.RetryPolicy) -> dg.AssetsDefinition:
    """The landing step. Partitioned by export date; a run without a partition takes whatever is new."""
    specs = [
        dg.AssetSpec(EXPORTS, description="Tệp kết xuất thấy trong thư mục nhận / export files seen in the drop zone"),
        *(
            dg.AssetSpec(landed_key(kind), deps=[EXPORTS], description=description, kinds={"dlt", "parquet"})
            for kind, description in KINDS.items()
        ),
    ]

    @dg.multi_asset(
        name="landing",
        specs=specs,
        group_name="landing",
        partitions_def=EXPORT_DATES,
        backfill_policy=dg.BackfillPolicy.single_run(),
        retry_policy=retry,
        required_resource_keys={resources.KEY},
    )
    def landing(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        from pipelines.landing.pipeline import land
        from pipelines.portal.discovery import discover

        run: resources.Run = getattr(context.resources, resources.KEY)
        with run.step("landing"):
            files = discover(run.settings)
            if asked := window(context):
                files = [file for file in files if asked[0] <= file.exported_at.date() <= asked[1]]
            result = land(run.settings, files, progress=run.progress)
        yield dg.MaterializeResult(EXPORTS)
        for kind in KINDS:
            yield dg.MaterializeResult(landed_key(kind))

    return landing
