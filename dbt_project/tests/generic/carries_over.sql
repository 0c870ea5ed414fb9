{#- timeliness §7: what a period carries over is what the period before it left pending, for every pair of consecutive periods of every length and scheme, per `key`.
    A row that is left out is a row of zeros. `period`: the column with the period's name. -#}
{% test carries_over(model, key, left_over, period='period') %}

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
        {{ copied('tested', key) }},
        successions.scheme,
        successions.next_period as period,
        {{ left_over }} as left_over,
        0 as carried_over
    from {{ model }} as tested
    inner join successions
        on
            tested.scheme = successions.scheme
            and tested.{{ period }} = successions.period
    where successions.next_period is not null

    union all

    select
        {{ copied('tested', key) }},
        tested.scheme,
        tested.{{ period }} as period,
        0 as left_over,
        tested.carried_over
    from {{ model }} as tested
)

select
    {{ key | join(', ') }},
    scheme,
    period,
    sum(left_over) as left_over,
    sum(carried_over) as carried_over
from figures
group by {{ key | join(', ') }}, scheme, period
having sum(left_over) <> sum(carried_over)

{% endtest %}
