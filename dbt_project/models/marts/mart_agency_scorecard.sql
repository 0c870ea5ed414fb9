-- grain: source, agency_code: the dossiers whose code names this agency itself, at as_of; counts in the sense of form_ii06 (timeliness §6).
-- rank_in_level: by the on-time rate of form_ii06 among the agencies of the source with as many groups in their code and of the same kind; ties share a rank.

with counted as (
    select
        source,
        agency_code,
        {% for rule_set in rule_sets() %}
        sum(case when rule_set = '{{ rule_set }}' and {{ is_resolved_in_time('verdict') }} then 1 else 0 end) as {{ rule_set }}_on_time,
        sum(case when rule_set = '{{ rule_set }}' and {{ is_resolved('verdict') }} then 1 else 0 end) as {{ rule_set }}_resolved,
        {% endfor %}
        sum(case when rule_set = 'form_ii06' then 1 else 0 end) as received,
        sum(case when rule_set = 'form_ii06' and verdict = 'overdue' then 1 else 0 end) as overdue,
        avg(case when rule_set = 'form_ii06' and {{ is_resolved('verdict') }} then working_days_taken end) as avg_working_days_taken
    from {{ ref('int_verdicts') }}
    group by source, agency_code
),

rated as (
    select
        *,
        {% for rule_set in rule_sets() %}
        {{ rate(rule_set ~ '_on_time', rule_set ~ '_resolved') }} as on_time_rate_{{ rule_set }},
        {% endfor %}
        {{ agency_level('agency_code') }} as level,
        {{ agency_level_name('agency_code') }} as level_name
    from counted
)

select
    source,
    agency_code,
    cast(level as integer) as level,
    level_name,
    cast(received as bigint) as received,
    cast(form_ii06_resolved as bigint) as resolved,
    {% for rule_set in rule_sets() %}
    on_time_rate_{{ rule_set }},
    {% endfor %}
    cast(overdue as bigint) as overdue,
    cast(avg_working_days_taken as double) as avg_working_days_taken,
    {{ on_time_rank('source, level, level_name') }} as rank_in_level,
    {{ stamps() }}
from rated
order by source, level, level_name, rank_in_level, agency_code
