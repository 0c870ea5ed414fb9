-- Dossiers for which the letter of apology must go today if the result will not be ready (timeliness, mart_due_soon).
select
    source,
    dossier_code,
    agency_code,
    procedure_name,
    due_at,
    apology_by
from marts.mart_due_soon
where
    rule_set = $rule_set
    and apology_due
    and ($source is null or source = $source)
    and ($agency is null or agency_code = $agency or starts_with(agency_code, $agency || '.'))
order by due_at, source, dossier_code
