-- grain: source, scheme, month, agency_code, field_code, channel; rule set form_ii06, each month at the state it had at its own end (02 §6).

select
    figures.source,
    figures.scheme,
    figures.period as month,
    figures.period_from,
    figures.period_to,
    figures.agency_code,
    figures.field_code,
    fields.field_name,
    figures.channel,
    figures.received,
    figures.carried_over,
    figures.resolved_early,
    figures.resolved_on_time,
    figures.resolved_late,
    figures.pending_in_time,
    figures.pending_overdue,
    {{ rate(
        'figures.resolved_early + figures.resolved_on_time',
        'figures.resolved_early + figures.resolved_on_time + figures.resolved_late'
    ) }} as on_time_rate,
    {{ stamps() }}
from {{ ref('int_period_figures') }} as figures
left join {{ ref('dim_field') }} as fields on figures.field_code = fields.field_code
where figures.granularity = 'month'
order by figures.source, figures.scheme, figures.agency_code, figures.period, figures.field_code, figures.channel
