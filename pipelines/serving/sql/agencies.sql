-- every agency by its latest row
select
    agency_code,
    name,
    level,
    parent
from marts.dim_agency
where is_latest
order by agency_code;
