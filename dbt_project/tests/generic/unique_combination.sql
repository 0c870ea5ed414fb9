{#- Rows of the model must be unique over `columns` together: the test of a grain. Nulls compare equal, as in `group by`. -#}
{% test unique_combination(model, columns) %}

select
    {{ columns | join(', ') }},
    count(*) as rows_of_one_key
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
