comment on table {schema}.{table} is {comment}
