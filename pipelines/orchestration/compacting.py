"""The job that compacts the whole lake, and its weekly schedule. A nightly run only merges what takes it seconds."""

from typing import Any

import dagster as dg

from pipelines.config import Settings
from pipelines.orchestration.failures import as_dagster_failure
from pipelines.orchestration.partitions import TIME_ZONE

COMPACT = "compact_job"


def build(settings: Settings) -> Any:
    """compact_job: takes the lock of the warehouse, so it waits for no nightly run and none runs beside it."""

    @dg.op(
        name="compact",
        description="Gộp các tệp nhỏ của kho / merge the lake's small files",
        out=dg.Out(dg.Nothing),
    )
    def compact_op(context: dg.OpExecutionContext) -> None:
        from pipelines.landing.compaction import compact
        from warehouse.lock import run_lock

        with as_dagster_failure(), run_lock(settings):
            done = compact(settings, progress=context.log.info)
        table = [
            f"|{t.table}|{t.files_before}|{t.files_after}|{t.bytes_before:,}|{t.bytes_after:,}|" for t in done.tables
        ]
        head = ["|table|files before|after|bytes before|after|", "|-|-:|-:|-:|-:|"]
        context.add_output_metadata(
            {"loads": done.loads, "waiting": done.waiting, "files": dg.MetadataValue.md("\n".join([*head, *table]))}
        )

    @dg.job(
        name=COMPACT,
        description="Gộp tệp của kho, không đổi số liệu / compact the lake; figures do not change",
    )
    def compact_job() -> None:
        compact_op()

    return compact_job


def schedule(settings: Settings) -> dg.ScheduleDefinition:
    """compact_job at `compact_cron`: once a week, when neither people nor the nightly load are at work."""
    return dg.ScheduleDefinition(
        name="compact_schedule",
        job_name=COMPACT,
        cron_schedule=settings.compact_cron,
        execution_timezone=TIME_ZONE,
        description="Gộp tệp của kho hằng tuần / the weekly compaction",
    )
