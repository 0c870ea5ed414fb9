-- dossiers overdue by a rule set, the most overdue first
select
    *,
    row_number() over (order by working_days_overdue desc, effective_due, dossier_code) as place
from marts.mart_overdue_dossiers
