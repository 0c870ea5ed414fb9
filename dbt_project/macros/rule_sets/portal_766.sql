{#- The national portal's index, Quyết định 766/QĐ-TTg (timeliness §3): compares timestamps, closed waiting for papers does not count; without a due date the
    statutory maximum is the deadline. The only rule set for refused dossiers too. -#}
{% macro rule_set_portal_766() %}
    {{ return({
        'population': 'in_population',
        'pending': '(ended_at is null)',
        'resolved_at': 'ended_at',
        'end': 'portal_766_end',
        'due': 'portal_766_due',
        'days': {
            'portal_766_end': 'case when is_portal_766_end_moved then portal_766_end end',
            'portal_766_due': 'case when due_at is null then portal_766_due end',
        },
        'end_day': "coalesce(portal_766_end_day, case when ended_at is null then evaluated_at_day else ended_at_day end)",
        'due_day': 'coalesce(portal_766_due_day, due_at_day)',
        'ladder': [
            ('ended_at is null and requests >= 2 and request_open', 'overdue', 'MANY_SUPPLEMENTS'),
            ('is_within is null', 'no_deadline', 'NO_DEADLINE'),
            ('due_at is null and is_within', ('on_time', 'in_time'), 'WITHIN_STATUTORY'),
            ('due_at is null', ('late', 'overdue'), 'PAST_STATUTORY'),
            ('is_within', ('on_time', 'in_time'), 'WITHIN_DUE'),
            ('true', ('late', 'overdue'), 'PAST_DUE'),
        ],
    }) }}
{% endmacro %}

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
        end as is_within,
        -- not the same day as the end of processing: stopped by a request, or moved by pauses
        cast(portal_766_end as date) <> cast(coalesce(ended_at, evaluated_at) as date) as is_portal_766_end_moved
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

{#- portal_766 alone, for any moment: a select over the relation or CTE `facts` (a name), one row per row of it in the population of portal_766, with
    source, dossier_code, at, agency_code, received_at, state, verdict, effective_end. -#}
{% macro verdict_portal_766(facts) %}
    {%- set rule_set = rule_set_portal_766() %}
    select
        source,
        dossier_code,
        evaluated_at as at,
        agency_code,
        received_at,
        state,
        {{ ladder_column(rule_set, 'verdict') }} as verdict,
        portal_766_end as effective_end
    from ({{ with_portal_766(facts) }}) as bounded
    where {{ rule_set.population }}
{% endmacro %}
