"""Read must never mean lost (portal-exports §2): what somebody must look at in a file, as table `validated.attention`.

Readers say what they saw (`files.attention`); what only all files together can tell is found here. The table is made
anew at every validation: what occurs for the first time depends on files, not on their arrival. It is said of the first
file of a source, so that one run says it, and no other.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import duckdb

_ATTENTION = Path(__file__).with_suffix(".sql")


def write_attention(con: duckdb.DuckDBPyConnection, seq: int) -> None:
    """Make `validated.attention` anew from `validated.files`, within the transaction of a validation."""
    con.execute("delete from validated.attention")
    query = _ATTENTION.read_text(encoding="utf-8")
    con.execute(f"insert into validated.attention by name select *, {seq} as validation_seq from ({query})")


def of_files(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str, str], list[dict[str, str]]]:
    """(source, kind, file_path) → what must be looked at there, {rule_id, detail} each."""
    found: dict[tuple[str, str, str], list[dict[str, str]]] = defaultdict(list)
    rows = con.execute("select source, kind, file_path, rule_id, detail from validated.attention order by all")
    for source, kind, path, rule_id, detail in rows.fetchall():
        found[source, kind, path].append({"rule_id": rule_id, "detail": detail})
    return found
