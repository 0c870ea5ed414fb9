-- grain: rule_set, reason: why a verdict was given, as a sentence (02 §3).

select
    rule_set,
    reason,
    sentence_vi,
    sentence_en,
    {{ stamps() }}
from {{ ref('reasons') }}
order by rule_set, reason
