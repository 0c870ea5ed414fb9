{#- The rule sets of 02 §3, each once. They read facts (columns of int_dossier_facts plus `at`, see macros/dossier_facts.sql) and give verdicts.

    rule_sets()                      ['form_ii06', 'portal_766', 'citizen_handover']
    verdict_form_ii06(facts)         a select over the relation or CTE `facts` (a name), one row per row of `facts` in the rule set's population:
    verdict_portal_766(facts)        source, dossier_code, at, rule_set, state, requests, verdict, reason, effective_end, effective_due,
    verdict_citizen_handover(facts)  paused_seconds, received_at, due_at, calendar, clock_to (the moment up to which working_days_taken runs),
                                     settled (nothing of the row changes as `at` moves on)
    measured_verdicts(verdicts)      the same rows with the measures of 02 §4 instead of received_at, due_at, calendar and clock_to

    Use:  with facts as ({{ dossier_facts('moments') }}), verdicts as ({{ verdict_portal_766('facts') }}) select … from verdicts -#}

{% macro rule_sets() %}{{ return(['form_ii06', 'portal_766', 'citizen_handover']) }}{% endmacro %}

{#- What every verdict hands on from the facts. `is_pending`: the row set's own sense of not resolved. -#}
{% macro carried_facts(is_pending) -%}
    paused_seconds,
    received_at,
    due_at,
    calendar,
    settled and not ({{ is_pending }}) as settled
{%- endmacro %}

{#- The periodic form, Thông tư 01/2020/TT-VPCP: compares dates; stopped dossiers stay pending. -#}
{% macro verdict_form_ii06(facts) %}
    {%- set is_resolved = "state in ('finished', 'withdrawn')" %}
    select
        source,
        dossier_code,
        {{ facts }}.at,
        'form_ii06' as rule_set,
        state,
        requests,
        case
            when state = 'withdrawn' then 'on_time'
            when state = 'finished' and due_at is null then 'on_time'
            when state = 'finished' and cast(ended_at as date) < cast(due_at as date) then 'early'
            when state = 'finished' and cast(ended_at as date) = cast(due_at as date) then 'on_time'
            when state = 'finished' then 'late'
            when state in ('stopped', 'waiting_supplement', 'waiting_fee') then 'in_time'
            when due_at is null then 'in_time'
            when cast({{ facts }}.at as date) > cast(due_at as date) then 'overdue'
            else 'in_time'
        end as verdict,
        case
            when state = 'withdrawn' then 'WITHDRAWN'
            when state = 'finished' and due_at is null then 'NO_DUE_DATE'
            when state = 'finished' and cast(ended_at as date) < cast(due_at as date) then 'BEFORE_DUE_DATE'
            when state = 'finished' and cast(ended_at as date) = cast(due_at as date) then 'ON_DUE_DATE'
            when state = 'finished' then 'AFTER_DUE_DATE'
            when state = 'stopped' then 'STOPPED'
            when state in ('waiting_supplement', 'waiting_fee') then 'CLOCK_PAUSED'
            when due_at is null then 'NO_DUE_DATE'
            when cast({{ facts }}.at as date) > cast(due_at as date) then 'PAST_DUE_DATE'
            else 'BEFORE_DUE'
        end as reason,
        case when {{ is_resolved }} then ended_at else {{ facts }}.at end as effective_end,
        due_at as effective_due,
        case when {{ is_resolved }} then ended_at else {{ facts }}.at end as clock_to,
        {{ carried_facts('not ' ~ is_resolved) }}
    from {{ facts }}
    where in_population and status <> 3
{% endmacro %}

{#- The national portal's index, Quyết định 766/QĐ-TTg: compares timestamps, closed waiting for papers does not count; else the statutory maximum. -#}
{% macro verdict_portal_766(facts) %}
    {%- set last_second = "86399" %}
    select
        source,
        dossier_code,
        judged.at,
        'portal_766' as rule_set,
        state,
        requests,
        case
            when requests >= 2 then case when ended_at is null then 'overdue' else 'late' end
            when is_within is null then 'no_deadline'
            when is_within then case when ended_at is null then 'in_time' else 'on_time' end
            else case when ended_at is null then 'overdue' else 'late' end
        end as verdict,
        case
            when requests >= 2 then 'MANY_SUPPLEMENTS'
            when is_within is null then 'NO_DEADLINE'
            else (case when is_within then 'WITHIN_' else 'PAST_' end) || (case when due_at is null then 'STATUTORY' else 'DUE' end)
        end as reason,
        effective_end,
        effective_due,
        coalesce(ended_at, judged.at) as clock_to,
        {{ carried_facts('ended_at is null') }}
    from (
        select
            *,
            case
                when due_at is not null then effective_end <= due_at
                -- beyond the n-th working day is only what lies on a later working day
                when statutory_unit = 'working_day' then working_days_used <= statutory_amount
                else effective_end <= effective_due
            end as is_within
        from (
            select
                reckoned.*,
                greatest(day_of_end.working_day_number - day_of_reception.working_day_number, 0) as working_days_used,
                case
                    when reckoned.due_at is not null then reckoned.due_at
                    when reckoned.statutory_unit = 'hour'
                        then {{ add_seconds('reckoned.received_at', 'reckoned.statutory_amount * 3600') }}
                    when reckoned.statutory_unit = 'day'
                        then {{ add_seconds('cast(' ~ add_days('cast(reckoned.received_at as date)', 'floor(reckoned.statutory_amount)') ~ ' as timestamp)', last_second) }}
                    when reckoned.statutory_unit = 'month'
                        then {{ add_seconds('cast(' ~ add_months('cast(reckoned.received_at as date)', 'floor(reckoned.statutory_amount)') ~ ' as timestamp)', last_second) }}
                    when reckoned.statutory_unit = 'working_day' and floor(reckoned.statutory_amount) = 0
                        then {{ add_seconds('cast(cast(reckoned.received_at as date) as timestamp)', last_second) }}
                    when reckoned.statutory_unit = 'working_day'
                        then {{ add_seconds('cast(last_day.day as timestamp)', last_second) }}
                end as effective_due
            from (
                select
                    *,
                    case
                        when ended_at is not null then {{ add_seconds('ended_at', '-paused_seconds') }}
                        when sole_open_request_at is not null then sole_open_request_at
                        else {{ add_seconds(facts ~ '.at', '-paused_seconds') }}
                    end as effective_end,
                    -- joins to the calendar only where a maximum in working days is the deadline
                    due_at is null and statutory_unit = 'working_day' as by_working_days
                from {{ facts }}
                where in_population
            ) as reckoned
            {{ join_calendar('day_of_reception', 'reckoned.calendar', 'case when reckoned.by_working_days then cast(reckoned.received_at as date) end') }}
            {{ join_calendar('day_of_end', 'reckoned.calendar', 'case when reckoned.by_working_days then cast(reckoned.effective_end as date) end') }}
            left join (
                select
                    calendar,
                    day,
                    working_day_number
                from {{ ref('int_calendar') }}
                where is_working_day
            ) as last_day
                on
                    day_of_reception.working_day_number + cast(floor(reckoned.statutory_amount) as integer) = last_day.working_day_number
                    and reckoned.calendar = last_day.calendar
        ) as bounded
    ) as judged
{% endmacro %}

{#- As the citizen sees it: compares timestamps; only the result in hand counts. -#}
{% macro verdict_citizen_handover(facts) %}
    select
        source,
        dossier_code,
        {{ facts }}.at,
        'citizen_handover' as rule_set,
        state,
        requests,
        case
            when state in ('withdrawn', 'stopped') then 'not_applicable'
            when due_at is null then 'no_deadline'
            when handed_over_at is null then case when {{ facts }}.at > due_at then 'overdue' else 'in_time' end
            when cast(handed_over_at as date) < cast(due_at as date) then 'early'
            when handed_over_at <= due_at then 'on_time'
            else 'late'
        end as verdict,
        case
            when state in ('withdrawn', 'stopped') then 'NOT_APPLICABLE'
            when due_at is null then 'NO_DUE_DATE'
            when coalesce(handed_over_at, {{ facts }}.at) > due_at then 'PAST_DUE'
            when cast(handed_over_at as date) < cast(due_at as date) then 'BEFORE_DUE_DATE'
            else 'WITHIN_DUE'
        end as reason,
        coalesce(handed_over_at, {{ facts }}.at) as effective_end,
        due_at as effective_due,
        coalesce(handed_over_at, {{ facts }}.at) as clock_to,
        {{ carried_facts('handed_over_at is null') }}
    from {{ facts }}
    where in_population and status <> 3
{% endmacro %}

{#- The measures of 02 §4, for rows of the verdict macros. -#}
{% macro measured_verdicts(verdicts) %}
    select
        source,
        dossier_code,
        measured.at,
        rule_set,
        state,
        requests,
        verdict,
        reason,
        effective_end,
        effective_due,
        paused_seconds,
        cast(working_days_taken as bigint) as working_days_taken,
        cast(calendar_days_overdue as bigint) as calendar_days_overdue,
        cast(working_days_overdue as bigint) as working_days_overdue,
        case
            when not is_bad then null
            when working_days_overdue <= 0 then '0'
            when working_days_overdue <= 2 then '1-2'
            when working_days_overdue <= 5 then '3-5'
            when working_days_overdue <= 10 then '6-10'
            when working_days_overdue <= 30 then '11-30'
            else '>30'
        end as overdue_bucket,
        case
            when working_days_left <= 0 then '0'
            when working_days_left <= 1 then '1'
            when working_days_left <= 3 then '2-3'
            when working_days_left <= 7 then '4-7'
            when working_days_left > 7 then '>7'
        end as due_bucket,
        settled
    from (
        select
            bounded.*,
            greatest(clock_to_day.working_day_number - received_day.working_day_number, 0) as working_days_taken,
            -- MANY_SUPPLEMENTS may be late before the due date, or without one
            case
                when bounded.is_bad and bounded.effective_due is not null
                    then greatest({{ days_between('cast(bounded.effective_due as date)', 'cast(bounded.effective_end as date)') }}, 0)
                else 0
            end as calendar_days_overdue,
            case
                when bounded.is_bad and bounded.effective_due is not null
                    then greatest(end_day.working_day_number - due_day.working_day_number, 0)
                else 0
            end as working_days_overdue,
            case when bounded.is_due_soon then greatest(due_day.working_day_number - at_day.working_day_number, 0) end as working_days_left
        from (
            select
                *,
                verdict in ('late', 'overdue') as is_bad,
                verdict = 'in_time' and state = 'processing' and due_at is not null as is_due_soon
            from {{ verdicts }}
        ) as bounded
        {{ join_calendar('received_day', 'bounded.calendar', 'cast(bounded.received_at as date)') }}
        {{ join_calendar('clock_to_day', 'bounded.calendar', 'cast(bounded.clock_to as date)') }}
        {{ join_calendar('due_day', 'bounded.calendar', 'case when bounded.is_bad or bounded.is_due_soon then cast(bounded.effective_due as date) end') }}
        {{ join_calendar('end_day', 'bounded.calendar', 'case when bounded.is_bad then cast(bounded.effective_end as date) end') }}
        {{ join_calendar('at_day', 'bounded.calendar', 'case when bounded.is_due_soon then cast(bounded.at as date) end') }}
    ) as measured
{% endmacro %}
