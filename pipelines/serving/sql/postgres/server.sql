-- What this server is: version as a number (150018), encoding of the database.
select current_setting('server_version_num')::int, current_setting('server_encoding')
