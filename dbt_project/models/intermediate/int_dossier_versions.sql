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

with accepted as (
    -- narrow rows first: what opens a version is found without the wide columns
    select
        source,
        dossier_code,
        exported_at,
        file_name,
        file_path,
        file_sha256,
        row_number,
        content_hash,
        due_at,
        status,
        -- done and handed over are one status where runs of versions are meant (02 §2)
        case when status = 10 then 9 else status end as run_status
    from {{ ref('stg_dossiers') }}
    {% if is_incremental() %}
    where (source, dossier_code) in ({{ changed_dossiers(['stg_dossiers']) }})
    {% endif %}
),

ranked as (
    -- of several rows with the same exported_at the last one counts
    select
        *,
        row_number() over of_export as from_last,
        count(*) over (partition by source, dossier_code, exported_at) - 1 as superseded
    from accepted
    window of_export as (
        partition by source, dossier_code, exported_at
        order by file_name desc, row_number desc, file_path desc, file_sha256 desc
    )
),

compared as (
    select
        *,
        lag(content_hash) over by_export is distinct from content_hash as opens_version,
        lag(run_status) over by_export is distinct from run_status as opens_run,
        coalesce(max(case when run_status = 9 then 1 else 0 end) over before, 0) = 1 as was_done,
        {{ previous_not_null('due_at', dossier ~ ' order by exported_at') }} as due_before
    from ranked
    where from_last = 1
    window
        by_export as ({{ dossier }} order by exported_at),
        before as ({{ dossier }} order by exported_at rows between unbounded preceding and 1 preceding)
),

numbered as (
    select
        *,
        sum(case when opens_version then 1 else 0 end) over so_far as version_no,
        max(case when opens_run then exported_at end) over so_far as status_since,
        max(case when was_done and status in (2, 4, 5, 6) then 1 else 0 end) over so_far as reopened,
        max(case when due_at <> due_before then 1 else 0 end) over so_far as due_moved,
        max(case when due_at <> due_before and exported_at > due_before then 1 else 0 end) over so_far as due_moved_late
    from compared
    window so_far as ({{ dossier }} order by exported_at rows between unbounded preceding and current row)
),

counted as (
    select
        source,
        dossier_code,
        version_no,
        max(exported_at) as last_seen_at,
        count(*) - 1 as unchanged_rows,
        sum(superseded) as superseded_rows
    from numbered
    group by source, dossier_code, version_no
),

versions as (
    select
        source,
        dossier_code,
        version_no,
        exported_at as valid_from,
        lead(exported_at) over ({{ dossier }} order by version_no) as valid_to,
        file_sha256,
        row_number,
        status_since,
        reopened = 1 as reopened,
        due_moved = 1 as due_moved,
        due_moved_late = 1 as due_moved_late
    from numbered
    where opens_version
)

select
    versions.source,
    versions.dossier_code,
    cast(versions.version_no as integer) as version_no,
    versions.valid_from,
    versions.valid_to,
    counted.last_seen_at,
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
    versions.file_sha256,
    versions.row_number,
    content.warnings,
    versions.status_since,
    versions.reopened,
    versions.due_moved,
    versions.due_moved_late,
    cast(counted.unchanged_rows as bigint) as unchanged_rows,
    cast(counted.superseded_rows as bigint) as superseded_rows
from versions
inner join counted
    on
        versions.source = counted.source
        and versions.dossier_code = counted.dossier_code
        and versions.version_no = counted.version_no
inner join {{ ref('stg_dossiers') }} as content
    on
        versions.source = content.source
        and versions.file_sha256 = content.file_sha256
        and versions.row_number = content.row_number
