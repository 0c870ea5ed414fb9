-- grain: source, dossier_code, step_no: how long a dossier stayed where, in working hours (timeliness §6). Steps name no one guilty: where they cover too
-- little of the working time, lie in minutes of bulk moments or tell of nothing but the end, no officer is named and no step is the longest.
{{ config(materialized=shown_as_view()) }}

select
    steps.source,
    steps.dossier_code,
    steps.step_no,
    steps.agency_code,
    steps.procedure_code,
    steps.unit_name,
    case when steps.is_told and bulk.dossier_code is null then steps.officer_key end as officer_key,
    steps.status,
    steps.entered_at,
    steps.left_at,
    steps.working_seconds,
    steps.citizen_time,
    steps.norm_end,
    coalesce(steps.left_at, {{ as_of() }}) > steps.norm_end as past_norm,
    steps.is_longest and steps.is_told and bulk.dossier_code is null as longest,
    steps.returned_to_unit,
    steps.coverage,
    steps.is_told and bulk.dossier_code is null as attributable,
    steps.is_late,
    {{ stamps() }}
from {{ ref('int_steps') }} as steps
left join {{ ref('int_bulk_dossiers') }} as bulk on {{ have_same('steps', 'bulk', ['source', 'dossier_code']) }}
order by steps.source, steps.agency_code, steps.dossier_code, steps.step_no
