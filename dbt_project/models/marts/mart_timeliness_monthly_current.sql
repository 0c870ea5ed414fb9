-- grain: source, scheme, month, agency_code, field_code, channel: mart_timeliness_monthly by today's structure (dim_agency_crosswalk), so that a trend line
-- crosses 1 July 2025. The agency is the one that stands today in the place of those the dossiers name.

{% set measures = ['received', 'carried_over', 'resolved_early', 'resolved_on_time', 'resolved_late', 'pending_in_time', 'pending_overdue'] %}

with figures as (
    select
        months.source,
        months.scheme,
        months.month,
        months.period_from,
        months.period_to,
        crosswalk.current_agency_code as agency_code,
        months.field_code,
        months.field_name,
        months.channel,
        {% for measure in measures %}
        cast(sum(months.{{ measure }}) as bigint) as {{ measure }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('mart_timeliness_monthly') }} as months
    inner join {{ ref('dim_agency_crosswalk') }} as crosswalk on months.agency_code = crosswalk.agency_code
    group by all
)

select
    source,
    scheme,
    month,
    period_from,
    period_to,
    agency_code,
    field_code,
    field_name,
    channel,
    {{ measures | join(', ') }},
    {{ rate('(resolved_early + resolved_on_time)', '(resolved_early + resolved_on_time + resolved_late)') }} as on_time_rate,
    {{ stamps() }}
from figures
order by source, scheme, agency_code, month, field_code, channel
