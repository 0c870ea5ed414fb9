-- grain: source, dossier_code, event_key: every progress event once, with the export that brought it first. Not limited by known_at.
-- event_no is the order of a dossier's events (02 §2); leaving events out (known_at) or cutting them (as_of) does not change it.
{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['source', 'dossier_code'],
        on_schema_change='fail',
    )
}}

with accepted as (
    select
        *,
        row_number() over (
            partition by source, dossier_code, event_key
            order by exported_at, file_name, row_number, file_path, file_sha256
        ) as sighting
    from {{ ref('stg_events') }}
    {% if is_incremental() %}
    where (source, dossier_code) in ({{ changed_dossiers(['stg_events']) }})
    {% endif %}
)

select
    source,
    dossier_code,
    event_key,
    cast(
        row_number() over (
            partition by source, dossier_code
            order by event_at, exported_at, file_name, row_number, file_path, file_sha256
        ) as integer
    ) as event_no,
    event_at,
    status,
    unit_name,
    officer_key,
    exported_at as first_exported_at,
    file_name as first_file_name,
    row_number as first_row_number
from accepted
where sighting = 1
