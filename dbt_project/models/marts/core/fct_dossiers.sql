-- grain: source, dossier_code: every dossier with a version known at known_at, with its facts at as_of (timeliness §2). `in_population` says whether it counts.
{{ config(materialized=shown_as_view()) }}

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
    {{ copied('facts', dossier_published('subject')) }},
    facts.officer_key,
    {{ copied('facts', dossier_published('status')) }},
    {{ copied('facts', dossier_published('times')) }},
    facts.in_population,
    facts.state,
    facts.ended_at,
    facts.handed_over_at,
    facts.fee_demand_at,
    facts.requests,
    facts.paused_seconds,
    facts.statutory_amount,
    facts.statutory_unit,
    {{ copied('facts', dossier_published('further')) }},
    {{ sorted_set('facts.warnings', names_that_hold(dossier_warnings())) }} as flags,
    facts.versions,
    facts.events,
    facts.valid_from,
    {{ stamps() }},
    facts.built_by
from {{ ref('int_dossier_facts') }} as facts
left join agencies on facts.agency_code = agencies.agency_code
left join procedures on facts.procedure_key = procedures.procedure_key
