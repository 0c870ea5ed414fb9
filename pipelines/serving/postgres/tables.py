"""What a mart is as a table of PostgreSQL: columns, key, indexes, comments, whose rows they are."""

from __future__ import annotations

from dataclasses import dataclass, replace

import duckdb

from pipelines.serving import catalogue
from pipelines.serving.published import statement
from pipelines.sql import quoted

#: Type of DuckDB → of PostgreSQL. A mart has no other (tests/integration/test_published_file.py).
TYPES = {
    "BIGINT": "bigint",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "DOUBLE": "double precision",
    "INTEGER": "integer",
    "TIMESTAMP": "timestamp",
    "VARCHAR": "text",
    "VARCHAR[]": "text[]",
}
CODE = "dossier_code"
DOSSIER = ("source", CODE)
AGENCY = "agency_code"
#: Columns that say whose row it is, best first.
AGENCIES = (AGENCY, "department_code")
#: The mart that knows the agency of a dossier.
DOSSIERS = "fct_dossiers"


@dataclass(frozen=True)
class Table:
    """A mart of one version. columns: name → type of DuckDB. added: has agency_code, which the mart itself has not.

    key: columns that tell its rows apart; empty when nobody says so. nulls: the key has rows without a value.
    """

    name: str
    columns: dict[str, str]
    key: tuple[str, ...]
    nulls: bool = False
    added: bool = False

    @property
    def agency(self) -> str | None:
        """The column that says whose row it is."""
        return AGENCY if self.added else next((column for column in AGENCIES if column in self.columns), None)

    @property
    def public(self) -> bool:
        """A catalogue, for everybody."""
        return self.name.startswith("dim_")

    @property
    def types(self) -> dict[str, str]:
        """Column → type of PostgreSQL."""
        mine = {column: TYPES[kind] for column, kind in self.columns.items()}
        return mine | ({AGENCY: TYPES["VARCHAR"]} if self.added else {})

    @property
    def ordered_key(self) -> tuple[str, ...]:
        """The key with the code of the dossier first: its index then finds a dossier, too."""
        return tuple(sorted(self.key, key=lambda column: column != CODE))

    @property
    def looked_up_by(self) -> tuple[str, ...]:
        """Columns that people look rows up by and that the key does not begin with."""
        wanted = [column for column in (CODE, self.agency) if column in self.types and not self.public]
        return tuple(column for column in wanted if column is not None and column not in self.ordered_key[:1])

    @property
    def about(self) -> str:
        """What the table is, in Vietnamese."""
        known = catalogue.marts().get(self.name)
        if known is None:
            return self.name
        return f"{known.title.vi}. {known.grain.vi}" if known.title.vi != self.name else known.grain.vi

    def meaning(self, column: str) -> str:
        """What a column is, in Vietnamese; its name when the catalogue of today does not know it."""
        known = catalogue.marts().get(self.name)
        if known and column in known.columns:
            return known.columns[column].meaning.vi
        return "Cơ quan của hồ sơ (theo fct_dossiers)" if self.added and column == AGENCY else column


def tables(con: duckdb.DuckDBPyConnection, *, with_agency: bool) -> list[Table]:
    """The marts of catalog `dunghan`, by name. with_agency: those of single dossiers get their agency."""
    found: dict[str, dict[str, str]] = {}
    for mart, column, kind in con.execute(statement("postgres/columns")).fetchall():
        found.setdefault(mart, {})[column] = kind
    made = [_table(con, mart, columns) for mart, columns in found.items()]
    if with_agency and AGENCY in found.get(DOSSIERS, {}):
        made = [replace(t, added=t.agency is None and set(DOSSIER) <= set(t.columns)) for t in made]
    return made


def _table(con: duckdb.DuckDBPyConnection, mart: str, columns: dict[str, str]) -> Table:
    known = catalogue.marts().get(mart)
    key = known.key if known and set(known.key) <= set(columns) else ()
    return Table(mart, columns, key, nulls=bool(key) and _misses_values(con, mart, key))


def _misses_values(con: duckdb.DuckDBPyConnection, mart: str, key: tuple[str, ...]) -> bool:
    conditions = " or ".join(f"{quoted(column)} is null" for column in key)
    row = con.execute(statement("postgres/key_without_value").format(quoted(mart), conditions)).fetchone()
    return bool(row and row[0])
