-- Files of which somebody must look at something (portal-exports §2), the newest export first. Of all agencies.
select
    file_path,
    unnest(attention_details) as detail
from marts.mart_load_ledger
where len(attention_details) > 0 and used and ($source is null or source = $source)
order by exported_at desc, source, kind, file_path
