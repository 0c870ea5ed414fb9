-- A table that names no agency is for those who may see all of them.
create policy by_agency on {schema}.{table} for select using ((select visible.whole from {schema}.visible));
alter table {schema}.{table} enable row level security
