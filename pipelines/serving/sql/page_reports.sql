-- The newest report of the portal of each department, beside our figures of both systems.
select
    report_file, exported_at, period_from, period_to, department_code, department_name, figure, portal, dvcqg, motcua,
    difference, unexplained
from marts.mart_portal_reconciliation
where
    ($agency is null and is_parent) or department_code = $agency or starts_with(department_code, $agency || '.')
qualify dense_rank() over (partition by department_code order by exported_at desc, report_file) = 1
order by department_code, figure
