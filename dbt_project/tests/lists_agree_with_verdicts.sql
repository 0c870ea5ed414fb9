{{ config(meta={'dagster': {'ref': {'name': 'mart_rule_differences'}}}) }}
-- timeliness §6: the lists of dossiers hold what all verdicts say, as many and the same, although they read only what this build wrote, and two are carried
-- forward from run to run. Sums of fingerprints, as in verdicts_cover_the_population.
{# dossiers that some rule set calls good and another bad #}
{% set differs %}
    {% for verdicts in ["'early', 'on_time', 'in_time'", "'late', 'overdue'"] %}
    (
        {% for rule_set in rule_sets() %}
        coalesce({{ rule_set }}_verdict in ({{ verdicts }}), false){{ ' or' if not loop.last }}
        {% endfor %}
    ){{ ' and' if not loop.last }}
    {% endfor %}
{% endset %}
{% set reasons = [] %}
{% for rule_set in rule_sets() %}{% do reasons.append(rule_set ~ '_reason') %}{% endfor %}
{% set of_rule_set = ['rule_set', 'reason'] %}
{# mart: what it is read from, which rows, and what is compared besides the dossier and its agency #}
{% set lists = {
    'mart_late_dossiers': ('int_verdicts', "verdict = 'late'", of_rule_set),
    'mart_overdue_dossiers': ('int_verdicts', "verdict = 'overdue'", of_rule_set),
    'mart_due_soon': ('int_verdicts', "due_bucket in ('0', '1', '2-3', '4-7')", of_rule_set),
    'mart_rule_differences': ('int_dossier_verdicts', differs, reasons),
} %}

with sums as (
    {% for mart, (verdicts, condition, columns) in lists.items() %}
    {% for side, relation, filter in [('listed', mart, 'true'), ('expected', verdicts, condition)] %}
    select
        '{{ mart }}' as list,
        '{{ side }}' as side,
        source,
        {{ 'rule_set' if 'rule_set' in columns else "'-'" }} as rule_set,
        sum(cast({{ fingerprint(['source', 'dossier_code', 'agency_code'] + columns) }} as {{ wide_number_type() }})) as fingerprints,
        count(*) as dossiers
    from {{ ref(relation) }}
    where {{ filter }}
    group by source{{ ', rule_set' if 'rule_set' in columns }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    list,
    source,
    rule_set,
    max(case when side = 'listed' then dossiers end) as dossiers,
    max(case when side = 'expected' then dossiers end) as dossiers_expected
from sums
group by list, source, rule_set
having
    count(*) <> 2
    or min(fingerprints) <> max(fingerprints)
    or min(dossiers) <> max(dossiers)
