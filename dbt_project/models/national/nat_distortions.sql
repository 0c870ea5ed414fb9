-- grain: area_code, source, distortion, month (calendar month of reception): mart_distortions of the country and of each province, all agencies together. The
-- share is that of all dossiers received in the month, also by agencies that show no sign.

with found as (
    {{ area_sums('mart_distortions', ['source', 'distortion', 'month'], ['dossiers']) }}
),

months as (
    select
        province_code,
        source,
        {{ month_start('cast(received_at as date)', 'calendar') }} as month_start,
        count(*) as received
    from {{ source('provinces', 'fct_dossiers') }}
    where in_population
    group by province_code, source, {{ month_start('cast(received_at as date)', 'calendar') }}
),

areas as (
    {{ in_areas('months') }}
),

received as (
    select
        area_code,
        source,
        {{ period_name('month_start', 'month') }} as month,
        sum(received) as received
    from areas
    group by area_code, source, {{ period_name('month_start', 'month') }}
)

select
    found.area_code,
    found.source,
    found.distortion,
    found.month,
    found.dossiers,
    {{ rate('found.dossiers', 'received.received') }} as share,
    {{ stamps() }}
from found
inner join received on {{ have_same('found', 'received', ['area_code', 'source', 'month']) }}
order by found.area_code, found.source, found.distortion, found.month
