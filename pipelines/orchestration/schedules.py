"""Schedules: when runs start by the clock of Asia/Ho_Chi_Minh. They are switched on by a person, once, in the UI."""

import dagster as dg

from pipelines.config import Settings
from pipelines.orchestration.jobs import NIGHTLY
from pipelines.orchestration.partitions import TIME_ZONE


def build(settings: Settings) -> list[dg.ScheduleDefinition]:
    """The nightly load at `nightly_cron`. A missed tick is not made up for: the next one loads everything new."""

    @dg.schedule(
        name="nightly_schedule",
        job_name=NIGHTLY,
        cron_schedule=settings.nightly_cron,
        execution_timezone=TIME_ZONE,
        description="Nạp hằng đêm / the nightly load",
    )
    def nightly_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        return dg.RunRequest(run_key=context.scheduled_execution_time.isoformat())

    return [nightly_schedule]
