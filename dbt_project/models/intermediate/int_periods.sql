-- grain: scheme, granularity, month_start: every month of a scheme from the first activity to as_of, and the period of each length that holds it.
-- The only place where periods get their names and limits.
-- period_to is the nominal last day; closes_at the moment its figures close: its last second, or as_of if that is earlier (timeliness §5).
-- is_first_month, is_last_month: of the period, as far as it has come at as_of.

with activity as (
    -- portal_766 counts refused dossiers too, which are no part of the flows
    select coalesce(min(day), {{ as_of_date() }}) as first_day
    from (
        select min(day) as day
        from {{ ref('int_daily_flows') }}
        union all
        select min(cast(received_at as date)) as day
        from {{ ref('int_dossier_facts') }}
        where in_population
    ) as begun
),

{% for scheme in period_schemes() %}
{{ scheme }}_months as (
    select {{ explode_dates(month_start('first_day', scheme), month_start(as_of_date(), scheme), 'month') }} as moment
    from activity
),

{% endfor %}
months as (
    {% for scheme in period_schemes() %}
    select
        '{{ scheme }}' as scheme,
        cast(moment as date) as month_start
    from {{ scheme }}_months
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

periods as (
    {% for granularity in period_granularities() %}
    select
        scheme,
        '{{ granularity }}' as granularity,
        month_start,
        {{ period_start('month_start', granularity) }} as period_start,
        {{ period_name('month_start', granularity) }} as period
    from months
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

limits as (
    {% for scheme in period_schemes() %}
    {% for granularity, length in period_granularities().items() %}
    select
        *,
        {{ month_first_day('period_start', scheme) }} as period_from,
        {{ month_first_day(add_months('period_start', length), scheme) }} as next_period_from
    from periods
    where scheme = '{{ scheme }}' and granularity = '{{ granularity }}'
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    scheme,
    granularity,
    month_start,
    {{ period_name('month_start', 'month') }} as month,
    period,
    cast(period_from as date) as period_from,
    cast({{ add_days('next_period_from', -1) }} as date) as period_to,
    least({{ add_seconds('cast(next_period_from as timestamp)', -1) }}, {{ as_of() }}) as closes_at,
    month_start = period_start as is_first_month,
    month_start = max(month_start) over (partition by scheme, granularity, period_start) as is_last_month
from limits
