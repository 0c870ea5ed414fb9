-- grain: source, rule_set, agency_code, overdue_bucket: how old the overdue dossiers of an agency are (timeliness §4, §6).

select
    source,
    rule_set,
    agency_code,
    overdue_bucket,
    count(*) as dossiers,
    min(effective_due) as oldest_due_at,
    cast(median(working_days_overdue) as double) as median_working_days_overdue,
    cast(max(working_days_overdue) as bigint) as max_working_days_overdue,
    {{ stamps() }}
from {{ ref('mart_overdue_dossiers') }}
group by source, rule_set, agency_code, overdue_bucket
order by source, rule_set, agency_code, max_working_days_overdue
