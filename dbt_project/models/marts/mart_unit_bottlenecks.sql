-- grain: source, agency_code, unit_name, procedure_code, month (calendar month in which the step began): where dossiers wait, by unit (timeliness §6). Only
-- steps that may be attributed (mart_step_durations), and neither the time of citizens nor what begins with the end: a result that lies at the desk waits for
-- nobody's work.

with steps as (
    select
        source,
        agency_code,
        coalesce(unit_name, 'unknown') as unit_name,
        coalesce(procedure_code, 'unknown') as procedure_code,
        {{ month_start('cast(entered_at as date)', 'calendar') }} as month_start,
        cast(working_seconds as double) / 3600 as working_hours,
        case when is_late then working_seconds else 0 end as late_seconds,
        returned_to_unit,
        case when left_at is null then entered_at end as open_since
    from {{ ref('mart_step_durations') }}
    where {{ is_waiting_step() }}
),

units as (
    select
        source,
        agency_code,
        unit_name,
        procedure_code,
        month_start,
        count(*) as steps,
        percentile_cont(0.5) within group (order by working_hours) as median_working_hours,
        percentile_cont(0.9) within group (order by working_hours) as p90_working_hours,
        sum(late_seconds) as late_seconds,
        sum(case when returned_to_unit then 1 else 0 end) as returns,
        count(open_since) as open_now,
        min(open_since) as oldest_open_at
    from steps
    group by source, agency_code, unit_name, procedure_code, month_start
)

select
    source,
    agency_code,
    unit_name,
    procedure_code,
    {{ period_name('month_start', 'month') }} as month,
    cast(steps as bigint) as steps,
    cast(median_working_hours as double) as median_working_hours,
    cast(p90_working_hours as double) as p90_working_hours,
    {{ rate('late_seconds', 'sum(late_seconds) over (partition by source, agency_code, procedure_code, month_start)') }} as share_of_late_waiting,
    cast(returns as bigint) as returns,
    cast(open_now as bigint) as open_now,
    oldest_open_at,
    {{ stamps() }}
from units
order by source, agency_code, month, procedure_code, unit_name
