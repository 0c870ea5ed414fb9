-- A primary key allows no null.
create unique index on {schema}.{table} ({columns}) nulls not distinct
