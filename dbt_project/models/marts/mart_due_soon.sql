-- grain: source, dossier_code, rule_set: dossiers in time that fall due within seven working days of as_of (timeliness §4 due_bucket, §6).
-- apology_by: the last working day before the due date, on which a letter of apology with a new appointment can still be sent (NĐ 61/2018 Art. 19(9)).

with due_soon as (
    {{ listed_verdicts("verdicts.due_bucket in ('0', '1', '2-3', '4-7')") }}
)

select
    due_soon.source,
    due_soon.dossier_code,
    due_soon.rule_set,
    {{ copied('due_soon', listed_columns()) }},
    due_soon.effective_due as due_at,
    cast(greatest(due_day.working_day_number - as_of_day.working_day_number, 0) as bigint) as working_days_left,
    due_soon.due_bucket,
    last_day.day as apology_by,
    coalesce({{ as_of_date() }} >= last_day.day, false) as apology_due,
    -- null when the due moment is not after the reception
    cast({{ seconds_between('due_soon.received_at', as_of()) }} as double)
    / nullif(greatest({{ seconds_between('due_soon.received_at', 'due_soon.effective_due') }}, 0), 0) as time_used_share,
    due_soon.state,
    due_soon.reason,
    {{ stamps() }}
from due_soon
{{ join_calendar('due_day', 'due_soon.calendar', 'cast(due_soon.effective_due as date)') }}
{{ join_calendar('as_of_day', 'due_soon.calendar', as_of_date()) }}
{{ join_calendar('eve', 'due_soon.calendar', add_days('cast(due_soon.effective_due as date)', -1)) }}
left join {{ ref('int_calendar') }} as last_day
    on
        due_soon.calendar = last_day.calendar
        and eve.working_day_number = last_day.working_day_number
        and last_day.is_working_day
order by due_soon.source, due_soon.rule_set, due_soon.agency_code, due_soon.effective_due, due_soon.dossier_code
