-- timeliness §9 and portal-exports §3: published figures of provinces from their parts, by the macros that the marts score with.

with parts as (
    {% for published, parts in {
        8.56: [(5843, 10000, 5, 2, 2), (516, 1884, 4, 1, 4), (1, 1, 6, 1, 6)],
        6.67: [(309542, 358625, 6, 1, 6), (119, 313, 5, 2, 2), (68, 313, 5, 2, 2)],
        5.89: [(8838, 10000, 20, 3, 6)],
        0.97: [(2427, 10000, 4, 1, 4)],
        17.68: [(528684, 597918, 20, 1, 20)],
    }.items() %}
    {% set last = loop.last %}
    {% for numerator, denominator, per, of, max_score in parts %}
    select
        cast({{ published }} as double) as published,
        {{ indicator_score(numerator, denominator, per, of, max_score) }} as score
    {{ 'union all' if not (last and loop.last) }}
    {% endfor %}
    {% endfor %}
),

sums as (
    select
        published,
        sum(score) as score
    from parts
    group by published
    union all
    select
        88.42 as published,
        {{ rounded_ratio('(100 * 528684)', '597918') }} as score
)

select *
from sums
where abs(published - score) > 0.001
