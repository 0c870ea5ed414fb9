-- grain: day: every day from 2000-01-01 to 2100-12-31 (01 §4). Working days as 02 §2.
-- working_day_number counts the working days from the first day on: wd(a, b) = number(b) - number(a).

with days as (
    select cast(moment as date) as day
    from (
        select {{ explode_dates("cast('2000-01-01' as date)", "cast('2100-12-31' as date)", 'day') }} as moment
    ) as spine
),

exceptions as (
    -- calendar_overrides win over the frozen package
    select
        coalesce(overrides.date, holidays.date) as day,
        coalesce(overrides.kind, holidays.kind) as kind,
        coalesce(overrides.name, holidays.name) as name
    from {{ ref('holidays') }} as holidays
    full outer join {{ ref('calendar_overrides') }} as overrides on holidays.date = overrides.date
),

calendar as (
    select
        days.day,
        {{ iso_weekday('days.day') }} as iso_weekday,
        exceptions.kind,
        exceptions.name,
        case
            when exceptions.kind = 'work' then true
            when exceptions.kind = 'off' then false
            else {{ iso_weekday('days.day') }} <= 5
        end as is_working_day,
        {% for scheme in period_schemes() %}
        {{ month_start('days.day', scheme) }} as {{ scheme }}_month_start{{ ',' if not loop.last }}
        {% endfor %}
    from days
    left join exceptions on days.day = exceptions.day
)

select
    day,
    iso_weekday,
    is_working_day,
    case when kind = 'off' then name end as holiday_name,
    case when kind = 'work' then name end as make_up_name,
    cast(sum(case when is_working_day then 1 else 0 end) over (order by day rows unbounded preceding) as integer)
        as working_day_number,
    {% for scheme in period_schemes() %}
    {% for granularity in period_granularities() %}
    {{ period_name(scheme ~ '_month_start', granularity) }} as {{ scheme }}_{{ granularity }},
    {% endfor %}
    {% endfor %}
    {{ stamps() }}
from calendar
order by day
