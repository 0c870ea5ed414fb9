"""Assets of the build: every seed, model and test of the dbt project, in one dbt invocation per run.

A test that fails with severity error makes the invocation red; then nothing after it runs, and nothing is published.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg
from dagster_dbt import dbt_assets

from pipelines.orchestration import resources
from pipelines.orchestration.dbt import RESOURCE, ParsedProject
from pipelines.orchestration.keeping import still_current
from warehouse import spark
from warehouse.build import BuildError, BuildPlan, dbt_arguments, plan_build
from warehouse.calendar import require_kept
from warehouse.publish import Publication, current

#: Why everything is built (warehouse.build) → Vietnamese, English.
WHOLE = {
    "--full-refresh": ("theo yêu cầu", "as asked for"),
    "no green build": ("chưa có lần dựng nào thành công", "no build has succeeded yet"),
    "known_at": ("chỉ dùng bản kết xuất đến một thời điểm", "only exports up to a moment count"),
    "full refresh not finished": ("lần dựng lại trước chưa xong", "the last full build did not finish"),
    "definitions changed": ("quy tắc đã thay đổi", "the rules changed"),
    "known_at before": ("lần trước chỉ dùng một phần bản kết xuất", "the build before used a part of the exports"),
    "as_of goes back": ("ngày chốt lùi lại", "the figures are closed earlier than before"),
    "spark": ("Spark dựng cả bộ mỗi lần", "Spark builds everything each time"),
    "everything was validated again": ("mọi tệp được kiểm tra lại", "every file was validated again"),
}


class BuildConfig(dg.Config):
    """full_refresh: build everything from `validated`. force: build although nothing is new. column_lineage: work out
    which columns come from which, too; costs a minute of processor (docs/decisions/0016)."""

    full_refresh: bool = False
    force: bool = False
    column_lineage: bool = False


#: The one source of the models that no step of the graph makes: people add to calendar.csv, the build reads it.
CALENDAR = dg.AssetSpec(
    ["state", "calendar_overrides"],
    group_name="seeds",
    description="Ngày mà kho này thêm vào lịch (`dunghan calendar`) / days this warehouse adds to the calendar",
)


def build(project: ParsedProject) -> dg.AssetsDefinition:
    """The dbt step. It is never tried again: dbt on the same data gives the same answer."""

    @dbt_assets(
        name="marts",
        manifest=project.manifest,
        project=project.dbt_project,
        dagster_dbt_translator=project.translator,
        required_resource_keys={resources.KEY, RESOURCE},
    )
    def marts(context: dg.AssetExecutionContext, config: BuildConfig) -> Iterator[Any]:
        run: resources.Run = getattr(context.resources, resources.KEY)
        with run.step("building"):
            nothing_new = not (run.record.files or config.force or config.full_refresh or context.is_subset)
            run.kept = still_current(run.settings) if nothing_new else None
            if run.kept is not None:
                yield from _reused(context, project.assets, run.kept)
                return
            run.whole = not context.is_subset
            _require_whole(run)
            if (now := current(run.settings)) is not None:
                require_kept(run.settings, now.manifest["definitions_version"])
            run.plan = plan_build(run.settings, full_refresh=config.full_refresh, part=not run.whole)
            run.say(_planned(run.plan, run.settings.lang))
            spark.prepare(run.settings)
            arguments = dbt_arguments(run.plan, part=not run.whole)
            yield from project.build(context, arguments, run.progress, column_lineage=config.column_lineage)
            spark.take_over(run.settings, project.target)

    return marts


def _require_whole(run: resources.Run) -> None:
    """Raises BuildError when a part of the models is chosen and the engine can only build all of them."""
    if run.settings.engine == "spark" and not run.whole:
        raise BuildError(
            "Spark dựng cả bộ: hãy chọn mọi bảng (nightly_job), hoặc đặt DUNGHAN_ENGINE=duckdb"
            " / Spark builds all tables: choose every one (nightly_job), or set DUNGHAN_ENGINE=duckdb"
        )


def _planned(plan: BuildPlan, lang: str) -> str:
    """Which figures are made, and why all of them are."""
    said = f"{('Số liệu đến', 'Figures as of')[lang == 'en']} {plan.as_of:%d/%m/%Y %H:%M}"
    if not plan.because:
        return said
    words = WHOLE.get(plan.because, (plan.because, plan.because))[lang == "en"]
    return f"{said}; {('dựng lại toàn bộ', 'everything is built')[lang == 'en']}: {words}"


def _reused(
    context: dg.AssetExecutionContext, assets: Sequence[dg.AssetKey], kept: Publication
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Every model as dbt would report one it did not need to build again ("reused"), and its tests with it."""
    metadata = {"status": "reused", "version": kept.version}
    for key in assets:
        yield dg.MaterializeResult(key, metadata=metadata)
    for check in context.selected_asset_check_keys:
        yield dg.AssetCheckResult(asset_key=check.asset_key, check_name=check.name, passed=True, metadata=metadata)
