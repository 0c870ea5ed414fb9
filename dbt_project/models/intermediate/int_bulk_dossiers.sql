-- grain: source, dossier_code: dossiers with a progress event in a minute in which events of very many dossiers of their agency lie (var
-- distortion_bulk_closing): somebody pressed a button for all of them, so the moment says nothing of who had the dossier (timeliness §6, portal-exports §8).

with moments as {{ read_in_place() }} (
    select
        source,
        dossier_code,
        agency_code,
        entered_at
    from {{ ref('int_steps') }}
    -- a date alone stands for midnight and says nothing of the minute
    where entered_at <> cast(cast(entered_at as date) as timestamp)
),

crowded_hours as (
    -- far fewer than minutes, and every crowded minute lies in one
    select
        source,
        agency_code,
        date_trunc('hour', entered_at) as entered_hour
    from moments
    group by source, agency_code, date_trunc('hour', entered_at)
    having count(*) >= {{ var('distortion_bulk_closing') }}
),

candidates as (
    select
        moments.source,
        moments.dossier_code,
        moments.agency_code,
        date_trunc('minute', moments.entered_at) as entered_minute
    from moments
    inner join crowded_hours
        on
            moments.source = crowded_hours.source
            and moments.agency_code = crowded_hours.agency_code
            and date_trunc('hour', moments.entered_at) = crowded_hours.entered_hour
),

crowded_minutes as (
    select
        source,
        agency_code,
        entered_minute
    from candidates
    group by source, agency_code, entered_minute
    having count(distinct dossier_code) >= {{ var('distortion_bulk_closing') }}
)

select distinct
    candidates.source,
    candidates.dossier_code
from candidates
inner join crowded_minutes
    on
        candidates.source = crowded_minutes.source
        and candidates.agency_code = crowded_minutes.agency_code
        and candidates.entered_minute = crowded_minutes.entered_minute
