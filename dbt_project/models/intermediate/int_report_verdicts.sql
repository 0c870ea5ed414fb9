-- grain: source, dossier_code, at: portal_766 of the two systems' dossiers received in the period of a portal report, at its close: by what is known now
-- (at = at_now of int_portal_reports), and by what was known when the report was taken (at = at_then; the system that the portal's figure is laid
-- against, see int_report_systems). Rounds of supplement requests are those known now, cut at the close.

with moments as (
    select distinct
        period_from,
        closes_at,
        exported_at,
        at_now,
        at_then
    from {{ ref('int_portal_reports') }}
),

wanted as (
    -- since_known: exports after it were not known
    select
        versions.*,
        moments.at_now as at,
        cast(null as timestamp) as told_until
    from {{ ref('int_dossier_history') }} as versions
    inner join moments on versions.received_at >= moments.period_from and versions.received_at <= moments.closes_at
    where
        versions.source in ('{{ local_system() }}', '{{ portal_system() }}')
        and {{ is_version_used('versions') }}
    union all
    select
        versions.*,
        moments.at_then as at,
        moments.exported_at as told_until
    from {{ ref('int_dossier_history') }} as versions
    inner join moments
        on
            versions.received_at >= moments.period_from
            and versions.received_at <= moments.closes_at
            and versions.valid_from <= moments.exported_at
            and (versions.valid_to is null or versions.valid_to > moments.exported_at)
    where versions.source in (select systems.source from {{ ref('int_report_systems') }} as systems where systems.is_base)
),

asked as {{ read_in_place() }} (
    {{ with_content('wanted', ['at']) }}
),

told_events as {{ read_in_place() }} (
    {{ at_moments(ref('int_events'), 'wanted') }}
    where
        {{ is_known('found.first_exported_at') }}
        and (wanted.told_until is null or found.first_exported_at <= wanted.told_until)
),

told_rounds as {{ read_in_place() }} (
    {{ at_moments(ref('int_supplement_rounds'), 'wanted') }}
),

facts as (
    {{ dossier_facts('asked', 'told_events', 'told_rounds') }}
),

verdicts as (
    {{ verdict_portal_766('facts') }}
)

select
    verdicts.source,
    verdicts.dossier_code,
    verdicts.at,
    verdicts.agency_code,
    1 as received,
    case when verdicts.verdict in ('on_time', 'in_time') then 1 else 0 end as on_time,
    case when facts.ended_at is null then 0 else 1 end as completed,
    case when verdicts.state = 'finished' then 1 else 0 end as finished,
    case when verdicts.state = 'finished' then {{ seconds_between('verdicts.received_at', 'verdicts.effective_end') }} else 0 end as seconds,
    -- counted otherwise if the number of requests were read otherwise: bad only for it, good in spite of it
    case when facts.requests >= 2 and {{ is_bad('verdicts.verdict') }} and verdicts.effective_end <= facts.due_at then 1 else 0 end as late_by_requests,
    case when facts.requests >= 2 and verdicts.verdict in ('on_time', 'in_time') then 1 else 0 end as on_time_with_requests
from verdicts
inner join facts on {{ have_same('verdicts', 'facts', ['source', 'dossier_code', 'at']) }}
