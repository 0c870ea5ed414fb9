-- grain: source, scheme, period, agency_code, field_code: rpt_form_ii06 of every agency and of every code above it up to the province; the figures of a code
-- include those below it. One level at a time adds up to everything; two levels together count twice.

{% set columns = [
    'received_total', 'received_online', 'received_direct', 'carried_over', 'resolved_total', 'resolved_early', 'resolved_on_time', 'resolved_late',
    'pending_total', 'pending_in_time', 'pending_overdue',
] %}

with levels as (
    select
        *,
        {{ explode_levels('agency_code') }} as ancestor_level
    from {{ ref('rpt_form_ii06') }}
),

figures as (
    select
        source,
        scheme,
        period,
        period_from,
        period_to,
        {{ agency_ancestor('agency_code', 'ancestor_level') }} as agency_code,
        field_code,
        field_name,
        {% for column in columns %}
        cast(sum({{ column }}) as bigint) as {{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from levels
    group by source, scheme, period, period_from, period_to, {{ agency_ancestor('agency_code', 'ancestor_level') }}, field_code, field_name
)

select
    source,
    scheme,
    period,
    period_from,
    period_to,
    agency_code,
    cast({{ agency_level('agency_code') }} as integer) as level,
    field_code,
    field_name,
    {{ columns | join(', ') }},
    {{ stamps() }}
from figures
order by source, scheme, agency_code, period_from, period_to, field_code
