"""Asset checks that look at the whole build: the audit between dbt and the publication. All of them block it.

dbt's tests are checks of the dbt step, those of the validation belong to the validation step.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from expectations.anomalies import Anomaly, of_files, silent
from expectations.audit import Identity, identities, kept_files, replacement_guard
from expectations.results import CheckResult
from pipelines.bilingual import joined
from pipelines.orchestration import resources
from pipelines.orchestration.dbt import ParsedProject
from pipelines.serving import catalogue

ACCOUNTING = "accounting_identities"
EXPECTATIONS = "great_expectations_on_marts"
REPLACEMENT = "replacement_guard"
USUAL = "input_as_usual"

_DESCRIPTIONS = {
    ACCOUNTING: "Mọi dòng đã gửi đều được tính đến (số đọc = nhận + loại; nhận = phiên bản + không đổi + bị thay) / "
    "every row sent is accounted for",
    EXPECTATIONS: "Great Expectations trên các mart / Great Expectations on the marts",
    REPLACEMENT: "Bản mới không được ít hồ sơ hơn hẳn bản đang công bố / "
    "the new version is not far smaller than the published one",
    USUAL: "Tệp mới không khác thường so với các tệp trước, không nguồn nào im lặng quá lâu / "
    "new files are like those before, and no source is silent for too long",
}


class AuditConfig(dg.Config):
    """force: publish although the new version holds far fewer dossiers than the published one, or an anomaly blocks."""

    force: bool = False


def build(project: ParsedProject) -> dg.AssetChecksDefinition:
    """The audit step. Its checks hang on the facts and the ledger, which every publication needs."""
    facts, ledger = project.key_of("fct_dossiers"), project.key_of("mart_load_ledger")
    asset_of = {ACCOUNTING: ledger, EXPECTATIONS: facts, REPLACEMENT: facts, USUAL: ledger}

    @dg.multi_asset_check(
        name="audit",
        specs=[
            dg.AssetCheckSpec(
                name,
                asset=asset,
                blocking=True,
                description=_DESCRIPTIONS[name],
                additional_deps=[key for key in project.models if key != asset],
            )
            for name, asset in asset_of.items()
        ],
        required_resource_keys={resources.KEY},
    )
    def audit(context: dg.AssetCheckExecutionContext, config: AuditConfig) -> Iterator[dg.AssetCheckResult]:
        run: resources.Run = getattr(context.resources, resources.KEY)
        with run.step("audit"):
            if run.kept is not None:
                for name, asset in asset_of.items():
                    yield _unchanged(name, asset, run.kept.version)
                return
            results = [
                accounting(identities(run.settings), ledger),
                _expectations(run, facts),
                _replacement(run, facts, force=config.force),
                _usual(run, ledger, force=config.force),
            ]
            run.audited = all(result.passed or result.severity == dg.AssetCheckSeverity.WARN for result in results)
        yield from results

    return audit


def accounting(found: list[Identity], asset: dg.AssetKey) -> dg.AssetCheckResult:
    """Passed when every identity holds; names the ones that do not."""
    wrong = [identity for identity in found if not identity.ok]
    table = [f"|{i.name}|{i.expected:,}|{i.found:,}|{'✓' if i.ok else '✗'}|" for i in found]
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=ACCOUNTING,
        passed=not wrong,
        description=_said(wrong),
        metadata={
            "identities": dg.MetadataValue.md("\n".join(["|identity|expected|found|ok|", "|-|-:|-:|-|", *table]))
        },
    )


def _said(found: list[Identity]) -> str:
    """The ones that do not hold, a line each, in both languages."""
    return "\n".join(f"{each.message('vi')} / {each.message('en')}" for each in found if not each.ok)


def on_marts(found: list[CheckResult], asset: dg.AssetKey) -> dg.AssetCheckResult:
    """Passed when every expectation on the marts holds; names the ones that do not."""
    wrong = [check for check in found if not check.success]
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=EXPECTATIONS,
        passed=not wrong,
        description="\n".join(
            " / ".join(
                f"{_titled(check.kind, lang)}: {text} ({check.unexpected} {rows})"
                for lang, text, rows in (("vi", check.description_vi, "dòng"), ("en", check.description_en, "rows"))
            )
            for check in wrong
        ),
        metadata={"expectations": len(found), "failed": [f"{check.kind}: {check.rule_id}" for check in wrong]},
    )


def _titled(name: str, lang: str) -> str:
    """A mart as people and programs call it."""
    mart = catalogue.marts().get(name)
    return f"{mart.title(lang)} ({name})" if mart else name


def _expectations(run: resources.Run, asset: dg.AssetKey) -> dg.AssetCheckResult:
    from expectations.suites import validate_marts  # Great Expectations: seconds to import

    return on_marts(validate_marts(run.settings), asset)


def _replacement(run: resources.Run, asset: dg.AssetKey, *, force: bool) -> dg.AssetCheckResult:
    if run.plan is None:
        passed, figures = True, dict[str, Any]()
    else:
        guards = [replacement_guard(run.settings, run.plan), kept_files(run.settings)]
        passed = force or all(guard.ok for guard in guards)
        figures = {"forced": force} | {guard.name: f"{guard.found} / {guard.expected}" for guard in guards}
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=REPLACEMENT,
        passed=passed,
        description="" if passed else _said(guards),
        metadata=figures,
    )


def _usual(run: resources.Run, asset: dg.AssetKey, *, force: bool) -> dg.AssetCheckResult:
    unusual = of_files(run.settings)
    run.record.anomalies = [anomaly.message for anomaly in unusual]
    return as_usual([*unusual, *silent(run.settings, run.record.sources)], asset, force=force)


def as_usual(found: list[Anomaly], asset: dg.AssetKey, *, force: bool) -> dg.AssetCheckResult:
    """Passed when nothing is unusual; blocks when one of the anomalies does (settings), unless forced."""
    blocks = not force and any(anomaly.blocks for anomaly in found)
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=USUAL,
        passed=not found,
        severity=dg.AssetCheckSeverity.ERROR if blocks else dg.AssetCheckSeverity.WARN,
        description=joined([anomaly.message for anomaly in found if anomaly.blocks or not blocks]),
        metadata={"anomalies": [anomaly.message for anomaly in found], "forced": force},
    )


def _unchanged(name: str, asset: dg.AssetKey, version: str) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=name,
        passed=True,
        description=f"Không dựng lại, kết quả của bản {version} vẫn đúng / Not rebuilt, the result of {version} stands",
        metadata={"version": version},
    )
