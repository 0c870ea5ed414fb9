-- The four rule sets of timeliness §3 and their measures (§4), a dossier by all of them at once.

create temp macro reason_by_dates(state, ended_at, due) as
    case
        when state = 'withdrawn' then 'WITHDRAWN'
        when state = 'finished' then case
            when due is null then 'NO_DUE_DATE'
            when ended_at::date < due::date then 'BEFORE_DUE_DATE'
            when ended_at::date = due::date then 'ON_DUE_DATE'
            else 'AFTER_DUE_DATE'
        end
        when state = 'stopped' then 'STOPPED'
        when state in ('waiting_supplement', 'waiting_fee') then 'CLOCK_PAUSED'
        when due is null then 'NO_DUE_DATE'
        when getvariable('as_of')::date > due::date then 'PAST_DUE_DATE'
        else 'BEFORE_DUE'
    end;

create temp macro verdict_by_dates(reason, state) as
    case
        when reason = 'BEFORE_DUE_DATE' then 'early'
        when reason = 'AFTER_DUE_DATE' then 'late'
        when reason = 'PAST_DUE_DATE' then 'overdue'
        when state in ('finished', 'withdrawn') then 'on_time'
        else 'in_time'
    end;

create temp macro overdue_bucket(days) as
    case when days <= 0 then '0' when days <= 2 then '1-2' when days <= 5 then '3-5' when days <= 10 then '6-10' when days <= 30 then '11-30' else '>30' end;

create temp macro due_bucket(days) as
    case when days <= 0 then '0' when days <= 1 then '1' when days <= 3 then '2-3' when days <= 7 then '4-7' when days > 7 then '>7' end;

-- one row per dossier, every rule set side by side
create table evaluated as
with bounded as (
    select
        *,
        getvariable('as_of') as evaluated_at,
        status <> 3 as is_accepted,
        state in ('finished', 'withdrawn') as is_resolved,
        case
            when ended_at is not null then ended_at - to_seconds(paused_seconds)
            when sole_open_request_at is not null then sole_open_request_at
            else getvariable('as_of') - to_seconds(paused_seconds)
        end as portal_766_end,
        case
            when due_at is not null then due_at
            when statutory_unit = 'hour' then received_at + to_seconds(statutory_amount * 3600)
            when statutory_unit = 'day' then (received_at::date + floor(statutory_amount)::integer)::timestamp + to_seconds(86399)
            when statutory_unit = 'month' then (received_at::date + to_months(floor(statutory_amount)::integer))::date::timestamp + to_seconds(86399)
            when floor(statutory_amount) = 0 then received_at::date::timestamp + to_seconds(86399)
            when statutory_unit = 'working_day' then last_day.day::timestamp + to_seconds(86399)
        end as portal_766_due
    from facts
    left join calendar_days as received_on on case when due_at is null and statutory_unit = 'working_day' then received_at::date end = received_on.day
    left join calendar_days as last_day
        on last_day.is_working_day and received_on.working_day_number + floor(statutory_amount)::integer = last_day.working_day_number
    where in_population
),

-- joined once for every moment whose working day counts
numbered as (
    select
        bounded.*,
        received_on.working_day_number as received_day,
        ended_on.working_day_number as ended_day,
        handed_over_on.working_day_number as citizen_handover_day,
        portal_766_on.working_day_number as portal_766_end_day,
        due_on.working_day_number as due_day,
        promised_on.working_day_number as promised_day,
        portal_766_due_on.working_day_number as portal_766_due_day,
        today.working_day_number as today
    from bounded
    cross join (select working_day_number from calendar_days where day = getvariable('as_of')::date) as today
    left join calendar_days as received_on on bounded.received_at::date = received_on.day
    left join calendar_days as ended_on on coalesce(bounded.ended_at, bounded.evaluated_at)::date = ended_on.day
    left join calendar_days as handed_over_on on coalesce(bounded.handed_over_at, bounded.evaluated_at)::date = handed_over_on.day
    left join calendar_days as portal_766_on on bounded.portal_766_end::date = portal_766_on.day
    left join calendar_days as due_on on bounded.due_at::date = due_on.day
    left join calendar_days as promised_on on bounded.promised_at::date = promised_on.day
    left join calendar_days as portal_766_due_on on bounded.portal_766_due::date = portal_766_due_on.day
),

reasoned as (
    select
        *,
        case when is_accepted then reason_by_dates(state, ended_at, due_at) end as form_ii06_reason,
        case when is_accepted then reason_by_dates(state, ended_at, promised_at) end as first_appointment_reason,
        case
            when ended_at is null and requests >= 2 and request_open then 'MANY_SUPPLEMENTS'
            when due_at is null and statutory_unit is null then 'NO_DEADLINE'
            when due_at is not null then case when portal_766_end <= due_at then 'WITHIN_DUE' else 'PAST_DUE' end
            when statutory_unit = 'working_day'
                then case
                    when greatest(portal_766_end_day - received_day, 0) <= statutory_amount then 'WITHIN_STATUTORY'
                    else 'PAST_STATUTORY'
                end
            when portal_766_end <= portal_766_due then 'WITHIN_STATUTORY'
            else 'PAST_STATUTORY'
        end as portal_766_reason,
        case
            when not is_accepted then null
            when state in ('withdrawn', 'stopped') then 'NOT_APPLICABLE'
            when due_at is null then 'NO_DUE_DATE'
            when ended_at is not null and status = 10 and returned_at is null then 'NO_HANDOVER_DATE'
            when coalesce(handed_over_at, evaluated_at) > due_at then 'PAST_DUE'
            when handed_over_at::date < due_at::date then 'BEFORE_DUE_DATE'
            else 'WITHIN_DUE'
        end as citizen_handover_reason
    from numbered
)

