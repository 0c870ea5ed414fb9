-- grain: source, dossier_code, indicator: dossiers that cost points of Decision 766 (timeliness §9), in the calendar month of their reception: those counted
-- by an indicator that do not score, where their own agency has not the full points of it in that month. A view: most dossiers cost some.
{{ config(materialized=shown_as_view()) }}

{% set lost_of = ['source', 'dossier_code', 'agency_code', 'procedure_code', 'period'] %}
{% set indicators = dossier_indicators().keys() | list + procedure_indicators().keys() | list + ['5.4'] %}

with months as (
    select
        month_start,
        period,
        closes_at
    from {{ ref('int_periods') }}
    where scheme = 'calendar' and granularity = 'month'
),

losing as (
    -- agencies and months, and the indicators that they have not the full points of: dossiers meet them once, not indicator by indicator
    select
        progress.source,
        progress.agency_code,
        months.month_start,
        months.period,
        months.closes_at,
        {% for indicator in indicators %}
        max(case when progress.indicator = '{{ indicator }}' then 1 else 0 end) as {{ indicator_column(indicator) }}_lost{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('mart_progress_766_groups') }} as progress
    inner join months on progress.period = months.period
    where progress.score < progress.max_score
    group by progress.source, progress.agency_code, months.month_start, months.period, months.closes_at
),

facts as {{ read_in_place() }} (
    select
        dossiers.*,
        fees.has_fee,
        losing.period,
        losing.closes_at,
        {% for indicator in indicators %}
        losing.{{ indicator_column(indicator) }}_lost{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_dossier_facts') }} as dossiers
    inner join losing
        on
            {{ have_same('dossiers', 'losing', ['source', 'agency_code']) }}
            and {{ month_start('cast(dossiers.received_at as date)', 'calendar') }} = losing.month_start
    left join {{ ref('int_procedure_fees') }} as fees on {{ have_same('dossiers', 'fees', ['source', 'procedure_key']) }}
    where dossiers.in_population
),

paid as (
    -- fee procedures by agency and month: did any dossier score?
    select
        facts.source,
        facts.agency_code,
        facts.period,
        facts.procedure_key,
        {% for indicator, rule in procedure_indicators().items() %}
        max(case when {{ rule.scores }} then 1 else 0 end) as {{ indicator_column(indicator) }}_scored{{ ',' if not loop.last }}
        {% endfor %}
    from facts
    where facts.has_fee
    group by facts.source, facts.agency_code, facts.period, facts.procedure_key
),

lost as (
    {% for indicator, rule in dossier_indicators('facts.has_fee').items() %}
    select
        {{ copied('facts', lost_of) }},
        '{{ indicator }}' as indicator,
        {{ rule.why }} as why
    from facts
    where facts.{{ indicator_column(indicator) }}_lost = 1 and {{ rule.counts }} and not {{ rule.scores }}
    union all
    {% endfor %}
    {% for indicator, rule in procedure_indicators().items() %}
    select
        {{ copied('facts', lost_of) }},
        '{{ indicator }}' as indicator,
        '{{ rule.why }}' as why
    from facts
    inner join paid
        on
            {{ have_same('facts', 'paid', ['source', 'agency_code', 'period', 'procedure_key']) }}
            and paid.{{ indicator_column(indicator) }}_scored = 0
    where facts.{{ indicator_column(indicator) }}_lost = 1
    union all
    {% endfor %}
    -- the verdict at the month's close: that of now, unless something moved after it
    select
        {{ copied('facts', lost_of) }},
        '5.4' as indicator,
        case when coalesce(moved.verdict, verdicts.portal_766_verdict) = 'no_deadline' then 'NO_DEADLINE' else 'LATE_OR_OVERDUE' end as why
    from facts
    inner join {{ ref('int_dossier_verdicts') }} as verdicts on {{ have_same('facts', 'verdicts', ['source', 'dossier_code']) }}
    left join {{ ref('int_progress_766') }} as moved
        on
            {{ have_same('facts', 'moved', ['source', 'dossier_code']) }}
            and facts.closes_at = moved.at
    where
        facts.{{ indicator_column('5.4') }}_lost = 1
        and coalesce(moved.verdict, verdicts.portal_766_verdict) not in ('on_time', 'in_time')
)

select
    lost.source,
    lost.dossier_code,
    lost.agency_code,
    lost.procedure_code,
    lost.period,
    lost.indicator,
    lost.why,
    reasons.sentence_vi,
    reasons.sentence_en,
    {{ stamps() }}
from lost
inner join {{ ref('lost_points_766') }} as reasons on lost.why = reasons.why
