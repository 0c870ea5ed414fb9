-- grain: source, dossier_code: dossiers that one rule set calls good (early, on_time, in_time) and another bad (late, overdue); 02 §6.
-- A rule set that says neither (no deadline, not applicable, not in its population) takes no part; its columns may be null.

with classed as (
    select
        verdicts.source,
        verdicts.dossier_code,
        verdicts.rule_set,
        verdicts.verdict,
        verdicts.reason,
        classes.verdict_class
    from {{ ref('fct_verdicts') }} as verdicts
    inner join {{ ref('dim_verdict') }} as classes on verdicts.verdict = classes.verdict
),

bad as (
    -- the fewer: only their verdicts are put side by side
    select distinct
        source,
        dossier_code
    from classed
    where verdict_class = 'bad'
),

side_by_side as (
    select
        classed.source,
        classed.dossier_code,
        {% for rule_set in rule_sets() %}
        max(case when classed.rule_set = '{{ rule_set }}' then classed.verdict end) as {{ rule_set }}_verdict,
        max(case when classed.rule_set = '{{ rule_set }}' then classed.reason end) as {{ rule_set }}_reason{{ ',' if not loop.last }}
        {% endfor %}
    from classed
    inner join bad
        on
            classed.source = bad.source
            and classed.dossier_code = bad.dossier_code
    group by classed.source, classed.dossier_code
    having sum(case when classed.verdict_class = 'good' then 1 else 0 end) > 0
)

select
    side_by_side.source,
    side_by_side.dossier_code,
    facts.agency_code,
    facts.procedure_code,
    facts.field_code,
    facts.state,
    facts.received_at,
    facts.due_at,
    facts.ended_at,
    {% for rule_set in rule_sets() %}
    side_by_side.{{ rule_set }}_verdict,
    side_by_side.{{ rule_set }}_reason,
    {% endfor %}
    {{ stamps() }}
from side_by_side
inner join {{ ref('int_dossier_facts') }} as facts
    on
        side_by_side.source = facts.source
        and side_by_side.dossier_code = facts.dossier_code
order by source, agency_code, dossier_code
