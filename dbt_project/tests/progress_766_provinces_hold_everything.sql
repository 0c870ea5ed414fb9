{{ config(meta={'dagster': {'ref': {'name': 'mart_progress_766'}}}) }}
-- timeliness §6: every dossier of portal_766 is counted once below the provinces (or `unknown`) in the year it was received, by either scheme.
{% set marts = {'calendar': 'mart_progress_766', 'reporting': 'mart_progress_766_reporting'} %}

with provinces as (
    {% for scheme, mart in marts.items() %}
    select
        '{{ scheme }}' as scheme,
        source,
        sum(total_received) as received
    from {{ ref(mart) }}
    where
        level <= 1
        and period in (
            select periods.period
            from {{ ref('int_periods') }} as periods
            where periods.granularity = 'year' and periods.scheme = '{{ scheme }}'
        )
    group by source
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

verdicts as (
    {% for scheme in marts %}
    select
        '{{ scheme }}' as scheme,
        source,
        count(*) as received
    from {{ ref('fct_verdicts') }}
    where rule_set = 'portal_766'
    group by source
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    coalesce(provinces.scheme, verdicts.scheme) as scheme,
    coalesce(provinces.source, verdicts.source) as source,
    provinces.received,
    verdicts.received as expected
from provinces
full outer join verdicts on {{ have_same('provinces', 'verdicts', ['scheme', 'source']) }}
where coalesce(provinces.received, 0) <> coalesce(verdicts.received, 0)
