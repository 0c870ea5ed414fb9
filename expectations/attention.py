"""Read must never mean lost (portal-exports §2): what somebody must look at in a file, as table `validated.attention`.

Readers say what they saw (`files.attention`); what only all files together can tell is found here. The table is made
anew at every validation: what occurs for the first time depends on files, not on their arrival. It is told of the first
file of a source, so that a night says it once.
"""

from __future__ import annotations

from collections import defaultdict

import duckdb

NOTHING_ACCEPTED = "WRN_FILE_NOTHING_ACCEPTED"
NEW_FIELDS = "WRN_FILE_NEW_FIELDS"
NO_HANDOVER = "WRN_FILE_NO_HANDOVER"
NO_CHANNEL = "WRN_FILE_NO_CHANNEL"
#: So many finished dossiers of which none was handed over tell that a source does not send it.
_ENOUGH_FINISHED = 20

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
),

-- sources that finish dossiers and never say that a result was handed over
never_handed_over as (
    select source, count(*) filter (status in (9, 10)) as finished
    from validated.dossiers
    where source not in (select source from validated.events where status = 10)
    group by source
    having finished >= {_ENOUGH_FINISHED} and count(returned_at) = 0
),

first_finished as (
    select source, file_path, exported_at, file_sha256, finished
    from (select distinct source, file_sha256 from validated.dossiers where status in (9, 10))
    join never_handed_over using (source)
    join loaded using (source, file_sha256)
    where kind = 'dossiers'
    qualify row_number() over (partition by source order by exported_at, file_path) = 1
),

-- the first file of each source in which no dossier says how it came in
unsaid as (
    select source, file_sha256, count(*) as dossiers
    from validated.dossiers
    where channel = 'unknown'
    group by source, file_sha256
),

without_channel as (
    select source, file_path, exported_at, file_sha256, dossiers
    from unsaid
    join loaded using (source, file_sha256)
    where kind = 'dossiers' and dossiers = rows_accepted
    qualify row_number() over (partition by source order by exported_at, file_path) = 1
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

union all

select
    source, 'dossiers', file_path, exported_at, file_sha256, '{NO_HANDOVER}',
    concat(
        finished, ' hồ sơ đã xử lý xong, không hồ sơ nào có ngày trả',
        ' / ', finished, ' dossiers are finished, and none has a date of hand-over'
    )
from first_finished

union all

select
    source, 'dossiers', file_path, exported_at, file_sha256, '{NO_CHANNEL}',
    concat(
        dossiers, ' hồ sơ, không hồ sơ nào cho biết kênh thực hiện',
        ' / ', dossiers, ' dossiers, and none says the channel'
    )
from without_channel
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
