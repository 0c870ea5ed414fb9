{#- The rule sets of 02 §3, each once. They read facts (columns of int_dossier_facts plus `at`, see macros/dossier_facts.sql) and give verdicts.

    rule_sets()                      ['form_ii06', 'portal_766', 'citizen_handover']
    verdict_form_ii06(facts)         a select over the relation or CTE `facts` (a name), one row per row of `facts` in the rule set's population:
    verdict_portal_766(facts)        source, dossier_code, at, rule_set, state, requests, verdict, reason, effective_end, effective_due, paused_seconds,
    verdict_citizen_handover(facts)  clock_from, clock_to (dates between which working_days_taken runs), due_for_bucket (date or null)
    measured_verdicts(verdicts)      the same rows with the measures of 02 §4 instead of the last three columns

    Use:  with facts as ({{ dossier_facts('moments') }}), verdicts as ({{ verdict_portal_766('facts') }}) select … from verdicts -#}

{% macro rule_sets() %}{{ return(['form_ii06', 'portal_766', 'citizen_handover']) }}{% endmacro %}
