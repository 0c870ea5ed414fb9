-- Agencies of the dossiers, with their names: what a digest may be asked for.
select
    dossiers.agency_code,
    any_value(names.name) as name
from (select distinct agency_code from marts.fct_dossiers) as dossiers
left join marts.dim_agency as names on dossiers.agency_code = names.agency_code and names.is_latest
group by dossiers.agency_code
order by dossiers.agency_code
