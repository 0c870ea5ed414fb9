-- The newest report of the portal of each department, beside our figures of both systems.
select
    report_file, exported_at, period_from, period_to, department_code, department_name, figure, portal, dvcqg, motcua,
    difference, unexplained
from marts.mart_portal_reconciliation
where
    ($agency is not null or is_parent) and is_of(department_code, $agency)
qualify dense_rank() over (partition by department_code order by exported_at desc, report_file) = 1
order by department_code, figure
