-- the sources, the one with most dossiers first
select
    source,
    count(*) as dossiers
from marts.fct_dossiers
group by source
order by dossiers desc, source;
