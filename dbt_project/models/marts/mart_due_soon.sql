-- grain: source, dossier_code, rule_set: dossiers in time that fall due within seven working days of as_of (timeliness §4 due_bucket, §6).

with due_soon as (
    {{ listed_verdicts("verdicts.due_bucket in ('0', '1', '2-3', '4-7')") }}
)

select
    source,
    dossier_code,
    rule_set,
    agency_code,
    procedure_code,
    procedure_name,
    field_code,
    channel,
    officer_key,
    received_at,
    due_at,
    cast(greatest(due_day.working_day_number - as_of_day.working_day_number, 0) as bigint) as working_days_left,
    due_bucket,
    state,
    reason,
    {{ stamps() }}
from due_soon
{{ join_calendar('due_day', 'due_soon.calendar', 'cast(due_soon.due_at as date)') }}
{{ join_calendar('as_of_day', 'due_soon.calendar', as_of_date()) }}
order by source, rule_set, agency_code, due_at, dossier_code
