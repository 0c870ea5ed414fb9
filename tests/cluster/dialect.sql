{#- Every macro that the engines write differently, on values at which they could: one row per case (case_name, result as text).
    tests/cluster/test_dialect.py asks both engines. -#}
with days as {{ read_in_place() }} (
    select *
    from (
        values
        (1, cast('2024-01-31' as date), cast('2024-02-29 16:59:59' as timestamp), 'UỶ BAN nhân dân  xã Đông-Thạnh', 'H39.18.25', 3),
        (2, cast('2024-12-31' as date), cast('2024-12-31 23:59:59' as timestamp), 'Sở Tư pháp – cũ', 'H39', -31),
        (3, cast('2023-03-05' as date), cast('2023-03-05 00:00:00' as timestamp), 'ẤẪẶỆỠỮỲỸ đĐ François Müller ŃØł', 'unknown', 400),
        (4, cast(null as date), cast(null as timestamp), cast(null as string), cast(null as string), cast(null as int))
    ) as given (n, day, moment, name, agency_code, number)
),

spans as (
    select
        n,
        {{ collect_spans('since', 'until', 'n <> 3') }} as spans
    from (
        select
            n,
            cast(day as timestamp) as since,
            moment as until
        from days
    ) as open_and_closed
    group by n
),

told as (
    {% set of_days = {
        'add_days': add_days('day', 'number'),
        'add_months': add_months('day', 'number'),
        'add_seconds': add_seconds('moment', '86399'),
        'add_microseconds': add_microseconds('moment', '5'),
        'seconds_between': seconds_between('cast(day as timestamp)', 'moment'),
        'seconds_between, back': seconds_between('moment', 'cast(day as timestamp)'),
        'days_between': days_between('day', add_days('day', 'number')),
        'iso_weekday': iso_weekday('day'),
        'fold': fold('name'),
        'folded_agency': folded_agency('name'),
        'agency_ancestor 1': agency_ancestor('agency_code', '1'),
        'agency_ancestor 2': agency_ancestor('agency_code', '2'),
        'agency_level': agency_level('agency_code'),
        'sorted_set': sorted_set('cast(null as ' ~ text_list_type() ~ ')', ['name', 'agency_code', 'agency_code']),
        'is_filled': is_filled(sorted_set('cast(null as ' ~ text_list_type() ~ ')', ['name'])),
        'first_of_month': first_of_month('day'),
        'reporting month': month_start('day', 'reporting'),
        'period_name': period_name('day', 'quarter'),
        'rounded_ratio': rounded_ratio('(number + 31)', '7'),
        'told_minute': told_minute('moment'),
        'wide_number_type': 'cast(cast(number as ' ~ wide_number_type() ~ ') as bigint)',
    } %}
    {% for name, expression in of_days.items() %}
    select
        '{{ name }}' as case_name,
        n,
        cast({{ expression }} as string) as result
    from days

    union all

    {% endfor %}
    select
        'collect_spans, seconds_within' as case_name,
        n,
        cast({{ seconds_within('spans', "cast('2024-01-01 00:00:00' as timestamp)", "cast('2024-12-31 12:00:00' as timestamp)") }} as string) as result
    from spans

    union all

    select
        'explode_list' as case_name,
        n,
        result
    from (
        select
            n,
            {{ explode_list(sorted_set('cast(null as ' ~ text_list_type() ~ ')', ['name', 'agency_code'])) }} as result
        from days
    ) as listed

    union all

    select
        'explode_levels' as case_name,
        n,
        cast(result as string) as result
    from (
        select
            n,
            {{ explode_levels('agency_code') }} as result
        from days
        where agency_code is not null
    ) as levels

    union all

    select
        'explode_dates' as case_name,
        n,
        cast(cast(result as date) as string) as result
    from (
        select
            n,
            {{ explode_dates('day', add_days('day', '3'), 'day') }} as result
        from days
        where day is not null
    ) as dates

    union all

    select
        'explode_areas' as case_name,
        n,
        result
    from (
        select
            n,
            {{ explode_areas("'H39'") }} as result
        from days
    ) as areas

    union all

    select
        'collect_sorted' as case_name,
        0 as n,
        cast({{ collect_sorted('agency_code') }} as string) as result
    from days

    union all

    select
        'stop_with' as case_name,
        0 as n,
        cast(case when count(*) > 9 then {{ stop_with(collect_sorted('agency_code')) }} else false end as string) as result
    from days
)

select
    case_name,
    n,
    result
from told
order by case_name, n, result
