{#- The two clocks of timeliness §1, and the constant columns every mart ends with.

    A build reads them from the one row of `state.clock`, which warehouse.build writes before it begins. So the SQL of a model is the same in every run: dbt need not
    parse again, and what it compiled once can be run for any pair (as_of, known_at) and any database that has a clock. Given as variables (unit
    tests, dbt by hand) they are literals. -#}

{#- Timestamp literal of an ISO wall clock. -#}
{% macro moment(iso) -%}
    cast('{{ iso | string | replace("T", " ") }}' as timestamp)
{%- endmacro %}

{#- Are the clocks given as variables? -#}
{% macro has_clock_vars() %}{{ return(var('as_of') or var('known_at')) }}{% endmacro %}

{#- A column of the clock as a scalar subquery. The aggregate is for engines that want proof of one row. -#}
{% macro clock(column) -%}
    (select max(clock.{{ column }}) from state.clock as clock)
{%- endmacro %}

{#- The moment at which figures are closed. -#}
{% macro as_of() -%}
    {%- if has_clock_vars() -%}
        {{ moment(var('as_of') or '2000-01-01 00:00:00') }}
    {%- else -%}
        {{ clock('as_of') }}
    {%- endif -%}
{%- endmacro %}

{#- The day of as_of. -#}
{% macro as_of_date() -%}
    cast({{ as_of() }} as date)
{%- endmacro %}

{#- The last export moment that is known; null = no limit. -#}
{% macro known_at() -%}
    {%- if not has_clock_vars() -%}
        {{ clock('known_at') }}
    {%- elif var('known_at') -%}
        {{ moment(var('known_at')) }}
    {%- else -%}
        cast(null as timestamp)
    {%- endif -%}
{%- endmacro %}

{#- Condition: the export moment `column` lies within what was known. -#}
{% macro is_known(column) -%}
    {{ column }} <= coalesce({{ known_at() }}, {{ end_of_time() }})
{%- endmacro %}

{#- Rows of `validated` with a greater validation_seq are new to this build. -#}
{% macro changed_since() -%}
    {%- if var('changed_since') == '' -%}
        {{ clock('changed_since') }}
    {%- else -%}
        {{ var('changed_since') }}
    {%- endif -%}
{%- endmacro %}

{#- The number of this build: the incremental models that others look up what is new in (history, facts, verdicts) carry it as `built_by`, the build that
    wrote the row. With clocks given as variables nothing is known of builds, and a row counts as written now, in every later build too. -#}
{% macro build_id() -%}
    {%- if has_clock_vars() -%}
        cast(9223372036854775807 as bigint)
    {%- else -%}
        {{ clock('build_id') }}
    {%- endif -%}
{%- endmacro %}

{#- Condition: the row was written since the last green build, by this one or by one that died. Of every row when the last green build passed
    other checks than there are now, and when only a part of the project is run (warehouse.build.plan_build). -#}
{% macro is_built_now(relation) -%}
    {% if has_clock_vars() %}true{% else %}{{ relation }}.built_by > {{ clock('green_build') }}{% endif %}
{%- endmacro %}

{#- Stands for "never" where a null cannot be compared. Later than every date the reader lets in (portal-exports §4). -#}
{% macro end_of_time() -%}
    {{ moment('9999-12-31 23:59:59') }}
{%- endmacro %}

{#- as_of, known_at, definitions_version: the last columns of every mart (timeliness §6). The version in the clock also names the calendar's revision. -#}
{% macro stamps() -%}
    {{ as_of() }} as as_of,
    {{ known_at() }} as known_at,
    {{ definitions_version() }} as definitions_version
{%- endmacro %}

{#- Version of the rules, and of the calendar. -#}
{% macro definitions_version() -%}
    {% if has_clock_vars() %}cast('{{ var("definitions_version") }}' as string){% else %}{{ clock('definitions_version') }}{% endif %}
{%- endmacro %}
