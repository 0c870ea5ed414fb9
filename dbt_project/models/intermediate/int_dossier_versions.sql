-- grain: source, dossier_code, version_no: the history of 02 §1, whatever the order of loading. Not limited by known_at.
{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['source', 'dossier_code'],
        on_schema_change='fail',
    )
}}

{% set dossier = 'partition by source, dossier_code' %}

with files as (
    -- the order of exports as one number: the wide names are compared once per file, not once per row
    select
        *,
        row_number() over (order by exported_at, file_name, file_path, file_sha256) as file_no
    from (
        select distinct
            source,
            file_sha256,
            exported_at,
            file_name,
            file_path
        from {{ ref('stg_dossiers') }}
    ) as sent
),

accepted as (
    -- narrow rows: what opens a version is found without the wide columns
    select
        dossiers.source,
        dossiers.dossier_code,
        dossiers.exported_at,
        files.file_no,
        dossiers.row_number,
        {{ row_place('files.file_no', 'dossiers.row_number') }} as place,
        dossiers.content_hash,
        dossiers.due_at,
        dossiers.status,
        -- done and handed over are one status where runs of versions are meant (02 §2)
        case when dossiers.status = 10 then 9 else dossiers.status end as run_status
    from {{ ref('stg_dossiers') }} as dossiers
    inner join files on dossiers.source = files.source and dossiers.file_sha256 = files.file_sha256
    {% if is_incremental() %}
    where (dossiers.source, dossiers.dossier_code) in ({{ changed_dossiers(['stg_dossiers']) }})
    {% endif %}
),

exports as (
    -- of several rows with the same exported_at the last one counts
    select
        max(place) as place,
        count(*) - 1 as superseded
    from accepted
    group by source, dossier_code, exported_at
),

compared as (
    select
        accepted.*,
        exports.superseded,
        coalesce(lag(accepted.content_hash) over by_export <> accepted.content_hash, true) as opens_version,
        coalesce(lag(accepted.run_status) over by_export <> accepted.run_status, true) as opens_run,
        lag(accepted.exported_at) over by_export as seen_before_at,
        coalesce(max(case when accepted.run_status = 9 then 1 else 0 end) over before, 0) = 1 as was_done,
        lag(accepted.due_at) over by_export as due_before
    from accepted
    inner join exports on accepted.place = exports.place
    window
        by_export as (partition by accepted.source, accepted.dossier_code order by accepted.exported_at),
        before as (
            partition by accepted.source, accepted.dossier_code
            order by accepted.exported_at
            rows between unbounded preceding and 1 preceding
        )
),

numbered as (
    select
        source,
        dossier_code,
        exported_at,
        file_no,
        row_number,
        seen_before_at,
        opens_version,
        sum(case when opens_version then 1 else 0 end) over so_far as version_no,
        max(case when opens_run then exported_at end) over so_far as status_since,
        max(case when was_done and status in (2, 4, 5, 6) then 1 else 0 end) over so_far as reopened,
        max(case when due_at <> due_before then 1 else 0 end) over so_far as due_moved,
        max(case when due_at <> due_before and exported_at > due_before then 1 else 0 end) over so_far as due_moved_late,
        -- counters, from which the rows of a version are told when the next one opens
        count(*) over so_far as exports_so_far,
        sum(superseded) over so_far - superseded as superseded_before,
        count(*) over whole as exports_in_all,
        sum(superseded) over whole as superseded_in_all,
        max(exported_at) over whole as last_exported_at
    from compared
    window
        so_far as ({{ dossier }} order by exported_at rows between unbounded preceding and current row),
        whole as ({{ dossier }} order by exported_at rows between unbounded preceding and unbounded following)
),

versions as (
    select
        source,
        dossier_code,
        version_no,
        exported_at as valid_from,
        lead(exported_at) over by_version as valid_to,
        coalesce(lead(seen_before_at) over by_version, last_exported_at) as last_seen_at,
        file_no,
        row_number,
        status_since,
        reopened = 1 as reopened,
        due_moved = 1 as due_moved,
        due_moved_late = 1 as due_moved_late,
        coalesce(lead(exports_so_far) over by_version, exports_in_all + 1) - exports_so_far - 1 as unchanged_rows,
        coalesce(lead(superseded_before) over by_version, superseded_in_all) - superseded_before as superseded_rows
    from numbered
    where opens_version
    window by_version as ({{ dossier }} order by version_no)
)

select
    versions.source,
    versions.dossier_code,
    cast(versions.version_no as integer) as version_no,
    versions.valid_from,
    versions.valid_to,
    versions.last_seen_at,
    content.envelope_agency,
    content.agency_code,
    content.code_date,
    content.code_form,
    content.sequence_digits,
    content.procedure_code,
    content.procedure_key,
    content.procedure_padded,
    content.procedure_name,
    content.field_code,
    content.field_name,
    content.channel,
    content.applicant_type,
    content.submitted_at,
    content.received_at,
    content.due_at,
    content.finished_at,
    content.returned_at,
    content.refused_at,
    content.status,
    content.return_method,
    content.agency_name,
    content.submitted_via,
    content.has_digitised_parts,
    content.vneid_verified,
    content.online_payment,
    content.connected_databases,
    content.submitted_files,
    content.digitised_files,
    content.reused_files,
    content.fee_count,
    content.fee_total,
    content.supplement_count,
    content.result_documents,
    content.electronic_results,
    content.applicant_key,
    content.placeholder_id,
    content.content_hash,
    files.file_sha256,
    versions.row_number,
    content.warnings,
    versions.status_since,
    versions.reopened,
    versions.due_moved,
    versions.due_moved_late,
    cast(versions.unchanged_rows as bigint) as unchanged_rows,
    cast(versions.superseded_rows as bigint) as superseded_rows
from versions
inner join files on versions.file_no = files.file_no
inner join {{ ref('stg_dossiers') }} as content
    on
        files.source = content.source
        and files.file_sha256 = content.file_sha256
        and versions.row_number = content.row_number
