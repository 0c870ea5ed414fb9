-- grain: indicator: the indicators of Decision 766 beside timeliness, those that exports cannot tell too (timeliness §9).

select
    indicator,
    position,
    name_vi,
    name_en,
    max_score,
    is_upper_bound,
    can_tell,
    formula_vi,
    formula_en,
    {{ stamps() }}
from {{ ref('indicators_766') }}
order by position
