{#- Rows of the model must be unique over `columns` together: the test of a grain. Nulls compare equal, as in `group by`.
    As many fingerprints as rows are proof enough, and numbers are counted in a fraction of the time that texts take; only otherwise is it looked at which rows
    they are, or whether two keys have one fingerprint by chance. -#}
{% test unique_combination(model, columns) %}

{%- set keys = [] -%}
{%- for column in columns -%}
    {%- do keys.append('tested.' ~ column) -%}
{%- endfor -%}

with counted as (
    select
        count(*) as rows_in_all,
        count(distinct {{ fingerprint(keys) }}) as fingerprints
    from {{ model }} as tested
)

select
    {{ keys | join(', ') }},
    count(*) as rows_of_one_key
from {{ model }} as tested
where (select counted.rows_in_all <> counted.fingerprints from counted)
group by {{ keys | join(', ') }}
having count(*) > 1

{% endtest %}
