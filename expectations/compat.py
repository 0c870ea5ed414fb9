"""What this project needs of Great Expectations beyond its public interfaces.

tests/integration/test_compat.py names each thing that is relied on.

1. An engine for DuckDB: Great Expectations 1.24 has no DuckDB dialect and reads results after it closed the
   connection. Here it works on one DuckDB connection that belongs to somebody else: it sees that connection's temporary
   tables, and can neither begin, end nor close anything on it.
2. An expectation that asks for the places of a rule only when it is violated: its own would run each query, which may
   look at every row of a large batch, twice.

Importing it imports Great Expectations (seconds): import it late.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, ClassVar, Literal

os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read when the package is imported

import duckdb
import sqlalchemy as sa
from duckdb_engine import ConnectionWrapper
from great_expectations.data_context import EphemeralDataContext
from great_expectations.datasource.fluent import SQLDatasource
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.core import UnexpectedRowsExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.query_metrics import UnexpectedRowsQueryTable
from great_expectations.render import LegacyDiagnosticRendererType, RenderedTableContent
from great_expectations.render.renderer.renderer import renderer
from great_expectations.validator.metric_configuration import MetricConfiguration
from sqlalchemy.pool import StaticPool

#: Places shown for a violated rule.
_EXAMPLES = 20

_COUNT = "unexpected_rows_query.row_count"


class BorrowedConnection(ConnectionWrapper):
    """A DuckDB connection that its user may query, no more."""

    def begin(self) -> None:
        """The owner's transaction, if there is one, goes on."""

    commit = rollback = close = begin


class DuckDBExecutionEngine(SqlAlchemyExecutionEngine):
    """Keeps one connection open, so that results can still be read after a query."""

    @contextmanager
    def get_connection(self) -> Generator[sa.Connection, None, None]:
        if self._connection is None:
            self._connection = self.engine.connect()
        yield self._connection


class DuckDBDatasource(SQLDatasource):
    """The SQL datasource with the engine above."""

    type: Literal["duckdb"] = "duckdb"  # type: ignore[assignment]
    execution_engine_override: ClassVar[Any] = DuckDBExecutionEngine


def add_datasource(context: EphemeralDataContext, con: duckdb.DuckDBPyConnection) -> DuckDBDatasource:
    """Make `con` a datasource of `context`. The caller keeps `con` open as long as it validates."""
    return context.data_sources.add_duckdb(
        "build",
        connection_string="duckdb://",
        kwargs={"creator": lambda: BorrowedConnection(con), "poolclass": StaticPool},
    )


class _Places(UnexpectedRowsQueryTable):
    """The rows that a rule's query gives. They are only asked for when there are any: most rules are not violated, and
    a query may look at every row of a large batch.
    """

    metric_name = "unexpected_rows_query.places"

    @classmethod
    def _get_evaluation_dependencies(
        cls, metric: MetricConfiguration, *_: Any, **__: Any
    ) -> dict[str, MetricConfiguration]:
        return {_COUNT: MetricConfiguration(_COUNT, metric.metric_domain_kwargs, metric.metric_value_kwargs)}

    @metric_value(engine=SqlAlchemyExecutionEngine)
    def _sqlalchemy(cls, *, metrics: dict[str, Any], **asked: Any) -> list[dict[str, Any]]:  # type: ignore[override]  # noqa: N805
        if metrics[_COUNT] == 0:
            return []
        places: list[dict[str, Any]] = UnexpectedRowsQueryTable._sqlalchemy(cls, metrics=metrics, **asked)
        return places[:_EXAMPLES]


class RuleExpectation(UnexpectedRowsExpectation):
    """A rule of a catalogue, its id in `meta`. Its query says where the rule is violated, never a value of the data."""

    metric_dependencies: ClassVar[tuple[str, ...]] = (_COUNT, _Places.metric_name)

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        count, places = metrics[_COUNT], metrics[_Places.metric_name]
        return {"success": count == 0, "result": {"observed_value": count, "details": {"unexpected_rows": places}}}

    @classmethod
    @renderer(renderer_type=LegacyDiagnosticRendererType.UNEXPECTED_TABLE)
    def _diagnostic_unexpected_table_renderer(
        cls, configuration: Any = None, result: Any = None, runtime_configuration: Any = None
    ) -> Any:
        places = result.result.get("details", {}).get("unexpected_rows") if result else None
        if not places:
            return None
        return [
            RenderedTableContent(
                content_block_type="table",
                header_row=list(places[0]),
                table=[["" if value is None else str(value) for value in place.values()] for place in places],
            )
        ]
