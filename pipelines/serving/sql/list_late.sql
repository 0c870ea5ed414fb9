-- dossiers resolved late by a rule set, the latest in days first
select
    *,
    row_number() over (order by working_days_overdue desc, effective_due, dossier_code) as place
from marts.mart_late_dossiers
