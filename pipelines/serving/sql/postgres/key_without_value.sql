-- Does a mart of the published file (DuckDB) have a row without a value in its key? {0} mart, {1} conditions.
select exists (select 1 from dunghan.marts.{0} where {1})
