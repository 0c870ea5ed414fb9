-- grain: source: the two systems of timeliness §10, as far as they sent dossiers. is_ours: our figure beside the portal's is the local system's, the portal's
-- own export where there is none. is_base: the system that the portal's report is laid against: the portal's export, the local one where there is none.

with systems as (
    select distinct source
    from {{ ref('int_dossier_facts') }}
    where source in ('{{ local_system() }}', '{{ portal_system() }}')
)

select
    source,
    count(*) over () = 1 or source = '{{ local_system() }}' as is_ours,
    count(*) over () = 1 or source = '{{ portal_system() }}' as is_base
from systems
