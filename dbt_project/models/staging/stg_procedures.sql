-- grain: source, file_sha256, row_number

select
    source,
    file_sha256,
    row_number,
    procedure_code,
    procedure_key,
    procedure_name,
    field_code,
    field_name,
    file_name,
    file_path,
    exported_at,
    validation_seq
from {{ source('validated', 'procedures') }}
