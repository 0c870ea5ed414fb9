-- grain: one observation of a file

select
    source,
    kind,
    file_name,
    file_path,
    exported_at,
    file_sha256,
    exported_at_from,
    status,
    reason,
    detail,
    format,
    rows_read,
    rows_accepted,
    rows_quarantined,
    load_id,
    drift,
    notes,
    parts,
    validation_seq
from {{ source('validated', 'files') }}
