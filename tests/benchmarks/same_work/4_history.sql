-- The versions of each dossier (timeliness §1): as_of is the last export, so that the latest one counts.

-- narrow rows: the order of exports is that of file_no, then of the rows in them
create table history as
with accepted as not materialized (
    select
        landed.rowid as row_id,
        landed.file_no,
        landed.dossier_code,
        landed.content_hash,
        landed.status,
        landed.due_at
    from landed
    where
        landed.rowid not in (select quarantine.row_id from quarantine)
        and landed.file_no not in (select ledger.file_no from ledger where ledger.is_rejected)
),

repeated as (select dossier_code from accepted group by dossier_code having count(*) > 1),

placed as (
    select
        files.source,
        files.exported_at,
        accepted.*,
        case accepted.status when 10 then 9 else accepted.status end as run_status
    from accepted
    inner join repeated on accepted.dossier_code = repeated.dossier_code
    inner join files on accepted.file_no = files.file_no
    qualify row_number() over (partition by files.source, accepted.dossier_code, files.exported_at order by accepted.file_no desc, accepted.row_id desc) = 1
),

compared as (
    select
        *,
        coalesce(lag(content_hash) over of_dossier <> content_hash, true) as opens_version,
        case when coalesce(lag(run_status) over of_dossier <> run_status, true) then exported_at end as run_began_at,
        lag(due_at) over of_dossier as due_before,
        bool_or(run_status = 9) over (of_dossier rows between unbounded preceding and 1 preceding) as was_done
    from placed
    window of_dossier as (partition by source, dossier_code order by exported_at)
),

numbered as (
    select
        *,
        (count(*) filter (where opens_version) over so_far)::integer as version_no,
        max(run_began_at) over so_far as status_since,
        bool_or(coalesce(was_done, false) and status in (2, 4, 5, 6)) over so_far as reopened,
        bool_or(coalesce(due_at <> due_before, false)) over so_far as due_moved,
        bool_or(coalesce(due_at <> due_before and exported_at > due_before, false)) over so_far as due_moved_late
    from compared
    window so_far as (partition by source, dossier_code order by exported_at rows unbounded preceding)
)

select
    files.source,
    accepted.dossier_code,
    1 as version_no,
    files.exported_at as valid_from,
    null::timestamp as valid_to,
    accepted.row_id,
    files.exported_at as status_since,
    false as reopened,
    false as due_moved,
    false as due_moved_late
from accepted
inner join files on accepted.file_no = files.file_no
anti join repeated on accepted.dossier_code = repeated.dossier_code

union all

select
    source,
    dossier_code,
    version_no,
    exported_at as valid_from,
    lead(exported_at) over (partition by source, dossier_code order by version_no) as valid_to,
    row_id,
    status_since,
    reopened,
    due_moved,
    due_moved_late
from numbered
where opens_version;
