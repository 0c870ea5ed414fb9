-- grain: status: the ten statuses of the portal (portal-exports §3).

select
    status,
    name_vi,
    name_en,
    is_end,
    {{ stamps() }}
from {{ ref('statuses') }}
order by status
