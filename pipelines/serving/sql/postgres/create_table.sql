create table {schema}.{table} ({columns})
