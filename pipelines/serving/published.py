"""One published version, pinned: whatever is published meanwhile, every answer is of this version."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from pipelines.config import Settings
from pipelines.sql import rows_of
from warehouse.publish import Publication
from warehouse.reading import marts_of, published_as, published_now

SQL = Path(__file__).parent / "sql"
Row = dict[str, Any]


@dataclass(frozen=True)
class Published:
    """A version that is open for reading. `con`: its marts are in schema `marts`."""

    publication: Publication
    con: duckdb.DuckDBPyConnection

    @property
    def version(self) -> str:
        return self.publication.version

    @property
    def as_of(self) -> datetime:
        """Moment at which the figures are closed, local wall clock."""
        return datetime.fromisoformat(self.publication.manifest["as_of"])

    @property
    def known_at(self) -> datetime | None:
        """Only exports up to this moment count; None = all."""
        known = self.publication.manifest["known_at"]
        return datetime.fromisoformat(known) if known else None

    @property
    def definitions_version(self) -> str:
        return str(self.publication.manifest["definitions_version"])

    @property
    def marts(self) -> list[str]:
        """Names of the marts of this version."""
        return sorted(self.publication.manifest["marts"])

    def named(self) -> Published:
        """The same, with the macros of `sql/names` for its queries."""
        self.con.execute(statement("names/names"))
        return self

    def rows(self, query: str, **parameters: Any) -> list[Row]:
        """Rows of `sql/<query>.sql`, in its order; `$name` in it is a parameter."""
        return rows_of(self.con.execute(statement(query), parameters or None))

    def listed(self, query: str, **parameters: Any) -> list[Row]:
        """Rows of `sql/<query>.sql` as `sql/list.sql` shows them."""
        whole = f"with listed as ({statement(query)})\n{statement('list')}"
        return rows_of(self.con.execute(whole, parameters))


@contextlib.contextmanager
def open_published(settings: Settings, version: str | None = None) -> Iterator[Published]:
    """The version that readers see now, or the one that is named.

    Raises NothingPublishedError when there is none, or none of that name.
    """
    with opened(settings, published_now(settings) if version is None else published_as(settings, version)) as published:
        yield published


@contextlib.contextmanager
def opened(settings: Settings, publication: Publication) -> Iterator[Published]:
    """This version."""
    with marts_of(settings, publication) as con:
        yield Published(publication, con)


@cache
def statement(query: str) -> str:
    """The text of `sql/<query>.sql`."""
    return (SQL / f"{query}.sql").read_text(encoding="utf-8")
