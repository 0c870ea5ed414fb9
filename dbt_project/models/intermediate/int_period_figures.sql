-- grain: source, scheme, granularity, period, agency_code, field_code, channel; groups with nothing in hand in the period are left out.
-- form_ii06 over int_daily_flows: sums within the months of both schemes, running sums at their ends, months put together to longer periods.

{% set key = 'source, agency_code, field_code, channel' %}
{% set sums = ['received', 'resolved_early', 'resolved_on_time', 'resolved_late'] %}

with monthly as (
    {% for scheme in period_schemes() %}
    select
        '{{ scheme }}' as scheme,
        {{ month_start('day', scheme) }} as month_start,
        {{ key }},
        {% for measure in flow_measures() %}
        sum({{ measure }}) as {{ measure }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_daily_flows') }}
    group by {{ month_start('day', scheme) }}, {{ key }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

first_months as (
    select
        scheme,
        {{ key }},
        min(month_start) as first_month
    from monthly
    group by scheme, {{ key }}
),

grid as (
    select
        first_months.*,
        months.month_start
    from first_months
    inner join {{ ref('int_periods') }} as months
        on
            first_months.scheme = months.scheme
            and first_months.first_month <= months.month_start
            and months.granularity = 'month'
),

flows as (
    select
        scheme,
        month_start,
        {{ key }},
        {% for measure in flow_measures() %}
        coalesce(monthly.{{ measure }}, 0) as {{ measure }}{{ ',' if not loop.last }}
        {% endfor %}
    from grid
    left join monthly using (scheme, month_start, {{ key }})
),

months as (
    select
        *,
        sum(pending_delta) over running - pending_delta as carried_over,
        sum(pending_delta) over running as pending,
        sum(overdue_delta) over running as pending_overdue
    from flows
    window running as (
        partition by scheme, {{ key }}
        order by month_start
        rows unbounded preceding
    )
),

figures as (
    -- a period carries over what its first month does, and what its last month leaves is pending at its end
    select
        scheme,
        periods.granularity,
        periods.period,
        periods.period_from,
        periods.period_to,
        {{ key }},
        {% for measure in sums %}
        sum(months.{{ measure }}) as {{ measure }},
        {% endfor %}
        min_by(months.carried_over, month_start) as carried_over,
        max_by(months.pending, month_start) as pending,
        max_by(months.pending_overdue, month_start) as pending_overdue
    from months
    inner join {{ ref('int_periods') }} as periods using (scheme, month_start)
    group by scheme, periods.granularity, periods.period, periods.period_from, periods.period_to, {{ key }}
)

select
    source,
    scheme,
    granularity,
    period,
    period_from,
    period_to,
    agency_code,
    field_code,
    channel,
    {% for measure in sums %}
    cast({{ measure }} as bigint) as {{ measure }},
    {% endfor %}
    cast(carried_over as bigint) as carried_over,
    cast(pending - pending_overdue as bigint) as pending_in_time,
    cast(pending_overdue as bigint) as pending_overdue
from figures
where carried_over + received > 0
