-- grain: dossier_code: dossiers of the one-stop system and of the portal side by side (timeliness §10); codes are compared as normalised. Empty when only
-- one of the two sent dossiers. "Only on the portal" is no fault: some procedures run on ministry systems, so the procedure is told.

{% set differing = {} %}
{% for name in compared_fields() %}
{% do differing.update({name: name ~ '_differs'}) %}
{% endfor %}

with first_seen as (
    select
        source,
        dossier_code,
        valid_from
    from {{ ref('int_dossier_history') }}
    where version_no = 1 and {{ is_known('valid_from') }}
),

systems as (
    select
        facts.*,
        first_seen.valid_from as first_seen_at
    from {{ ref('int_dossier_facts') }} as facts
    inner join first_seen on {{ have_same('facts', 'first_seen', ['source', 'dossier_code']) }}
    where (select count(*) from {{ ref('int_report_systems') }}) = 2
),

local_side as (
    select * from systems where source = '{{ local_system() }}'
),

portal_side as (
    select * from systems where source = '{{ portal_system() }}'
),

paired as (
    select
        coalesce(here.dossier_code, portal.dossier_code) as dossier_code,
        case
            when portal.dossier_code is null then 'only_local'
            when here.dossier_code is null then 'only_portal'
            else 'both'
        end as presence,
        coalesce(here.agency_code, portal.agency_code) as agency_code,
        coalesce(here.procedure_code, portal.procedure_code) as procedure_code,
        coalesce(here.procedure_name, portal.procedure_name) as procedure_name,
        coalesce(here.received_at, portal.received_at, here.submitted_at, portal.submitted_at, here.first_seen_at, portal.first_seen_at) as begun_at,
        {% for name, column in compared_fields().items() %}
        here.{{ column }} as local_{{ column }},
        portal.{{ column }} as portal_{{ column }},
        case
            when here.dossier_code is not null and portal.dossier_code is not null
                then (here.{{ column }} is distinct from portal.{{ column }})
            else false
        end as {{ name }}_differs,
        {% endfor %}
        here.first_seen_at as local_first_seen_at,
        portal.first_seen_at as portal_first_seen_at
    from local_side as here
    full outer join portal_side as portal on here.dossier_code = portal.dossier_code
)

select
    dossier_code,
    presence,
    agency_code,
    procedure_code,
    procedure_name,
    {{ period_name(first_of_month('cast(begun_at as date)'), 'month') }} as month,
    {{ sorted_set('cast(null as ' ~ text_list_type() ~ ')', names_that_hold(differing)) }} as differences,
    {% for column in compared_fields().values() %}
    local_{{ column }},
    portal_{{ column }},
    {% endfor %}
    local_first_seen_at,
    portal_first_seen_at,
    {{ seconds_between('local_first_seen_at', 'portal_first_seen_at') }} as delay_seconds,
    {{ stamps() }}
from paired
order by agency_code, dossier_code
