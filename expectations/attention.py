"""Read must never mean lost (portal-exports §2): what somebody must look at in a file, as table `validated.attention`.

Readers say what they saw (`files.attention`); what only the whole ledger can tell is found here. The table is made anew
at every validation: whether an unknown name occurs for the first time depends on files, not on their arrival.
"""

from __future__ import annotations

from collections import defaultdict

import duckdb

NOTHING_ACCEPTED = "WRN_FILE_NOTHING_ACCEPTED"
NEW_FIELDS = "WRN_FILE_NEW_FIELDS"

_ATTENTION = f"""
with loaded as (select * from validated.files where status = 'loaded'),

said as (
    select *, unnest(from_json(attention, '[{{"rule_id": "VARCHAR", "detail": "VARCHAR"}}]')) as one
    from validated.files
    where status <> 'duplicate' and attention is not null
),

named as (
    select source, kind, file_path, exported_at, file_sha256, unnest(json_keys(drift)) as name
    from loaded
    where drift is not null
),

new_names as (
    select * from named
    qualify row_number() over (partition by source, kind, lower(name) order by exported_at, file_path) = 1
)

select source, kind, file_path, exported_at, file_sha256, one.rule_id as rule_id, string_agg(one.detail, '; ') as detail
from said
group by all

union all

select
    source, kind, file_path, exported_at, file_sha256, '{NOTHING_ACCEPTED}',
    concat('không dòng nào được nhận trong ', rows_read, ' dòng / none of ', rows_read, ' rows was accepted')
from loaded
where rows_read > 0 and rows_accepted = 0

union all

select
    source, kind, file_path, exported_at, file_sha256, '{NEW_FIELDS}',
    concat(
        'chưa biết, gặp lần đầu: ', string_agg(name, ', ' order by name),
        ' / unknown, seen for the first time: ', string_agg(name, ', ' order by name)
    )
from new_names
group by all
"""


def write_attention(con: duckdb.DuckDBPyConnection, seq: int) -> None:
    """Make `validated.attention` anew from `validated.files`, within the transaction of a validation."""
    con.execute("delete from validated.attention")
    con.execute(f"insert into validated.attention by name select *, {seq} as validation_seq from ({_ATTENTION})")


def of_files(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str, str], list[dict[str, str]]]:
    """(source, kind, file_path) → what must be looked at there, {rule_id, detail} each."""
    found: dict[tuple[str, str, str], list[dict[str, str]]] = defaultdict(list)
    rows = con.execute("select source, kind, file_path, rule_id, detail from validated.attention order by all")
    for source, kind, path, rule_id, detail in rows.fetchall():
        found[source, kind, path].append({"rule_id": rule_id, "detail": detail})
    return found
