{#- Reporting periods (timeliness §5): the two schemes, how a day falls into a month of each, and how periods are called.

    A period is made of whole months of its scheme, and a month is known by `month_start`, the first day of the calendar month it is
    named after. calendar: May 2024 = 1 to 31 May. reporting (Nghị định 09/2019/NĐ-CP): May 2024 = 15 April to 14 May. -#}

{% macro period_schemes() %}{{ return(['calendar', 'reporting']) }}{% endmacro %}

{#- Granularity and the number of months it holds. -#}
{% macro period_granularities() %}{{ return({'month': 1, 'quarter': 3, 'half': 6, 'year': 12}) }}{% endmacro %}

{#- The month (its `month_start`) of `scheme` that `day` falls into. -#}
{% macro month_start(day, scheme) -%}
    {%- if scheme == 'calendar' -%}
        {{ first_of_month(day) }}
    {%- elif scheme == 'reporting' -%}
        {{ add_months(first_of_month(add_days(day, -14)), 1) }}
    {%- else -%}
        {{ exceptions.raise_compiler_error("unknown period scheme: " ~ scheme) }}
    {%- endif -%}
{%- endmacro %}

{#- First day of the month of `scheme` called `month_start`. The day before the next month's first day is its last. -#}
{% macro month_first_day(month_start, scheme) -%}
    {%- if scheme == 'calendar' -%}
        {{ month_start }}
    {%- else -%}
        {{ add_days(add_months(month_start, -1), 14) }}
    {%- endif -%}
{%- endmacro %}

{#- `month_start` of the first month of the period that holds the month `month_start`. -#}
{% macro period_start(month_start, granularity) -%}
    {%- set months = period_granularities()[granularity] -%}
    make_date(year({{ month_start }}), month({{ month_start }}) - mod(month({{ month_start }}) - 1, {{ months }}), 1)
{%- endmacro %}

{#- Name of the period that holds the month `month_start`: 2024-05, 2024-Q2, 2024-H1, 2024. -#}
{% macro period_name(month_start, granularity) -%}
    {%- set months = period_granularities()[granularity] -%}
    {%- set year = "cast(year(" ~ month_start ~ ") as string)" -%}
    {%- if granularity == 'month' -%}
        {{ year }} || '-' || lpad(cast(month({{ month_start }}) as string), 2, '0')
    {%- elif granularity == 'year' -%}
        {{ year }}
    {%- else -%}
        {{ year }} || '-{{ granularity[0] | upper }}' || cast(cast(ceil(month({{ month_start }}) / {{ months }}.0) as integer) as string)
    {%- endif -%}
{%- endmacro %}

{#- One row per date from `first` to `last`, `step` = day or month: a set-returning expression for a select list, to be cast by the caller. -#}
{% macro explode_dates(first, last, step) %}{{ return(adapter.dispatch('explode_dates')(first, last, step)) }}{% endmacro %}
{% macro default__explode_dates(first, last, step) -%} explode(sequence({{ first }}, {{ last }}, interval 1 {{ step }})) {%- endmacro %}
{% macro duckdb__explode_dates(first, last, step) -%} unnest(generate_series({{ first }}, {{ last }}, interval 1 {{ step }})) {%- endmacro %}

{#- The measures of int_daily_flows. Running sums of the two deltas are the pending and the overdue dossiers. -#}
{% macro flow_measures() %}
    {{ return(['received', 'resolved_early', 'resolved_on_time', 'resolved_late', 'pending_delta', 'overdue_delta']) }}
{% endmacro %}
