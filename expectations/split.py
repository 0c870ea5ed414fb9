"""The split of validated rows: what is accepted and what is quarantined, written into the tables of schema `validated`.

The validation splits what is new, in the build file; `dunghan explain` splits the few rows of one dossier, in memory.
"""

from __future__ import annotations

import json

import duckdb

from expectations.catalogue import Kind
from expectations.schema import TABLES, VALIDATED
from pipelines.contract import KINDS
from pipelines.contract.model import schema
from pipelines.portal.sql import load_macros


def parts_of(files: str) -> str:
    """SQL query: name and number before it of every part of files (source, kind, file_sha256, parts)."""
    return f"""
        select source, kind, file_sha256, last(part.name order by position) as name, part.before as before
        from (
            select *, unnest(listed) as part, generate_subscripts(listed, 1) as position
            from (
                select *, from_json(parts, '[{{"name": "VARCHAR", "before": "BIGINT"}}]') as listed
                from {files}
                where parts is not null
            )
        )
        group by all -- a part without rows begins where the next one does"""


class Split:
    """Writes from temporary tables of one connection, whoever made them:

    batch_<kind> (columns of the lake, file_name, file_path, exported_at, reasons, warnings), verdicts (kind, source,
    file_sha256, reason: null when the file was loaded) and parts (see `parts_of`).
    """

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        load_macros(con)

    def accept(self, kind: Kind, seq: int) -> None:
        """Rows without a reason of files that were loaded, and the entries of their lists."""
        accepted = f"select b.* from {_batch(kind)} where v.reason is null and len(b.reasons) = 0"
        self.insert(TABLES[kind], accepted, seq)
        for column, entries in KINDS[kind].lists:
            entry = json.dumps([schema(entries.fields)])
            self.insert(
                entries.table,
                f"""
                select * exclude (entries, entry), entry.*
                from (
                    select *, unnest(entries) as entry, generate_subscripts(entries, 1) as position
                    from (
                        select *, from_json({column}, '{entry}') as entries
                        from ({accepted})
                        where {column} is not null and {column} <> '[]'
                    )
                )
                """,
                seq,
            )

    def quarantine(self, kind: Kind, seq: int) -> None:
        """Every row of a rejected file, and every rejected row of the others: the file's reason first, then its own."""
        code = KINDS[kind].code or "null::varchar"
        field = KINDS[kind].field(code)
        name = field.portal if field else ""
        # Codes of the two known forms may be shown; whatever else stands in their place may be personal data.
        shown = f"case when dossier_form({code}) <> 'other' then {code} else mask({code}) end"
        # The code was read, so it is not among the bad values; it is offending all the same when it is of no use.
        offending = f"""
            case when {code} is not null and list_has_any(b.reasons, ['REJ_NO_CODE', 'REJ_CODE_TOO_LONG'])
                then cast(json_merge_patch(coalesce(b.bad_values, '{{}}'), json_object('{name}', {shown})) as varchar)
                else b.bad_values
            end"""
        self.insert(
            "quarantine",
            f"""
            select
                b.source, '{kind}' as kind, b.file_name, b.file_path, b.exported_at, b.file_sha256,
                p.name as part, b.row_number - coalesce(p.before, 0) as row_number,
                case when v.reason is null then b.reasons else list_prepend(v.reason, b.reasons) end as reasons,
                {offending} as offending,
                {"b.agency_code" if kind == "dossiers" else "null::varchar"} as agency_code,
                {shown if code == "dossier_code" else "null::varchar"} as dossier_code,
            from {_batch(kind)}
            asof left join parts as p
                on p.kind = '{kind}' and p.source = b.source and p.file_sha256 = b.file_sha256
                and p.before < b.row_number
            where v.reason is not null or len(b.reasons) > 0
            """,
            seq,
        )

    def insert(self, table: str, query: str, seq: int) -> None:
        """Insert by name: columns of `query` that the table lacks are left out, columns that it lacks are null."""
        self.con.execute(f"create or replace temp view incoming as {query}")
        have = {row[0] for row in self.con.execute("select column_name from (describe incoming)").fetchall()}
        columns = ", ".join(column for column in VALIDATED[table] if column in have)
        self.con.execute(
            f"insert into validated.{table} ({columns}, validation_seq) select {columns}, {seq} from incoming"
        )


def _batch(kind: Kind) -> str:
    return (
        f"batch_{kind} as b join verdicts as v "
        f"on v.kind = '{kind}' and v.source = b.source and v.file_sha256 = b.file_sha256"
    )
