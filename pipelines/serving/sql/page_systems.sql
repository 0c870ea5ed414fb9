-- Both systems side by side, by month.
select
    month, sum(dossiers)::bigint as dossiers, sum(in_both)::bigint as in_both, sum(identical)::bigint as identical,
    sum(only_local)::bigint as only_local, sum(only_portal)::bigint as only_portal,
    sum(status_differs)::bigint as status_differs, sum(due_differs)::bigint as due_differs,
    sum(end_differs)::bigint as end_differs, sum(delayed)::bigint as delayed
from marts.mart_system_reconciliation_monthly
where is_of(agency_code, $agency)
group by month
order by month desc
