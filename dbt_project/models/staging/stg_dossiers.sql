-- grain: source, file_sha256, row_number

select *
from {{ source('validated', 'dossiers') }}
