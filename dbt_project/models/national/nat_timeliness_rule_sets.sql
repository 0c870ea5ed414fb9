-- grain: area_code, source, scheme, month (of reception), field_code, channel, rule_set: mart_timeliness_rule_sets of the country and of each province.

{% set counts = ['received'] + verdict_names() %}

with figures as (
    {{ area_sums('mart_timeliness_rule_sets', ['source', 'scheme', 'month', 'field_code', 'channel', 'rule_set'], counts) }}
)

select
    figures.area_code,
    figures.source,
    figures.scheme,
    figures.month,
    figures.field_code,
    fields.field_name,
    figures.channel,
    figures.rule_set,
    {{ copied('figures', counts) }},
    {{ rate('(figures.early + figures.on_time)', '(figures.early + figures.on_time + figures.late)') }} as on_time_rate,
    {{ stamps() }}
from figures
left join {{ ref('dim_national_field') }} as fields on figures.field_code = fields.field_code
order by figures.area_code, figures.source, figures.scheme, figures.rule_set, figures.month, figures.field_code, figures.channel
