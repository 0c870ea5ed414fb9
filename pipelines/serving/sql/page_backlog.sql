-- Received and resolved on a day, pending at its end; the last 180 days.
select
    source, day, sum(received)::bigint as received, sum(resolved)::bigint as resolved,
    sum(pending_in_time)::bigint as in_time, sum(pending_overdue)::bigint as overdue
from marts.mart_backlog_daily
where day > as_of::date - 180 and is_of(agency_code, $agency)
group by source, day
order by source, day
