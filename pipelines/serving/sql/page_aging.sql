-- Overdue dossiers by rule set, agency and age.
select source, rule_set, agency_code, overdue_bucket, dossiers, oldest_due_at, max_working_days_overdue
from marts.mart_overdue_aging
where is_of(agency_code, $agency)
order by source, rule_set, agency_code, overdue_bucket
