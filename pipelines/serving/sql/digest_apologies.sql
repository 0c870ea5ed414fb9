-- Dossiers for which the letter of apology must go today if the result will not be ready (timeliness, mart_due_soon).
select
    source,
    dossier_code,
    coalesce(agency_name(agency_code), agency_code) as agency,
    procedure_name,
    due_at,
    apology_by
from marts.mart_due_soon
where
    rule_set = $rule_set
    and apology_due
    and source = $source
    and is_of(agency_code, $agency)
order by due_at, source, dossier_code
