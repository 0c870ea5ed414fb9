{#- What the rows of a model must fulfil, in one node and mostly one scan; it stops with an error that names every rule that is broken, and by how many rows (of `keys`: keys; of
    `known`: values).
    keys: lists of columns that are unique together, the grain first; nulls compare equal, as in `group by`. written_by: the incremental model whose rows the model shows, joined with what has one row for each. What a build
    did not write was proven unique when it was written, so a nightly run looks only at the dossiers that it wrote, in all their rows; a full refresh looks at everything.
    `not_null` columns, `unique` ones, `accepted` values (column: list), values that must be `known` elsewhere (column: [model, its column]); null is accepted and known, as in dbt's
    own tests. holds: conditions by name; a null does not hold. built_now: all but the keys only for rows that were written since the last green build, which the others passed. -#}
{% test sound_rows(model, keys=[], written_by=none, not_null=[], unique=[], accepted={}, known={}, holds={}, built_now=false) %}
{#- named outside of any condition, or dbt would not know of it whenever it reads the project in a full refresh -#}
{%- set written = ref(written_by) if written_by else none %}

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
{%- for name, condition in holds.items() -%}
    {%- do rules.append((name, 'count(case when not coalesce(' ~ condition ~ ', false) then 1 end)')) -%}
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
    {% for key in keys %}
    select
        '{{ key | join(", ") }} not unique' as rule_name,
        count(*) as rows_broken
    from (
        select count(*) as rows_of_one_key
        from {{ model }} as tested
        {% if written and not flags.FULL_REFRESH %}
        where (tested.source, tested.dossier_code) in (
            select
                written.source,
                written.dossier_code
            from {{ written }} as written
            where {{ is_built_now('written') }}
        )
        {% endif %}
        group by tested.{{ key | join(', tested.') }}
        having count(*) > 1
    ) as repeated

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
