"""After the publication, where the settings name a server: the same version in PostgreSQL.

What PostgreSQL does not take is told (the record of the run, a warning in Dagster, exit status 3) and tried again by
the next run, also by one with nothing new. The publication is not taken back, and the run does not fail.
"""

from collections.abc import Iterator

import dagster as dg

from pipelines.config import Settings
from pipelines.errors import safe_text
from pipelines.orchestration import resources
from pipelines.orchestration.assets.publication import PUBLICATION
from pipelines.serving.postgres import Loaded, Target, load

POSTGRES = dg.AssetKey("postgres")
LOADED = "loaded"


def build(settings: Settings) -> dg.AssetsDefinition:
    """The loading step. It is not tried again within the run, whose figures are published already."""

    @dg.asset(
        key=POSTGRES,
        deps=[PUBLICATION],
        group_name="publication",
        description="Bản công bố trong PostgreSQL, cho công cụ BI / the published version in PostgreSQL, for BI tools",
        kinds={"postgres"},
        owners=settings.owners,
        check_specs=[
            dg.AssetCheckSpec(
                LOADED,
                asset=POSTGRES,
                description="PostgreSQL có bản đang công bố / PostgreSQL has the published version",
            )
        ],
        output_required=False,
        required_resource_keys={resources.KEY},
    )
    def postgres(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        run: resources.Run = getattr(context.resources, resources.KEY)
        with run.step("postgres"):
            try:
                loaded = load(run.settings, again=False, progress=run.progress)
            except Exception as error:
                problem = Target.of(run.settings).without_password(safe_text(error))
                run.record.undelivered.append(problem)
                yield checked({"problem": problem}, passed=False)
                return
        yield dg.MaterializeResult(
            POSTGRES, metadata=summary(loaded), check_results=[checked({"version": loaded.version}, passed=True)]
        )

    return postgres


def checked(metadata: dict[str, str], *, passed: bool) -> dg.AssetCheckResult:
    """A warning when the version did not get there."""
    return dg.AssetCheckResult(
        asset_key=POSTGRES, check_name=LOADED, passed=passed, severity=dg.AssetCheckSeverity.WARN, metadata=metadata
    )


def summary(loaded: Loaded) -> dict[str, dg.MetadataValue]:
    """What is worth reading about a load; nothing of the address of the server."""
    return {
        "version": dg.MetadataValue.text(loaded.version),
        "schema": dg.MetadataValue.text(loaded.schema),
        "kept": dg.MetadataValue.bool(loaded.kept),
        "tables": dg.MetadataValue.int(loaded.tables),
        "dagster/row_count": dg.MetadataValue.int(loaded.rows),
        "seconds": dg.MetadataValue.float(loaded.seconds),
        "still_read": dg.MetadataValue.json(loaded.left),
    }
