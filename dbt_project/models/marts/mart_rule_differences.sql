-- grain: source, dossier_code: dossiers that one rule set calls good (early, on_time, in_time) and another bad (late, overdue); timeliness §6.
-- A rule set that says neither (no deadline, not applicable, not in its population) takes no part; its columns may be null.
-- Incremental: dossiers that were evaluated again are taken out and listed anew (macros/history.sql).
{{
    config(
        materialized=carried_on(),
        incremental_strategy='append',
        pre_hook='{{ take_out_evaluated() }}',
        post_hook='{{ stamp_again() }}',
        on_schema_change='fail',
    )
}}

with classed as (
    select
        evaluated.source,
        evaluated.dossier_code,
        evaluated.agency_code,
        evaluated.procedure_code,
        evaluated.field_code,
        evaluated.state,
        evaluated.received_at,
        evaluated.due_at,
        evaluated.ended_at,
        {% for rule_set in rule_sets() %}
        evaluated.{{ rule_set }}_verdict,
        evaluated.{{ rule_set }}_reason,
        {{ rule_set }}_class.verdict_class as {{ rule_set }}_class{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_dossier_verdicts') }} as evaluated
    {% for rule_set in rule_sets() %}
    left join {{ ref('dim_verdict') }} as {{ rule_set }}_class on evaluated.{{ rule_set }}_verdict = {{ rule_set }}_class.verdict
    {% endfor %}
    {% if is_incremental() %}
    where {{ is_built_now('evaluated') }}
    {% endif %}
)

select
    source,
    dossier_code,
    agency_code,
    procedure_code,
    field_code,
    state,
    received_at,
    due_at,
    ended_at,
    {% for rule_set in rule_sets() %}
    {{ rule_set }}_verdict,
    {{ rule_set }}_reason,
    {% endfor %}
    {{ stamps() }}
from classed
where
    {% set classes = [] %}
    {% for rule_set in rule_sets() %}{% do classes.append(rule_set ~ '_class') %}{% endfor %}
    'bad' in ({{ classes | join(', ') }})
    and 'good' in ({{ classes | join(', ') }})
order by source, agency_code, dossier_code
