-- grain: source: the identity of portal-exports §6: every accepted dossier row is a version, unchanged or superseded. Not limited by known_at.

with accepted as (
    select
        source,
        count(*) as rows_accepted
    from {{ source('validated', 'dossiers') }}
    group by source
),

history as (
    select
        source,
        count(*) as versions,
        sum(unchanged_rows) as unchanged,
        sum(superseded_rows) as superseded
    from {{ ref('int_dossier_history') }}
    group by source
)

select
    coalesce(accepted.source, history.source) as source,
    cast(coalesce(accepted.rows_accepted, 0) as bigint) as rows_accepted,
    cast(coalesce(history.versions, 0) as bigint) as versions,
    cast(coalesce(history.unchanged, 0) as bigint) as unchanged,
    cast(coalesce(history.superseded, 0) as bigint) as superseded
from accepted
full outer join history on accepted.source = history.source
