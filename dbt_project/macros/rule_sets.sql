{#- The rule sets of timeliness §3, each once. They read facts (columns of int_dossier_facts plus `at`, see macros/dossier_facts.sql) and give verdicts.

    rule_sets()                  ['form_ii06', 'portal_766', 'citizen_handover']
    verdict_portal_766(facts)    a select over the relation or CTE `facts` (a name), one row per row of `facts` in the population of portal_766:
                                 source, dossier_code, at, agency_code, received_at, state, verdict, reason, effective_end, effective_due
    evaluated_dossiers(facts)       a select over `facts`, one row per row of it, with its columns and for each rule set <rule set>_verdict, _reason, _end
                                 and the measures of timeliness §4, _working_days_taken, _calendar_days_overdue, _working_days_overdue; also portal_766_due,
                                 working_days_to_due. Null where the dossier is not in the rule set's population.

    A dossier is evaluated by all rule sets at once, in one row: they compare the same few moments, and whoever lays them side by side joins nothing.
    The words of a rule set are the columns of `bounded` (with_portal_766): facts, `evaluated_at`, and what portal_766 alone knows.

    Use:  with facts as (…), evaluated as ({{ evaluated_dossiers('facts') }}) select … from evaluated -#}

{% macro rule_sets() %}{{ return(['form_ii06', 'portal_766', 'citizen_handover']) }}{% endmacro %}

{#- Is a dossier in the rule set's population? Refused ones count in portal_766 only. -#}
{% macro is_evaluated_by(rule_set) -%}
    {{ 'in_population' if rule_set == 'portal_766' else '(in_population and status <> 3)' }}
{%- endmacro %}

{#- Not resolved, in the rule set's own sense: its clock runs on with as_of. -#}
{% macro is_pending_in(rule_set) -%}
    {{ {
        'form_ii06': "(state not in ('finished', 'withdrawn'))",
        'portal_766': '(ended_at is null)',
        'citizen_handover': '(handed_over_at is null)',
    }[rule_set] }}
{%- endmacro %}

{#- The periodic form, Thông tư 01/2020/TT-VPCP: compares dates; stopped dossiers stay pending. -#}
{% macro form_ii06_verdict() -%}
    case
        when state = 'withdrawn' then 'on_time'
        when state = 'finished' and due_at is null then 'on_time'
        when state = 'finished' and cast(ended_at as date) < cast(due_at as date) then 'early'
        when state = 'finished' and cast(ended_at as date) = cast(due_at as date) then 'on_time'
        when state = 'finished' then 'late'
        when state in ('stopped', 'waiting_supplement', 'waiting_fee') then 'in_time'
        when due_at is null then 'in_time'
        when cast(evaluated_at as date) > cast(due_at as date) then 'overdue'
        else 'in_time'
    end
{%- endmacro %}

{% macro form_ii06_reason() -%}
    case
        when state = 'withdrawn' then 'WITHDRAWN'
        when state = 'finished' and due_at is null then 'NO_DUE_DATE'
        when state = 'finished' and cast(ended_at as date) < cast(due_at as date) then 'BEFORE_DUE_DATE'
        when state = 'finished' and cast(ended_at as date) = cast(due_at as date) then 'ON_DUE_DATE'
        when state = 'finished' then 'AFTER_DUE_DATE'
        when state = 'stopped' then 'STOPPED'
        when state in ('waiting_supplement', 'waiting_fee') then 'CLOCK_PAUSED'
        when due_at is null then 'NO_DUE_DATE'
        when cast(evaluated_at as date) > cast(due_at as date) then 'PAST_DUE_DATE'
        else 'BEFORE_DUE'
    end
{%- endmacro %}

{% macro form_ii06_end() -%}
    case when {{ is_pending_in('form_ii06') }} then evaluated_at else ended_at end
{%- endmacro %}

{#- The national portal's index, Quyết định 766/QĐ-TTg: compares timestamps, closed waiting for papers does not count; else the statutory maximum. -#}
{% macro portal_766_verdict() -%}
    case
        when requests >= 2 then case when ended_at is null then 'overdue' else 'late' end
        when is_within is null then 'no_deadline'
        when is_within then case when ended_at is null then 'in_time' else 'on_time' end
        else case when ended_at is null then 'overdue' else 'late' end
    end
{%- endmacro %}

{% macro portal_766_reason() -%}
    case
        when requests >= 2 then 'MANY_SUPPLEMENTS'
        when is_within is null then 'NO_DEADLINE'
        when due_at is null then case when is_within then 'WITHIN_STATUTORY' else 'PAST_STATUTORY' end
        when is_within then 'WITHIN_DUE'
        else 'PAST_DUE'
    end
{%- endmacro %}

{% macro portal_766_end() -%} portal_766_end {%- endmacro %}

{#- As the citizen sees it: compares timestamps; only the result in hand counts. -#}
{% macro citizen_handover_verdict() -%}
    case
        when state in ('withdrawn', 'stopped') then 'not_applicable'
        when due_at is null then 'no_deadline'
        when handed_over_at is null then case when evaluated_at > due_at then 'overdue' else 'in_time' end
        when cast(handed_over_at as date) < cast(due_at as date) then 'early'
        when handed_over_at <= due_at then 'on_time'
        else 'late'
    end
{%- endmacro %}

{% macro citizen_handover_reason() -%}
    case
        when state in ('withdrawn', 'stopped') then 'NOT_APPLICABLE'
        when due_at is null then 'NO_DUE_DATE'
        when coalesce(handed_over_at, evaluated_at) > due_at then 'PAST_DUE'
        when cast(handed_over_at as date) < cast(due_at as date) then 'BEFORE_DUE_DATE'
        else 'WITHIN_DUE'
    end
{%- endmacro %}

{% macro citizen_handover_end() -%} coalesce(handed_over_at, evaluated_at) {%- endmacro %}

{#- Facts with what portal_766 compares: portal_766_end, portal_766_due, is_within (null without a deadline). `at` is called evaluated_at here. -#}
{% macro with_portal_766(facts) %}
    {%- set last_second = "86399" %}
    select
        *,
        case
            when due_at is not null then portal_766_end <= due_at
            -- beyond the n-th working day is only what lies on a later working day
            when statutory_unit = 'working_day' then working_days_used <= statutory_amount
            else portal_766_end <= portal_766_due
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
            end as portal_766_due
        from (
            select
                *,
                {{ facts }}.at as evaluated_at,
                case
                    when ended_at is not null then {{ add_seconds('ended_at', '-paused_seconds') }}
                    when sole_open_request_at is not null then sole_open_request_at
                    else {{ add_seconds(facts ~ '.at', '-paused_seconds') }}
                end as portal_766_end,
                -- joins to the calendar only where a maximum in working days is the deadline
                due_at is null and statutory_unit = 'working_day' as by_working_days
            from {{ facts }}
        ) as reckoned
        {{ join_calendar('day_of_reception', 'reckoned.calendar', 'case when reckoned.by_working_days then cast(reckoned.received_at as date) end') }}
        {{ join_calendar('day_of_end', 'reckoned.calendar', 'case when reckoned.by_working_days then cast(reckoned.portal_766_end as date) end') }}
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
{% endmacro %}

{% macro verdict_portal_766(facts) %}
    select
        source,
        dossier_code,
        evaluated_at as at,
        agency_code,
        received_at,
        state,
        {{ portal_766_verdict() }} as verdict,
        {{ portal_766_reason() }} as reason,
        portal_766_end as effective_end,
        portal_766_due as effective_due
    from ({{ with_portal_766(facts) }}) as bounded
    where {{ is_evaluated_by('portal_766') }}
{% endmacro %}

{% macro evaluated_dossiers(facts) %}
    select
        counted.*,
        {% for rule_set in rule_sets() %}
        {%- set verdict = rule_set ~ '_verdict' %}
        -- MANY_SUPPLEMENTS may be late before the due date, or without one
        {%- set due = 'portal_766_due' if rule_set == 'portal_766' else 'due_at' %}
        {%- set is_late = is_bad(verdict) ~ ' and ' ~ due ~ ' is not null' %}
        case
            when {{ verdict }} is not null then cast(greatest({{ rule_set }}_clock_day - received_day, 0) as bigint)
        end as {{ rule_set }}_working_days_taken,
        case
            when {{ is_late }} then cast(greatest({{ days_between('cast(' ~ due ~ ' as date)', 'cast(' ~ rule_set ~ '_end as date)') }}, 0) as bigint)
            when {{ verdict }} is not null then 0
        end as {{ rule_set }}_calendar_days_overdue,
        case
            when {{ is_late }} then cast(greatest({{ rule_set }}_end_day - {{ rule_set }}_due_day, 0) as bigint)
            when {{ verdict }} is not null then 0
        end as {{ rule_set }}_working_days_overdue,
        {% endfor %}
        case when state = 'processing' and due_at is not null then cast(greatest(due_day - evaluated_day, 0) as integer) end as working_days_to_due
    from (
        -- every moment that counts becomes the number of its working day, each looked up once
        select
            evaluated.*,
            received.working_day_number as received_day,
            due.working_day_number as due_day,
            evaluated_on.working_day_number as evaluated_day,
            case when {{ is_pending_in('form_ii06') }} then evaluated_on.working_day_number else ended.working_day_number end as form_ii06_clock_day,
            case when {{ is_pending_in('portal_766') }} then evaluated_on.working_day_number else ended.working_day_number end as portal_766_clock_day,
            case
                when {{ is_pending_in('citizen_handover') }} then evaluated_on.working_day_number else handed_over.working_day_number
            end as citizen_handover_clock_day,
            case when {{ is_pending_in('form_ii06') }} then evaluated_on.working_day_number else ended.working_day_number end as form_ii06_end_day,
            coalesce(
                portal_end.working_day_number,
                case when {{ is_pending_in('portal_766') }} then evaluated_on.working_day_number else ended.working_day_number end
            ) as portal_766_end_day,
            case
                when {{ is_pending_in('citizen_handover') }} then evaluated_on.working_day_number else handed_over.working_day_number
            end as citizen_handover_end_day,
            due.working_day_number as form_ii06_due_day,
            coalesce(portal_due.working_day_number, due.working_day_number) as portal_766_due_day,
            due.working_day_number as citizen_handover_due_day
        from (
            select
                *,
                {% for rule_set in rule_sets() %}
                case when {{ is_evaluated_by(rule_set) }} then {{ context[rule_set ~ '_verdict']() }} end as {{ rule_set }}_verdict,
                case when {{ is_evaluated_by(rule_set) }} then {{ context[rule_set ~ '_reason']() }} end as {{ rule_set }}_reason,
                {% if rule_set != 'portal_766' %}
                case when {{ is_evaluated_by(rule_set) }} then {{ context[rule_set ~ '_end']() }} end as {{ rule_set }}_end,
                {% endif %}
                {% endfor %}
                -- not the same day as the end of processing: stopped by a request, or moved by pauses
                cast(portal_766_end as date) <> cast(coalesce(ended_at, evaluated_at) as date) as is_portal_end_moved
            from ({{ with_portal_766(facts) }}) as bounded
        ) as evaluated
        {{ join_calendar('received', 'evaluated.calendar', 'cast(evaluated.received_at as date)') }}
        {{ join_calendar('due', 'evaluated.calendar', 'cast(evaluated.due_at as date)') }}
        {{ join_calendar('ended', 'evaluated.calendar', 'cast(evaluated.ended_at as date)') }}
        {{ join_calendar('handed_over', 'evaluated.calendar', 'cast(evaluated.handed_over_at as date)') }}
        {{ join_calendar('evaluated_on', 'evaluated.calendar', 'cast(evaluated.evaluated_at as date)') }}
        {{ join_calendar('portal_end', 'evaluated.calendar', 'case when evaluated.is_portal_end_moved then cast(evaluated.portal_766_end as date) end') }}
        {{ join_calendar('portal_due', 'evaluated.calendar', 'case when evaluated.due_at is null then cast(evaluated.portal_766_due as date) end') }}
    ) as counted
{% endmacro %}

{#- Classes of verdicts as dim_verdict has them. -#}
{% macro is_bad(verdict) -%} {{ verdict }} in ('late', 'overdue') {%- endmacro %}

{#- The overdue bucket of timeliness §4 of a bad verdict. -#}
{% macro overdue_bucket(working_days_overdue) -%}
    case
        when {{ working_days_overdue }} <= 0 then '0'
        when {{ working_days_overdue }} <= 2 then '1-2'
        when {{ working_days_overdue }} <= 5 then '3-5'
        when {{ working_days_overdue }} <= 10 then '6-10'
        when {{ working_days_overdue }} <= 30 then '11-30'
        else '>30'
    end
{%- endmacro %}

{#- The due bucket of timeliness §4; null for null. -#}
{% macro due_bucket(working_days_left) -%}
    case
        when {{ working_days_left }} <= 0 then '0'
        when {{ working_days_left }} <= 1 then '1'
        when {{ working_days_left }} <= 3 then '2-3'
        when {{ working_days_left }} <= 7 then '4-7'
        when {{ working_days_left }} > 7 then '>7'
    end
{%- endmacro %}
