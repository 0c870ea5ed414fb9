-- Which version this schema is, for readers who must know. One row.
create table {schema}.publication as
select
    {version}::text as version,
    {as_of}::timestamp as as_of,
    {known_at}::timestamp as known_at,
    {definitions_version}::text as definitions_version,
    localtimestamp as loaded_at,
    {reader}::text as reader,
    {row_security}::boolean as row_security
