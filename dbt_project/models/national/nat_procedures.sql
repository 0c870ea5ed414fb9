-- grain: area_code, source, month (calendar month of reception), procedure_key, rule_set: what every rule set says of the dossiers of a procedure, and how many
-- working days the resolved ones took, from the dossiers and verdicts of all provinces.

{% set keys = ['area_code', 'source', 'month_start', 'procedure_key', 'rule_set'] %}

with verdicts as (
    select
        dossiers.province_code,
        dossiers.source,
        {{ month_start('cast(dossiers.received_at as date)', 'calendar') }} as month_start,
        coalesce(dossiers.procedure_key, 'unknown') as procedure_key,
        verdicts.rule_set,
        verdicts.verdict,
        verdicts.working_days_taken,
        count(*) as times
    from {{ source('provinces', 'fct_verdicts') }} as verdicts
    inner join {{ source('provinces', 'fct_dossiers') }} as dossiers on {{ have_same('verdicts', 'dossiers', ['province_code', 'source', 'dossier_code']) }}
    group by all
),

areas as (
    {{ in_areas('verdicts') }}
),

counted as (
    select
        {{ keys | join(', ') }},
        sum(times) as received,
        {% for verdict in verdict_names() %}
        sum(case when verdict = '{{ verdict }}' then times else 0 end) as {{ verdict }}{{ ',' if not loop.last }}
        {% endfor %}
    from areas
    group by {{ keys | join(', ') }}
),

histogram as (
    select
        {{ keys | join(', ') }},
        working_days_taken as value,
        sum(times) as times
    from areas
    where {{ is_resolved('verdict') }} and working_days_taken is not null
    group by {{ keys | join(', ') }}, working_days_taken
),

ranked as (
    {{ ranked_values('histogram', keys) }}
),

taken as (
    select
        {{ keys | join(', ') }},
        {{ percentile(0.5) }} as median_working_days_taken,
        {{ percentile(0.9) }} as p90_working_days_taken
    from ranked
    group by {{ keys | join(', ') }}
)

select
    counted.area_code,
    counted.source,
    {{ period_name('counted.month_start', 'month') }} as month,
    counted.procedure_key,
    procedures.procedure_name,
    counted.rule_set,
    cast(counted.received as bigint) as received,
    {% for verdict in verdict_names() %}
    cast(counted.{{ verdict }} as bigint) as {{ verdict }},
    {% endfor %}
    {{ rate('(counted.early + counted.on_time)', '(counted.early + counted.on_time + counted.late)') }} as on_time_rate,
    taken.median_working_days_taken,
    taken.p90_working_days_taken,
    {{ stamps() }}
from counted
left join taken on {{ have_same('counted', 'taken', keys) }}
left join {{ ref('dim_national_procedure') }} as procedures on counted.procedure_key = procedures.procedure_key
order by counted.area_code, counted.source, month, counted.procedure_key, counted.rule_set
