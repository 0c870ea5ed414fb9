alter table {schema}.{table} add primary key ({columns})
