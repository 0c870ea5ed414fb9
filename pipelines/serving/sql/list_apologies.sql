-- dossiers whose letter of apology is missing or must go now: overdue ones without a new appointment, then those whose last day for the letter has come
-- task: missed (overdue, no letter known), passed (the last day for the letter has passed), today (it is today)
select
    *,
    row(task <> 'missed', -working_days_overdue, due_at, dossier_code) as place
from (
    select
        * replace (effective_due as due_at),
        'missed' as task,
        null::date as apology_by
    from marts.mart_overdue_dossiers
    where apology_missed
    union all by name
    select
        *,
        case when apology_by < as_of::date then 'passed' else 'today' end as task
    from marts.mart_due_soon
    where apology_due
) as apologies
