{#- Working hours (timeliness §6): those of the var working_hours, on the working days of the dossier's calendar.

    A moment is put on a clock that runs in working hours only, so that the working seconds between two moments are a difference of two numbers, however many days
    lie between: whole working days by working_day_number, and what of its own day has passed. Each moment needs one join to int_calendar. -#}

{#- [(from, to)] of the var working_hours, in seconds of the day. -#}
{% macro office_hours() %}
    {%- set hours = [] -%}
    {%- for span in var('working_hours') -%}
        {%- set ends = [] -%}
        {%- for clock in span.split('-') -%}
            {%- set hour, minute = clock.split(':') -%}
            {%- do ends.append(hour | int * 3600 + minute | int * 60) -%}
        {%- endfor -%}
        {%- do hours.append((ends[0], ends[1])) -%}
    {%- endfor -%}
    {{ return(hours) }}
{% endmacro %}

{#- Working seconds of a whole working day. -#}
{% macro office_day_seconds() %}
    {%- set total = namespace(seconds=0) -%}
    {%- for from, to in office_hours() -%}{%- set total.seconds = total.seconds + to - from -%}{%- endfor -%}
    {{ return(total.seconds) }}
{% endmacro %}

{#- The moment on the clock of working hours: bigint, seconds; null for a null moment. `day`: alias of the calendar's row of its date (join_calendar). -#}
{% macro working_clock(day, moment) -%}
    {%- set second = seconds_between('cast(cast(' ~ moment ~ ' as date) as timestamp)', moment) -%}
    case
        when {{ day }}.is_working_day then cast({{ day }}.working_day_number - 1 as bigint) * {{ office_day_seconds() }}
            {%- for from, to in office_hours() %}
            + greatest(least({{ second }}, {{ to }}) - {{ from }}, 0)
            {%- endfor %}
        else cast({{ day }}.working_day_number as bigint) * {{ office_day_seconds() }}
    end
{%- endmacro %}
