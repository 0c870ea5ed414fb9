-- grain: channel: channels of submission (portal-exports §3).

select
    channel,
    name_vi,
    name_en,
    {{ stamps() }}
from {{ ref('channels') }}
order by channel
