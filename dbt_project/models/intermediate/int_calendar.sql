-- grain: calendar, day: every day from 2000-01-01 to 2100-12-31 (portal-exports §4) in the country's calendar, VN, and in that of each level-1 code with days
-- of its own. A day is what the nearest row says, else Monday to Friday are worked (timeliness §2): rows of the code itself, then of the province that took
-- it over (for days since then), then of the country; and at each distance what the warehouse added, then the seed calendar_overrides, then the frozen
-- package. working_day_number counts the working days from the first day on: wd(a, b) = number(b) - number(a).

with days as (
    select cast(moment as date) as day
    from (
        select {{ explode_dates("cast('2000-01-01' as date)", "cast('2100-12-31' as date)", 'day') }} as moment
    ) as spine
),

marked as (
    select
        date as day,
        kind,
        name,
        scope,
        'calendar' as origin,
        1 as precedence,
        revision
    from {{ source('state', 'calendar_overrides') }}

    union all

    select
        date as day,
        kind,
        name,
        scope,
        'calendar_overrides' as origin,
        2 as precedence,
        cast(null as integer) as revision
    from {{ ref('calendar_overrides') }}

    union all

    select
        date as day,
        kind,
        name,
        'VN' as scope,
        'holidays' as origin,
        3 as precedence,
        cast(null as integer) as revision
    from {{ ref('holidays') }}
),

lent as (
    -- what a province says since it took another over, for the code of the other
    select
        provinces.code as calendar,
        marked.*
    from marked
    inner join {{ ref('provinces') }} as provinces on marked.scope = provinces.successor_code and marked.day > provinces.valid_to
),

calendars as (
    select 'VN' as calendar
    union
    select scope as calendar from marked
    union
    select calendar from lent
),

candidates as (
    select
        calendars.calendar,
        marked.*,
        case when marked.scope = calendars.calendar then 0 else 2 end as distance
    from calendars
    inner join marked on calendars.calendar = marked.scope or marked.scope = 'VN'

    union all

    select
        *,
        1 as distance
    from lent
),

nearest as (
    select *
    from (
        select
            *,
            row_number() over (partition by calendar, day order by distance, precedence) as place
        from candidates
    ) as ranked
    where place = 1
),

dated as (
    select
        calendars.calendar,
        days.day,
        {{ iso_weekday('days.day') }} as iso_weekday,
        nearest.kind,
        nearest.name,
        nearest.origin,
        nearest.scope,
        nearest.revision,
        case
            when nearest.kind = 'work' then true
            when nearest.kind = 'off' then false
            else {{ iso_weekday('days.day') }} <= 5
        end as is_working_day
    from calendars
    cross join days
    left join nearest
        on
            calendars.calendar = nearest.calendar
            and days.day = nearest.day
)

select
    *,
    cast(
        sum(case when is_working_day then 1 else 0 end) over (
            partition by calendar
            order by day
            rows unbounded preceding
        ) as integer
    ) as working_day_number
from dated
