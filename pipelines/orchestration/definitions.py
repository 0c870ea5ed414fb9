"""The one place where Dagster's pieces are put together, by one factory: for `workspace.yaml`, the runner and tests."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg

from pipelines.config import Settings, load_settings
from pipelines.orchestration import compacting, failures, jobs, resources, restating, schedules, sensors
from pipelines.orchestration.assets import deliveries, exports, publication, validation


@dataclass(frozen=True)
class _Build:
    """What dbt brings into the definitions."""

    assets: Sequence[Any] = ()
    checks: Sequence[Any] = ()
    models: Sequence[dg.AssetKey] = ()
    resources: Mapping[str, Any] = field(default_factory=dict)


def build_definitions(
    settings: Settings | None = None,
    *,
    with_build: bool = True,
    resource_overrides: Mapping[str, Any] | None = None,
    retry_delay: float = failures.RETRY_DELAY_SECONDS,
) -> dg.Definitions:
    """Everything Dagster knows about this project, for one warehouse.

    settings: default, what the environment and `dunghan.toml` say. with_build: False leaves dbt's assets and their
    audit out, of which only the names are needed, for a run with nothing new; with them all the same in a warehouse
    that has not noted their names yet. resource_overrides: replace resources by key. retry_delay: seconds before the
    first retry of a step. With the build, runs `dbt parse` when the dbt project has changed (seconds).
    Raises ConfigurationError, or DbtParseError when the dbt project cannot be read.
    """
    settings = settings or load_settings()
    built = _build(settings) if with_build else _remembered(settings) or _build(settings)
    retry = failures.retry_policy(retry_delay)
    return dg.Definitions(
        assets=[
            *exports.build(settings, retry),
            validation.build(settings, retry),
            *built.assets,
            publication.build(settings, built.models, retry),
            *deliveries.build(settings),
        ],
        asset_checks=built.checks,
        jobs=[*jobs.build(), restating.build(settings), compacting.build(settings)],
        schedules=[*schedules.build(settings), compacting.schedule(settings)],
        sensors=sensors.build(settings),
        resources={
            resources.KEY: resources.run_resource(settings),
            **built.resources,
            **(resource_overrides or {}),
        },
        loggers={"console": dg.colored_console_logger, "file": resources.file_logger(settings)},
        executor=dg.in_process_executor,
    )


def _build(settings: Settings) -> _Build:
    # Imported here: dagster-dbt takes seconds, and a run with nothing new has no use for it.
    from pipelines.orchestration import checks
    from pipelines.orchestration.assets import marts
    from pipelines.orchestration.dbt import RESOURCE, ParsedProject

    project = ParsedProject(settings)
    names = json.dumps([key.to_user_string() for key in project.models])
    noted = _noted(settings)
    if not noted.exists() or noted.read_text(encoding="utf-8") != names:
        noted.write_text(names, encoding="utf-8")
    return _Build(
        assets=[marts.CALENDAR, marts.build(project)],
        checks=[checks.build(project)],
        models=project.models,
        resources={RESOURCE: project.resource()},
    )


def _remembered(settings: Settings) -> _Build | None:
    """The names of the models only, on which the publication depends: without them Dagster would call the publication
    stale as soon as it sees all assets again. None when nobody has noted them."""
    with contextlib.suppress(FileNotFoundError, ValueError, TypeError):
        names: list[str] = json.loads(_noted(settings).read_text(encoding="utf-8"))
        return _Build(models=[dg.AssetKey.from_user_string(name) for name in names])
    return None


def _noted(settings: Settings) -> Path:
    return settings.layout.dbt_target / "models.json"
