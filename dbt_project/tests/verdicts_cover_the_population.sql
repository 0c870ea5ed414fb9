{{ config(meta={'dagster': {'ref': {'name': 'int_dossier_verdicts'}}}) }}
-- timeliness §3: one row per rule set for every dossier of the population; refused dossiers only in portal_766. The agency is that of the facts.
-- Sums of fingerprints that agree prove it without laying the two tables side by side; which dossiers they are is asked only otherwise.

with expected as (
    select
        source,
        dossier_code,
        agency_code,
        {% for rule_set in rule_sets().values() %}
        case when {{ rule_set.population }} then 1 else 0 end{{ ' +' if not loop.last }}
        {% endfor %}
        as rule_sets
    from {{ ref('int_dossier_facts') }}
),

found as (
    select
        source,
        dossier_code,
        agency_code,
        {% for rule_set in rule_sets() %}
        case when {{ rule_set }}_verdict is null then 0 else 1 end{{ ' +' if not loop.last }}
        {% endfor %}
        as rule_sets
    from {{ ref('int_dossier_verdicts') }}
),

sums as (
    {% for relation in ['expected', 'found'] %}
    select sum(cast({{ fingerprint(['source', 'dossier_code', 'agency_code', 'rule_sets']) }} as {{ wide_number_type() }})) as fingerprints
    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

compared as (
    select count(distinct fingerprints) <> 1 as differ
    from sums
)

select
    coalesce(expected.source, found.source) as source,
    coalesce(expected.dossier_code, found.dossier_code) as dossier_code,
    expected.rule_sets as rule_sets_expected,
    found.rule_sets as rule_sets_found
from (select * from expected where (select compared.differ from compared)) as expected
full outer join (select * from found where (select compared.differ from compared)) as found
    on
        {{ have_same('expected', 'found', ['source', 'dossier_code', 'agency_code']) }}
where expected.rule_sets is distinct from found.rule_sets
