-- timeliness §9 and portal-exports §3: published figures of provinces from their parts, by the macro and the points that the marts score with. An indicator
-- stands for the formula that it shares with the published part.

with published as (
    {% for published, parts in {
        8.56: [('4.3', 5843, 10000), ('4.2', 516, 1884), ('4.1', 1, 1)],
        6.67: [('3.6', 309542, 358625), ('3.5a', 119, 313), ('3.5b', 68, 313)],
        5.89: [('5.4', 8838, 10000)],
        0.97: [('4.2', 2427, 10000)],
    }.items() %}
    {% set group = loop %}
    {% for indicator, numerator, denominator in parts %}
    select
        cast({{ published }} as double) as published,
        '{{ indicator }}' as indicator,
        {{ numerator }} as numerator,
        {{ denominator }} as denominator
    {{ 'union all' if not (group.last and loop.last) }}
    {% endfor %}
    {% endfor %}
),

scored as (
    select
        published.published,
        {{ indicator_score('published.numerator', 'published.denominator', 'indicators.points_per', 'indicators.points_of', 'indicators.max_score') }} as score
    from published
    inner join {{ ref('indicators_766') }} as indicators on published.indicator = indicators.indicator
),

compared as (
    select
        published,
        sum(score) as score
    from scored
    group by published
    union all
    select
        17.68 as published,
        {{ rounded_ratio('(20 * 528684)', '597918') }} as score
    union all
    select
        88.42 as published,
        {{ rounded_ratio('(100 * 528684)', '597918') }} as score
)

select *
from compared
where abs(published - score) > 0.001

union all

select
    count(*) as published,
    0 as score
from compared
having count(*) <> 6
