-- grain: source, scheme, period, agency_code, field_code: the thirteen columns of form II.06 (02 §7); rows of nothing but zeros are left out.
-- Channel 2 is online; direct, post and unknown are the other column.

with figures as (
    select
        source,
        scheme,
        period,
        period_from,
        period_to,
        agency_code,
        field_code,
        sum(case when channel = '2' then received else 0 end) as received_online,
        sum(case when channel = '2' then 0 else received end) as received_direct,
        sum(carried_over) as carried_over,
        sum(resolved_early) as resolved_early,
        sum(resolved_on_time) as resolved_on_time,
        sum(resolved_late) as resolved_late,
        sum(pending_in_time) as pending_in_time,
        sum(pending_overdue) as pending_overdue
    from {{ ref('int_period_figures') }}
    group by source, scheme, period, period_from, period_to, agency_code, field_code
)

select
    figures.source,
    figures.scheme,
    figures.period,
    figures.period_from,
    figures.period_to,
    figures.agency_code,
    figures.field_code,
    fields.field_name,
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
left join {{ ref('dim_field') }} as fields on figures.field_code = fields.field_code
order by figures.source, figures.scheme, figures.agency_code, figures.period_from, figures.period_to, figures.field_code
