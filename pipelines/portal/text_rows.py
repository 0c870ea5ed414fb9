"""Rows of a file as text: what readers give and canonical rows are made of."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

#: Rows handed to one DuckDB thread at a time.
MORSEL = 8_192


@dataclass(frozen=True)
class TextRows:
    """Rows of one file as text.

    JSON: columns row_number BIGINT, record VARCHAR (JSON text of one record, null if it cannot even be text).
    Tabular: row_number BIGINT, is_record BOOLEAN, then any contract fields as VARCHAR.
    """

    table: pa.Table

    @property
    def tabular(self) -> bool:
        """True for rows of a sheet or CSV file."""
        return "record" not in self.table.column_names


def cut(table: pa.Table) -> pa.Table:
    """A record batch is scanned by one thread, so that a large one must be cut for the others to have work."""
    whole = table if len(table.columns) and table.column(0).num_chunks == 1 else table.combine_chunks()
    return pa.Table.from_batches(whole.to_batches(max_chunksize=MORSEL), schema=table.schema)
