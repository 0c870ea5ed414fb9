-- grain: area_code, source, rule_set, overdue_bucket: mart_overdue_aging of the country and of each province, computed again from the overdue dossiers: a
-- median of medians would be none.

{% set keys = ['area_code', 'source', 'rule_set', 'overdue_bucket'] %}

with dossiers as (
    select
        province_code,
        source,
        rule_set,
        overdue_bucket,
        working_days_overdue as value,
        count(*) as times,
        min(effective_due) as oldest_due_at
    from {{ source('provinces', 'mart_overdue_dossiers') }}
    group by province_code, source, rule_set, overdue_bucket, working_days_overdue
),

areas as (
    {{ in_areas('dossiers') }}
),

histogram as (
    select
        {{ keys | join(', ') }},
        value,
        sum(times) as times,
        min(oldest_due_at) as oldest_due_at
    from areas
    group by {{ keys | join(', ') }}, value
),

ranked as (
    {{ ranked_values('histogram', keys) }}
)

select
    area_code,
    source,
    rule_set,
    overdue_bucket,
    cast(sum(times) as bigint) as dossiers,
    min(oldest_due_at) as oldest_due_at,
    {{ percentile(0.5) }} as median_working_days_overdue,
    cast(max(value) as bigint) as max_working_days_overdue,
    {{ stamps() }}
from ranked
group by {{ keys | join(', ') }}
order by area_code, source, rule_set, max_working_days_overdue
