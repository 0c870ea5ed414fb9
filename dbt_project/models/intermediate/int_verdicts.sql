-- grain: source, dossier_code, rule_set: 02 §3 and §4 at as_of; one row per dossier in the rule set's population.
-- Incremental like the facts, but with its own `settled`: a finished dossier that was not handed over moves on in citizen_handover only.
{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook='{{ delete_stale() }}',
        on_schema_change='fail',
    )
}}

-- delete_stale() reads these
-- depends_on: {{ ref('stg_dossiers') }}, {{ ref('stg_events') }}, {{ ref('stg_procedures') }}, {{ ref('stg_agencies') }}, {{ ref('int_dossier_versions') }}
with facts as (
    select
        *,
        {{ as_of() }} as at
    from {{ ref('int_dossier_facts') }}
    where in_population
),

{% for rule_set in rule_sets() %}
facts_of_{{ rule_set }} as (
    select facts.*
    from facts
    {% if is_incremental() %}
    where
        not exists (
            select 1 from {{ this }} as present
            where
                present.source = facts.source
                and present.dossier_code = facts.dossier_code
                and present.rule_set = '{{ rule_set }}'
        )
    {% endif %}
),

{{ rule_set }} as (
    {{ context['verdict_' ~ rule_set]('facts_of_' ~ rule_set) }}
),

{% endfor %}
verdicts as (
    {% for rule_set in rule_sets() %}
    select * from {{ rule_set }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

measured as (
    {{ measured_verdicts('verdicts') }}
)

select
    source,
    dossier_code,
    rule_set,
    state,
    requests,
    verdict,
    reason,
    effective_end,
    effective_due,
    paused_seconds,
    working_days_taken,
    calendar_days_overdue,
    working_days_overdue,
    overdue_bucket,
    due_bucket,
    settled
from measured
