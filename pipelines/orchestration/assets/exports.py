"""Assets of the way in: the export files seen in the drop zone, and what was landed of each kind.

One step: discovery and one dlt load. The lake is idempotent by content, so it may be repeated at any time.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

import dagster as dg

from pipelines.contract import KINDS
from pipelines.orchestration import resources
from pipelines.orchestration.partitions import EXPORT_DATES, window

if TYPE_CHECKING:  # imported where they are used: the readers and dlt take their time
    from pipelines.landing.pipeline import LandingResult
    from pipelines.portal.discovery import ExportFile

EXPORTS = dg.AssetKey("exports")


def landed_key(kind: str) -> dg.AssetKey:
    """Asset of what was landed of a kind."""
    return dg.AssetKey(["landed", kind])


def build(retry: dg.RetryPolicy) -> dg.AssetsDefinition:
    """The landing step. Partitioned by export date; a run without a partition takes whatever is new."""
    specs = [
        dg.AssetSpec(EXPORTS, description="Tệp kết xuất thấy trong thư mục nhận / export files seen in the drop zone"),
        *(
            dg.AssetSpec(
                landed_key(kind.name),
                deps=[EXPORTS],
                description=f"{kind.meaning[0]}: đã nạp / {kind.meaning[1]}, landed",
                kinds={"dlt", "parquet"},
            )
            for kind in KINDS.values()
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
        from pipelines.landing import checksums
        from pipelines.landing.lake import Lake, remember_readers
        from pipelines.landing.pipeline import land
        from pipelines.portal.discovery import discover
        from warehouse.keys import check_key, remember_key

        run: resources.Run = getattr(context.resources, resources.KEY)
        asked = window(context)
        with run.step("landing"):
            check_key(run.settings)  # another key would make a new version of every dossier
            if found := checksums.damaged(run.settings):
                run.mended.append(checksums.put_aside(run.settings, found))
            lake = Lake(run.settings)
            files = discover(run.settings, lake.known(), asked)
            result = land(run.settings, files, progress=run.progress)
            remember_key(run.settings)
            checksums.record(run.settings)
            checksums.settle(run.settings)
            if asked is None:
                remember_readers(run.settings, {file.source for file in files} | lake.sources())
        if asked is None:
            for event in by_export_date(files, result):
                context.log_event(event)
        yield dg.MaterializeResult(EXPORTS, metadata=seen(result))
        for kind in KINDS:
            yield dg.MaterializeResult(landed_key(kind), metadata=landed(kind, result))

    return landing


def by_export_date(files: "list[ExportFile]", result: "LandingResult") -> Iterator[dg.AssetMaterialization]:
    """A run without a partition has landed files of several: say so for each kind and export date."""
    rows: dict[tuple[str, date], list[int]] = defaultdict(list)
    for file in files:
        if file.kind in KINDS and file.outcome == "new" and file.file_path in result.file_rows:
            rows[file.kind, file.exported_at.date()].append(result.file_rows[file.file_path])
    last = EXPORT_DATES.get_last_partition_key()
    for (kind, day), counts in sorted(rows.items()):
        if last is not None and day.isoformat() <= last:  # a file named after a day to come has no partition yet
            yield dg.AssetMaterialization(
                landed_key(kind),
                partition=day.isoformat(),
                metadata={"files": len(counts), "dagster/partition_row_count": sum(counts)},
            )


def seen(result: "LandingResult") -> dict[str, dg.MetadataValue]:
    """Files that were new in the drop zone, by kind and outcome."""
    table = [f"|{kind}|{outcome}|{count}|" for (kind, outcome), count in sorted(result.files.items())]
    return {
        "files": dg.MetadataValue.int(result.files.total()),
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
        "rows": dg.MetadataValue.int(result.rows[kind]),
        "loads": dg.MetadataValue.text(", ".join(result.load_ids) or "-"),
        "unknown_fields": dg.MetadataValue.json(dict(drift)),
        "versions": dg.MetadataValue.json(result.versions),
    }
