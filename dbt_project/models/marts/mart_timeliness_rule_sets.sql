-- grain: source, scheme, month (of reception), agency_code, field_code, channel, rule_set: what every rule set says of the dossiers received in the month, at
-- as_of (timeliness §6). Counts of fct_verdicts, so that whoever compares rule sets shows one number.

{% set key = 'source, agency_code, field_code, channel' %}

with dossiers as (
    select
        {{ key }},
        {% for scheme in period_schemes() %}
        {{ month_start('cast(received_at as date)', scheme) }} as {{ scheme }}_month,
        {% endfor %}
        {% for rule_set in rule_sets() %}
        {{ rule_set }}_verdict{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_dossier_verdicts') }}
    where state is not null
),

-- each rule set and scheme by itself: small groups are found faster than those of all of them at once
counted as (
    {% for scheme in period_schemes() %}
    {% for rule_set in rule_sets() %}
    select
        '{{ scheme }}' as scheme,
        {{ scheme }}_month as month_start,
        '{{ rule_set }}' as rule_set,
        {{ key }},
        count(*) as received,
        {% for verdict in verdict_names() %}
        count(case when {{ rule_set }}_verdict = '{{ verdict }}' then 1 end) as {{ verdict }}{{ ',' if not loop.last }}
        {% endfor %}
    from dossiers
    where {{ rule_set }}_verdict is not null
    group by {{ scheme }}_month, {{ key }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    counted.source,
    counted.scheme,
    {{ period_name('counted.month_start', 'month') }} as month,
    counted.agency_code,
    counted.field_code,
    fields.field_name,
    counted.channel,
    counted.rule_set,
    counted.received,
    {{ copied('counted', verdict_names()) }},
    {{ rate('(counted.early + counted.on_time)', '(counted.early + counted.on_time + counted.late)') }} as on_time_rate,
    {{ stamps() }}
from counted
left join {{ ref('dim_field') }} as fields on counted.field_code = fields.field_code
order by counted.source, counted.scheme, counted.rule_set, counted.agency_code, month, counted.field_code, counted.channel
