-- Dossiers that fall due within $days working days.
select
    source,
    dossier_code,
    coalesce(agency_name(agency_code), agency_code) as agency,
    procedure_name,
    due_at,
    working_days_left as days,
    apology_by
from marts.mart_due_soon
where
    rule_set = $rule_set
    and working_days_left <= $days
    and source = $source
    and is_of(agency_code, $agency)
order by due_at, source, dossier_code
