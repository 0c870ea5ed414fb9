-- grain: source, kind, file_path, file_sha256: one row per file seen, whatever known_at, with what became of its rows (portal-exports §6).

select
    source,
    kind,
    file_name,
    file_sha256,
    exported_at,
    exported_at_from,
    status,
    reason,
    cast(rows_read as bigint) as rows_read,
    cast(rows_accepted as bigint) as rows_accepted,
    cast(rows_quarantined as bigint) as rows_quarantined,
    load_id,
    file_path,
    format,
    detail,
    drift,
    notes,
    parts,
    {{ is_known('exported_at') }} as used,
    {{ stamps() }}
from {{ source('validated', 'files') }}
order by exported_at, source, kind, file_path
