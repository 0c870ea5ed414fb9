-- grain: source, period, agency_code, indicator (scheme calendar; agencies of the dossiers and every code above them up to the province): timeliness §9.
-- Population and periods are those of mart_progress_766. What a dossier holds is told by the version used; timeliness (5.4) is that of the period's close.

with sums as (
    -- few groups: the many dossiers are read once
    select
        facts.source,
        facts.agency_code,
        {{ month_start('cast(facts.received_at as date)', 'calendar') }} as month_start,
        facts.procedure_key,
        {% for indicator, rule in dossier_indicators().items() %}
        sum(case when {{ rule.counts }} then 1 else 0 end) as {{ indicator_column(indicator) }}_counted,
        sum(case when {{ rule.counts }} and {{ rule.scores }} then 1 else 0 end) as {{ indicator_column(indicator) }}_scored,
        {% endfor %}
        {% for indicator, rule in procedure_indicators().items() %}
        sum(case when coalesce(fees.has_fee, false) and {{ rule.scores }} then 1 else 0 end)
            as {{ indicator_column(indicator) }}_scored{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_dossier_facts') }} as facts
    left join {{ ref('int_procedure_fees') }} as fees on {{ have_same('facts', 'fees', ['source', 'procedure_key']) }}
    where facts.in_population
    group by facts.source, facts.agency_code, {{ month_start('cast(facts.received_at as date)', 'calendar') }}, facts.procedure_key
),

months as (
    -- without the procedures, of which a province has thousands: they are only counted where one scored
    select
        source,
        agency_code,
        month_start,
        {% for indicator in dossier_indicators() %}
        sum({{ indicator_column(indicator) }}_counted) as {{ indicator_column(indicator) }}_counted,
        sum({{ indicator_column(indicator) }}_scored) as {{ indicator_column(indicator) }}_scored{{ ',' if not loop.last }}
        {% endfor %}
    from sums
    group by source, agency_code, month_start
),

leveled as (
    select
        own.agency_code,
        {{ explode_levels('own.agency_code') }} as ancestor_level
    from (select distinct agency_code from months) as own
),

places as (
    -- where the dossiers of an agency and month count: every period with the month, the agency and every code above it
    select
        leveled.agency_code,
        {{ agency_ancestor('leveled.agency_code', 'leveled.ancestor_level') }} as place,
        periods.month_start,
        periods.period
    from leveled
    cross join {{ ref('int_periods') }} as periods
    where periods.scheme = 'calendar'
),

procedures as (
    -- a procedure of a place and period once, however many agencies and months it scored in
    select
        sums.source,
        places.period,
        places.place,
        sums.procedure_key,
        {% for indicator in procedure_indicators() %}
        max(case when sums.{{ indicator_column(indicator) }}_scored > 0 then 1 else 0 end) as {{ indicator_column(indicator) }}_scored{{ ',' if not loop.last }}
        {% endfor %}
    from sums
    inner join places on sums.agency_code = places.agency_code and sums.month_start = places.month_start
    where
        {% for indicator in procedure_indicators() %}
        {{ 'or ' if not loop.first }}sums.{{ indicator_column(indicator) }}_scored > 0
        {% endfor %}
    group by sums.source, places.period, places.place, sums.procedure_key
),

by_procedures as (
    select
        source,
        period,
        place as agency_code,
        {% for indicator in procedure_indicators() %}
        sum({{ indicator_column(indicator) }}_scored) as {{ indicator_column(indicator) }}_scored{{ ',' if not loop.last }}
        {% endfor %}
    from procedures
    group by source, period, place
),

by_agency as (
    select
        months.source,
        places.period,
        places.place as agency_code,
        {% for indicator in dossier_indicators() %}
        sum(months.{{ indicator_column(indicator) }}_counted) as {{ indicator_column(indicator) }}_counted,
        sum(months.{{ indicator_column(indicator) }}_scored) as {{ indicator_column(indicator) }}_scored{{ ',' if not loop.last }}
        {% endfor %}
    from months
    inner join places on months.agency_code = places.agency_code and months.month_start = places.month_start
    group by months.source, places.period, places.place
),

fee_procedures as (
    select
        source,
        sum(case when has_fee then 1 else 0 end) as procedures
    from {{ ref('int_procedure_fees') }}
    group by source
),

told as (
    {% for indicator in dossier_indicators() %}
    select
        source,
        period,
        agency_code,
        '{{ indicator }}' as indicator,
        cast({{ indicator_column(indicator) }}_scored as bigint) as numerator,
        cast({{ indicator_column(indicator) }}_counted as bigint) as denominator
    from by_agency
    union all
    {% endfor %}
    {% for indicator in procedure_indicators() %}
    select
        by_agency.source,
        by_agency.period,
        by_agency.agency_code,
        '{{ indicator }}' as indicator,
        cast(coalesce(by_procedures.{{ indicator_column(indicator) }}_scored, 0) as bigint) as numerator,
        cast(coalesce(fee_procedures.procedures, 0) as bigint) as denominator
    from by_agency
    left join by_procedures on {{ have_same('by_agency', 'by_procedures', ['source', 'period', 'agency_code']) }}
    left join fee_procedures on by_agency.source = fee_procedures.source
    union all
    {% endfor %}
    select
        source,
        period,
        agency_code,
        '5.4' as indicator,
        total_on_time as numerator,
        total_received as denominator
    from {{ ref('mart_progress_766') }}
)

select
    progress.source,
    progress.period,
    progress.period_from,
    progress.period_to,
    progress.agency_code,
    progress.level,
    indicators.indicator,
    told.numerator,
    told.denominator,
    {{ rounded_ratio('(100 * told.numerator)', 'told.denominator') }} as ratio,
    {{ indicator_score('told.numerator', 'told.denominator', 'indicators.points_per', 'indicators.points_of', 'indicators.max_score') }} as score,
    indicators.max_score,
    indicators.is_upper_bound,
    {{ stamps() }}
from {{ ref('mart_progress_766') }} as progress
cross join {{ ref('indicators_766') }} as indicators
left join told
    on
        {{ have_same('progress', 'told', ['source', 'period', 'agency_code']) }}
        and indicators.indicator = told.indicator
order by progress.source, progress.agency_code, progress.period_from, progress.period_to, indicators.position
