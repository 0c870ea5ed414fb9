-- A mart from the published file (DuckDB) into its table; {0} schema, {1} mart.
insert into pg.{0}.{1} from dunghan.marts.{1}
