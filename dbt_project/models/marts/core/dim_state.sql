-- grain: state: states of a dossier at as_of (timeliness §2).

select
    state,
    name_vi,
    name_en,
    is_end,
    {{ stamps() }}
from {{ ref('states') }}
order by state
