{#- The warnings that need catalogues or the history of a dossier (portal-exports §6): rule of expectations/rules.yml with `evaluated_in: dbt` → condition on a
    row of fct_dossiers' relations: facts (int_dossier_facts), agencies and procedures (is_unknown). The others come with the row, in facts.warnings. -#}
{% macro dossier_warnings() %}
    {{ return({
        'WRN_UNKNOWN_AGENCY': 'agencies.is_unknown',
        'WRN_UNKNOWN_PROCEDURE': 'procedures.is_unknown',
        'WRN_REOPENED': 'facts.reopened',
        'WRN_DUE_MOVED': 'facts.due_moved',
        'WRN_DUE_MOVED_LATE': 'facts.due_moved_late',
        'WRN_MANY_SUPPLEMENTS': 'facts.requests >= 2',
        'WRN_REAPPOINTED': 'facts.in_population and facts.reappointments >= 1',
        'WRN_REAPPOINTED_TWICE': 'facts.in_population and facts.reappointments >= 2',
        'WRN_LATE_SUPPLEMENT': 'facts.working_days_to_first_request > 3',
    }) }}
{% endmacro %}

{#- Names (name → condition) whose condition holds, as a list of expressions, null where it does not: for sorted_set(). -#}
{% macro names_that_hold(conditions) %}
    {%- set names = [] -%}
    {%- for name, condition in conditions.items() -%}
        {%- do names.append("case when " ~ condition ~ " then '" ~ name ~ "' end") -%}
    {%- endfor -%}
    {{ return(names) }}
{% endmacro %}
