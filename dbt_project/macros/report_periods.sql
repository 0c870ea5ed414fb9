{#- The period that a portal report is about (docs/decisions/0021): what the name of its file says, else the year to the date of its export.
    2024-05, 2024-Q2, 2024-H1 stand for a month, a quarter, a half; nam2024 or year2024 for a whole year. -#}

{#- Length in months → pattern of a lower-case file name: group 1 the year, group 2 the number of the period in it. A month is no part of a date like 2024-05-31. -#}
{% macro named_periods() %}
    {%- set ends = '(?:$|[^0-9-]|-[^0-9])' -%}
    {{ return({
        1: "'(?:^|[^0-9])(20[0-9]{2})-(0[1-9]|1[0-2])" ~ ends ~ "'",
        3: "'(?:^|[^0-9])(20[0-9]{2})-q([1-4])'",
        6: "'(?:^|[^0-9])(20[0-9]{2})-h([12])'",
        12: "'(?:nam|year)[-_ ]?(20[0-9]{2})()'",
    }) }}
{% endmacro %}

{#- First day of the period that a lower-case file name tells; null when it tells none. -#}
{% macro named_first_day(file_name) -%}
    case
        {%- for months, pattern in named_periods().items() %}
        when regexp_extract({{ file_name }}, {{ pattern }}, 1) <> ''
            then make_date(
                cast(regexp_extract({{ file_name }}, {{ pattern }}, 1) as integer),
                {{ months }} * (coalesce(try_cast(regexp_extract({{ file_name }}, {{ pattern }}, 2) as integer), 1) - 1) + 1,
                1
            )
        {%- endfor %}
    end
{%- endmacro %}

{#- Its length in months. -#}
{% macro named_months(file_name) -%}
    case
        {%- for months, pattern in named_periods().items() %}
        when regexp_extract({{ file_name }}, {{ pattern }}, 1) <> '' then {{ months }}
        {%- endfor %}
    end
{%- endmacro %}
