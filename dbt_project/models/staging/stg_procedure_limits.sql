-- grain: source, file_sha256, row_number, position

select
    source,
    file_sha256,
    row_number,
    procedure_key,
    position,
    channel,
    amount,
    unit,
    exported_at,
    file_name,
    validation_seq
from {{ source('validated', 'procedure_limits') }}
