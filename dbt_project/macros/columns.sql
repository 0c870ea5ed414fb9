{#- Columns of a relation, one a line, with commas between them. -#}
{% macro copied(relation, columns) -%}
    {%- for column in columns -%}
    {{ relation }}.{{ column }}{{ ',\n    ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#- Condition, of a join for instance: two relations have the same values in all these columns. -#}
{% macro have_same(one, other, columns) -%}
    {%- for column in columns -%}
    {{ one }}.{{ column }} = {{ other }}.{{ column }}{{ ' and ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#- A seed as a mart: all of its columns, and the stamps. -#}
{% macro published_seed(seed, order) -%}
select
    rows_of_seed.*,
    {{ stamps() }}
from {{ ref(seed) }} as rows_of_seed
order by {{ order }}
{%- endmacro %}
