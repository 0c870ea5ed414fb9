-- grain: area_code, source, scheme, period, field_code: form II.06 (timeliness §7) of the country and of each province, all agencies together.

{% set counts = [
    'received_total', 'received_online', 'received_direct', 'carried_over', 'resolved_total', 'resolved_early', 'resolved_on_time', 'resolved_late',
    'pending_total', 'pending_in_time', 'pending_overdue',
] %}
{% set keys = ['source', 'scheme', 'period', 'period_from', 'period_to', 'field_code'] %}

with figures as (
    {{ area_sums('rpt_form_ii06', keys, counts) }}
)

select
    {{ copied('figures', ['area_code'] + keys) }},
    fields.field_name,
    {{ copied('figures', counts) }},
    {{ stamps() }}
from figures
left join {{ ref('dim_national_field') }} as fields on figures.field_code = fields.field_code
order by figures.area_code, figures.source, figures.scheme, figures.period_from, figures.period_to, figures.field_code
