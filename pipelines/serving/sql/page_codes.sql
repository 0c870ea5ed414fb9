-- Every agency of which there is something, or that a catalogue names.
select distinct agency_code
from (
    select agency_code from marts.dim_agency where is_latest
    union all
    select agency_code from marts.fct_dossiers
) as agencies
order by agency_code
