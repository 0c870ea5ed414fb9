-- grain: procedure_key: procedures of all provinces, by the name and the field that most provinces give them. The first eight characters of a code are the
-- same everywhere (portal-exports §5).

with named as (
    select
        procedure_key,
        procedure_name,
        field_code,
        count(*) as provinces,
        sum(count(*)) over (partition by procedure_key) as all_provinces
    from {{ source('provinces', 'dim_procedure') }}
    group by procedure_key, procedure_name, field_code
),

ranked as (
    select
        *,
        row_number() over (
            partition by procedure_key
            order by case when procedure_name is null then 1 else 0 end, provinces desc, procedure_name, field_code
        ) as place
    from named
)

select
    procedure_key,
    procedure_name,
    field_code,
    cast(all_provinces as bigint) as provinces,
    {{ stamps() }}
from ranked
where place = 1
order by procedure_key
