-- Words of the dimensions: which dimension, code, both languages.
select 'verdict' as of_what, verdict as code, name_vi, name_en from marts.dim_verdict
union all by name
select 'state' as of_what, state as code, name_vi, name_en from marts.dim_state
union all by name
select 'rule_set' as of_what, rule_set as code, name_vi, name_en from marts.dim_rule_set order by of_what, code
