"""The job that restates: one run per partition, a day of as_of.

It shares no asset with the nightly load, since it changes none of them: what it makes is a version of its own
(`pipelines.history.restate`).
"""

from datetime import datetime, time, timedelta
from typing import Any

import dagster as dg

from pipelines.config import Settings
from pipelines.orchestration.failures import as_dagster_failure
from pipelines.orchestration.partitions import days_of

RESTATE = "restate_job"


class RestateConfig(dg.Config):
    """known_days_after: known_at is the end of the day so many days after as_of (0: the same day).

    loaded_until: ISO wall clock; leave out what the warehouse saw later. again: build although it is there already.
    """

    known_days_after: int = 0
    loaded_until: str | None = None
    again: bool = False


def build(settings: Settings) -> Any:
    """restate_job, partitioned by the day at whose end figures are closed."""

    @dg.op(
        name="restate",
        description="Lập lại mọi số liệu cho một ngày chốt / all figures again for one day of closing",
        out=dg.Out(dg.Nothing),
    )
    def restate_op(context: dg.OpExecutionContext, config: RestateConfig) -> None:
        from pipelines.history.restate import restate

        as_of = datetime.combine(datetime.fromisoformat(context.partition_key), time(23, 59, 59))
        with as_dagster_failure():
            done = restate(
                settings,
                as_of,
                as_of + timedelta(days=config.known_days_after),
                loaded_until=datetime.fromisoformat(config.loaded_until) if config.loaded_until else None,
                again=config.again,
                progress=context.log.info,
            )
        context.add_output_metadata(
            {
                "version": done.publication.version,
                "kept": done.kept,
                "folder": dg.MetadataValue.path(str(done.publication.folder)),
                "earlier": [found.version for found in done.earlier],
            }
        )

    @dg.job(
        name=RESTATE,
        partitions_def=days_of(settings),
        description=(
            "Lập lại số liệu chốt ở một ngày, thành một bản riêng / restate the figures closed at a day, as a version "
            "of its own"
        ),
    )
    def restate_job() -> None:
        restate_op()

    return restate_job
