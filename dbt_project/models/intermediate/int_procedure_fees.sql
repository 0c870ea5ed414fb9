-- grain: source (of the dossiers), procedure_key: has the procedure a fee? The latest catalogue row of the dossier's own source says; for a source that sends
-- no catalogue, the latest of any source (portal-exports §3). Known at known_at.

with catalogue as (
    select
        source,
        procedure_key,
        has_fee,
        row_number() over (
            partition by source, procedure_key
            order by exported_at desc, file_name desc, row_number desc, file_path desc, file_sha256 desc
        ) as from_last_of_source,
        row_number() over (
            partition by procedure_key
            order by exported_at desc, file_name desc, row_number desc, source desc, file_path desc, file_sha256 desc
        ) as from_last
    from {{ source('validated', 'procedures') }}
    where procedure_key is not null and {{ is_known('exported_at') }}
),

sources as (
    select
        sent.source,
        sent.source in (select catalogue.source from catalogue) as has_catalogue
    from (select distinct source from {{ ref('int_dossier_history') }}) as sent
)

select
    sources.source,
    catalogue.procedure_key,
    catalogue.has_fee
from sources
inner join catalogue
    on
        (sources.has_catalogue and sources.source = catalogue.source and catalogue.from_last_of_source = 1)
        or (not sources.has_catalogue and catalogue.from_last = 1)
