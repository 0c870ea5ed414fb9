-- grain: source, agency_name, outcome, agency_code: names by which dossiers name their agency when nothing else does, and what was made of them
-- (portal-exports §3).

with named as (
    select
        versions.source,
        versions.agency_name,
        cast(versions.received_at as date) as received_on
    from {{ ref('int_dossier_history') }} as versions
    where {{ is_version_used('versions') }} and versions.agency_code = 'unknown' and versions.agency_name is not null
)

select
    named.source,
    named.agency_name,
    coalesce(matches.outcome, 'unmatched') as outcome,
    matches.agency_code,
    count(*) as dossiers,
    max(matches.candidates) as candidates,
    min(named.received_on) as first_received_on,
    max(named.received_on) as last_received_on,
    {{ stamps() }}
from named
left join {{ ref('int_agency_matches') }} as matches on {{ have_same('named', 'matches', ['agency_name', 'received_on']) }}
group by named.source, named.agency_name, coalesce(matches.outcome, 'unmatched'), matches.agency_code
order by source, dossiers desc, agency_name, outcome, agency_code
