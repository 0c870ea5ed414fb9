create index on {schema}.{table} ({column})
