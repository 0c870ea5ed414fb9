-- Dossiers that fall due within $days working days.
select
    source,
    dossier_code,
    agency_code,
    procedure_name,
    due_at,
    working_days_left as days,
    apology_by
from marts.mart_due_soon
where
    rule_set = $rule_set
    and working_days_left <= $days
    and ($source is null or source = $source)
    and ($agency is null or agency_code = $agency or starts_with(agency_code, $agency || '.'))
order by due_at, source, dossier_code
