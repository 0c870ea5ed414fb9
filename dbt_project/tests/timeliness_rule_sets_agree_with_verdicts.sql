-- timeliness §6: in both schemes the months of mart_timeliness_rule_sets add up to what fct_verdicts counts, verdict by verdict.

with told as (
    select
        source,
        agency_code,
        rule_set,
        scheme,
        {% for verdict in verdict_names() %}
        sum({{ verdict }}) as {{ verdict }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('mart_timeliness_rule_sets') }}
    group by source, agency_code, rule_set, scheme
),

verdicts as (
    select
        source,
        agency_code,
        rule_set,
        {% for verdict in verdict_names() %}
        sum(case when verdict = '{{ verdict }}' then 1 else 0 end) as {{ verdict }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_verdicts') }}
    group by source, agency_code, rule_set
),

expected as (
    select
        verdicts.*,
        schemes.scheme
    from verdicts
    cross join (select distinct scheme from {{ ref('int_periods') }}) as schemes
)

select
    coalesce(told.source, expected.source) as source,
    coalesce(told.agency_code, expected.agency_code) as agency_code,
    coalesce(told.rule_set, expected.rule_set) as rule_set,
    coalesce(told.scheme, expected.scheme) as scheme
from told
full outer join expected on {{ have_same('told', 'expected', ['source', 'agency_code', 'rule_set', 'scheme']) }}
where not coalesce({{ have_same('told', 'expected', verdict_names()) }}, false)
