-- grain: source, dossier_code, round_no: supplement requests by list or events (timeliness §2), known at known_at, not cut at any moment.
-- The third kind, one request since the dossier stands in status 5, exists only where these give none at a moment: macros/dossier_facts.sql.

with used as (
    select
        source,
        dossier_code,
        received_at,
        supplement_count,
        file_sha256,
        row_number
    from {{ ref('int_dossier_history') }} as versions
    where {{ is_version_used('versions') }}
),

listed as (
    select
        used.source,
        used.dossier_code,
        'list' as origin,
        supplements.requested_at,
        supplements.answered_at,
        supplements.position as place
    from {{ source('validated', 'supplements') }} as supplements
    inner join used on {{ have_same('supplements', 'used', ['source', 'file_sha256', 'row_number']) }}
    where supplements.requested_at >= used.received_at
),

asking as (
    -- dossiers whose events speak of a request and whose list is empty
    select
        used.source,
        used.dossier_code
    from used
    where
        coalesce(used.supplement_count, 0) = 0
        and (used.source, used.dossier_code) in (
            select
                source,
                dossier_code
            from {{ ref('int_events') }}
            where status = 5 and {{ is_known('first_exported_at') }}
        )
),

steps as (
    select
        events.source,
        events.dossier_code,
        events.event_no,
        events.event_at,
        events.status,
        lag(events.status) over of_dossier as status_before,
        min(case when events.status <> 5 then events.event_at end) over (
            partition by events.source, events.dossier_code
            order by events.event_no
            rows between 1 following and unbounded following
        ) as next_other_at
    from {{ ref('int_events') }} as events
    inner join asking on {{ have_same('events', 'asking', ['source', 'dossier_code']) }}
    where {{ is_known('events.first_exported_at') }}
    window of_dossier as (partition by events.source, events.dossier_code order by events.event_no)
),

rounds as (
    select * from listed
    union all
    select
        source,
        dossier_code,
        'events' as origin,
        event_at as requested_at,
        next_other_at as answered_at,
        event_no as place
    from steps
    where status = 5 and status_before is distinct from 5
)

select
    source,
    dossier_code,
    cast(row_number() over (partition by source, dossier_code order by requested_at, place) as integer) as round_no,
    origin,
    requested_at,
    answered_at
from rounds
