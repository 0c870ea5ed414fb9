-- grain: rule_set: the rule sets (timeliness §3).

select
    rule_set,
    position,
    name_vi,
    name_en,
    description_vi,
    description_en,
    source,
    compares,
    is_default,
    {{ stamps() }}
from {{ ref('rule_sets') }}
order by rule_set
