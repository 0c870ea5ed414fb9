{#- The index of Decision 766 by period, agency and every code above it up to the province (02 §6), for the periods of a scheme: dossiers of portal_766
    received in the period, with the verdict at its close. The law counts by the calendar; by the other scheme the index can be laid beside form II.06. -#}
{% macro progress_766(scheme) %}
with periods as (
    select
        period,
        period_from,
        period_to,
        closes_at,
        month_start
    from {{ ref('int_periods') }}
    where scheme = '{{ scheme }}'
),

population as (
    select
        facts.source,
        facts.dossier_code,
        facts.agency_code,
        facts.received_at,
        verdicts.state,
        verdicts.verdict,
        verdicts.effective_end
    from {{ ref('int_dossier_facts') }} as facts
    inner join {{ ref('int_verdicts') }} as verdicts
        on
            facts.source = verdicts.source
            and facts.dossier_code = verdicts.dossier_code
            and verdicts.rule_set = 'portal_766'
),

at_close as (
    select
        population.source,
        population.agency_code,
        population.received_at,
        periods.period,
        periods.period_from,
        periods.period_to,
        coalesce(moved.state, population.state) as state,
        coalesce(moved.verdict, population.verdict) as verdict,
        coalesce(moved.effective_end, population.effective_end) as effective_end
    from population
    inner join periods on {{ month_start('cast(population.received_at as date)', scheme) }} = periods.month_start
    left join {{ ref('int_progress_766') }} as moved
        on
            population.source = moved.source
            and population.dossier_code = moved.dossier_code
            and periods.closes_at = moved.at
),

own as (
    select
        source,
        period,
        period_from,
        period_to,
        agency_code,
        count(*) as received,
        sum(case when verdict in ('on_time', 'in_time') then 1 else 0 end) as on_time,
        sum(case when state in ('finished', 'withdrawn', 'stopped', 'refused') then 1 else 0 end) as completed,
        sum(case when state = 'finished' then 1 else 0 end) as finished,
        sum(case when state = 'finished' then {{ seconds_between('received_at', 'effective_end') }} else 0 end) as finished_seconds
    from at_close
    group by source, period, period_from, period_to, agency_code
),

levels as (
    select
        *,
        {{ explode_levels('agency_code') }} as ancestor_level
    from own
),

with_parents as (
    select
        source,
        period,
        period_from,
        period_to,
        {{ agency_ancestor('agency_code', 'ancestor_level') }} as agency_code,
        cast(sum(received) as bigint) as total_received,
        cast(sum(on_time) as bigint) as total_on_time,
        cast(sum(completed) as bigint) as total_completed,
        cast(sum(finished) as bigint) as finished,
        cast(sum(finished_seconds) as bigint) as finished_seconds
    from levels
    group by source, period, period_from, period_to, {{ agency_ancestor('agency_code', 'ancestor_level') }}
)

select
    source,
    period,
    period_from,
    period_to,
    agency_code,
    cast({{ agency_level('agency_code') }} as integer) as level,
    total_received,
    total_on_time,
    total_received - total_on_time as total_overdue,
    total_completed,
    {{ rounded_ratio('finished_seconds', '(86400 * finished)') }} as avg_processing_days,
    {{ rounded_ratio('(100 * total_on_time)', 'total_received') }} as ratio,
    {{ rounded_ratio('(20 * total_on_time)', 'total_received') }} as score,
    {{ stamps() }}
from with_parents
order by source, agency_code, period_from, period_to
{% endmacro %}
