-- grain: source, dossier_code: every dossier with a version known at known_at, with its facts at as_of (timeliness §2). `in_population` says whether it counts.
{{ config(materialized='view') }}

with catalogues as (
    -- without a catalogue nothing is unknown
    select
        coalesce(bool_or(origin = 'catalogue'), false) as has_agencies,
        (select count(*) > 0 from {{ ref('dim_procedure') }} where in_catalogue) as has_procedures
    from {{ ref('dim_agency') }}
),

agencies as (
    select
        dim_agency.agency_code,
        not case
            when catalogues.has_agencies then dim_agency.origin in ('catalogue', 'provinces')
            else coalesce(dim_agency.province, '') in (select provinces.code from {{ ref('provinces') }} as provinces)
        end as is_unknown
    from {{ ref('dim_agency') }} as dim_agency
    cross join catalogues
    where dim_agency.is_latest
),

procedures as (
    select
        dim_procedure.procedure_key,
        catalogues.has_procedures and not dim_procedure.in_catalogue as is_unknown
    from {{ ref('dim_procedure') }} as dim_procedure
    cross join catalogues
)

select
    facts.source,
    facts.dossier_code,
    facts.agency_code,
    facts.procedure_code,
    facts.procedure_key,
    facts.procedure_name,
    facts.field_code,
    facts.field_name,
    facts.channel,
    facts.applicant_type,
    facts.applicant_key,
    facts.officer_key,
    facts.status,
    facts.submitted_at,
    facts.received_at,
    facts.due_at,
    facts.finished_at,
    facts.returned_at,
    facts.refused_at,
    facts.in_population,
    facts.state,
    facts.ended_at,
    facts.handed_over_at,
    facts.fee_demand_at,
    facts.requests,
    facts.paused_seconds,
    facts.statutory_amount,
    facts.statutory_unit,
    facts.has_digitised_parts,
    facts.submitted_files,
    facts.digitised_files,
    facts.reused_files,
    facts.result_documents,
    facts.electronic_results,
    {{ sorted_set('facts.warnings', names_that_hold(dossier_warnings())) }} as flags,
    facts.versions,
    facts.events,
    facts.valid_from,
    {{ stamps() }},
    facts.built_by
from {{ ref('int_dossier_facts') }} as facts
left join agencies on facts.agency_code = agencies.agency_code
left join procedures on facts.procedure_key = procedures.procedure_key
