-- grain: source, file_sha256, row_number

select
    source,
    file_sha256,
    row_number,
    dossier_code,
    event_at,
    status,
    unit_name,
    officer_key,
    event_key,
    started_at,
    due_at,
    file_name,
    file_path,
    exported_at,
    validation_seq
from {{ source('validated', 'events') }}
