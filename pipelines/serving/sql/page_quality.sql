-- Rules that rows or dossiers hit, most hits first.
select
    source, rule_id, unit, severity, sum(count)::bigint as hits, any_value(message_vi) as message_vi,
    any_value(message_en) as message_en, any_value(advice_vi) as advice_vi, any_value(advice_en) as advice_en
from marts.mart_quality
left join (
    select rule_id, severity, message_vi, message_en, advice_vi, advice_en from marts.dim_rule
) as rules using (rule_id)
where is_of(agency_code, $agency)
group by source, rule_id, unit, severity
order by source, severity, hits desc, rule_id
