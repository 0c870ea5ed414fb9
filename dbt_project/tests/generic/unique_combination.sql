{#- Rows of the model must be unique over `columns` together: the test of a grain. Nulls compare equal, as in `group by`.
    built_in: the incremental model whose rows the model shows. What a build did not write was proven unique when it was written, so a nightly run looks only at the
    dossiers that it wrote, in all their rows; a full refresh looks at everything. -#}
{% test unique_combination(model, columns, built_in=none) %}
{#- named outside of any condition, or dbt would not know of it whenever it reads the project in a full refresh -#}
{%- set written = ref(built_in) if built_in else none %}

select
    {% for column in columns %}
    tested.{{ column }},
    {% endfor %}
    count(*) as rows_of_one_key
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
group by
    {% for column in columns %}
    tested.{{ column }}{{ ',' if not loop.last }}
    {% endfor %}
having count(*) > 1

{% endtest %}
