-- Columns of the marts of a published file, as DuckDB has it attached.
select table_name, column_name, data_type from duckdb_columns()
where database_name = 'dunghan' and schema_name = 'marts'
order by table_name, column_index
