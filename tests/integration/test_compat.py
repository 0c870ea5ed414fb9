"""What this project relies on in its frameworks beyond their public interfaces.

An upgrade that moves it fails here first, by its name: see the `compat` module of that framework."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

import pytest

from warehouse.dbt_process import RESULTS

pytestmark = pytest.mark.integration

GX = "great_expectations"


def found(path: str) -> Any:
    """The thing at `module:name.name`."""
    module, _, names = path.partition(":")
    thing = import_module(module)
    for name in names.split("."):
        thing = getattr(thing, name)
    return thing


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        # expectations/compat.py: the DuckDB engine
        ("duckdb_engine:ConnectionWrapper.__init__", ["c"]),
        ("duckdb_engine:ConnectionWrapper.close", ["self"]),
        (f"{GX}.execution_engine:SqlAlchemyExecutionEngine.get_connection", ["self"]),
        # expectations/compat.py: places of violated rules only
        (f"{GX}.expectations.core:UnexpectedRowsExpectation._validate", ["metrics"]),
        (f"{GX}.expectations.core:UnexpectedRowsExpectation._diagnostic_unexpected_table_renderer", ["result"]),
        (f"{GX}.expectations.metrics.query_metrics:UnexpectedRowsQueryTable._sqlalchemy", ["metrics"]),
        (f"{GX}.expectations.metrics.query_metrics:UnexpectedRowsQueryTable._get_evaluation_dependencies", ["metric"]),
        # expectations/docs_pages.py: pages without a network
        (f"{GX}.render.view:DefaultJinjaPageView.render", ["document", "template"]),
        # pipelines/orchestration/compat.py
        ("dagster._core.storage.event_log:SqliteEventLogStorage.path_for_shard", ["run_id"]),
        # pipelines/orchestration/compat_dbt.py
        ("dagster_dbt.core.dbt_event_iterator:DbtEventIterator.__init__", ["events", "dbt_cli_invocation"]),
        ("dbt.adapters.duckdb.connections:DuckDBConnectionManager.close_all_connections", []),
        ("dbt.adapters.base:BaseAdapter.cleanup_connections", ["self"]),
    ],
)
def test_a_function_is_where_it_was(path: str, parameters: list[str]) -> None:
    assert set(parameters) <= set(inspect.signature(found(path)).parameters)


def test_great_expectations_takes_an_engine_of_ours() -> None:
    assert found(f"{GX}.datasource.fluent:SQLDatasource").execution_engine_override is None
    source = inspect.getsource(found(f"{GX}.execution_engine:SqlAlchemyExecutionEngine"))
    assert "self._connection" in source
    dependencies = found(f"{GX}.expectations.core:UnexpectedRowsExpectation").metric_dependencies
    assert "unexpected_rows_query.row_count" in dependencies
    assert found(f"{GX}.render:LegacyDiagnosticRendererType.UNEXPECTED_TABLE")


def test_great_expectations_has_no_duckdb_dialect_yet() -> None:
    """When it has, expectations/compat.py can lose its engine."""
    dialects = [dialect.value for dialect in found(f"{GX}.execution_engine.sqlalchemy_dialect:GXSqlDialect")]
    assert "duckdb" not in dialects


def test_dagster_knows_the_compute_log_manager_of_our_dagster_yaml() -> None:
    assert found("dagster._core.storage.noop_compute_log_manager:NoOpComputeLogManager")


def test_an_invocation_of_dbt_shows_its_process_and_adapter() -> None:
    fields = found("dagster_dbt:DbtCliInvocation").__dataclass_fields__
    assert {"process", "adapter"} <= set(fields)


@pytest.mark.parametrize("event", RESULTS)
def test_dbt_tells_of_its_nodes_by_these_events(event: str) -> None:
    """warehouse/dbt_process.py goes by their names; how many nodes there are is another field in that of a test."""
    fields = found(f"dbt.events.types:{event}").PROTO_TYPES_MODULE
    message = getattr(fields, event).DESCRIPTOR.fields_by_name
    assert {"node_info", "index", "num_models" if event == "LogTestResult" else "total"} <= set(message)


def test_dagster_dbt_says_so_before_what_dbt_said_of_its_errors() -> None:
    """pipelines/orchestration/dbt.py cuts it off: people read dbt's own words."""
    from pipelines.orchestration.dbt import _ERRORS

    assert _ERRORS in inspect.getsource(found("dagster_dbt:DbtCliInvocation"))


def test_typer_takes_the_words_of_its_panels_from_these_names() -> None:
    """pipelines/cli/app.py says them in the language of the command line."""
    names = [f"{panel}_PANEL_TITLE" for panel in ("OPTIONS", "ARGUMENTS", "COMMANDS", "ERRORS")]
    names += ["DEFAULT_STRING", "REQUIRED_LONG_STRING"]
    assert {type(found(f"typer.rich_utils:{name}")) for name in names} == {str}
