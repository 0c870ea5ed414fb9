-- grain: rule_set, reason: why a verdict was given, as a sentence (timeliness §3).

select
    rule_set,
    reason,
    sentence_vi,
    sentence_en,
    {{ stamps() }}
from {{ ref('reasons') }}
order by rule_set, reason
