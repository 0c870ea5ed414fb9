-- grain: channel: channels of submission (01 §3).

select
    channel,
    name_vi,
    name_en,
    {{ stamps() }}
from {{ ref('channels') }}
order by channel
