-- What had been resolved in the year before, up to the day a year before as_of, and what was pending on that day, by
-- source and agency; first_day: the first day of that year of which there is something.
select
    source, agency_code,
    sum(resolved)::bigint as resolved,
    coalesce(sum(pending_in_time) filter (day = last_day), 0)::bigint as in_time,
    coalesce(sum(pending_overdue) filter (day = last_day), 0)::bigint as overdue,
    min(day) as first_day, any_value(last_day) as last_day
from (select *, (as_of - interval 1 year)::date as last_day from marts.mart_backlog_daily) as days
where day between date_trunc('year', last_day) and last_day and is_of(agency_code, $agency)
group by source, agency_code
order by source, agency_code
