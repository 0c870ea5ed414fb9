-- grain: province_code: the provinces of this roll-up, which published version of each was taken, and how many dossiers and people it holds.
-- A dossier counts once however many systems sent it; keys of people are a province's own, so that no two provinces' can be compared.

with dossiers as (
    select
        province_code,
        dossier_code,
        min(case when agency_code <> 'unknown' then {{ agency_ancestor('agency_code', 1) }} end) as level_1_code
    from {{ source('provinces', 'fct_dossiers') }}
    group by province_code, dossier_code
),

shared as (
    select dossier_code
    from dossiers
    group by dossier_code
    having count(*) > 1
),

counted as (
    select
        dossiers.province_code,
        count(*) as dossiers,
        count(shared.dossier_code) as dossiers_elsewhere,
        count(case when coalesce(theirs.successor_code, dossiers.level_1_code) <> coalesce(own.successor_code, dossiers.province_code) then 1 end)
            as dossiers_of_other_provinces
    from dossiers
    left join shared on dossiers.dossier_code = shared.dossier_code
    left join {{ ref('provinces') }} as own on dossiers.province_code = own.code
    left join {{ ref('provinces') }} as theirs on dossiers.level_1_code = theirs.code
    group by dossiers.province_code
),

people as (
    select
        province_code,
        count(distinct applicant_key) as applicants
    from {{ source('provinces', 'fct_dossiers') }}
    where in_population
    group by province_code
)

select
    taken.province_code,
    provinces.name,
    coalesce(provinces.successor_code, provinces.code) as current_province,
    taken.version,
    taken.as_of as closed_at,
    taken.definitions_version as own_definitions_version,
    taken.package_version,
    cast(coalesce(counted.dossiers, 0) as bigint) as dossiers,
    cast(coalesce(counted.dossiers_elsewhere, 0) as bigint) as dossiers_elsewhere,
    cast(coalesce(counted.dossiers_of_other_provinces, 0) as bigint) as dossiers_of_other_provinces,
    cast(coalesce(people.applicants, 0) as bigint) as applicants,
    {{ stamps() }}
from {{ source('rollup', 'provinces') }} as taken
inner join {{ ref('provinces') }} as provinces on taken.province_code = provinces.code
left join counted on taken.province_code = counted.province_code
left join people on taken.province_code = people.province_code
order by taken.province_code
