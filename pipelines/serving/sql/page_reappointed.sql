-- Dossiers whose due date was moved without an answered request for papers; twice or more first.
select
    source, dossier_code, agency_code, field_code, procedure_name, received_at, due_at, state, ended_at,
    list_contains(flags, 'WRN_REAPPOINTED_TWICE') as twice,
    count(*) over (partition by source) as total,
    count(*) filter (list_contains(flags, 'WRN_REAPPOINTED_TWICE')) over (partition by source) as total_twice
from marts.fct_dossiers
where list_contains(flags, 'WRN_REAPPOINTED') and in_population and is_of(agency_code, $agency)
qualify row_number() over (partition by source order by twice desc, due_at desc, dossier_code) <= $limit
order by source, twice desc, due_at desc, dossier_code
