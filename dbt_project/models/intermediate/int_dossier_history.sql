-- grain: source, dossier_code, version_no: the history of timeliness §1, whatever the order of loading. Not limited by known_at. Of the content it holds what
-- models of every run read of all dossiers; where the rest lies, file_sha256 and row_number say: int_dossier_versions puts the two together.
{{
    config(
        materialized=carried_on(),
        incremental_strategy='delete+insert',
        unique_key=['source', 'dossier_code'],
        on_schema_change='fail',
    )
}}

{% set dossier = 'partition by source, dossier_code' %}
{# all rows are read in place, the few of a nightly run once #}
{% set in_place = '' if is_incremental() else read_in_place() %}

with accepted as {{ in_place }} (
    -- narrow rows: what opens a version is found without the content
    select
        source,
        dossier_code,
        {{ fingerprint(['source', 'dossier_code']) }} as dossier_hash,
        file_sha256,
        row_number,
        exported_at,
        file_name,
        file_path,
        content_hash,
        agency_code,
        agency_name,
        received_at,
        due_at,
        status,
        supplement_count
    from {{ source('validated', 'dossiers') }}
    {% if is_incremental() %}
    where (source, dossier_code) in ({{ changed_dossiers(['dossiers']) }})
    {% endif %}
),

repeated as (
    -- dossiers with several rows; one that shares its hash with another may be among them, and comes out the same
    select dossier_hash
    from accepted
    group by dossier_hash
    having count(*) > 1
),

single as (
    -- the many: one row, one version
    select accepted.*
    from accepted
    left join repeated on accepted.dossier_hash = repeated.dossier_hash
    where repeated.dossier_hash is null
),

several as (
    select accepted.*
    from accepted
    inner join repeated on accepted.dossier_hash = repeated.dossier_hash
),

files as (
    {{ numbered_files('several') }}
),

placed as (
    select
        several.*,
        {{ row_place('files.file_no', 'several.row_number') }} as place,
        -- done and handed over are one status where runs of versions are meant (timeliness §2)
        case when several.status = 10 then 9 else several.status end as run_status
    from several
    inner join files on several.source = files.source and several.file_sha256 = files.file_sha256
),

exports as (
    -- of several rows with the same exported_at the last one counts
    select
        max(place) as place,
        count(*) - 1 as superseded
    from placed
    group by source, dossier_code, exported_at
),

compared as (
    select
        placed.*,
        exports.superseded,
        coalesce(lag(placed.content_hash) over by_export <> placed.content_hash, true) as opens_version,
        coalesce(lag(placed.run_status) over by_export <> placed.run_status, true) as opens_run,
        lag(placed.exported_at) over by_export as seen_before_at,
        coalesce(max(case when placed.run_status = 9 then 1 else 0 end) over before, 0) = 1 as was_done,
        lag(placed.due_at) over by_export as due_before
    from placed
    inner join exports on placed.place = exports.place
    window
        by_export as (partition by placed.source, placed.dossier_code order by placed.exported_at),
        before as (
            partition by placed.source, placed.dossier_code
            order by placed.exported_at
            rows between unbounded preceding and 1 preceding
        )
),

numbered as (
    select
        *,
        sum(case when opens_version then 1 else 0 end) over so_far as version_no,
        max(case when opens_run then exported_at end) over so_far as status_since,
        max(case when was_done and status in (2, 4, 5, 6) then 1 else 0 end) over so_far as reopened,
        max(case when due_at <> due_before then 1 else 0 end) over so_far as due_moved,
        max(case when due_at <> due_before and exported_at > due_before then 1 else 0 end) over so_far as due_moved_late,
        -- counters, from which the rows of a version follow when the next one opens
        count(*) over so_far as exports_so_far,
        (sum(superseded) over so_far) - superseded as superseded_before,
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
        cast(version_no as integer) as version_no,
        exported_at as valid_from,
        lead(exported_at) over by_version as valid_to,
        coalesce(lead(seen_before_at) over by_version, last_exported_at) as last_seen_at,
        file_sha256,
        row_number,
        agency_code,
        agency_name,
        received_at,
        status,
        supplement_count,
        status_since,
        reopened = 1 as reopened,
        due_moved = 1 as due_moved,
        due_moved_late = 1 as due_moved_late,
        cast(coalesce(lead(exports_so_far) over by_version, exports_in_all + 1) - exports_so_far - 1 as bigint) as unchanged_rows,
        cast(coalesce(lead(superseded_before) over by_version, superseded_in_all) - superseded_before as bigint) as superseded_rows
    from numbered
    where opens_version
    window by_version as ({{ dossier }} order by version_no)
)

select
    source,
    dossier_code,
    1 as version_no,
    exported_at as valid_from,
    cast(null as timestamp) as valid_to,
    exported_at as last_seen_at,
    file_sha256,
    row_number,
    agency_code,
    agency_name,
    received_at,
    status,
    supplement_count,
    exported_at as status_since,
    false as reopened,
    false as due_moved,
    false as due_moved_late,
    cast(0 as bigint) as unchanged_rows,
    cast(0 as bigint) as superseded_rows,
    {{ build_id() }} as built_by
from single

union all

select
    *,
    {{ build_id() }} as built_by
from versions
