"""Assets of the way in: the export files seen in the drop zone, what was landed of each kind, which days are loaded.

Two ways to land, each one step of discovery and one dlt load: whatever is new (nightly), or the exports of some days
(backfill). The lake is idempotent by content, so either may be repeated at any time, and both in one run.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING

import dagster as dg

from pipelines.config import Settings
from pipelines.contract import KINDS
from pipelines.orchestration import resources
from pipelines.orchestration.partitions import days_of, window

if TYPE_CHECKING:  # imported where they are used: the readers and dlt take their time
    from pipelines.landing.pipeline import LandingResult
    from pipelines.portal.discovery import ExportFile

EXPORTS = dg.AssetKey("exports")
EXPORT_DAYS = dg.AssetKey("export_days")


def landed_key(kind: str) -> dg.AssetKey:
    """Asset of what was landed of a kind."""
    return dg.AssetKey(["landed", kind])


def build(settings: Settings, retry: dg.RetryPolicy) -> list[dg.AssetsDefinition]:
    """The landing step of the nightly run, and that of the backfill."""
    return [everything_new(settings, retry), some_days(settings, retry)]


def everything_new(settings: Settings, retry: dg.RetryPolicy) -> dg.AssetsDefinition:
    """Lands every file that the lake does not have, whatever its date; it has no partitions, so it is one click."""
    days = days_of(settings)
    specs = [
        dg.AssetSpec(
            EXPORTS,
            description="Tệp kết xuất thấy trong thư mục nhận / export files seen in the drop zone",
            owners=settings.owners,
        ),
        *(
            dg.AssetSpec(
                landed_key(kind.name),
                deps=[EXPORTS],
                description=f"{kind.meaning[0]}: đã nạp / {kind.meaning[1]}, landed",
                kinds={"dlt", "parquet"},
                owners=settings.owners,
            )
            for kind in KINDS.values()
        ),
    ]

    @dg.multi_asset(
        name="landing",
        specs=specs,
        group_name="landing",
        retry_policy=retry,
        required_resource_keys={resources.KEY},
    )
    def landing(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        from pipelines.landing.lake import remember_readers

        run: resources.Run = getattr(context.resources, resources.KEY)
        with run.step("landing"):
            files, result = _land(run, None)
            remember_readers(run.settings, {file.source for file in files} | run.record.sources.keys())
        for day, metadata in by_export_date(files, result):
            if days.has_partition_key(day):  # a file may carry a day before the first partition, or one to come
                context.log_event(dg.AssetMaterialization(EXPORT_DAYS, partition=day, metadata=metadata))
        yield dg.MaterializeResult(EXPORTS, metadata=seen(result))
        for kind in KINDS:
            yield dg.MaterializeResult(landed_key(kind), metadata=landed(kind, result))

    return landing


def some_days(settings: Settings, retry: dg.RetryPolicy) -> dg.AssetsDefinition:
    """Lands the exports of a range of days, in one run for the whole range; a day is materialized once its files are
    in the lake, by whichever run."""

    @dg.asset(
        key=EXPORT_DAYS,
        group_name="backfill",
        description=(
            "Ngày kết xuất đã nạp vào kho; chỉ chạy riêng khi nạp lịch sử theo khoảng ngày / "
            "days whose exports are in the lake; run by itself only to backfill a range of days"
        ),
        kinds={"dlt", "parquet"},
        owners=settings.owners,
        partitions_def=days_of(settings),
        backfill_policy=dg.BackfillPolicy.single_run(),
        retry_policy=retry,
        required_resource_keys={resources.KEY},
    )
    def export_days(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        run: resources.Run = getattr(context.resources, resources.KEY)
        with run.step("landing"):
            _, result = _land(run, window(context))
        return dg.MaterializeResult(EXPORT_DAYS, metadata=seen(result))

    return export_days


def _land(run: resources.Run, days: tuple[date, date] | None) -> "tuple[list[ExportFile], LandingResult]":
    """Find the files of these days that the lake does not have (None: of every day), and land them."""
    from pipelines.landing import checksums
    from pipelines.landing.lake import Lake
    from pipelines.landing.pipeline import land
    from pipelines.portal.discovery import discover
    from warehouse.keys import check_key, remember_key

    check_key(run.settings)  # another key would make a new version of every dossier
    if found := checksums.damaged(run.settings):
        run.mended.append(checksums.put_aside(run.settings, found))
    lake = Lake(run.settings)
    files = discover(run.settings, lake.known(), days)
    result = land(run.settings, files, progress=run.progress)
    remember_key(run.settings)
    checksums.record(run.settings)
    checksums.settle(run.settings)
    run.record.sources = lake.seen_last()
    return files, result


def by_export_date(files: "Iterable[ExportFile]", result: "LandingResult") -> Iterator[tuple[str, dict[str, int]]]:
    """The days of which this run has landed files: how many files, how many rows."""
    rows: dict[date, list[int]] = defaultdict(list)
    for file in files:
        if file.kind in KINDS and file.outcome == "new" and file.file_path in result.file_rows:
            rows[file.exported_at.date()].append(result.file_rows[file.file_path])
    for day, counts in sorted(rows.items()):
        yield day.isoformat(), {"files": len(counts), "dagster/partition_row_count": sum(counts)}


def seen(result: "LandingResult") -> dict[str, dg.MetadataValue]:
    """Files that were new in the drop zone, by kind and outcome."""
    table = [f"|{kind}|{outcome}|{count}|" for (kind, outcome), count in sorted(result.files.items())]
    return {
        "files": dg.MetadataValue.int(result.files.total()),
        "dagster/row_count": dg.MetadataValue.int(result.rows.total()),
        "by_kind": dg.MetadataValue.md("\n".join(["|kind|outcome|files|", "|-|-|-:|", *table])),
    }


def landed(kind: str, result: "LandingResult") -> dict[str, dg.MetadataValue]:
    """What was landed of a kind: files, rows, dlt's load ids, unknown fields (names and counts, never values)."""
    drift: Counter[str] = Counter()
    for path, fields in result.drift.items():
        if path.split("/")[1:2] == [kind]:
            drift.update(fields)
    return {
        "files": dg.MetadataValue.int(result.files[kind, "read"]),
        "dagster/row_count": dg.MetadataValue.int(result.rows[kind]),
        "loads": dg.MetadataValue.text(", ".join(result.load_ids) or "-"),
        "unknown_fields": dg.MetadataValue.json(dict(drift)),
        "versions": dg.MetadataValue.json(result.versions),
    }
