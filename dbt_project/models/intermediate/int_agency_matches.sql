-- grain: agency_name, received_on: the agency that a dossier names when neither its code nor its envelope holds one (portal-exports §3, §5), if exactly one
-- fits. Candidates are agencies of catalogues and of the maintained seed that existed on the day of reception: those of the same name; without one, those of
-- the same name but for the province at its end. A province in the name must be theirs, then or today. Without catalogues there are none.

with asked as (
    select distinct
        agency_name,
        cast(received_at as date) as received_on
    from {{ ref('int_dossier_history') }}
    where agency_code = 'unknown' and agency_name is not null and received_at is not null
),

candidates as (
    select
        asked.agency_name,
        asked.received_on,
        agencies.agency_code,
        min(case when wanted.full_name = offered.full_name then 0 else 1 end) as distance
    from asked
    inner join {{ ref('int_agency_names') }} as wanted on asked.agency_name = wanted.agency_name
    inner join {{ ref('int_agency_names') }} as offered on wanted.base_name = offered.base_name
    inner join {{ ref('dim_agency') }} as agencies
        on
            offered.agency_name = agencies.name
            and agencies.origin in ('catalogue', 'seed')
            and asked.received_on >= agencies.valid_from
            and (agencies.valid_to is null or asked.received_on <= agencies.valid_to)
    left join {{ ref('provinces') }} as named_province on wanted.province = named_province.code
    where
        wanted.province is null
        or wanted.province = agencies.province
        or coalesce(named_province.successor_code, named_province.code) = agencies.current_province
    group by asked.agency_name, asked.received_on, agencies.agency_code
),

nearest as (
    select
        agency_name,
        received_on,
        agency_code
    from (
        select
            *,
            min(distance) over (partition by agency_name, received_on) as smallest
        from candidates
    ) as ranked
    where distance = smallest
),

counted as (
    select
        agency_name,
        received_on,
        count(*) as agencies,
        min(agency_code) as agency_code,
        {{ collect_sorted('agency_code') }} as candidates
    from nearest
    group by agency_name, received_on
)

select
    asked.agency_name,
    asked.received_on,
    case when counted.agencies = 1 then counted.agency_code end as agency_code,
    case when counted.agencies = 1 then 'matched' when counted.agencies > 1 then 'ambiguous' else 'unmatched' end as outcome,
    counted.candidates
from asked
left join counted on {{ have_same('asked', 'counted', ['agency_name', 'received_on']) }}
