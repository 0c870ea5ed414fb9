-- grain: source, file_sha256, row_number

select
    source,
    file_sha256,
    row_number,
    agency_code,
    agency_name,
    parent_code,
    level,
    valid_from,
    valid_to,
    successor_code,
    file_name,
    file_path,
    exported_at,
    validation_seq
from {{ source('validated', 'agencies') }}
