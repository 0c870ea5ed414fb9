-- grain: agency_code, valid_from: agencies and the time they exist. From catalogues, the maintained seed, level-1 codes, dossiers, and what lies above them.
-- Codes are never rewritten: abolished agencies keep their row, `successor` and `current_province` lead on (portal-exports §5).

{% set always = "cast('2000-01-01' as date)" %}

with catalogue as (
    -- per agency all rows of the latest file that names it: a corrected validity replaces the old one
    select
        *,
        row_number() over (
            partition by agency_code, coalesce(valid_from, {{ always }})
            order by row_number desc
        ) as from_last
    from (
        select
            *,
            dense_rank() over (
                partition by agency_code
                order by exported_at desc, file_name desc, source desc, file_path desc, file_sha256 desc
            ) as file_from_last
        from {{ source('validated', 'agencies') }}
        where {{ is_known('exported_at') }}
    ) as ranked
    where file_from_last = 1
),

described as (
    select
        agency_code,
        agency_name as name,
        level as level_name,
        parent_code as parent,
        coalesce(valid_from, {{ always }}) as valid_from,
        valid_to,
        successor_code as successor,
        'catalogue' as origin
    from catalogue
    where from_last = 1

    union all

    select
        agency_code,
        name,
        level as level_name,
        parent_code as parent,
        coalesce(valid_from, {{ always }}) as valid_from,
        valid_to,
        successor_code as successor,
        'seed' as origin
    from {{ ref('agencies') }}
    where agency_code not in (select catalogue.agency_code from catalogue)

    union all

    select
        code as agency_code,
        name,
        'PROVINCE' as level_name,
        cast(null as string) as parent,
        {{ always }} as valid_from,
        valid_to,
        successor_code as successor,
        'provinces' as origin
    from {{ ref('provinces') }}
    where
        code not in (select catalogue.agency_code from catalogue)
        and code not in (select agencies.agency_code from {{ ref('agencies') }} as agencies)
),

seen as (
    select
        agency_code,
        agency_name,
        count(*) as dossiers
    from {{ ref('int_dossier_history') }} as versions
    where {{ is_version_used('versions') }} and agency_code <> 'unknown'
    group by agency_code, agency_name
),

named as (
    -- names are as sent and vary: the most frequent one
    select
        agency_code,
        agency_name,
        row_number() over (
            partition by agency_code
            order by case when agency_name is null then 1 else 0 end, dossiers desc, agency_name
        ) as place
    from seen
),

mentioned as (
    -- the hierarchy is closed: every agency's parents are agencies too
    {% for groups in range(1, 5) %}
    select
        {{ agency_ancestor('agency_code', groups) }} as agency_code
    from (
        select agency_code from seen
        union
        select agency_code from described
    ) as codes
    union
    {% endfor %}
    select agency_code from seen
    union
    select parent as agency_code from described where parent is not null
    union
    select successor as agency_code from described where successor is not null
),

agencies as (
    select * from described

    union all

    select
        mentioned.agency_code,
        named.agency_name as name,
        cast(null as string) as level_name,
        cast(null as string) as parent,
        {{ always }} as valid_from,
        cast(null as date) as valid_to,
        cast(null as string) as successor,
        'dossiers' as origin
    from mentioned
    left join named on mentioned.agency_code = named.agency_code and named.place = 1
    where mentioned.agency_code not in (select agency_code from described)

    union all

    select
        'unknown' as agency_code,
        'Không rõ cơ quan' as name,
        cast(null as string) as level_name,
        cast(null as string) as parent,
        {{ always }} as valid_from,
        cast(null as date) as valid_to,
        cast(null as string) as successor,
        'unknown' as origin
),

placed as (
    select
        *,
        cast({{ agency_level('agency_code') }} as integer) as level,
        case when agency_code <> 'unknown' then {{ agency_ancestor('agency_code', 1) }} end as province
    from agencies
)

select
    placed.agency_code,
    placed.agency_code as code,
    coalesce(placed.name, placed.agency_code) as name,
    placed.level,
    coalesce(placed.level_name, {{ agency_level_name('placed.agency_code') }}) as level_name,
    case
        when placed.level > 1
            then coalesce(nullif(placed.parent, placed.agency_code), {{ agency_ancestor('placed.agency_code', 'placed.level - 1') }})
    end as parent,
    placed.province,
    placed.valid_from,
    -- what belongs to an abolished province ended with it
    coalesce(placed.valid_to, provinces.valid_to) as valid_to,
    placed.successor,
    coalesce(provinces.successor_code, placed.province) as current_province,
    placed.origin,
    row_number() over (partition by placed.agency_code order by placed.valid_from desc) = 1 as is_latest,
    {{ stamps() }}
from placed
left join {{ ref('provinces') }} as provinces on placed.province = provinces.code
order by agency_code, valid_from
