-- dossiers in time that fall due within seven working days, the nearest due date first
select
    *,
    row(due_at, dossier_code) as place
from marts.mart_due_soon
