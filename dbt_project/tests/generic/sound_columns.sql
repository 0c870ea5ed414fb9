{#- What every row of the model must fulfil, column by column, in one scan of it: `not_null` columns, `unique` ones, `accepted` values (column: list) and values
    that must be `known` elsewhere (column: [model, its column]). Null is accepted and known, as in dbt's own tests, which would be a node and a scan each.
    It stops with an error that names every rule that is broken, and by how many rows (of `known`: values).
    built_now: only rows that were written since the last green build, which the others passed. -#}
{% test sound_columns(model, not_null=[], unique=[], accepted={}, known={}, built_now=false) %}

{%- set rules = [] -%}
{%- for column in not_null -%}
    {%- do rules.append((column ~ ' null', 'count(case when ' ~ column ~ ' is null then 1 end)')) -%}
{%- endfor -%}
{%- for column in unique -%}
    {%- do rules.append((column ~ ' not unique', 'count(' ~ column ~ ') - count(distinct ' ~ column ~ ')')) -%}
{%- endfor -%}
{%- for column, values in accepted.items() -%}
    {%- do rules.append((column ~ ' not accepted', 'count(case when ' ~ column ~ " not in ('" ~ values | join("', '") ~ "') then 1 end)")) -%}
{%- endfor -%}

with figures as (
    select
        {% for name, figure in rules %}
        {{ figure }} as rule_{{ loop.index }},
        {% endfor %}
        {% for column in known %}
        {{ collect_sorted(column) }} as {{ column }}_values,
        {% endfor %}
        count(*) as rows_in_all
    from {{ model }} as tested
    {% if built_now %}
    where {{ is_built_now('tested') }}
    {% endif %}
),

broken as (
    {% for name, figure in rules %}
    select
        '{{ name }}' as rule_name,
        rule_{{ loop.index }} as rows_broken
    from figures

    union all

    {% endfor %}
    {% for column, place in known.items() %}
    select
        '{{ column }} not in {{ place[0] }}' as rule_name,
        count(*) as rows_broken
    from (select {{ explode_list(column ~ '_values') }} as wanted from figures) as found
    where not exists (select 1 from {{ ref(place[0]) }} as there where there.{{ place[1] }} = found.wanted)

    union all

    {% endfor %}
    select
        '-' as rule_name,
        0 as rows_broken
)

select count(*) as rules_broken
from broken
where rows_broken > 0
having case when count(*) > 0 then {{ stop_with(collect_sorted("concat(rule_name, ' (', rows_broken, ')')")) }} else false end

{% endtest %}
