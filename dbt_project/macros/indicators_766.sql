{#- The indicators of Decision 766 that exports can tell, besides timeliness (timeliness §9). Names, points and formulas stand in seeds/indicators_766.csv. -#}

{#- Points of an indicator, rounded half up to two decimals: points_per / points_of × numerator / denominator, no more than the maximum; null when the denominator
    is 0. All four are integers (points_per / points_of: 12 / 1 is 6 · r / 0.5). -#}
{% macro indicator_score(numerator, denominator, points_per, points_of, max_score) -%}
    case
        when {{ denominator }} > 0
            then least({{ rounded_ratio('(' ~ points_per ~ ' * ' ~ numerator ~ ')', '(' ~ points_of ~ ' * ' ~ denominator ~ ')') }}, {{ max_score }})
    end
{%- endmacro %}

{#- Indicators that count dossiers: which are counted at all, which score, and why one that does not costs points.
    In terms of `facts` (columns of int_dossier_facts); has_fee: of int_procedure_fees, for its procedure. -#}
{% macro dossier_indicators(has_fee='fees.has_fee') %}
    {%- set electronic = 'coalesce(facts.electronic_results, 0) > 0' -%}
    {%- set from_store = 'coalesce(facts.reused_from_store_files, 0) > 0' -%}
    {{ return({
        '3.3': {
            'counts': 'true',
            'scores': "(facts.channel = '2' and " ~ electronic ~ ")",
            'why': "case when facts.channel = '2' then 'NO_ELECTRONIC_RESULT' else 'NOT_ONLINE' end",
        },
        '3.6': {
            'counts': '(coalesce(' ~ has_fee ~ ', false) and not (coalesce(facts.fee_count, 0) > 0 and coalesce(facts.fee_total, 0) = 0))',
            'scores': is_paid_online('facts'),
            'why': "'NOT_PAID_ONLINE'",
        },
        '4.1': {'counts': 'true', 'scores': electronic, 'why': "'NO_ELECTRONIC_RESULT'"},
        '4.2': {
            'counts': 'true',
            'scores': '(coalesce(facts.submitted_files, 0) > 0 and ' ~ electronic ~ ')',
            'why': "case when coalesce(facts.submitted_files, 0) > 0 then 'NO_ELECTRONIC_RESULT' else 'NO_SUBMITTED_FILE' end",
        },
        '4.3': {'counts': 'true', 'scores': 'coalesce(facts.has_digitised_parts, false)', 'why': "'NO_DIGITISED_PART'"},
        '4.4': {'counts': 'true', 'scores': from_store, 'why': "'NOTHING_FROM_STORE'"},
        '4.5': {
            'counts': 'true',
            'scores': '(coalesce(facts.vneid_verified, false) or ' ~ from_store ~ ')',
            'why': "'NO_DATA_REUSED'",
        },
    }) }}
{% endmacro %}

{#- Indicators that count procedures: a fee procedure scores when one of its dossiers does. -#}
{% macro procedure_indicators() %}
    {{ return({
        '3.5a': {'scores': '(coalesce(facts.fee_total, 0) > 0 or ' ~ is_paid_online('facts') ~ ')', 'why': 'PROCEDURE_NEVER_PAID'},
        '3.5b': {'scores': is_paid_online('facts'), 'why': 'PROCEDURE_NEVER_PAID_ONLINE'},
    }) }}
{% endmacro %}

{#- Condition: the fee was paid on the portal or on the local gateway. -#}
{% macro is_paid_online(facts) -%} coalesce({{ facts }}.online_payment, '0') in ('1', '2') {%- endmacro %}

{#- Name of an indicator as part of a column's name. -#}
{% macro indicator_column(indicator) -%} i{{ indicator | replace('.', '_') }} {%- endmacro %}
