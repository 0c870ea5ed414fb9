-- grain: source, dossier_code, rule_set: dossiers that are overdue at as_of, for each rule set that says so (timeliness §6).
-- apology_missed: the due date has passed, and no new appointment is known that a letter of apology would have announced (NĐ 61/2018 Art. 19(9)).
-- apology_due: the agency owes the citizen a letter of apology from the first calendar day overdue.

with overdue as (
    {{ listed_verdicts("verdicts.verdict = 'overdue'") }}
)

select
    source,
    dossier_code,
    rule_set,
    {{ listed_columns() | join(', ') }},
    due_at,
    effective_due,
    promised_at,
    cast(calendar_days_overdue as bigint) as calendar_days_overdue,
    cast(working_days_overdue as bigint) as working_days_overdue,
    overdue_bucket,
    state,
    reason,
    calendar_days_overdue >= 1 as apology_due,
    reappointments,
    coalesce({{ as_of_date() }} > cast(due_at as date), false) and reappointments = 0 as apology_missed,
    {{ stamps() }}
from overdue
order by source, rule_set, agency_code, working_days_overdue desc, dossier_code
