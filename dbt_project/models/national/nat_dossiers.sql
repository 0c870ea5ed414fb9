-- grain: area_code, month (calendar month of the first reception): dossiers received, each once however many systems of its province sent it, and people.
-- The country's dossiers are those of its provinces: equal codes of two provinces are two dossiers (dim_province counts them). Its people cannot be told.

with dossiers as (
    select
        province_code,
        dossier_code,
        min(received_at) as received_at,
        count(*) as systems
    from {{ source('provinces', 'fct_dossiers') }}
    where in_population
    group by province_code, dossier_code
),

months as (
    select
        province_code,
        {{ month_start('cast(received_at as date)', 'calendar') }} as month_start,
        count(*) as dossiers,
        sum(case when systems > 1 then 1 else 0 end) as in_several_systems
    from dossiers
    group by province_code, {{ month_start('cast(received_at as date)', 'calendar') }}
),

areas as (
    {{ in_areas('months') }}
),

counted as (
    select
        area_code,
        month_start,
        sum(dossiers) as dossiers,
        sum(in_several_systems) as in_several_systems
    from areas
    group by area_code, month_start
),

people as (
    select
        province_code,
        {{ month_start('cast(received_at as date)', 'calendar') }} as month_start,
        count(distinct applicant_key) as applicants
    from {{ source('provinces', 'fct_dossiers') }}
    where in_population
    group by province_code, {{ month_start('cast(received_at as date)', 'calendar') }}
)

select
    counted.area_code,
    {{ period_name('counted.month_start', 'month') }} as month,
    cast(counted.dossiers as bigint) as dossiers,
    cast(counted.in_several_systems as bigint) as in_several_systems,
    -- null for the country, which is no province
    case when counted.area_code <> {{ country() }} then cast(coalesce(people.applicants, 0) as bigint) end as applicants,
    {{ stamps() }}
from counted
left join people
    on
        counted.area_code = people.province_code
        and counted.month_start = people.month_start
order by counted.area_code, month
