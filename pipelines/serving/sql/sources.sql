-- the sources with their dossiers in the population, the one with most of them first
select
    source,
    count(*) filter (in_population) as dossiers
from marts.fct_dossiers
where is_of(agency_code, $agency)
group by source
order by dossiers desc, source
