-- grain: source, dossier_code, indicator: dossiers that cost points of Decision 766 (timeliness §9), in the calendar month of their reception: those counted
-- by an indicator that do not score, where their own agency has not the full points of it in that month. A view: most dossiers cost some.
{{ config(materialized=shown_as_view()) }}

{% set lost_of = ['source', 'dossier_code', 'agency_code', 'procedure_code', 'month_start'] %}

with facts as (
    select
        *,
        {{ month_start('cast(received_at as date)', 'calendar') }} as month_start
    from {{ ref('int_dossier_facts') }}
    where in_population
),

paid as (
    -- fee procedures by agency and month: did any dossier score?
    select
        facts.source,
        facts.agency_code,
        facts.month_start,
        facts.procedure_key,
        {% for indicator, rule in procedure_indicators().items() %}
        max(case when {{ rule.scores }} then 1 else 0 end) as {{ indicator_column(indicator) }}_scored{{ ',' if not loop.last }}
        {% endfor %}
    from facts
    inner join {{ ref('int_procedure_fees') }} as fees
        on
            {{ have_same('facts', 'fees', ['source', 'procedure_key']) }}
            and fees.has_fee
    group by facts.source, facts.agency_code, facts.month_start, facts.procedure_key
),

closes as (
    select
        month_start,
        closes_at
    from {{ ref('int_periods') }}
    where scheme = 'calendar' and granularity = 'month'
),

lost as (
    {% for indicator, rule in dossier_indicators().items() %}
    select
        {{ copied('facts', lost_of) }},
        '{{ indicator }}' as indicator,
        {{ rule.why }} as why
    from facts
    left join {{ ref('int_procedure_fees') }} as fees on {{ have_same('facts', 'fees', ['source', 'procedure_key']) }}
    where {{ rule.counts }} and not {{ rule.scores }}
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
            {{ have_same('facts', 'paid', ['source', 'agency_code', 'month_start', 'procedure_key']) }}
            and paid.{{ indicator_column(indicator) }}_scored = 0
    union all
    {% endfor %}
    -- the verdict at the month's close: that of now, unless something moved after it
    select
        {{ copied('facts', lost_of) }},
        '5.4' as indicator,
        case when coalesce(moved.verdict, verdicts.portal_766_verdict) = 'no_deadline' then 'NO_DEADLINE' else 'LATE_OR_OVERDUE' end as why
    from facts
    inner join {{ ref('int_dossier_verdicts') }} as verdicts on {{ have_same('facts', 'verdicts', ['source', 'dossier_code']) }}
    inner join closes on facts.month_start = closes.month_start
    left join {{ ref('int_progress_766') }} as moved
        on
            {{ have_same('facts', 'moved', ['source', 'dossier_code']) }}
            and closes.closes_at = moved.at
    where coalesce(moved.verdict, verdicts.portal_766_verdict) not in ('on_time', 'in_time')
)

select
    lost.source,
    lost.dossier_code,
    lost.agency_code,
    lost.procedure_code,
    progress.period,
    lost.indicator,
    lost.why,
    reasons.sentence_vi,
    reasons.sentence_en,
    {{ stamps() }}
from lost
inner join {{ ref('mart_progress_766_groups') }} as progress
    on
        {{ have_same('lost', 'progress', ['source', 'agency_code', 'indicator']) }}
        and progress.period = {{ period_name('lost.month_start', 'month') }}
        and progress.score < progress.max_score
inner join {{ ref('lost_points_766') }} as reasons on lost.why = reasons.why
