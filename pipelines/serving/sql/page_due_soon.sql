-- Dossiers in time (form II.06) that fall due, the first first; so many of each source.
select
    source, dossier_code, agency_code, field_code, procedure_name, received_at, due_at, working_days_left, apology_by,
    apology_due
from marts.mart_due_soon
where rule_set = 'form_ii06' and is_of(agency_code, $agency)
qualify row_number() over (partition by source order by due_at, dossier_code) <= $limit
order by source, due_at, dossier_code
