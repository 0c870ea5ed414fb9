-- grain: source, file_sha256, row_number, position

select
    source,
    file_sha256,
    row_number,
    dossier_code,
    position,
    requested_at,
    answered_at,
    due_before,
    due_after,
    validation_seq
from {{ source('validated', 'supplements') }}
