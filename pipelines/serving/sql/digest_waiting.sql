-- Online dossiers that have waited for acceptance over eight working hours, the longest first.
select
    source,
    dossier_code,
    agency_code,
    procedure_name,
    submitted_at,
    working_hours_waited as hours
from marts.mart_waiting_acceptance
where
    over_8_hours
    and ($source is null or source = $source)
    and ($agency is null or agency_code = $agency or starts_with(agency_code, $agency || '.'))
order by working_hours_waited desc, source, dossier_code
