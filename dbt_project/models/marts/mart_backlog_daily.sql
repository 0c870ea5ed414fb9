-- grain: source, day, agency_code: form_ii06 at the end of every day from the agency's first activity to as_of (timeliness §6).

with daily as (
    select
        source,
        agency_code,
        day,
        {% for measure in flow_measures() %}
        sum({{ measure }}) as {{ measure }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_daily_flows') }}
    group by source, agency_code, day
),

first_days as (
    select
        source,
        agency_code,
        min(day) as first_day
    from daily
    group by source, agency_code
),

moments as (
    select
        source,
        agency_code,
        {{ explode_dates('first_day', as_of_date(), 'day') }} as moment
    from first_days
),

spine as (
    select
        source,
        agency_code,
        cast(moment as date) as day
    from moments
),

flows as (
    select
        source,
        agency_code,
        day,
        coalesce(daily.received, 0) as received,
        coalesce(daily.resolved_early + daily.resolved_on_time + daily.resolved_late, 0) as resolved,
        sum(coalesce(daily.pending_delta, 0)) over running as pending,
        sum(coalesce(daily.overdue_delta, 0)) over running as pending_overdue
    from spine
    left join daily using (source, agency_code, day)
    window running as (
        partition by source, agency_code
        order by day
        rows unbounded preceding
    )
)

select
    source,
    day,
    agency_code,
    cast(received as bigint) as received,
    cast(resolved as bigint) as resolved,
    cast(pending - pending_overdue as bigint) as pending_in_time,
    cast(pending_overdue as bigint) as pending_overdue,
    {{ stamps() }}
from flows
order by source, agency_code, day
