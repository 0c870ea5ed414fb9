-- grain: source, scheme, period, agency_code, field_code: the thirteen columns of form II.06 (timeliness §7); rows of nothing but zeros are left out.
-- A period carries over what its first month does, and what its last month leaves is pending at its end.
-- Channel 2 is online; direct, post and unknown are the other column.

with figures as (
    select
        months.source,
        months.scheme,
        periods.period,
        periods.period_from,
        periods.period_to,
        months.agency_code,
        months.field_code,
        months.field_name,
        sum(case when months.channel = '2' then months.received else 0 end) as received_online,
        sum(case when months.channel = '2' then 0 else months.received end) as received_direct,
        sum(case when periods.is_first_month then months.carried_over else 0 end) as carried_over,
        sum(months.resolved_early) as resolved_early,
        sum(months.resolved_on_time) as resolved_on_time,
        sum(months.resolved_late) as resolved_late,
        sum(case when periods.is_last_month then months.pending_in_time else 0 end) as pending_in_time,
        sum(case when periods.is_last_month then months.pending_overdue else 0 end) as pending_overdue
    from {{ ref('mart_timeliness_monthly') }} as months
    inner join {{ ref('int_periods') }} as periods on {{ have_same('months', 'periods', ['scheme', 'month']) }}
    group by all
)

select
    source,
    scheme,
    period,
    period_from,
    period_to,
    agency_code,
    field_code,
    field_name,
    cast(received_online + received_direct + carried_over as bigint) as received_total,
    cast(received_online as bigint) as received_online,
    cast(received_direct as bigint) as received_direct,
    cast(carried_over as bigint) as carried_over,
    cast(resolved_early + resolved_on_time + resolved_late as bigint) as resolved_total,
    cast(resolved_early as bigint) as resolved_early,
    cast(resolved_on_time as bigint) as resolved_on_time,
    cast(resolved_late as bigint) as resolved_late,
    cast(pending_in_time + pending_overdue as bigint) as pending_total,
    cast(pending_in_time as bigint) as pending_in_time,
    cast(pending_overdue as bigint) as pending_overdue,
    {{ stamps() }}
from figures
order by source, scheme, agency_code, period_from, period_to, field_code
