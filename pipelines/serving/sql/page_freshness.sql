-- How new what was sent is: by source and kind the newest export that was loaded, and what became of files and rows.
select
    source, kind, max(exported_at) filter (status = 'loaded') as newest, count(*) as files,
    count(*) filter (status = 'rejected') as rejected, sum(rows_read)::bigint as rows_read,
    sum(rows_accepted)::bigint as rows_accepted, sum(rows_quarantined)::bigint as rows_quarantined
from marts.mart_load_ledger
group by source, kind
order by source, kind
