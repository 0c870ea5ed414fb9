-- Dossiers in time (form II.06) by agency and the working days left, and the apologies that are due.
select
    source, agency_code, due_bucket, count(*) as dossiers, count(*) filter (apology_due) as apologies
from marts.mart_due_soon
where rule_set = 'form_ii06' and is_of(agency_code, $agency)
group by source, agency_code, due_bucket
order by source, agency_code, due_bucket
