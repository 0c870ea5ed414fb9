-- One at a time loads into a schema; the lock goes with the session, however that ends.
select pg_advisory_lock(hashtext('dunghan'), hashtext({name}))