select
    source, dossier_code, agency_code, procedure_code, procedure_name, field_code, channel, received_at, due_at, promised_at, ended_at, state, requests,
    paused_seconds, reappointments, portal_766_end, portal_766_due, form_ii06_reason, first_appointment_reason, portal_766_reason, citizen_handover_reason,
    case when is_accepted then verdict_by_dates(form_ii06_reason, state) end as form_ii06_verdict,
    case when is_accepted then verdict_by_dates(first_appointment_reason, state) end as first_appointment_verdict,
    case
        when portal_766_reason = 'MANY_SUPPLEMENTS' then 'overdue'
        when portal_766_reason = 'NO_DEADLINE' then 'no_deadline'
        when portal_766_reason in ('WITHIN_DUE', 'WITHIN_STATUTORY') then case when ended_at is null then 'in_time' else 'on_time' end
        when ended_at is null then 'overdue'
        else 'late'
    end as portal_766_verdict,
    case
        when citizen_handover_reason in ('NOT_APPLICABLE', 'NO_HANDOVER_DATE') then 'not_applicable'
        when citizen_handover_reason = 'NO_DUE_DATE' then 'no_deadline'
        when citizen_handover_reason = 'BEFORE_DUE_DATE' then 'early'
        when citizen_handover_reason = 'WITHIN_DUE' then case when handed_over_at is null then 'in_time' else 'on_time' end
        when citizen_handover_reason = 'PAST_DUE' then case when handed_over_at is null then 'overdue' else 'late' end
    end as citizen_handover_verdict,
    case when is_resolved then ended_at else evaluated_at end as by_dates_end,
    coalesce(ended_at, evaluated_at) as ended_or_now,
    coalesce(handed_over_at, evaluated_at) as citizen_handover_end,
    received_day,
    case when is_resolved then ended_day else today end as by_dates_day,
    ended_day,
    portal_766_end_day,
    citizen_handover_day,
    due_day,
    promised_day,
    portal_766_due_day,
    today
from reasoned;

create temp macro days_late(verdict, due, end_day, deadline_day) as
    case when verdict in ('late', 'overdue') and due is not null then greatest(end_day - deadline_day, 0) else 0 end::bigint;

create view fct_verdicts as
select
    source, dossier_code, rule_set, state, requests, verdict, reason, effective_end, effective_due, paused_seconds,
    greatest(taken_to - received_day, 0)::bigint as working_days_taken,
    days_late(verdict, effective_due, date_diff('day', date '2000-01-01', effective_end::date), date_diff('day', date '2000-01-01', effective_due::date))
        as calendar_days_overdue,
    days_late(verdict, effective_due, end_day, deadline_day) as working_days_overdue,
    case when verdict in ('late', 'overdue') then overdue_bucket(days_late(verdict, effective_due, end_day, deadline_day)) end as overdue_bucket,
    case when verdict = 'in_time' and state = 'processing' then due_bucket(falls_due_day - today) end as due_bucket,
    getvariable('as_of') as as_of
from (
    select
        'citizen_handover' as rule_set, evaluated.*, citizen_handover_verdict as verdict, citizen_handover_reason as reason,
        citizen_handover_end as effective_end, due_at as effective_due, citizen_handover_day as taken_to, citizen_handover_day as end_day,
        due_day as deadline_day, due_day as falls_due_day
    from evaluated
    union all
    select
        'first_appointment' as rule_set, evaluated.*, first_appointment_verdict as verdict, first_appointment_reason as reason,
        by_dates_end as effective_end, promised_at as effective_due, by_dates_day as taken_to, by_dates_day as end_day,
        promised_day as deadline_day, promised_day as falls_due_day
    from evaluated
    union all
    select
        'form_ii06' as rule_set, evaluated.*, form_ii06_verdict as verdict, form_ii06_reason as reason,
        by_dates_end as effective_end, due_at as effective_due, by_dates_day as taken_to, by_dates_day as end_day,
        due_day as deadline_day, due_day as falls_due_day
    from evaluated
    union all
    select
        'portal_766' as rule_set, evaluated.*, portal_766_verdict as verdict, portal_766_reason as reason,
        portal_766_end as effective_end, portal_766_due as effective_due, ended_day as taken_to, portal_766_end_day as end_day,
        portal_766_due_day as deadline_day, due_day as falls_due_day
    from evaluated
) as by_rule_set
where verdict is not null;
