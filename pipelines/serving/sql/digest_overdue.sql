-- Dossiers overdue now that were not in the version before (attached as `earlier`), the oldest first.
select
    overdue.source,
    overdue.dossier_code,
    coalesce(agency_name(overdue.agency_code), overdue.agency_code) as agency,
    overdue.procedure_name,
    overdue.due_at,
    overdue.working_days_overdue as days,
    overdue.apology_missed
from marts.mart_overdue_dossiers as overdue
anti join earlier.marts.mart_overdue_dossiers as before
    on overdue.source = before.source and overdue.dossier_code = before.dossier_code and overdue.rule_set = before.rule_set
where
    overdue.rule_set = $rule_set
    and overdue.source = $source
    and is_of(overdue.agency_code, $agency)
order by overdue.due_at, overdue.source, overdue.dossier_code
