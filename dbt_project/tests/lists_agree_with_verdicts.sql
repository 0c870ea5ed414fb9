-- 02 §6: the lists of dossiers hold what all verdicts say, as many and the same, although they read only what this build wrote, and two are carried on from
-- night to night. Sums of fingerprints, as in verdicts_cover_the_population.
{% set lists = {
    'mart_late_dossiers': "verdict = 'late'",
    'mart_overdue_dossiers': "verdict = 'overdue'",
    'mart_due_soon': "due_bucket in ('0', '1', '2-3', '4-7')",
} %}
{% set shown = ['source', 'dossier_code', 'rule_set', 'agency_code', 'reason'] %}
{# dossiers that some rule set calls good and another bad #}
{% set classes = {'good': "'early', 'on_time', 'in_time'", 'bad': "'late', 'overdue'"} %}
{% set differences_shown = ['source', 'dossier_code', 'agency_code'] %}
{% for rule_set in rule_sets() %}{% do differences_shown.append(rule_set ~ '_reason') %}{% endfor %}

with told as (
    {% for mart in lists %}
    select
        '{{ mart }}' as list,
        source,
        rule_set,
        count(*) as dossiers,
        sum(cast({{ fingerprint(shown) }} as {{ wide_number_type() }})) as fingerprints
    from {{ ref(mart) }}
    group by source, rule_set

    union all

    {% endfor %}
    select
        'mart_rule_differences' as list,
        source,
        '-' as rule_set,
        count(*) as dossiers,
        sum(cast({{ fingerprint(differences_shown) }} as {{ wide_number_type() }})) as fingerprints
    from {{ ref('mart_rule_differences') }}
    group by source
),

expected as (
    {% for mart, condition in lists.items() %}
    select
        '{{ mart }}' as list,
        source,
        rule_set,
        count(*) as dossiers,
        sum(cast({{ fingerprint(shown) }} as {{ wide_number_type() }})) as fingerprints
    from {{ ref('int_verdicts') }}
    where {{ condition }}
    group by source, rule_set

    union all

    {% endfor %}
    select
        'mart_rule_differences' as list,
        source,
        '-' as rule_set,
        count(*) as dossiers,
        sum(cast({{ fingerprint(differences_shown) }} as {{ wide_number_type() }})) as fingerprints
    from {{ ref('int_dossier_verdicts') }}
    where
        {% for class, verdicts in classes.items() %}
        (
            {% for rule_set in rule_sets() %}
            coalesce({{ rule_set }}_verdict in ({{ verdicts }}), false){{ ' or' if not loop.last }}
            {% endfor %}
        ){{ ' and' if not loop.last }}
        {% endfor %}
    group by source
)

select
    coalesce(told.list, expected.list) as list,
    coalesce(told.source, expected.source) as source,
    coalesce(told.rule_set, expected.rule_set) as rule_set,
    coalesce(told.dossiers, 0) as dossiers,
    coalesce(expected.dossiers, 0) as dossiers_expected
from told
full outer join expected
    on
        told.list = expected.list
        and told.source = expected.source
        and told.rule_set = expected.rule_set
where
    told.dossiers is distinct from expected.dossiers
    or told.fingerprints is distinct from expected.fingerprints
