-- Facts as int_dossier_facts has them, of dossiers whose clocks run over a changed day; the others keep every measure. Grain: source, dossier_code.
-- What the dossiers do not publish stands in their verdicts: the sole open request is where portal_766 stops the clock, the promised date is what
-- first_appointment compares with, and a hand-over that nobody knows is a reason.
with spans as (
    select calendar, min(day) as first_day, max(day) as last_day from intermediate.changed group by calendar
),

keys as (
    select calendar from intermediate.before
    union
    select calendar from intermediate.after
),

calendars as (
    select distinct calendar from intermediate.int_calendar where calendar <> 'VN'
),

asked as (
    select source, dossier_code, effective_end as sole_open_request_at
    from published.marts.fct_verdicts
    where rule_set = 'portal_766' and state = 'waiting_supplement' and requests = 1
),

promised as (
    select source, dossier_code, effective_due as promised_at
    from published.marts.fct_verdicts
    where rule_set = 'first_appointment'
),

unknown as (
    select source, dossier_code
    from published.marts.fct_verdicts
    where rule_set = 'citizen_handover' and reason = 'NO_HANDOVER_DATE'
)

select facts.*, asked.sole_open_request_at, promised.promised_at, true as settled,
    facts.state = 'waiting_supplement' as request_open, unknown.source is not null as is_handover_unknown,
    null::timestamp as last_request_at, null::integer as reappointments,
    coalesce(calendars.calendar, 'VN') as calendar
from published.marts.fct_dossiers as facts
left join asked using (source, dossier_code)
left join promised using (source, dossier_code)
left join unknown using (source, dossier_code)
left join calendars on split_part(facts.agency_code, '.', 1) = calendars.calendar
left join keys on split_part(facts.agency_code, '.', 1) = keys.calendar
inner join spans on coalesce(keys.calendar, 'VN') = spans.calendar
where facts.in_population
    and facts.received_at::date < spans.last_day
    and (
        greatest(
            coalesce(facts.handed_over_at, facts.as_of), coalesce(facts.ended_at, facts.as_of),
            coalesce(facts.due_at, facts.as_of)
        )::date >= spans.first_day
        or (facts.due_at is null and facts.statutory_unit = 'working_day')
    )
