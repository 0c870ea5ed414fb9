-- A table that names no agency is for those who may see all of them.
create policy by_agency on {schema}.{table} for select using (
    (select exists (select 1 from {schema}.visible where visible.agency_code = '*'))
);
alter table {schema}.{table} enable row level security
