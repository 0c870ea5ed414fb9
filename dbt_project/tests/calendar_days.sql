{{ config(meta={'dagster': {'ref': {'name': 'dim_date'}}}) }}
-- timeliness §2 on days that are known, unless the warehouse has a row of its own for them: a day off by swap, its make-up Saturday,
-- an override that the package lacks, Tết, plain days, and the calendar's ends.
with expected as (
    {% for day, is_working_day in {
        '2024-02-10': false, '2024-04-29': false, '2024-05-01': false, '2024-05-02': true, '2024-05-04': true, '2024-05-05': false,
        '2026-01-02': false, '2026-01-10': true, '2026-01-11': false, '2000-01-01': false, '2100-12-31': true,
    }.items() %}
    select
        cast('{{ day }}' as date) as day,
        {{ is_working_day | lower }} as is_working_day
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

found as (
    select
        count(*) as days,
        min(day) as first_day,
        max(day) as last_day,
        max(working_day_number) as working_days,
        sum(case when is_working_day then 1 else 0 end) as counted
    from {{ ref('dim_date') }}
)

select cast(expected.day as string) as problem
from expected
left join {{ ref('dim_date') }} as calendar on expected.day = calendar.day
where
    calendar.is_working_day is distinct from expected.is_working_day
    and expected.day not in (select overrides.date from {{ source('state', 'calendar_overrides') }} as overrides)

union all

select 'the calendar has gaps or miscounts' as problem
from found
where days <> 36890 or cast(first_day as string) <> '2000-01-01' or cast(last_day as string) <> '2100-12-31' or working_days <> counted
