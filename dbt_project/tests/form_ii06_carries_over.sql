-- 02 §7: column 6 of a period = column 11 of the period before it, per agency and field; a row that is left out is a row of zeros.

with periods as (
    select distinct
        scheme,
        granularity,
        period,
        period_from
    from {{ ref('int_periods') }}
),

successions as (
    select
        scheme,
        period,
        lead(period) over (partition by scheme, granularity order by period_from) as next_period
    from periods
),

figures as (
    select
        reports.source,
        reports.agency_code,
        reports.field_code,
        successions.scheme,
        successions.next_period as period,
        reports.pending_total as left_over,
        0 as carried_over
    from {{ ref('rpt_form_ii06') }} as reports
    inner join successions
        on
            reports.scheme = successions.scheme
            and reports.period = successions.period
    where successions.next_period is not null

    union all

    select
        source,
        agency_code,
        field_code,
        scheme,
        period,
        0 as left_over,
        carried_over
    from {{ ref('rpt_form_ii06') }}
)

select
    source,
    scheme,
    period,
    agency_code,
    field_code,
    sum(left_over) as left_over,
    sum(carried_over) as carried_over
from figures
group by source, scheme, period, agency_code, field_code
having sum(left_over) <> sum(carried_over)
