{#- The two clocks of 02 §1 as SQL literals, and the constant columns every mart ends with. -#}

{#- Timestamp literal of an ISO wall clock. -#}
{% macro moment(iso) -%}
    cast('{{ iso | string | replace("T", " ") }}' as timestamp)
{%- endmacro %}

{#- The moment at which figures are closed. A build or test without it is refused: a silent default would be a wrong figure. -#}
{% macro as_of() -%}
    {%- if var('as_of') -%}
        {{ moment(var('as_of')) }}
    {%- elif execute and flags.WHICH in ['build', 'run', 'test'] -%}
        {{ exceptions.raise_compiler_error("as_of is missing: give --vars '{as_of: 2024-05-31T23:59:59}'") }}
    {%- else -%}
        {{ moment('2000-01-01 00:00:00') }}
    {%- endif -%}
{%- endmacro %}

{#- The day of as_of. -#}
{% macro as_of_date() -%}
    cast({{ as_of() }} as date)
{%- endmacro %}

{#- Condition: the export moment `column` lies within what was known. -#}
{% macro is_known(column) -%}
    {%- if var('known_at') -%}
        {{ column }} <= {{ moment(var('known_at')) }}
    {%- else -%}
        {{ column }} is not null
    {%- endif -%}
{%- endmacro %}

{#- Stands for "never" where a null cannot be compared. Later than every date the reader lets in (01 §4). -#}
{% macro end_of_time() -%}
    {{ moment('9999-12-31 23:59:59') }}
{%- endmacro %}

{#- as_of, known_at, definitions_version: the last columns of every mart (02 §6). -#}
{% macro stamps() -%}
    {{ as_of() }} as as_of,
    {% if var('known_at') %}{{ moment(var('known_at')) }}{% else %}cast(null as timestamp){% endif %} as known_at,
    cast('{{ var("definitions_version") }}' as varchar) as definitions_version
{%- endmacro %}
