-- grain: field_code: fields of administration of all provinces, by the name that most provinces give them.

with named as (
    select
        field_code,
        field_name,
        count(*) as provinces,
        sum(count(*)) over (partition by field_code) as all_provinces
    from {{ source('provinces', 'dim_field') }}
    group by field_code, field_name
),

ranked as (
    select
        *,
        -- a field that a province only knows by its code is named after it there
        row_number() over (
            partition by field_code
            order by case when field_name = field_code then 1 else 0 end, provinces desc, field_name
        ) as place
    from named
)

select
    field_code,
    field_name,
    cast(all_provinces as bigint) as provinces,
    {{ stamps() }}
from ranked
where place = 1
order by field_code
