-- A monthly mart; the overdue list is made while publishing.

-- form_ii06 by month of the calendar: received and resolved in it, pending and overdue at its end (pauses aside)
create table monthly as
with flows as (
    select
        agency_code, field_code, channel,
        date_trunc('month', received_at)::date as month,
        1 as received, 0 as early, 0 as on_time, 0 as late, 1 as pending, 0 as overdue
    from evaluated
    where form_ii06_verdict is not null
    union all
    select
        agency_code, field_code, channel,
        date_trunc('month', by_dates_end)::date as month,
        0 as received, (form_ii06_verdict = 'early')::integer as early, (form_ii06_verdict = 'on_time')::integer as on_time,
        (form_ii06_verdict = 'late')::integer as late, -1 as pending, -(form_ii06_verdict = 'late')::integer as overdue
    from evaluated
    where form_ii06_verdict is not null and state in ('finished', 'withdrawn')
    union all
    select
        agency_code, field_code, channel,
        date_trunc('month', due_at::date + 1)::date as month,
        0 as received, 0 as early, 0 as on_time, 0 as late, 0 as pending, 1 as overdue
    from evaluated
    where form_ii06_verdict in ('late', 'overdue')
),

summed as (
    select
        agency_code, field_code, channel, month,
        sum(received) as received, sum(early) as early, sum(on_time) as on_time, sum(late) as late, sum(pending) as pending, sum(overdue) as overdue
    from flows
    group by agency_code, field_code, channel, month
),

grid as (
    select
        first_months.* exclude (first_month),
        unnest(generate_series(first_month, date_trunc('month', getvariable('as_of')), interval 1 month))::date as month
    from (select agency_code, field_code, channel, min(month) as first_month from summed group by agency_code, field_code, channel) as first_months
),

running as (
    select
        grid.*,
        coalesce(summed.received, 0) as received,
        coalesce(summed.early, 0) as resolved_early,
        coalesce(summed.on_time, 0) as resolved_on_time,
        coalesce(summed.late, 0) as resolved_late,
        coalesce(summed.pending, 0) as pending_delta,
        sum(summed.pending) over up_to_month as pending,
        sum(summed.overdue) over up_to_month as pending_overdue,
        getvariable('as_of') as as_of
    from grid
    left join summed
        on grid.agency_code = summed.agency_code and grid.field_code = summed.field_code and grid.channel = summed.channel and grid.month = summed.month
    window up_to_month as (partition by grid.agency_code, grid.field_code, grid.channel order by grid.month rows unbounded preceding)
)

-- groups with nothing in hand in the month are left out
select * exclude (pending_delta)
from running
where received > 0 or pending > pending_delta;
