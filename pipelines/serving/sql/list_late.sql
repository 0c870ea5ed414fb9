-- dossiers resolved late by a rule set, the latest in days first
select
    *,
    row(-working_days_overdue, effective_due, dossier_code) as place
from marts.mart_late_dossiers
