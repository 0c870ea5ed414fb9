{{ config(meta={'dagster': {'ref': {'name': 'fct_verdicts'}}}) }}
-- Every reason of a verdict has its sentence in dim_reason.
select distinct
    verdicts.rule_set,
    verdicts.reason
from {{ ref('fct_verdicts') }} as verdicts
left join {{ ref('dim_reason') }} as reasons on {{ have_same('verdicts', 'reasons', ['rule_set', 'reason']) }}
where reasons.reason is null
