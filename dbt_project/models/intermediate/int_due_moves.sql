-- grain: source, dossier_code, version_no: the due dates of dossiers whose promise may be another one, as int_promises walks them: for `dunghan explain`.
{{ config(materialized='view') }}

with {{ due_moves() }}

select
    source,
    dossier_code,
    version_no,
    valid_from,
    due_before,
    due_at,
    is_later,
    is_justified,
    answered_at
from moves
