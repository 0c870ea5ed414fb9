-- grain: source, dossier_code: the facts of 02 §2 at as_of, for every dossier with a version known at known_at.
-- Incremental: rows of changed dossiers and rows that are not settled are taken out first (macros/history.sql), then what is missing is added.
{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook='{{ delete_stale() }}',
        on_schema_change='fail',
    )
}}

-- delete_stale() reads these
-- depends_on: {{ ref('stg_dossiers') }}, {{ ref('stg_events') }}, {{ ref('stg_procedures') }}, {{ ref('stg_agencies') }}, {{ ref('int_dossier_versions') }}
with moments as (
    select
        versions.source,
        versions.dossier_code,
        {{ as_of() }} as at
    from {{ ref('int_dossier_versions') }} as versions
    where
        versions.version_no = 1
        and {{ is_known('versions.valid_from') }}
        {% if is_incremental() %}
        and not exists (
            select 1 from {{ this }} as present
            where present.source = versions.source and present.dossier_code = versions.dossier_code
        )
        {% endif %}
),

facts as (
    {{ dossier_facts('moments') }}
)

select
    source,
    dossier_code,
    agency_code,
    procedure_code,
    procedure_key,
    procedure_name,
    field_code,
    field_name,
    channel,
    applicant_type,
    applicant_key,
    status,
    submitted_at,
    received_at,
    due_at,
    finished_at,
    returned_at,
    refused_at,
    in_population,
    ended_at,
    state,
    requests,
    request_open,
    sole_open_request_at,
    paused_seconds,
    fee_demand_at,
    handed_over_at,
    officer_key,
    statutory_amount,
    statutory_unit,
    versions,
    events,
    valid_from,
    warnings,
    reopened,
    due_moved,
    due_moved_late,
    has_digitised_parts,
    submitted_files,
    digitised_files,
    reused_files,
    result_documents,
    electronic_results,
    last_moment_at,
    settled,
    calendar
from facts
