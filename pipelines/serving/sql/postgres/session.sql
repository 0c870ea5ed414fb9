-- This session waits for DuckDB's while that copies, and drops schemas with many tables in silence.
set idle_session_timeout = 0;
set client_min_messages = error;
set maintenance_work_mem = '256MB'
