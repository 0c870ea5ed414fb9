-- 02 §6: every dossier of portal_766 is counted once below the provinces (or `unknown`) in the year it was received.

with provinces as (
    select
        progress.source,
        sum(progress.total_received) as received
    from {{ ref('mart_progress_766') }} as progress
    where
        progress.level <= 1
        and progress.period in (select periods.period from {{ ref('int_periods') }} as periods where periods.granularity = 'year')
    group by progress.source
),

verdicts as (
    select
        source,
        count(*) as received
    from {{ ref('fct_verdicts') }}
    where rule_set = 'portal_766'
    group by source
)

select
    coalesce(provinces.source, verdicts.source) as source,
    provinces.received,
    verdicts.received as expected
from provinces
full outer join verdicts on provinces.source = verdicts.source
where coalesce(provinces.received, 0) <> coalesce(verdicts.received, 0)
