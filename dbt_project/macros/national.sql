{#- Figures of the country, made of what provinces published (docs/reference/national-marts.md). Only the national roll-up builds the models that use them. -#}

{#- The area_code of the country as a whole; a province's is its province_code. -#}
{% macro country() -%} 'VN' {%- endmacro %}

{#- One row per area that a province counts in, the country and itself: a set-returning expression for a select list. -#}
{% macro explode_areas(province_code) %}{{ return(adapter.dispatch('explode_areas')(province_code)) }}{% endmacro %}
{% macro default__explode_areas(province_code) -%} explode(array({{ country() }}, {{ province_code }})) {%- endmacro %}
{% macro duckdb__explode_areas(province_code) -%} unnest([{{ country() }}, {{ province_code }}]) {%- endmacro %}

{#- Rows of provinces, each once for the country and once for its province, told apart by area_code. -#}
{% macro in_areas(rows, condition='true') -%}
select
    *,
    {{ explode_areas('province_code') }} as area_code
from {{ rows }}
where {{ condition }}
{%- endmacro %}

{#- Sums of the columns of a mart of the provinces, by area and keys. Only what adds up over agencies and provinces may be among them. -#}
{% macro area_sums(mart, keys, columns, condition='true') -%}
select
    area_code,
    {{ keys | join(', ') }},
    {% for column in columns %}
    cast(sum({{ column }}) as bigint) as {{ column }}{{ ',' if not loop.last }}
    {% endfor %}
from (
    {{ in_areas(source('provinces', mart), condition) }}
) as areas
group by area_code, {{ keys | join(', ') }}
{%- endmacro %}

{#- The rows of a dimension of the provinces by `key`, with the `names` that most provinces give it, and how many know it. worst: condition on names that are taken
    only where there are no others. -#}
{% macro named_by_most(dimension, key, names, worst) -%}
with named as (
    select
        {{ key }},
        {{ names | join(', ') }},
        count(*) as provinces,
        sum(count(*)) over (partition by {{ key }}) as all_provinces
    from {{ source('provinces', dimension) }}
    group by {{ key }}, {{ names | join(', ') }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by {{ key }}
            order by case when {{ worst }} then 1 else 0 end, provinces desc, {{ names | join(', ') }}
        ) as place
    from named
)

select
    {{ key }},
    {{ names | join(', ') }},
    cast(all_provinces as bigint) as provinces,
    {{ stamps() }}
from ranked
where place = 1
order by {{ key }}
{%- endmacro %}

{#- A histogram with the running number of its values, for percentile(): columns keys, value, times become also upto (rows up to this value) and total.
    Instead of the aggregates of the engine, which hold every value in memory: sorting and windows go to disk when there are many. -#}
{% macro ranked_values(histogram, keys) -%}
select
    *,
    sum(times) over (partition by {{ keys | join(', ') }} order by value rows unbounded preceding) as upto,
    sum(times) over (partition by {{ keys | join(', ') }}) as total
from {{ histogram }}
{%- endmacro %}

{#- Aggregate over ranked_values(): what percentile_cont({{ share }}) gives of the values themselves, linear between neighbours; null without values. -#}
{% macro percentile(share) -%}
    {%- set position = 'cast(' ~ share ~ ' as double) * (total - 1)' -%}
    {%- set lower = 'min(case when upto > floor(' ~ position ~ ') then value end)' -%}
    {%- set upper = 'min(case when upto > ceil(' ~ position ~ ') then value end)' -%}
    {%- set beyond = 'max(' ~ position ~ ') - floor(max(' ~ position ~ '))' -%}
    cast({{ lower }} as double) + ({{ upper }} - {{ lower }}) * ({{ beyond }})
{%- endmacro %}
