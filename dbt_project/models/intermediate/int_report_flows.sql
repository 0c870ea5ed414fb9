-- grain: at_now (of int_portal_reports: a period and a report's export), agency_code with every code above it, flow: sums of dossiers from which the figures
-- of a report's department and the parts of its difference follow. Flows: the two systems by their names, what was known when the report was taken (`then`),
-- and the parts of difference_parts(), signed so that ours and all parts together give `then`. A dossier that differs in several ways is taken step by
-- step: first its local values move to the portal's agency, then they become the portal's.

with moments as (
    select distinct
        at_now,
        at_then
    from {{ ref('int_portal_reports') }}
),

facts as (
    select * from {{ ref('int_dossier_facts') }} where source in ('{{ local_system() }}', '{{ portal_system() }}')
),

both_systems as (
    -- parts between the systems make sense only where both sent dossiers
    select count(*) = 2 as there_are from {{ ref('int_report_systems') }}
),

known_now as (
    select
        verdicts.*,
        moments.at_now,
        systems.is_base,
        own.source = '{{ local_system() }}' as is_local,
        other.dossier_code is not null as is_in_both,
        other.agency_code as other_agency_code,
        case
            when other.dossier_code is null then null
            when not {{ is_recorded_otherwise('own', 'other') }} and greatest(own.requests, other.requests) >= 2 then 'two_requests'
            else 'dates_or_status_differ'
        end as cause
    from {{ ref('int_report_verdicts') }} as verdicts
    inner join moments on verdicts.at = moments.at_now
    inner join {{ ref('int_report_systems') }} as systems on verdicts.source = systems.source
    inner join facts as own on {{ have_same('verdicts', 'own', ['source', 'dossier_code']) }}
    left join facts as other
        on
            verdicts.dossier_code = other.dossier_code
            and verdicts.source <> other.source
),

known_then as (
    select
        verdicts.*,
        moments.at_now
    from {{ ref('int_report_verdicts') }} as verdicts
    inner join moments on verdicts.at = moments.at_then
),

{# flow, where it is counted, sign, of which rows -#}
{% set flows = [
    ('source', 'agency_code', 1, 'known_now', 'true'),
    ("'then'", 'agency_code', 1, 'known_then', 'true'),
    ("'not_synchronised'", 'agency_code', -1, 'known_now', 'is_local and not is_in_both and there_are'),
    ("'only_on_portal'", 'agency_code', 1, 'known_now', 'not is_local and not is_in_both and there_are'),
    ("'agency_differs'", 'agency_code', -1, 'known_now', 'is_local and agency_code <> other_agency_code'),
    ("'agency_differs'", 'other_agency_code', 1, 'known_now', 'is_local and agency_code <> other_agency_code'),
    ('cause', 'other_agency_code', -1, 'known_now', 'is_local and is_in_both'),
    ('cause', 'agency_code', 1, 'known_now', 'not is_local and is_in_both'),
    ("'changed_after_report'", 'agency_code', -1, 'known_now', 'is_base'),
    ("'changed_after_report'", 'agency_code', 1, 'known_then', 'true'),
] -%}
flowing as (
    {% for flow, agency, sign, rows, condition in flows %}
    select
        at_now,
        {{ agency }} as agency_code,
        {{ flow }} as flow,
        {% for name in report_sums() + ['late_by_requests', 'on_time_with_requests'] %}
        sum({{ sign }} * {{ name }}) as {{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ rows }}
    cross join both_systems
    where {{ condition }}
    group by at_now, {{ agency }}, {{ flow }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

levels as (
    select
        *,
        {{ explode_levels('agency_code') }} as ancestor_level
    from flowing
)

select
    at_now,
    {{ agency_ancestor('agency_code', 'ancestor_level') }} as agency_code,
    flow,
    {% for name in report_sums() + ['late_by_requests', 'on_time_with_requests'] %}
    cast(sum({{ name }}) as bigint) as {{ name }}{{ ',' if not loop.last }}
    {% endfor %}
from levels
group by at_now, {{ agency_ancestor('agency_code', 'ancestor_level') }}, flow
