-- 02 §6: the lists of dossiers hold as many as all verdicts say, although they read only what this build wrote, and two are carried on from night to night.
{% set lists = {
    'mart_late_dossiers': "verdict = 'late'",
    'mart_overdue_dossiers': "verdict = 'overdue'",
    'mart_due_soon': "due_bucket in ('0', '1', '2-3', '4-7')",
} %}
{# dossiers that some rule set calls good and another bad #}
{% set classes = {'good': "'early', 'on_time', 'in_time'", 'bad': "'late', 'overdue'"} %}

with told as (
    {% for mart in lists %}
    select
        '{{ mart }}' as list,
        source,
        rule_set,
        count(*) as dossiers
    from {{ ref(mart) }}
    group by source, rule_set

    union all

    {% endfor %}
    select
        'mart_rule_differences' as list,
        source,
        '-' as rule_set,
        count(*) as dossiers
    from {{ ref('mart_rule_differences') }}
    group by source
),

counted as (
    select
        source,
        rule_set,
        {% for mart, condition in lists.items() %}
        sum(case when {{ condition }} then 1 else 0 end) as {{ mart }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_verdicts') }}
    group by source, rule_set
),

expected as (
    {% for mart in lists %}
    select
        '{{ mart }}' as list,
        source,
        rule_set,
        {{ mart }} as dossiers
    from counted

    union all

    {% endfor %}
    select
        'mart_rule_differences' as list,
        source,
        '-' as rule_set,
        count(*) as dossiers
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
    told.dossiers,
    expected.dossiers as dossiers_expected
from told
full outer join expected
    on
        told.list = expected.list
        and told.source = expected.source
        and told.rule_set = expected.rule_set
where coalesce(told.dossiers, 0) <> coalesce(expected.dossiers, 0)
