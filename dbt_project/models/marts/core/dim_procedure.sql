-- grain: procedure_key: procedures of the catalogues and of the dossiers, by the first eight characters of their code (portal-exports §5).

with catalogue as (
    select
        *,
        row_number() over (
            partition by procedure_key
            order by exported_at desc, file_name desc, row_number desc, source desc, file_path desc, file_sha256 desc
        ) as from_last
    from {{ source('validated', 'procedures') }}
    where {{ is_known('exported_at') }}
),

limits as (
    select
        source,
        file_sha256,
        row_number,
        amount,
        unit,
        row_number() over (
            partition by source, file_sha256, row_number
            order by amount * {{ unit_weight('unit') }} desc, position
        ) as place
    from {{ source('validated', 'procedure_limits') }}
    where amount is not null and {{ unit_weight('unit') }} is not null
),

seen as (
    select
        procedure_key,
        procedure_code,
        procedure_name,
        nullif(field_code, 'unknown') as field_code,
        field_name,
        count(*) as dossiers
    from {{ ref('int_dossier_facts') }} as facts
    where procedure_key is not null
    group by procedure_key, procedure_code, procedure_name, facts.field_code, field_name
),

most_seen as (
    select
        *,
        row_number() over (
            partition by procedure_key
            -- nulls last as everywhere in DuckDB; Spark would take them first
            order by dossiers desc, procedure_code nulls last, procedure_name nulls last, field_code nulls last, field_name nulls last
        ) as place
    from seen
)

select
    coalesce(catalogue.procedure_key, most_seen.procedure_key) as procedure_key,
    coalesce(catalogue.procedure_code, most_seen.procedure_code) as procedure_code,
    coalesce(catalogue.procedure_name, most_seen.procedure_name) as procedure_name,
    coalesce(catalogue.field_code, most_seen.field_code, 'unknown') as field_code,
    coalesce(catalogue.field_name, most_seen.field_name) as field_name,
    limits.amount as statutory_amount,
    limits.unit as statutory_unit,
    catalogue.procedure_key is not null as in_catalogue,
    {{ stamps() }}
from (select * from catalogue where from_last = 1) as catalogue
full outer join (select * from most_seen where place = 1) as most_seen on catalogue.procedure_key = most_seen.procedure_key
left join limits
    on
        {{ have_same('catalogue', 'limits', ['source', 'file_sha256', 'row_number']) }}
        and limits.place = 1
order by procedure_key
