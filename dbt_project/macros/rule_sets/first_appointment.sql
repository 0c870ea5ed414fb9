{#- The first promise, NĐ 61/2018 Art. 19(9) (timeliness §3): as form_ii06, with the promised date in the place of the due date. It shows who is on time only
    because the date was moved. -#}
{% macro rule_set_first_appointment() %}
    {{ return(by_dates('promised_at')) }}
{% endmacro %}
