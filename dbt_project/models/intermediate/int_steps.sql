-- grain: source, dossier_code, step_no: how long a dossier of the population stayed where, from one progress event to the next; the last step runs to
-- ended_at, or is open (timeliness §6). Working seconds count only while the clock of the dossier runs, from received_at to ended_at or as_of.
-- Incremental: dossiers that were evaluated again are taken out and told anew (macros/history.sql); an open step is one of a dossier that is always evaluated
-- again.
{{
    config(
        materialized=carried_on(),
        incremental_strategy='append',
        pre_hook='{{ take_out_evaluated() }}',
        on_schema_change='fail',
    )
}}

with evaluated as (
    select
        source,
        dossier_code,
        agency_code,
        procedure_code,
        received_at,
        ended_at,
        coalesce(ended_at, {{ as_of() }}) as until,
        coalesce({{ is_bad('form_ii06_verdict') }}, false) as is_late,
        calendar
    from {{ ref('int_dossier_verdicts') }} as verdicts
    where verdicts.state is not null and {{ is_built_now('verdicts') }}
),

dossiers as (
    select
        evaluated.*,
        {{ working_clock('reception_day', 'evaluated.received_at') }} as received_clock,
        {{ working_clock('last_day', 'evaluated.until') }} as until_clock
    from evaluated
    {{ join_calendar('reception_day', 'evaluated.calendar', 'cast(evaluated.received_at as date)') }}
    {{ join_calendar('last_day', 'evaluated.calendar', 'cast(evaluated.until as date)') }}
),

entered as (
    select
        dossiers.*,
        events.event_no,
        events.event_at,
        events.status,
        events.unit_name,
        events.officer_key,
        events.due_at as norm_end,
        least(greatest({{ working_clock('event_day', 'events.event_at') }}, dossiers.received_clock), dossiers.until_clock) as entered_clock
    from {{ ref('int_events') }} as events
    inner join dossiers on {{ have_same('events', 'dossiers', ['source', 'dossier_code']) }}
    {{ join_calendar('event_day', 'dossiers.calendar', 'cast(events.event_at as date)') }}
    where {{ is_known('events.first_exported_at') }} and events.event_at <= {{ as_of() }}
),

steps as (
    select
        *,
        row_number() over by_event as step_no,
        lead(event_at) over by_event as next_event_at,
        (lead(entered_clock, 1, until_clock) over by_event) - entered_clock as working_seconds,
        -- units without a name do not part two stays in one unit
        count(unit_name) over by_event as named_steps,
        min(entered_clock) over whole as first_clock,
        max(case when status in (9, 10) then 0 else 1 end) over whole as has_work
    from entered
    window
        by_event as (partition by source, dossier_code order by event_no),
        whole as (partition by source, dossier_code)
),

compared as (
    select
        *,
        status in (5, 6) as citizen_time,
        max(case when status not in (5, 6) then working_seconds end) over (partition by source, dossier_code) as longest_seconds,
        named_steps - lag(named_steps) over (partition by source, dossier_code, unit_name order by event_no) as steps_since,
        {{ rate('(until_clock - first_clock)', '(until_clock - received_clock)') }} as coverage
    from steps
)

select
    source,
    dossier_code,
    cast(step_no as integer) as step_no,
    agency_code,
    procedure_code,
    unit_name,
    officer_key,
    status,
    event_at as entered_at,
    coalesce(next_event_at, case when ended_at < event_at then event_at else ended_at end) as left_at,
    cast(working_seconds as bigint) as working_seconds,
    citizen_time,
    norm_end,
    not citizen_time and working_seconds > 0 and working_seconds = longest_seconds as is_longest,
    unit_name is not null and coalesce(steps_since, 1) > 1 as returned_to_unit,
    coverage,
    coalesce(coverage >= {{ var('step_coverage') }}, false) and has_work = 1 as is_told,
    is_late
from compared
