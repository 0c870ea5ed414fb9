-- grain: source, dossier_code: dossiers that one rule set calls good (early, on_time, in_time) and another bad (late, overdue); 02 §6.
-- A rule set that says neither (no deadline, not applicable, not in its population) takes no part; its columns may be null.

with classed as (
    select
        *,
        case
            when verdict in ('early', 'on_time', 'in_time') then 'good'
            when verdict in ('late', 'overdue') then 'bad'
        end as class
    from {{ ref('fct_verdicts') }}
),

side_by_side as (
    select
        source,
        dossier_code,
        {% for rule_set in rule_sets() %}
        max(case when rule_set = '{{ rule_set }}' then verdict end) as {{ rule_set }}_verdict,
        max(case when rule_set = '{{ rule_set }}' then reason end) as {{ rule_set }}_reason{{ ',' if not loop.last }}
        {% endfor %}
    from classed
    group by source, dossier_code
    having count(distinct class) > 1
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
