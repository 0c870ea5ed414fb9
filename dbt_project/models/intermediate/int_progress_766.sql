-- grain: source, dossier_code, at: portal_766 at the close of a calendar period in which the dossier was received, at = that close.
-- Only where it can differ from the verdict at as_of: a dossier that had ended by the close, and none of whose time stamps
-- lies after it, has the verdict of int_verdicts ever since. Few dossiers remain, each evaluated by the rules of one place.

with periods as (
    select distinct
        month_start,
        closes_at
    from {{ ref('int_periods') }}
    where scheme = 'calendar'
),

moments as (
    select
        facts.source,
        facts.dossier_code,
        periods.closes_at as at
    from {{ ref('int_dossier_facts') }} as facts
    inner join periods on {{ month_start('cast(facts.received_at as date)', 'calendar') }} = periods.month_start
    where
        facts.in_population
        and periods.closes_at < {{ as_of() }}
        and (facts.ended_at is null or facts.last_moment_at > periods.closes_at)
),

facts as (
    {{ dossier_facts('moments') }}
),

verdicts as (
    {{ verdict_portal_766('facts') }}
)

select
    source,
    dossier_code,
    verdicts.at,
    state,
    verdict,
    effective_end
from verdicts
