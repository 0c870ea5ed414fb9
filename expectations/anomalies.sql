-- What is unusual in the files that the published version does not hold yet, each beside the files before it of its
-- source and kind. Only files exported after everything published count: history that comes late is no surprise.
-- Grain: file_path, anomaly, subject. Attached as `published`: the published marts.
-- $behind: so many files before it are looked at; $enough: with fewer than so many nothing is usual yet.
with published_until as (
    select source, kind, max(exported_at) as until
    from published.marts.mart_load_ledger
    where status = 'loaded'
    group by source, kind
),

loaded as (
    select source, kind, file_path, file_sha256, exported_at, rows_read
    from validated.files
    where status = 'loaded'
),

pairs as (
    select new.source, new.kind, new.file_path, new.file_sha256, new.rows_read, old.file_sha256 as old_sha256, old.rows_read as old_rows
    from loaded as new
    inner join published_until using (source, kind)
    inner join loaded as old
        on new.source = old.source and new.kind = old.kind and (old.exported_at, old.file_path) < (new.exported_at, new.file_path)
    where new.exported_at > until
    qualify row_number() over (partition by new.source, new.kind, new.file_path order by old.exported_at desc, old.file_path desc) <= $behind
),

usual as (
    select source, kind, file_path, file_sha256, rows_read, count(*) as files, min(old_rows) as fewest, sum(old_rows) as old_rows
    from pairs
    group by source, kind, file_path, file_sha256, rows_read
    having count(*) >= $enough
),

statuses as (
    select source, file_sha256, status, count(*) as dossiers
    from validated.dossiers
    where file_sha256 in (select file_sha256 from pairs) or file_sha256 in (select old_sha256 from pairs)
    group by source, file_sha256, status
),

usual_statuses as (
    select usual.source, usual.kind, usual.file_path, usual.file_sha256, statuses.status, usual.rows_read * sum(dossiers) / usual.old_rows as expected
    from usual
    inner join pairs using (source, kind, file_path)
    inner join statuses on pairs.source = statuses.source and pairs.old_sha256 = statuses.file_sha256
    where usual.kind = 'dossiers'
    group by usual.source, usual.kind, usual.file_path, usual.file_sha256, usual.rows_read, usual.old_rows, usual.files, statuses.status
    having count(*) = usual.files
),

reasons as (
    select source, kind, file_sha256, reason, count(*) as rejected
    from (select source, kind, file_sha256, unnest(reasons) as reason from validated.quarantine) as one
    group by source, kind, file_sha256, reason
),

rejected_before as (
    select pairs.source, pairs.kind, pairs.file_path, reason, sum(rejected) as rejected
    from pairs
    inner join reasons on pairs.source = reasons.source and pairs.kind = reasons.kind and pairs.old_sha256 = reasons.file_sha256
    group by pairs.source, pairs.kind, pairs.file_path, reason
)

select 'smaller_export' as anomaly, file_path, null as subject, rows_read as found, fewest as usual
from usual
where rows_read < $smaller * fewest and fewest >= $enough_rows

union all

select 'status_gone' as anomaly, file_path, usual_statuses.status::varchar as subject, 0 as found, round(expected)::bigint as usual
from usual_statuses
anti join statuses using (source, file_sha256, status)
where expected >= $enough_rows

union all

select
    'reason_flood' as anomaly, file_path, reason as subject, reasons.rejected as found,
    round(usual.rows_read * coalesce(rejected_before.rejected, 0) / usual.old_rows)::bigint as usual
from usual
inner join reasons using (source, kind, file_sha256)
left join rejected_before using (source, kind, file_path, reason)
where
    reasons.rejected >= greatest($enough_rows, $flood_share * usual.rows_read)
    and reasons.rejected >= $flood_times * usual.rows_read * coalesce(rejected_before.rejected, 0) / usual.old_rows

order by file_path, anomaly, subject
