-- grain: distortion: what senders do to the data (portal-exports §8), what each means and whom to ask.

select
    distortion,
    position,
    title_vi,
    title_en,
    meaning_vi,
    meaning_en,
    ask_vi,
    ask_en,
    {{ stamps() }}
from {{ ref('distortions') }}
order by position
