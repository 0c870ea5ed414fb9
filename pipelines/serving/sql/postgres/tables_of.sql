select relname::text from pg_class where relnamespace = {schema}::regnamespace and relkind = 'r' order by relname
