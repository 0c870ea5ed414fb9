{#- Working days (timeliness §2). Rules join int_calendar by (calendar, day): wd(a, b) = working_day_number(b) - working_day_number(a), 0 if b <= a.
    The calendar is that of the dossier's agency: `VN`, or the level-1 code at the head of the agency's code where that has days of its own. -#}

{#- The calendars other than VN, a relation for `from`: as a rule it is empty, and joining it costs nothing. -#}
{% macro provincial_calendars() -%}
    select calendar
    from {{ ref('int_calendar') }}
    where calendar <> 'VN' and day = cast('2000-01-01' as date)
{%- endmacro %}

{#- Join the calendar's row of a date: `alias`.working_day_number and so on. `calendar` and `day` are expressions; a null day joins nothing. -#}
{% macro join_calendar(alias, calendar, day) -%}
    left join {{ ref('int_calendar') }} as {{ alias }}
        on
            {{ day }} = {{ alias }}.day
            and {{ calendar }} = {{ alias }}.calendar
{%- endmacro %}

{#- Weight by which statutory maxima are compared (portal-exports §3): hour 1/8, day 1, working day 1.4, month 30. Null for another unit. -#}
{% macro unit_weight(unit) -%}
    case {{ unit }} when 'hour' then 0.125 when 'day' then 1.0 when 'working_day' then 1.4 when 'month' then 30.0 end
{%- endmacro %}
