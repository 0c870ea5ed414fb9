"""The last asset: what readers see. Made only from a build that ran through whole and whose audit was green."""

from collections.abc import Iterable
from datetime import timedelta

import dagster as dg

from pipelines.config import Settings
from pipelines.orchestration import resources
from pipelines.orchestration.assets.validation import LEDGER
from pipelines.serving.page import page_writer
from warehouse.build import last_green, record_green
from warehouse.publish import DATABASE, Publication, publish

PUBLICATION = dg.AssetKey("publication")

# The nightly load is daily; a nightly run may take a while longer than the one before it.
WARN_AGE = timedelta(hours=26)
FAIL_AGE = timedelta(hours=30)


def build(settings: Settings, models: Iterable[dg.AssetKey], retry: dg.RetryPolicy) -> dg.AssetsDefinition:
    """The publishing step. It comes after every model and every blocking check of them."""

    @dg.asset(
        key=PUBLICATION,
        deps=[LEDGER, *models],
        group_name="publication",
        description=(
            "Bản công bố: dunghan.duckdb, Parquet, manifest và trang báo cáo, thay cả bộ cùng một lúc / "
            "what readers see: switched as a whole by one rename"
        ),
        kinds={"duckdb", "parquet"},
        owners=settings.owners,
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=FAIL_AGE, warn_window=WARN_AGE),
        retry_policy=retry,
        required_resource_keys={resources.KEY},
    )
    def publication(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        run: resources.Run = getattr(context.resources, resources.KEY)
        with run.step("publishing"):
            published = run.kept or _publish(run)
            run.record.published(published, kept=run.kept is not None)
        return dg.MaterializeResult(
            metadata=summary(settings, published, kept=run.kept is not None),
            data_version=dg.DataVersion(published.version),
        )

    return publication


def _publish(run: resources.Run) -> Publication:
    """Publish the build of this run; without one (a publication repeated by hand) the last green one."""
    page = page_writer(run.settings, run.record.missing.append)
    if run.plan is None:
        return publish(run.settings, last_green(run.settings), also=page)
    if not (run.whole and run.audited):
        raise dg.Failure(
            "Lượt chạy này không tính hoặc không kiểm tra toàn bộ số liệu nên không được công bố;"
            " hãy chạy nightly_job / "
            "this run did not build or audit everything, so it must not publish; run nightly_job",
            allow_retries=False,
        )
    record_green(run.settings, run.plan)
    return publish(run.settings, run.plan, also=page)


def summary(settings: Settings, published: Publication, *, kept: bool) -> dict[str, dg.MetadataValue]:
    """What is worth reading about a publication."""
    manifest = published.manifest
    rows = {name: entry["rows"] for name, entry in manifest["marts"].items()}
    docs = settings.layout.quality / "index.html"
    return {
        "version": dg.MetadataValue.text(published.version),
        "kept": dg.MetadataValue.bool(kept),
        "as_of": dg.MetadataValue.text(manifest["as_of"]),
        "known_at": dg.MetadataValue.text(manifest["known_at"] or "-"),
        "definitions_version": dg.MetadataValue.text(str(manifest["definitions_version"])),
        "git_revision": dg.MetadataValue.text(str(manifest.get("git_revision") or "-")),
        "dagster/row_count": dg.MetadataValue.int(sum(rows.values())),
        "rows": dg.MetadataValue.md("\n".join(["|mart|rows|", "|-|-:|", *(f"|{n}|{r:,}|" for n, r in rows.items())])),
        "marts": dg.MetadataValue.path(str(settings.layout.published / DATABASE)),
        **({"data_docs": dg.MetadataValue.url(docs.as_uri())} if docs.exists() else {}),
    }
