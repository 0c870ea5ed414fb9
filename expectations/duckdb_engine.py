"""The one adapter between Great Expectations and DuckDB. Importing it imports Great Expectations (3 s): import it late.

Great Expectations 1.24 has no DuckDB dialect and reads results after it closed the connection. Here it works on one
DuckDB connection that belongs to somebody else: it sees that connection's temporary tables, and can neither begin, end
nor close anything on it.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, ClassVar, Literal

from expectations.late_imports import late

os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read when the package is imported

import duckdb
import sqlalchemy as sa
from duckdb_engine import ConnectionWrapper
from sqlalchemy.pool import StaticPool

# Of charts, statistics and object stores, for which it has expectations and sites that nobody here uses.
with late("altair", "scipy.stats", absent=("botocore",)):
    from great_expectations.data_context import EphemeralDataContext
    from great_expectations.datasource.fluent import SQLDatasource
    from great_expectations.execution_engine import SqlAlchemyExecutionEngine


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
