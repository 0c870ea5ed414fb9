-- Online dossiers that have waited for acceptance over eight working hours, the longest first.
select
    source,
    dossier_code,
    coalesce(agency_name(agency_code), agency_code) as agency,
    procedure_name,
    submitted_at,
    working_hours_waited as hours
from marts.mart_waiting_acceptance
where
    over_8_hours
    and source = $source
    and is_of(agency_code, $agency)
order by working_hours_waited desc, source, dossier_code
