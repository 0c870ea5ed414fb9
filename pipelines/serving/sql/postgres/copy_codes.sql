-- The agencies of one table (DuckDB), those that are not known yet; {0} schema, {1} mart, {2} column.
insert into pg.{0}.agency_codes
select distinct {2} from dunghan.marts.{1}
where {2} is not null and {2} not in (select agency_code from pg.{0}.agency_codes)
