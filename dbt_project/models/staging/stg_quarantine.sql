-- grain: source, kind, file_sha256, part, row_number

select
    source,
    kind,
    file_name,
    file_path,
    exported_at,
    file_sha256,
    part,
    row_number,
    reasons,
    offending,
    agency_code,
    dossier_code,
    validation_seq
from {{ source('validated', 'quarantine') }}
