"""Assets of the validation: the tables of schema `validated`, among them the ledger of files and the quarantine.

Bad input is reported, never fatal: a rejecting rule that applied is a warning on the quarantine. What stops the nightly
run is Great Expectations counting otherwise than the split did: then nothing is validated and nothing is published
(portal-exports §6).
"""

from collections.abc import Iterable, Iterator

import dagster as dg

from expectations.catalogue import load_catalogue
from expectations.results import CheckResult, ValidationResult
from expectations.schema import VALIDATED_TABLES
from pipelines.config import Settings
from pipelines.orchestration import resources
from pipelines.orchestration.assets.exports import EXPORT_DAYS, landed_key
from pipelines.orchestration.record import last_told

#: Name of the schema, and of dbt's source.
VALIDATED = "validated"
LEDGER = dg.AssetKey("ledger")
QUARANTINE = dg.AssetKey("quarantine")
# Tables that have a name of their own as assets; the others are `validated/<table>`.
_NAMED = {"files": LEDGER, "quarantine": QUARANTINE}
ATTENTION = "nothing_lost_in_silence"
SPLIT_AGREES = "great_expectations_agree_with_split"


def validated_key(table: str) -> dg.AssetKey:
    """Asset of a table of the schema `validated`."""
    return _NAMED.get(table, dg.AssetKey([VALIDATED, table]))


class ValidationConfig(dg.Config):
    """rebuild: validate every file again, not only what is new."""

    rebuild: bool = False


def build(settings: Settings, retry: dg.RetryPolicy) -> dg.AssetsDefinition:
    """The validation step: one transaction, so all of its tables or none."""
    rejecting = [rule for rule in load_catalogue().rules if rule.severity == "reject"]
    checks = [
        dg.AssetCheckSpec(
            SPLIT_AGREES,
            asset=LEDGER,
            blocking=True,
            description="Great Expectations đếm đúng như khi tách dòng / its counts are those of the split",
        ),
        dg.AssetCheckSpec(
            ATTENTION,
            asset=LEDGER,
            description="Không tệp nào có phần chưa hiểu hết / no file has a part that was not understood",
        ),
        *(
            dg.AssetCheckSpec(rule.id, asset=QUARANTINE, description=f"{rule.message_vi} / {rule.message_en}")
            for rule in rejecting
        ),
    ]

    @dg.multi_asset(
        name="validation",
        specs=[
            dg.AssetSpec(
                validated_key(name),
                deps=[*map(landed_key, table.kinds), EXPORT_DAYS],
                description=" / ".join(table.meaning),
                kinds={"duckdb", "great_expectations"},
                owners=settings.owners,
            )
            for name, table in VALIDATED_TABLES.items()
        ],
        check_specs=checks,
        group_name="validation",
        retry_policy=retry,
        required_resource_keys={resources.KEY},
    )
    def validation(
        context: dg.AssetExecutionContext, config: ValidationConfig
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        from expectations.validation import validate

        run: resources.Run = getattr(context.resources, resources.KEY)
        with run.step("validation"):
            told = last_told(run.settings)
            result = validate(run.settings, rebuild=config.rebuild, told=told, progress=run.progress)
            run.record.validated(result)
        yield agreement(result.checks)
        yield attention(result)
        for rule in rejecting:
            yield rejections(rule.id, result)
        if not result.committed:
            raise dg.Failure(
                "Great Expectations và bước tách dòng nhận, dòng loại đếm khác nhau; không ghi gì, không công bố gì / "
                "Great Expectations and the split count differently; nothing was written, nothing is published",
                allow_retries=False,
            )
        metadata = summary(result)
        for table in VALIDATED_TABLES:
            key = validated_key(table)
            yield dg.MaterializeResult(key, metadata=metadata if key in (LEDGER, QUARANTINE) else None)

    return validation


def agreement(results: Iterable[CheckResult]) -> dg.AssetCheckResult:
    """Blocking: what Great Expectations counted is what the split came to, for every rule and kind."""
    compared = list(results)
    differ = [check for check in compared if not check.success]
    return dg.AssetCheckResult(
        asset_key=LEDGER,
        check_name=SPLIT_AGREES,
        passed=not differ,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={
            "compared": len(compared),
            "differ": [f"{c.rule_id} {c.kind}: GX {c.unexpected}, split {c.expected}" for c in differ],
        },
    )


def attention(result: ValidationResult) -> dg.AssetCheckResult:
    """A warning that names what somebody must look at in the files of this run (portal-exports §2)."""
    found = [
        f"{file['file_path']}: {one['detail']} ({one['rule_id']})" for file in result.files for one in file["attention"]
    ]
    return dg.AssetCheckResult(
        asset_key=LEDGER,
        check_name=ATTENTION,
        passed=not found,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"attention": found},
    )


def rejections(rule_id: str, result: ValidationResult) -> dg.AssetCheckResult:
    """A warning with the number of rows or files that a rejecting rule hit in what was validated in this run."""
    hits = result.reasons.get(rule_id, 0)
    by_kind = {c.kind: c.unexpected for c in result.checks if c.rule_id == rule_id and c.unexpected}
    return dg.AssetCheckResult(
        asset_key=QUARANTINE,
        check_name=rule_id,
        passed=hits == 0,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"hits": hits, "by_kind": by_kind},
    )


def summary(result: ValidationResult) -> dict[str, dg.MetadataValue]:
    """What is worth reading about a validation."""
    metadata: dict[str, dg.MetadataValue] = {
        "files": dg.MetadataValue.int(len(result.files)),
        "files_rejected": dg.MetadataValue.int(sum(file["status"] == "rejected" for file in result.files)),
        "files_with_attention": dg.MetadataValue.int(sum(bool(file["attention"]) for file in result.files)),
        "rows_read": dg.MetadataValue.int(result.rows_read),
        "rows_accepted": dg.MetadataValue.int(result.rows_accepted),
        "rows_quarantined": dg.MetadataValue.int(result.rows_quarantined),
        "reasons": dg.MetadataValue.json(result.reasons),
        "warnings": dg.MetadataValue.json(result.warnings),
        "validation_seq": dg.MetadataValue.int(result.validation_seq),
    }
    if result.docs_index is not None:
        metadata["data_docs"] = dg.MetadataValue.url(result.docs_index.as_uri())
    return metadata
