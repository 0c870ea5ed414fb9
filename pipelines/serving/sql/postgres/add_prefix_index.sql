-- Serves `agency_code = 'H39.18'` and `agency_code like 'H39.18.%'` in whatever language the database sorts.
create index on {schema}.{table} ({column} text_pattern_ops)
