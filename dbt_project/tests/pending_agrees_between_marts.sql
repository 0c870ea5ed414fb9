{{ config(meta={'dagster': {'ref': {'name': 'rpt_form_ii06'}}}) }}
-- timeliness §6: what is pending at the end of a month is the same in the monthly mart, on that day of the daily mart, and in the form.

with months as (
    select
        scheme,
        period as month,
        cast(closes_at as date) as last_day
    from {{ ref('int_periods') }}
    where granularity = 'month'
),

figures as (
    select
        source,
        scheme,
        month,
        agency_code,
        'monthly' as mart,
        pending_in_time,
        pending_overdue
    from {{ ref('mart_timeliness_monthly') }}

    union all

    select
        reports.source,
        reports.scheme,
        reports.period as month,
        reports.agency_code,
        'form' as mart,
        reports.pending_in_time,
        reports.pending_overdue
    from {{ ref('rpt_form_ii06') }} as reports
    inner join months
        on
            reports.scheme = months.scheme
            and reports.period = months.month

    union all

    select
        daily.source,
        months.scheme,
        months.month,
        daily.agency_code,
        'daily' as mart,
        daily.pending_in_time,
        daily.pending_overdue
    from {{ ref('mart_backlog_daily') }} as daily
    inner join months on daily.day = months.last_day
),

totals as (
    select
        source,
        scheme,
        month,
        agency_code,
        {% for mart in ['monthly', 'form', 'daily'] %}
        sum(case when mart = '{{ mart }}' then pending_in_time else 0 end) as {{ mart }}_in_time,
        sum(case when mart = '{{ mart }}' then pending_overdue else 0 end) as {{ mart }}_overdue{{ ',' if not loop.last }}
        {% endfor %}
    from figures
    group by source, scheme, month, agency_code
)

select *
from totals
where
    monthly_in_time <> form_in_time
    or monthly_in_time <> daily_in_time
    or monthly_overdue <> form_overdue
    or monthly_overdue <> daily_overdue
