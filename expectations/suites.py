"""Great Expectations suites, generated from the catalogues: of the batch before it is split, and of the marts.

Importing it imports Great Expectations (3 s): import it late.
"""

from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from expectations import predicates
from expectations.catalogue import Catalogue, Kind, Rule
from expectations.compat import RuleExpectation, add_datasource  # first: it switches the analytics off
from expectations.marts import mart_checks
from expectations.results import CheckResult, ValidationRunError
from pipelines.clock import to_local
from pipelines.config import Settings
from warehouse.database import connect_build

import great_expectations as gx  # isort: skip
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context import EphemeralDataContext
from great_expectations.data_context.types.base import DataContextConfig, ProgressBarsConfig
from great_expectations.data_context.types.resource_identifiers import ValidationResultIdentifier
from great_expectations.expectations.metadata_types import FailureSeverity

#: Runs that stay in the Data Docs (a validation and a check of the marts are two); older ones are removed.
KEEP_RUNS = 30

_SITE = "quality"


@dataclass(frozen=True)
class _Suite:
    """Expectations on one asset. `asset` makes the asset of the datasource; rule id → expectation."""

    name: str
    asset: Callable[[Any], Any]
    expectations: dict[str, RuleExpectation]


@contextlib.contextmanager
def _without_reminders() -> Iterator[None]:
    """Great Expectations prints a reminder for every query it has filled in; nobody here can act on it."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield


@_without_reminders()
def validate_batches(
    con: duckdb.DuckDBPyConnection, settings: Settings, catalogue: Catalogue, batches: Mapping[Kind, str]
) -> tuple[dict[tuple[str, Kind], int], Path]:
    """Count the violations of every rule that the validation evaluates, in the marks of what was not split yet.

    batches: kind → table of its marked rows on `con`. Returns (rule, kind) → violations (see predicates.violations),
    and the first page of the Data Docs. Raises ValidationRunError when an expectation could not be evaluated.
    """
    counted: dict[tuple[str, Kind], int] = {}
    suites = {kind: _batch_suite(catalogue, kind, table) for kind, table in batches.items()}
    for kind, counts in zip(suites, _run(con, settings, list(suites.values())), strict=True):
        counted |= {(rule_id, kind): count for rule_id, count in counts.items()}
    return counted, settings.layout.quality / "index.html"


@_without_reminders()
def validate_marts(settings: Settings) -> list[CheckResult]:
    """Check the marts in the build file (expectations/marts.yml). A check that fails blocks publication.

    Opens and closes the build file. Raises ValidationRunError when a mart is missing or a check could not be evaluated.
    """
    con = connect_build(settings)
    try:
        checks = {f"{check.id} {check.mart}": check for check in mart_checks(con)}
        expectations = {
            key: _expectation(key, check.query, "error", check.message_vi, check.message_en)
            for key, check in checks.items()
        }
        counts = _run(con, settings, [_Suite("marts", _list_of_marts, expectations)])[0]
    finally:
        con.close()
    return [
        CheckResult(
            rule_id=check.id,
            kind=check.mart,
            success=counts[key] == 0,
            unexpected=counts[key],
            expected=0,
            severity="error",
            description_vi=check.message_vi,
            description_en=check.message_en,
        )
        for key, check in checks.items()
    ]


def _batch_suite(catalogue: Catalogue, kind: Kind, table: str) -> _Suite:
    def expectation(rule: Rule) -> RuleExpectation:
        # Braces belong to Great Expectations' template: ours, in regular expressions, are doubled.
        query = predicates.violations(rule, kind, "\0").replace("{", "{{").replace("}", "}}")
        return _expectation(rule.id, query.replace("\0", "{batch}"), rule.severity, rule.message_vi, rule.message_en)

    rules = [rule for rule in catalogue.rules if rule.evaluated_in == "validation" and kind in rule.kinds]
    name = f"validation.{kind}"
    return _Suite(
        name,
        lambda source: source.add_table_asset(name, table_name=table),
        {rule.id: expectation(rule) for rule in rules},
    )


def _list_of_marts(source: Any) -> Any:
    return source.add_query_asset("marts", query="select table_name from duckdb_tables() where schema_name = 'marts'")


def _expectation(rule_id: str, query: str, severity: str, message_vi: str, message_en: str) -> RuleExpectation:
    return RuleExpectation(
        unexpected_rows_query=query,
        description=f"{rule_id}: {message_vi} / {message_en}",
        severity=FailureSeverity.WARNING if severity == "warn" else FailureSeverity.CRITICAL,
        meta={"rule_id": rule_id},
    )


def _run(con: duckdb.DuckDBPyConnection, settings: Settings, suites: list[_Suite]) -> list[dict[str, int]]:
    """Validate and bring the Data Docs up to date. For each suite: rule id → violations."""
    run = RunIdentifier(run_name=f"{to_local(datetime.now(UTC)):%Y%m%dT%H%M%S%f}")
    _forget_old_runs(settings)
    context = _context(settings)
    source = add_datasource(context, con)
    counted = [_validated(context, suite, suite.asset(source), run) for suite in suites]
    new = [
        key
        for key in context.validation_results_store.list_keys()
        if isinstance(key, ValidationResultIdentifier) and key.run_id.run_name == run.run_name
    ]
    context.build_data_docs(site_names=[_SITE], resource_identifiers=new)
    shutil.rmtree(settings.layout.quality / "static")  # fonts and pictures that our pages do not use
    return counted


def _validated(context: EphemeralDataContext, suite: _Suite, asset: Any, run: RunIdentifier) -> dict[str, int]:
    """Rule id → violations."""
    definition = gx.ValidationDefinition(
        name=suite.name,
        data=asset.add_batch_definition(suite.name),
        suite=context.suites.add(gx.ExpectationSuite(suite.name, expectations=list(suite.expectations.values()))),
    )
    results = context.validation_definitions.add(definition).run(run_id=run, result_format="COMPLETE").results
    return {_rule_id(result): _violations(suite.name, result) for result in results}


def _rule_id(result: Any) -> str:
    return str(result.expectation_config.meta["rule_id"])


def _violations(suite: str, result: Any) -> int:
    if "observed_value" not in result.result:
        infos = [result.exception_info, *result.exception_info.values()]
        messages = [
            info["exception_message"] for info in infos if isinstance(info, dict) and "exception_message" in info
        ]
        rule, why = _rule_id(result), " ".join(" ".join(map(str, messages)).split())
        raise ValidationRunError(
            f"Great Expectations không tính được quy tắc {rule} của {suite}; hãy sửa điều kiện ở danh mục: {why}"
            f" / Great Expectations cannot evaluate the rule {rule} of {suite}; mend its predicate: {why}"
        )
    return int(result.result["observed_value"])


def _results(settings: Settings) -> Path:
    return settings.layout.quality / "results"


def _context(settings: Settings) -> EphemeralDataContext:
    """Suites live as long as the process, results and pages in the warehouse, nothing in the repository."""
    memory = {"class_name": "InMemoryStoreBackend"}
    view, index_view, index_renderer = (
        {"module_name": "expectations.docs_pages", "class_name": name}
        for name in ("PageView", "IndexView", "IndexRenderer")
    )
    config = DataContextConfig(
        expectations_store_name="expectations",
        validation_results_store_name="validation_results",
        checkpoint_store_name="checkpoints",
        stores={
            "expectations": {"class_name": "ExpectationsStore", "store_backend": memory},
            "checkpoints": {"class_name": "CheckpointStore", "store_backend": memory},
            "validation_definition_store": {"class_name": "ValidationDefinitionStore", "store_backend": memory},
            "validation_results": {
                "class_name": "ValidationResultsStore",
                "store_backend": {
                    "class_name": "TupleFilesystemStoreBackend",
                    "base_directory": str(_results(settings)),
                },
            },
        },
        data_docs_sites={
            _SITE: {
                "class_name": "SiteBuilder",
                "show_how_to_buttons": False,
                "store_backend": {
                    "class_name": "TupleFilesystemStoreBackend",
                    "base_directory": str(settings.layout.quality),
                },
                "site_index_builder": {
                    "class_name": "DefaultSiteIndexBuilder",
                    "view": index_view,
                    "renderer": index_renderer,
                },
                "site_section_builders": {"validations": {"view": view}, "expectations": "None", "profiling": "None"},
            }
        },
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False, metric_calculations=False),
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def _forget_old_runs(settings: Settings) -> None:
    """Remove the results and pages of all but the last runs: <suite>/<run name>/<run time>/<batch>."""
    for base, pattern in ((_results(settings), "*.json"), (settings.layout.quality / "validations", "*.html")):
        runs: dict[str, set[Path]] = {}
        for result in base.rglob(pattern):
            runs.setdefault(result.parents[1].name, set()).add(result.parents[1])
        for name in sorted(runs)[: max(0, len(runs) - KEEP_RUNS + 1)]:
            for folder in runs[name]:
                shutil.rmtree(folder)
