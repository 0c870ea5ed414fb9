-- grain: source, procedure_key, channel (source and channel of the dossier): the statutory maximum that applies (portal-exports §3), known at known_at.
-- The latest catalogue row of the dossier's own source counts, else the latest of any source. Of its maxima the largest of the dossier's
-- channel, else the largest of all; compared as hour 1/8, day 1, working day 1.4, month 30.


with catalogue as (
    select
        source,
        procedure_key,
        exported_at,
        file_name,
        file_path,
        file_sha256,
        row_number
    from {{ source('validated', 'procedures') }}
    where {{ is_known('exported_at') }}
),

of_source as (
    select
        *,
        row_number() over (
            partition by source, procedure_key
            order by exported_at desc, file_name desc, row_number desc, file_path desc, file_sha256 desc
        ) as from_last
    from catalogue
),

of_any_source as (
    select
        *,
        row_number() over (
            partition by procedure_key
            order by exported_at desc, file_name desc, row_number desc, source desc, file_path desc, file_sha256 desc
        ) as from_last_of_any
    from of_source
    where from_last = 1
),

sources as (
    select distinct source
    from {{ ref('int_dossier_history') }}
),

chosen as (
    select
        sources.source as dossier_source,
        of_any_source.procedure_key,
        coalesce(of_source.source, of_any_source.source) as source,
        coalesce(of_source.file_sha256, of_any_source.file_sha256) as file_sha256,
        coalesce(of_source.row_number, of_any_source.row_number) as row_number
    from sources
    cross join of_any_source
    left join of_source
        on
            sources.source = of_source.source
            and of_any_source.procedure_key = of_source.procedure_key
            and of_source.from_last = 1
    where of_any_source.from_last_of_any = 1
),

limits as (
    select
        chosen.dossier_source,
        chosen.procedure_key,
        channels.channel,
        limits.amount,
        limits.unit,
        row_number() over (
            partition by chosen.dossier_source, chosen.procedure_key, channels.channel
            order by
                case when limits.channel = channels.channel then 0 else 1 end,
                limits.amount * {{ unit_weight('limits.unit') }} desc,
                limits.position
        ) as place
    from chosen
    inner join {{ source('validated', 'procedure_limits') }} as limits on {{ have_same('chosen', 'limits', ['source', 'file_sha256', 'row_number']) }}
    cross join {{ ref('channels') }} as channels
    where limits.amount is not null and {{ unit_weight('limits.unit') }} is not null
)

select
    dossier_source as source,
    procedure_key,
    channel,
    amount as statutory_amount,
    unit as statutory_unit
from limits
where place = 1
