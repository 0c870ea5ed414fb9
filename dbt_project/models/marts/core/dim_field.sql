-- grain: field_code: fields of administration of the catalogues and the dossiers; `unknown` for dossiers without one.

with named as (
    select
        field_code,
        field_name,
        1 as from_catalogue,
        count(*) as times
    from {{ source('validated', 'procedures') }}
    where {{ is_known('exported_at') }} and field_code is not null
    group by field_code, field_name

    union all

    select
        field_code,
        field_name,
        0 as from_catalogue,
        count(*) as times
    from {{ ref('int_dossier_facts') }}
    where field_code <> 'unknown'
    group by field_code, field_name

    union all

    select
        'unknown' as field_code,
        'Không rõ lĩnh vực' as field_name,
        0 as from_catalogue,
        1 as times
),

ranked as (
    -- the catalogue's name, else the most frequent one
    select
        *,
        row_number() over (
            partition by field_code
            order by case when field_name is null then 1 else 0 end, from_catalogue desc, times desc, field_name
        ) as place
    from named
)

select
    field_code,
    coalesce(field_name, field_code) as field_name,
    {{ stamps() }}
from ranked
where place = 1
order by field_code
