-- grain: source, kind, file_path, file_sha256: one row per file seen, whatever known_at, with what became of its rows (portal-exports §6).
-- A file that nobody could open has no file_sha256, and is there only as long as that is the latest news of its path.

with attention as (
    select
        source,
        kind,
        file_path,
        {{ collect_sorted('rule_id') }} as rule_ids,
        {{ collect_sorted("concat(rule_id, ': ', detail)") }} as details
    from {{ source('validated', 'attention') }}
    group by source, kind, file_path
)

select
    files.source,
    files.kind,
    files.file_name,
    files.file_sha256,
    files.exported_at,
    files.exported_at_from,
    files.status,
    files.reason,
    cast(files.rows_read as bigint) as rows_read,
    cast(files.rows_accepted as bigint) as rows_accepted,
    cast(files.rows_quarantined as bigint) as rows_quarantined,
    files.load_id,
    files.file_path,
    files.format,
    files.detail,
    files.drift,
    files.notes,
    files.parts,
    attention.rule_ids as attention,
    attention.details as attention_details,
    {{ is_known('files.exported_at') }} as used,
    {{ stamps() }}
from {{ source('validated', 'files') }} as files
left join attention
    on
        {{ have_same('files', 'attention', ['source', 'kind', 'file_path']) }}
        and files.status <> 'duplicate'
order by files.exported_at, files.source, files.kind, files.file_path
