-- grain: area_code, source, rule_id, unit: mart_quality of the country and of each province, all agencies together.

select
    area_code,
    source,
    rule_id,
    unit,
    count,
    {{ stamps() }}
from (
    {{ area_sums('mart_quality', ['source', 'rule_id', 'unit'], ['count']) }}
) as figures
order by area_code, source, unit, rule_id
