-- The schemas of a target, with what is said about them.
select nspname::text, oid::int8, coalesce(obj_description(oid, 'pg_namespace'), '') from pg_namespace
where nspname in ({current}, {next}, {old}) or starts_with(nspname::text, {gone})
