-- Overdue dossiers by form II.06, the oldest first; so many of each source.
select
    source, dossier_code, agency_code, field_code, procedure_name, received_at, due_at, working_days_overdue, state,
    reappointments, sentence_vi, sentence_en
from marts.mart_overdue_dossiers
left join (select rule_set, reason, sentence_vi, sentence_en from marts.dim_reason) as reasons using (rule_set, reason)
where rule_set = 'form_ii06' and is_of(agency_code, $agency)
qualify row_number() over (partition by source order by working_days_overdue desc, due_at, dossier_code) <= $limit
order by source, working_days_overdue desc, due_at, dossier_code
