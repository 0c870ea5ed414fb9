"""After the publication, where the settings name a place: the same version in PostgreSQL, its marts in a metastore.

What such a place does not take is told (the record of the run, a warning in Dagster, exit status 3) and tried again by
the next run, also by one with nothing new. The publication is not taken back, and the run does not fail.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import dagster as dg

from pipelines.config import Settings
from pipelines.errors import safe_text
from pipelines.orchestration import resources
from pipelines.orchestration.assets.publication import PUBLICATION
from pipelines.progress import Progress
from pipelines.serving import metastore, postgres

POSTGRES = dg.AssetKey("postgres")
METASTORE = dg.AssetKey("metastore")
LOADED = "loaded"

#: What is worth reading about a delivery: which version, and nothing of the address of the server.
Summary = Mapping[str, dg.MetadataValue]


@dataclass(frozen=True)
class _Place:
    """Where a version goes. description, check: of the asset and of its check. shown: an error, as it may be."""

    key: dg.AssetKey
    description: str
    check: str
    deliver: Callable[[Settings, Progress | None], Summary]
    shown: Callable[[Settings, Exception], str]


def _into_postgres(settings: Settings, progress: Progress | None) -> Summary:
    loaded = postgres.load(settings, again=False, progress=progress)
    return {
        "version": dg.MetadataValue.text(loaded.version),
        "schema": dg.MetadataValue.text(loaded.schema),
        "kept": dg.MetadataValue.bool(loaded.kept),
        "tables": dg.MetadataValue.int(loaded.tables),
        "dagster/row_count": dg.MetadataValue.int(loaded.rows),
        "seconds": dg.MetadataValue.float(loaded.seconds),
        "still_read": dg.MetadataValue.json(loaded.left),
    }


def _into_metastore(settings: Settings, _: Progress | None) -> Summary:
    named = metastore.name_marts(settings)
    return {
        "version": dg.MetadataValue.text(named.version),
        "database": dg.MetadataValue.text(named.database),
        "kept": dg.MetadataValue.bool(named.kept),
        "views": dg.MetadataValue.int(named.marts),
    }


def _places(settings: Settings) -> Iterator[_Place]:
    if settings.postgres_dsn is not None:
        yield _Place(
            POSTGRES,
            "Bản công bố trong PostgreSQL, cho công cụ BI / the published version in PostgreSQL, for BI tools",
            "PostgreSQL có bản đang công bố / PostgreSQL has the published version",
            _into_postgres,
            lambda settings, error: postgres.Target.of(settings).without_password(safe_text(error)),
        )
    if settings.spark.metastore is not None:
        yield _Place(
            METASTORE,
            "Bản công bố trong metastore, cho người dùng Spark / the published version in the metastore, for Spark",
            "Metastore chỉ đến bản đang công bố / the metastore points to the published version",
            _into_metastore,
            lambda _, error: safe_text(error),
        )


def keys(settings: Settings) -> list[dg.AssetKey]:
    """Assets of the places that the settings name."""
    return [place.key for place in _places(settings)]


def build(settings: Settings) -> list[dg.AssetsDefinition]:
    """A step for each place. It is not tried again within the run, whose figures are published already."""
    return [_asset(settings, place) for place in _places(settings)]


def _asset(settings: Settings, place: _Place) -> dg.AssetsDefinition:
    name = place.key.path[-1]

    @dg.asset(
        key=place.key,
        deps=[PUBLICATION],
        group_name="publication",
        description=place.description,
        kinds={name},
        owners=settings.owners,
        check_specs=[dg.AssetCheckSpec(LOADED, asset=place.key, description=place.check)],
        output_required=False,
        required_resource_keys={resources.KEY},
    )
    def delivery(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        run: resources.Run = getattr(context.resources, resources.KEY)
        with run.step(name):
            try:
                summary = place.deliver(run.settings, run.progress)
            except Exception as error:
                problem = place.shown(run.settings, error)
                run.record.undelivered.append(problem)
                yield _checked(place.key, {"problem": problem}, passed=False)
                return
        checked = _checked(place.key, {"version": summary["version"]}, passed=True)
        yield dg.MaterializeResult(place.key, metadata=summary, check_results=[checked])

    return delivery


def _checked(key: dg.AssetKey, metadata: Mapping[str, str | dg.MetadataValue], *, passed: bool) -> dg.AssetCheckResult:
    """A warning when the version did not get there."""
    return dg.AssetCheckResult(
        asset_key=key, check_name=LOADED, passed=passed, severity=dg.AssetCheckSeverity.WARN, metadata=metadata
    )
