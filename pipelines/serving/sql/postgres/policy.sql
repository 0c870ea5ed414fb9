-- Neither subquery hangs on the row: each is asked once per statement, the second becomes a hash (decision 0023).
create policy by_agency on {schema}.{table} for select using (
    (select exists (select 1 from {schema}.visible where visible.agency_code = '*'))
    or {agency} in (select visible.agency_code from {schema}.visible)
);
alter table {schema}.{table} enable row level security
