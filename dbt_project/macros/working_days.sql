{#- wd(a, b) of 02 §2: number of working days d with a < d <= b; 0 if b <= a. Dates in, bigint out; null when a date is null. -#}
{% macro working_days(after, upto) -%}
    greatest({{ working_day_number(upto) }} - {{ working_day_number(after) }}, 0)
{%- endmacro %}

{#- Working days from the first day of the calendar to `day`, as a scalar subquery. The aggregate is for engines that want proof of one row. -#}
{% macro working_day_number(day) -%}
    (select max(calendar.working_day_number) from {{ ref('dim_date') }} as calendar where calendar.day = {{ day }})
{%- endmacro %}

{#- Weight by which statutory maxima are compared (01 §3): hour 1/8, day 1, working day 1.4, month 30. Null for another unit. -#}
{% macro unit_weight(unit) -%}
    case {{ unit }} when 'hour' then 0.125 when 'day' then 1.0 when 'working_day' then 1.4 when 'month' then 30.0 end
{%- endmacro %}
