-- grain: area_code, source, period, indicator: the other groups of Decision 766 (timeliness §9) of the country and of each province. Indicators that count
-- procedures are empty: the same procedure of two agencies or provinces is one, so their counts do not add up.

{% set procedures = "('" ~ procedure_indicators().keys() | join("', '") ~ "')" %}
{% set keys = ['source', 'period', 'period_from', 'period_to', 'indicator'] %}

with sums as (
    {{ area_sums('mart_progress_766_groups', keys, ['numerator', 'denominator'], 'level <= 1') }}
),

figures as (
    select
        area_code,
        {{ keys | join(', ') }},
        case when indicator not in {{ procedures }} then numerator end as numerator,
        case when indicator not in {{ procedures }} then denominator end as denominator
    from sums
)

select
    {{ copied('figures', ['area_code'] + keys) }},
    figures.numerator,
    figures.denominator,
    {{ rounded_ratio('(100 * figures.numerator)', 'figures.denominator') }} as ratio,
    {{ indicator_score('figures.numerator', 'figures.denominator', 'indicators.points_per', 'indicators.points_of', 'indicators.max_score') }} as score,
    indicators.max_score,
    indicators.is_upper_bound,
    {{ stamps() }}
from figures
inner join {{ ref('indicators_766') }} as indicators on figures.indicator = indicators.indicator
order by figures.area_code, figures.source, figures.period_from, figures.period_to, indicators.position
