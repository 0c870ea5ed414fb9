"""The published version in PostgreSQL, for tools that ask a server (decision 0023).

    <schema>               what readers see: every mart, and `publication` (one row: which version this is)
    <schema>_old           the version before
    <schema>_next          a load under way; what a killed one left is removed by the next
    <schema>_gone_<oid>    on its way out: still read by somebody when it was to be dropped
    <schema>_access        who may see which agencies; only with row-level security, kept by the administrator

`target` knows the server and keeps the password; `tables` says what the tables are; `load` moves a version there.
"""

from pipelines.serving.postgres.load import Loaded, load
from pipelines.serving.postgres.target import PostgresError, Target

__all__ = ["Loaded", "PostgresError", "Target", "load"]
