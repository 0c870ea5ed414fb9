-- grain: agency_code, month: counts of mart_system_reconciliation.

with dossiers as (
    select
        *,
        {{ explode_list('differences') }} as difference
    from {{ ref('mart_system_reconciliation') }}
),

differing as (
    select
        agency_code,
        month,
        {% for name in compared_fields() %}
        count(case when difference = '{{ name }}' then 1 end) as {{ name }}_differs{{ ',' if not loop.last }}
        {% endfor %}
    from dossiers
    group by agency_code, month
),

present as (
    select
        agency_code,
        month,
        count(*) as dossiers,
        count(case when presence = 'both' then 1 end) as in_both,
        count(case when presence = 'only_local' then 1 end) as only_local,
        count(case when presence = 'only_portal' then 1 end) as only_portal,
        count(case when presence = 'both' and not {{ is_filled("differences") }} then 1 end) as identical,
        count(case when delay_seconds > 0 then 1 end) as delayed,
        max(case when delay_seconds > 0 then delay_seconds end) as longest_delay_seconds
    from {{ ref('mart_system_reconciliation') }}
    group by agency_code, month
)

select
    present.agency_code,
    present.month,
    present.dossiers,
    present.in_both,
    present.only_local,
    present.only_portal,
    present.identical,
    {% for name in compared_fields() %}
    coalesce(differing.{{ name }}_differs, 0) as {{ name }}_differs,
    {% endfor %}
    present.delayed,
    present.longest_delay_seconds,
    {{ stamps() }}
from present
left join differing on {{ have_same('present', 'differing', ['agency_code', 'month']) }}
order by present.agency_code, present.month
