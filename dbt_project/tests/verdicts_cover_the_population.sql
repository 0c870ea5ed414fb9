-- 02 §3: one row per rule set for every dossier of the population; refused dossiers only in portal_766.
select
    facts.source,
    facts.dossier_code,
    count(verdicts.rule_set) as rule_sets
from {{ ref('int_dossier_facts') }} as facts
left join {{ ref('int_verdicts') }} as verdicts
    on
        facts.source = verdicts.source
        and facts.dossier_code = verdicts.dossier_code
group by facts.source, facts.dossier_code, facts.in_population, facts.status
having count(verdicts.rule_set) <> case when not facts.in_population then 0 when facts.status = 3 then 1 else {{ rule_sets() | length }} end
