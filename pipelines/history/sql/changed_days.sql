-- Days that are worked on one side only. Grain: calendar, day. Every calendar of either side; one that a side does not have is the country's there.
with keys as (
    select distinct calendar from intermediate.before
    union
    select distinct calendar from intermediate.after
),

sides as (
    select
        keys.calendar,
        case when exists (select 1 from intermediate.before as b where b.calendar = keys.calendar)
            then keys.calendar else 'VN' end as calendar_before,
        case when exists (select 1 from intermediate.after as a where a.calendar = keys.calendar)
            then keys.calendar else 'VN' end as calendar_after
    from keys
)

select sides.calendar, before.day, before.is_working_day as was_worked, after.is_working_day as is_worked
from sides
inner join intermediate.before as before on sides.calendar_before = before.calendar
inner join intermediate.after as after on sides.calendar_after = after.calendar and before.day = after.day
where before.is_working_day <> after.is_working_day
