{#- Rows of the model must be unique over `columns` together: the test of a grain. Nulls compare equal, as in `group by`. -#}
{% test unique_combination(model, columns) %}

select
    {% for column in columns %}
    tested.{{ column }},
    {% endfor %}
    count(*) as rows_of_one_key
from {{ model }} as tested
group by
    {% for column in columns %}
    tested.{{ column }}{{ ',' if not loop.last }}
    {% endfor %}
having count(*) > 1

{% endtest %}
