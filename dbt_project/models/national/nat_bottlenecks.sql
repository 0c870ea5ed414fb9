-- grain: area_code, source, procedure_key, month (calendar month in which the step began): where dossiers wait, as in mart_unit_bottlenecks, by procedure, from
-- the steps of all provinces. Units are not here: their names are an agency's own.

{% set keys = ['area_code', 'source', 'procedure_key', 'month_start'] %}

with procedures as (
    -- the key of every code, as the dossiers have it
    select
        province_code,
        procedure_code,
        max(procedure_key) as procedure_key
    from {{ source('provinces', 'fct_dossiers') }}
    group by province_code, procedure_code
),

steps as (
    select
        province_code,
        source,
        procedure_code,
        {{ month_start('cast(entered_at as date)', 'calendar') }} as month_start,
        working_seconds,
        count(*) as times,
        sum(case when returned_to_unit then 1 else 0 end) as returns,
        sum(case when left_at is null then 1 else 0 end) as open_now,
        min(case when left_at is null then entered_at end) as oldest_open_at
    from {{ source('provinces', 'mart_step_durations') }}
    where {{ is_waiting_step() }}
    group by province_code, source, procedure_code, {{ month_start('cast(entered_at as date)', 'calendar') }}, working_seconds
),

areas as (
    select
        steps.*,
        coalesce(procedures.procedure_key, 'unknown') as procedure_key,
        {{ explode_areas('steps.province_code') }} as area_code
    from steps
    left join procedures on {{ have_same('steps', 'procedures', ['province_code', 'procedure_code']) }}
),

histogram as (
    select
        {{ keys | join(', ') }},
        working_seconds as value,
        sum(times) as times,
        sum(returns) as returns,
        sum(open_now) as open_now,
        min(oldest_open_at) as oldest_open_at
    from areas
    group by {{ keys | join(', ') }}, working_seconds
),

ranked as (
    {{ ranked_values('histogram', keys) }}
),

figures as (
    select
        {{ keys | join(', ') }},
        sum(times) as steps,
        {{ percentile(0.5) }} as median_working_seconds,
        {{ percentile(0.9) }} as p90_working_seconds,
        sum(returns) as returns,
        sum(open_now) as open_now,
        min(oldest_open_at) as oldest_open_at
    from ranked
    group by {{ keys | join(', ') }}
)

select
    figures.area_code,
    figures.source,
    figures.procedure_key,
    names.procedure_name,
    {{ period_name('figures.month_start', 'month') }} as month,
    cast(figures.steps as bigint) as steps,
    figures.median_working_seconds / 3600 as median_working_hours,
    figures.p90_working_seconds / 3600 as p90_working_hours,
    cast(figures.returns as bigint) as returns,
    cast(figures.open_now as bigint) as open_now,
    figures.oldest_open_at,
    {{ stamps() }}
from figures
left join {{ ref('dim_national_procedure') }} as names on figures.procedure_key = names.procedure_key
order by figures.area_code, figures.source, month, figures.procedure_key
