{#- The index of Decision 766 by period, agency and every code above it up to the province (timeliness §6), for the periods of a scheme: dossiers of portal_766
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

standing as (
    -- verdicts at as_of, few groups: by the month of the reception, and by the month from whose close on they have stood so
    select
        source,
        agency_code,
        {{ month_start('cast(received_at as date)', scheme) }} as month_start,
        {{ still_month('ended_at', 'last_request_at', scheme) }} as still_month,
        {{ progress_sums() }}
    from {{ ref('int_verdicts') }}
    where rule_set = 'portal_766'
    group by all
),

moved as (
    -- verdicts at closes after which something moved
    select
        source,
        agency_code,
        {{ month_start('cast(received_at as date)', scheme) }} as month_start,
        moved.at as closes_at,
        {{ progress_sums() }}
    from {{ ref('int_progress_766') }} as moved
    group by source, agency_code, {{ month_start('cast(received_at as date)', scheme) }}, moved.at
),

at_close as (
    select
        periods.period,
        periods.period_from,
        periods.period_to,
        standing.*
    from periods
    inner join standing on periods.month_start = standing.month_start
    where periods.closes_at >= {{ as_of() }} or standing.still_month <= {{ month_start('cast(periods.closes_at as date)', scheme) }}

    union all

    select
        periods.period,
        periods.period_from,
        periods.period_to,
        moved.*
    from periods
    inner join moved on periods.month_start = moved.month_start and periods.closes_at = moved.closes_at
),

own as (
    select
        source,
        period,
        period_from,
        period_to,
        agency_code,
        sum(received) as received,
        sum(on_time) as on_time,
        sum(completed) as completed,
        sum(finished) as finished,
        sum(finished_seconds) as finished_seconds
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

{#- What the index sums up, of rows with state, verdict, received_at and effective_end of portal_766. -#}
{% macro progress_sums() -%}
    count(*) as received,
    sum(case when verdict in ('on_time', 'in_time') then 1 else 0 end) as on_time,
    sum(case when state in ('finished', 'withdrawn', 'stopped', 'refused') then 1 else 0 end) as completed,
    sum(case when state = 'finished' then 1 else 0 end) as finished,
    sum(case when state = 'finished' then {{ seconds_between('received_at', 'effective_end') }} else 0 end) as finished_seconds
{%- endmacro %}

{#- The month of `scheme` at whose close a dossier had the verdict of portal_766 that it has at as_of, and ever since: that of its end, or of a later
    request or answer. A close is the last second of a month, so what comes within that second belongs to the next. Far away while it is pending. -#}
{% macro still_month(ended_at, last_request_at, scheme) -%}
    case
        when {{ ended_at }} is null then cast('9999-01-01' as date)
        else {{ month_start('cast(' ~ add_seconds('greatest(' ~ ended_at ~ ', coalesce(' ~ last_request_at ~ ', ' ~ ended_at ~ '))', '0.999999') ~ ' as date)', scheme) }}
    end
{%- endmacro %}

{#- Condition on facts (alias facts): something that portal_766 looks at came after the close, so its verdict there may be another one than at as_of. -#}
{% macro moved_after(close) -%}
    (facts.ended_at is null or facts.ended_at > {{ close }} or facts.last_request_at > {{ close }})
{%- endmacro %}
