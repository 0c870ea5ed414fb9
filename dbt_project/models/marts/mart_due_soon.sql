-- grain: source, dossier_code, rule_set: dossiers in time that fall due within seven working days of as_of (02 §4 due_bucket, §6).

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
    cast({{ working_days(as_of_date(), 'cast(due_at as date)') }} as bigint) as working_days_left,
    due_bucket,
    state,
    reason,
    {{ stamps() }}
from due_soon
order by source, rule_set, agency_code, due_at, dossier_code
