"""The one place where Dagster's pieces are put together, by one factory: for `workspace.yaml`, the runner and tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from pipelines.config import Settings, load_settings
from pipelines.orchestration import checks, compacting, failures, jobs, resources, restating, schedules, sensors
from pipelines.orchestration.assets import exports, marts, postgres, publication, validation
from pipelines.orchestration.dbt import RESOURCE, ParsedProject


def build_definitions(
    settings: Settings | None = None,
    *,
    resource_overrides: Mapping[str, Any] | None = None,
    retry_delay: float = failures.RETRY_DELAY_SECONDS,
) -> dg.Definitions:
    """Everything Dagster knows about this project, for one warehouse.

    settings: default, what the environment and `dunghan.toml` say. resource_overrides: replace resources by key.
    retry_delay: seconds before the first retry of a step. Runs `dbt parse` when the dbt project has changed (seconds).
    Raises ConfigurationError, or DbtParseError when the dbt project cannot be read.
    """
    settings = settings or load_settings()
    project = ParsedProject(settings)
    retry = failures.retry_policy(retry_delay)
    return dg.Definitions(
        assets=[
            *exports.build(settings, retry),
            validation.build(settings, retry),
            marts.CALENDAR,
            marts.build(project),
            publication.build(settings, project.models, retry),
            *([postgres.build(settings)] if settings.postgres_dsn is not None else []),
        ],
        asset_checks=[checks.build(project)],
        jobs=[*jobs.build(), restating.build(settings), compacting.build(settings)],
        schedules=[*schedules.build(settings), compacting.schedule(settings)],
        sensors=sensors.build(settings),
        resources={
            resources.KEY: resources.run_resource(settings),
            RESOURCE: project.resource(),
            **(resource_overrides or {}),
        },
        loggers={"console": dg.colored_console_logger, "file": resources.file_logger(settings)},
        executor=dg.in_process_executor,
    )
