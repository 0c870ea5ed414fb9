-- Units of the month of as_of with most work open now.
select
    source, agency_code, unit_name, procedure_code, coalesce(procedure_name, procedure_code) as procedure_name,
    coalesce(field_code, 'unknown') as field_code, steps, median_working_hours, p90_working_hours,
    share_of_late_waiting, returns, open_now, oldest_open_at,
    count(*) over (partition by source) as total
from marts.mart_unit_bottlenecks
left join (select procedure_key, procedure_name, field_code from marts.dim_procedure) as procedures
    on left(procedure_code, 8) = procedure_key
where month = strftime(as_of, '%Y-%m') and is_of(agency_code, $agency)
qualify row_number() over (
    partition by source order by open_now desc, p90_working_hours desc nulls last, agency_code, unit_name,
        procedure_code
) <= $limit
order by source, open_now desc, p90_working_hours desc nulls last, agency_code, unit_name, procedure_code
