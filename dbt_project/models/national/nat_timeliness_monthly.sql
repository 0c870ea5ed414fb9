-- grain: area_code, source, scheme, month, field_code, channel: mart_timeliness_monthly of the country and of each province, all agencies together.

{% set counts = ['received', 'carried_over', 'resolved_early', 'resolved_on_time', 'resolved_late', 'pending_in_time', 'pending_overdue'] %}
{% set in_time = '(figures.resolved_early + figures.resolved_on_time)' %}

with figures as (
    {{ area_sums('mart_timeliness_monthly', ['source', 'scheme', 'month', 'period_from', 'period_to', 'field_code', 'channel'], counts) }}
)

select
    figures.area_code,
    figures.source,
    figures.scheme,
    figures.month,
    figures.period_from,
    figures.period_to,
    figures.field_code,
    fields.field_name,
    figures.channel,
    {{ copied('figures', counts) }},
    {{ rate(in_time, '(' ~ in_time ~ ' + figures.resolved_late)') }} as on_time_rate,
    {{ stamps() }}
from figures
left join {{ ref('dim_national_field') }} as fields on figures.field_code = fields.field_code
order by figures.area_code, figures.source, figures.scheme, figures.month, figures.field_code, figures.channel
