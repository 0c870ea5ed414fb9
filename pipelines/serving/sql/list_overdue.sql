-- dossiers overdue by a rule set, the most overdue first
select
    *,
    row(-working_days_overdue, effective_due, dossier_code) as place
from marts.mart_overdue_dossiers
