-- grain: day: every day from 2000-01-01 to 2100-12-31 (portal-exports §4) in the country's calendar. Working days as timeliness §2.

with calendar as (
    select
        *,
        {% for scheme in period_schemes() %}
        {{ month_start('day', scheme) }} as {{ scheme }}_month_start{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_calendar') }}
    where calendar = 'VN'
)

select
    day,
    iso_weekday,
    is_working_day,
    case when kind = 'off' then name end as holiday_name,
    case when kind = 'work' then name end as make_up_name,
    working_day_number,
    {% for scheme in period_schemes() %}
    {% for granularity in period_granularities() %}
    {{ period_name(scheme ~ '_month_start', granularity) }} as {{ scheme }}_{{ granularity }},
    {% endfor %}
    {% endfor %}
    {{ stamps() }}
from calendar
order by day
