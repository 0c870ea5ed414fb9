-- grain: source, event_key (which includes the dossier): every progress event once, with the export that brought it first. Not limited by known_at.
-- event_no is the order of a dossier's events (timeliness §2); leaving events out (known_at) or cutting them (as_of) does not change it.
{{
    config(
        materialized=carried_on(),
        incremental_strategy='delete+insert',
        unique_key=['source', 'dossier_code'],
        on_schema_change='fail',
    )
}}

with files as (
    {{ numbered_files(source('validated', 'events')) }}
),

accepted as (
    select
        events.source,
        events.dossier_code,
        events.event_key,
        events.event_at,
        events.status,
        events.unit_name,
        events.officer_key,
        events.due_at,
        events.row_number,
        files.file_no,
        {{ row_place('files.file_no', 'events.row_number') }} as place
    from {{ source('validated', 'events') }} as events
    inner join files on events.source = files.source and events.file_sha256 = files.file_sha256
    {% if is_incremental() %}
    where (events.source, events.dossier_code) in ({{ changed_dossiers(['events']) }})
    {% endif %}
),

observations as (
    select min(place) as place
    from accepted
    group by source, event_key
)

select
    accepted.source,
    accepted.dossier_code,
    accepted.event_key,
    cast(
        row_number() over (
            partition by accepted.source, accepted.dossier_code
            order by accepted.event_at, accepted.place
        ) as integer
    ) as event_no,
    accepted.event_at,
    accepted.status,
    accepted.unit_name,
    accepted.officer_key,
    accepted.due_at,
    files.exported_at as first_exported_at,
    files.file_name as first_file_name,
    accepted.row_number as first_row_number
from accepted
inner join observations on accepted.place = observations.place
inner join files on accepted.file_no = files.file_no
