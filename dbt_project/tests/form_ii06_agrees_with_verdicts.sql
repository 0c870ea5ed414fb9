{{ config(meta={'dagster': {'ref': {'name': 'rpt_form_ii06'}}}) }}
-- timeliness §6: the form's last period closes at as_of, where the verdicts of form_ii06 stand; what all its years resolved is what they call resolved.

with last_years as (
    select
        scheme,
        period,
        closes_at = {{ as_of() }} as is_last
    from {{ ref('int_periods') }}
    where granularity = 'year' and is_last_month
),

form as (
    select
        reports.source,
        reports.scheme,
        reports.agency_code,
        sum(reports.received_online + reports.received_direct) as received,
        sum(reports.resolved_early) as early,
        sum(reports.resolved_on_time) as on_time,
        sum(reports.resolved_late) as late,
        sum(case when last_years.is_last then reports.pending_in_time else 0 end) as in_time,
        sum(case when last_years.is_last then reports.pending_overdue else 0 end) as overdue
    from {{ ref('rpt_form_ii06') }} as reports
    inner join last_years on {{ have_same('reports', 'last_years', ['scheme', 'period']) }}
    group by reports.source, reports.scheme, reports.agency_code
),

verdicts as (
    -- verdicts_cover_the_population proves that their agency is that of the facts
    select
        source,
        agency_code,
        count(*) as received,
        {% for verdict in ['early', 'on_time', 'late', 'in_time', 'overdue'] %}
        sum(case when verdict = '{{ verdict }}' then 1 else 0 end) as {{ verdict }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_verdicts') }}
    where rule_set = 'form_ii06'
    group by source, agency_code
),

expected as (
    select
        schemes.scheme,
        verdicts.*
    from verdicts
    cross join (select distinct scheme from last_years) as schemes
)

select
    coalesce(form.source, expected.source) as source,
    coalesce(form.scheme, expected.scheme) as scheme,
    coalesce(form.agency_code, expected.agency_code) as agency_code
from form
full outer join expected on {{ have_same('form', 'expected', ['source', 'scheme', 'agency_code']) }}
where not coalesce({{ have_same('form', 'expected', ['received', 'early', 'on_time', 'late', 'in_time', 'overdue']) }}, false)
