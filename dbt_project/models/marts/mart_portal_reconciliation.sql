-- grain: source, report_file, department_code, figure: figures of a portal report beside ours, and the difference (portal less ours) in parts that add up
-- (timeliness §10). Ours goes over into the portal's figure part by part, in the order of the columns; a ratio's part is what the ratio moves by at that step.
{% set sums = report_sums() %}
{% set parts = difference_parts() %}
{# figure: what the report says of it, and its value from the sums with a suffix -#}
{% set figures = {
    'total_received': ('total_received', 'count', 'received'),
    'total_on_time': ('total_on_time', 'count', 'on_time'),
    'total_overdue': ('coalesce(total_overdue, total_received - total_on_time)', 'overdue', ''),
    'total_completed': ('total_completed', 'count', 'completed'),
    'avg_processing_days': ('avg_processing_days', 'share', (1, 'seconds', 86400, 'finished')),
    'ratio': ('ratio', 'share', (100, 'on_time', 1, 'received')),
    'score': ('score', 'share', (20, 'on_time', 1, 'received')),
} %}

with steps as (
    select
        reports.source,
        reports.file_sha256,
        reports.row_number,
        {% for system in [local_system(), portal_system()] %}
        {% for name in sums %}
        max(case when systems.source = '{{ system }}' then 0 end)
        + coalesce(sum(case when systems.source = '{{ system }}' and flows.flow = '{{ system }}' then flows.{{ name }} end), 0) as {{ name }}_{{ system }},
        {% endfor %}
        {% endfor %}
        {% for part in parts %}
        {% for name in sums %}
        coalesce(sum(case when systems.is_ours and flows.flow = '{{ part }}' then flows.{{ name }} end), 0) as {{ name }}_{{ part }}_moved,
        {% endfor %}
        {% endfor %}
        coalesce(sum(case when systems.is_ours and flows.flow = 'then' then flows.late_by_requests end), 0) as late_by_requests,
        coalesce(sum(case when systems.is_ours and flows.flow = 'then' then flows.on_time_with_requests end), 0) as on_time_with_requests
    from {{ ref('int_portal_reports') }} as reports
    cross join {{ ref('int_report_systems') }} as systems
    left join {{ ref('int_report_flows') }} as flows
        on
            reports.at_now = flows.at_now
            and reports.department_code = flows.agency_code
    group by reports.source, reports.file_sha256, reports.row_number
),

walked as (
    select
        *,
        {% for name in sums %}
        coalesce({{ name }}_{{ local_system() }}, {{ name }}_{{ portal_system() }}) as {{ name }}_0{{ ',' if not loop.last }}
        {% endfor %}
    from steps
),

{# one after the other: the sums after each part -#}
{% for part in parts %}
walked_{{ loop.index }} as (
    select
        *,
        {% set before = loop.index0 %}
        {% set after = loop.index %}
        {% for name in sums %}
        {{ name }}_{{ before }} + {{ name }}_{{ part }}_moved as {{ name }}_{{ after }}{{ ',' if not loop.last }}
        {% endfor %}
    from walked{{ '_' ~ before if before else '' }}
),

{% endfor %}
told as (
    -- the portal may read several requests otherwise than we do: of what it counts overdue beyond that, no more than such a reading can explain
    select
        reports.*,
        {% for name in sums %}
        {% for step in [local_system(), portal_system()] + range(parts | length + 1) | list %}
        walked.{{ name }}_{{ step }},
        {% endfor %}
        {% endfor %}
        walked.late_by_requests,
        walked.on_time_with_requests,
        (walked.received_{{ parts | length }} - walked.on_time_{{ parts | length }}) - (reports.total_received - reports.total_on_time) as less_overdue
    from {{ ref('int_portal_reports') }} as reports
    inner join walked_{{ parts | length }} as walked on {{ have_same('reports', 'walked', ['source', 'file_sha256', 'row_number']) }}
),

{% set last = (parts | length) + 1 %}
read_otherwise as (
    select
        *,
        {% for name in sums %}
        {{ name }}_{{ last - 1 }}
        {%- if name == 'on_time' %}
        + coalesce(case when less_overdue > 0 then least(less_overdue, late_by_requests) else greatest(less_overdue, -on_time_with_requests) end, 0)
        {%- endif %} as {{ name }}_{{ last }}{{ ',' if not loop.last }}
        {% endfor %}
    from told
),

figured as (
    {% for figure, how in figures.items() %}
    select
        source,
        file_sha256,
        row_number,
        {{ loop.index }} as position,
        '{{ figure }}' as figure,
        cast({{ how[0] }} as double) as portal,
        {{ report_figure(how[1], how[2], portal_system()) }} as dvcqg,
        {{ report_figure(how[1], how[2], local_system()) }} as motcua,
        {{ report_figure(how[1], how[2], 0) }} as ours,
        {% for part in parts %}
        coalesce({{ report_figure(how[1], how[2], loop.index) }}, 0) - coalesce({{ report_figure(how[1], how[2], loop.index0) }}, 0)
        {%- if part == 'two_requests' %}
        + coalesce({{ report_figure(how[1], how[2], last) }}, 0) - coalesce({{ report_figure(how[1], how[2], last - 1) }}, 0)
        {%- endif %} as {{ part }}{{ ',' if not loop.last }}
        {% endfor %}
    from read_otherwise
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    reports.source,
    reports.file_name as report_file,
    reports.exported_at,
    reports.period_from,
    reports.period_to,
    reports.department_code,
    reports.department_name,
    reports.is_parent,
    figured.figure,
    figured.portal,
    figured.dvcqg,
    figured.motcua,
    figured.ours,
    round(figured.portal - coalesce(figured.ours, 0), 2) as difference,
    {% for part in parts %}
    case when figured.portal is not null then round(figured.{{ part }}, 2) end as {{ part }},
    {% endfor %}
    round(
        figured.portal
        {% for part in parts %}
        - round(figured.{{ part }}, 2)
        {% endfor %}
        - coalesce(figured.ours, 0),
        2
    ) as unexplained,
    {{ stamps() }}
from figured
inner join {{ ref('int_portal_reports') }} as reports on {{ have_same('figured', 'reports', ['source', 'file_sha256', 'row_number']) }}
order by reports.source, reports.exported_at, reports.file_name, reports.row_number, figured.position
