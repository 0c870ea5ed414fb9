-- The subqueries hang on no row: they are asked once per statement, not once per row (decision 0023).
create policy by_agency on {schema}.{table} for select using (
    (select visible.whole from {schema}.visible)
    or {agency} = any ((select visible.codes from {schema}.visible)::text[])
);
alter table {schema}.{table} enable row level security
