-- grain: source, kind, file_path, part, row_number: rejected rows of exports known at known_at, with every reason and the masked values (portal-exports §6).

select
    source,
    kind,
    file_name,
    file_path,
    file_sha256,
    exported_at,
    part,
    cast(row_number as bigint) as row_number,
    reasons,
    offending,
    coalesce(agency_code, 'unknown') as agency_code,
    dossier_code,
    {{ stamps() }}
from {{ source('validated', 'quarantine') }}
where {{ is_known('exported_at') }}
order by exported_at, source, kind, file_path, part, row_number
