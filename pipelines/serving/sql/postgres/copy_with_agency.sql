-- The same for a mart of single dossiers that does not say their agency.
insert into pg.{0}.{1}
select mart.*, dossier.agency_code
from dunghan.marts.{1} as mart
left join dunghan.marts.fct_dossiers as dossier using (source, dossier_code)
