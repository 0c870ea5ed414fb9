-- grain: source, scheme, month, agency_code, field_code, channel; rule set form_ii06, each month at the state it had at its own end (timeliness §6).
-- Sums of int_daily_flows within the months of both schemes, running sums of its deltas at their ends. Longer periods: rpt_form_ii06.

{% set key = 'source, agency_code, field_code, channel' %}

with monthly as (
    {% for scheme in period_schemes() %}
    select
        '{{ scheme }}' as scheme,
        {{ month_start('day', scheme) }} as month_start,
        {{ key }},
        {% for measure in flow_measures() %}
        cast(sum({{ measure }}) as bigint) as {{ measure }}{{ ',' if not loop.last }}
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
        months.scheme,
        months.month_start,
        months.period as month,
        months.period_from,
        months.period_to,
        {{ key }}
    from first_months
    inner join {{ ref('int_periods') }} as months
        on
            first_months.scheme = months.scheme
            and first_months.first_month <= months.month_start
            and months.granularity = 'month'
),

flows as (
    select
        grid.*,
        {% for measure in flow_measures() %}
        coalesce(monthly.{{ measure }}, 0) as {{ measure }}{{ ',' if not loop.last }}
        {% endfor %}
    from grid
    left join monthly using (scheme, month_start, {{ key }})
),

running as (
    select
        *,
        cast(sum(pending_delta) over up_to_month as bigint) as pending,
        cast(sum(overdue_delta) over up_to_month as bigint) as pending_overdue
    from flows
    window up_to_month as (
        partition by scheme, {{ key }}
        order by month_start
        rows unbounded preceding
    )
),

figures as (
    select
        *,
        pending - pending_delta as carried_over,
        pending - pending_overdue as pending_in_time,
        resolved_early + resolved_on_time as resolved_in_time
    from running
)

select
    figures.source,
    figures.scheme,
    figures.month,
    figures.period_from,
    figures.period_to,
    figures.agency_code,
    figures.field_code,
    fields.field_name,
    figures.channel,
    figures.received,
    figures.carried_over,
    figures.resolved_early,
    figures.resolved_on_time,
    figures.resolved_late,
    figures.pending_in_time,
    figures.pending_overdue,
    {{ rate('figures.resolved_in_time', '(figures.resolved_in_time + figures.resolved_late)') }} as on_time_rate,
    {{ stamps() }}
from figures
left join {{ ref('dim_field') }} as fields on figures.field_code = fields.field_code
-- groups with nothing in hand in the month are left out
where figures.received + figures.carried_over > 0
order by figures.source, figures.scheme, figures.agency_code, figures.month, figures.field_code, figures.channel
