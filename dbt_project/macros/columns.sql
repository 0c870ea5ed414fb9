{#- Columns of a relation, one a line, with commas between them. -#}
{% macro copied(relation, columns) -%}
    {%- for column in columns -%}
    {{ relation }}.{{ column }}{{ ',\n    ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
