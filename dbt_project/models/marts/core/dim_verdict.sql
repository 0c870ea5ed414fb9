-- grain: verdict: verdicts of the rule sets, and whether they are good or bad (timeliness §3, §6).

select
    verdict,
    verdict_class,
    is_resolved,
    name_vi,
    name_en,
    {{ stamps() }}
from {{ ref('verdicts') }}
order by verdict
