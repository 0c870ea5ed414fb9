"""Assets of the build: every seed, model and test of the dbt project, in one dbt invocation per run.

A test that fails with severity error makes the invocation red; then nothing after it runs, and nothing is published.
"""

from collections.abc import Iterator

import dagster as dg

from pipelines.config import Settings
from pipelines.orchestration import resources
from pipelines.orchestration.dbt import DbtProject
from warehouse.build import current_build, dbt_arguments, plan_build
from warehouse.publish import Publication, current

#: What the manifest of a publication and the plan of a build must both say for the one to be of the other.
_IDENTITY = ("fingerprint", "validation_seq", "as_of", "known_at")


class BuildConfig(dg.Config):
    """full_refresh: build everything from `validated`. force: build although nothing is new."""

    full_refresh: bool = False
    force: bool = False


#: The one source of the models that no step of the graph makes: people add to calendar.csv, the build reads it.
CALENDAR = dg.AssetSpec(
    ["state", "calendar_overrides"],
    group_name="seeds",
    description="Ngày mà kho này thêm vào lịch (`dunghan calendar`) / days this warehouse adds to the calendar",
)


def build(project: DbtProject) -> dg.AssetsDefinition:
    """The dbt step. It is never tried again: dbt on the same data gives the same answer."""

    @dg.multi_asset(
        name="marts",
        specs=project.specs(),
        check_specs=project.check_specs(),
        can_subset=True,
        allow_arbitrary_check_specs=True,  # of sources: their assets are made by the steps before
        required_resource_keys={resources.KEY},
    )
    def marts(
        context: dg.AssetExecutionContext, config: BuildConfig
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        run: resources.Run = getattr(context.resources, resources.KEY)
        with run.step("building"):
            nothing_new = not (run.record.files or config.force or config.full_refresh or context.is_subset)
            run.kept = still_current(run.settings) if nothing_new else None
            if run.kept is not None:
                yield from _reused(context, project, run.kept)
                return
            run.whole = not context.is_subset
            run.plan = plan_build(run.settings, full_refresh=config.full_refresh, part=not run.whole)
            run.say(
                f"dbt: as_of {run.plan.as_of:%Y-%m-%dT%H:%M:%S}" + (f" ({why})" if (why := run.plan.because) else "")
            )
            yield from project.stream(context, dbt_arguments(run.plan), run.progress, run.take_dbt())

    return marts


def still_current(settings: Settings) -> Publication | None:
    """The publication, if a build now would say the same: nothing validated since, same rules, same as_of and
    known_at."""
    published = current(settings)
    if published is None:
        return None
    plan = current_build(settings)
    of_plan = {
        "fingerprint": plan.fingerprint,
        "validation_seq": plan.validation_seq,
        "as_of": plan.as_of.isoformat(),
        "known_at": plan.known_at.isoformat() if plan.known_at else None,
    }
    return published if all(published.manifest[name] == of_plan[name] for name in _IDENTITY) else None


def _reused(
    context: dg.AssetExecutionContext, project: DbtProject, kept: Publication
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Every model as dbt would report one it did not need to build again ("reused"), and its tests with it."""
    metadata = {"status": "reused", "version": kept.version}
    for key in project.assets:
        yield dg.MaterializeResult(key, metadata=metadata)
    for check in context.selected_asset_check_keys:
        yield dg.AssetCheckResult(asset_key=check.asset_key, check_name=check.name, passed=True, metadata=metadata)
