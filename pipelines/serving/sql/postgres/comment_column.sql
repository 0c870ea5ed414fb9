comment on column {schema}.{table}.{column} is {comment}
