-- Dossiers that wait for acceptance, the longest first; so many of each source; total: of the source.
select
    source, dossier_code, agency_code, coalesce(field_code, 'unknown') as field_code,
    waiting.procedure_name, submitted_at, working_hours_waited, over_8_hours,
    count(*) over (partition by source) as total
from marts.mart_waiting_acceptance as waiting
left join (select procedure_key, field_code from marts.dim_procedure) as procedures
    on left(procedure_code, 8) = procedure_key
where is_of(agency_code, $agency)
qualify row_number() over (
    partition by source order by working_hours_waited desc nulls last, dossier_code
) <= $limit
order by source, working_hours_waited desc nulls last, dossier_code
