-- Sources and their dossiers in the population, the one with most dossiers first.
select source, count(*) as dossiers
from marts.fct_dossiers
where in_population and ($agency is null or agency_code = $agency or starts_with(agency_code, $agency || '.'))
group by source
order by dossiers desc, source
