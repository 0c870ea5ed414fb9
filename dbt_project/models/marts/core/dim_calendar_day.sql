-- grain: calendar, day: days that are not simply Monday to Friday worked, in the country's calendar (VN) and in that of each level-1 code with days of its
-- own, with the row that says so. dim_date has every day of the country's calendar.

select
    calendar,
    day,
    is_working_day,
    name,
    origin,
    scope,
    revision,
    {{ stamps() }}
from {{ ref('int_calendar') }}
where kind is not null
order by calendar, day
