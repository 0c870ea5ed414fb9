"""VALIDATE: landed rows become accepted or quarantined rows and a ledger of files (schema `validated` of the build
file).

Only files that are new, or whose canonical observation changed, are validated; what a validation writes appears in one
transaction or not at all. Great Expectations looks at the batch before it is split; when it counts otherwise than the
split, nothing is written.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from expectations import predicates
from expectations.attention import of_files, write_attention
from expectations.catalogue import SHIFTED, Catalogue, Kind, load_catalogue
from expectations.marking import mark
from expectations.results import CheckResult, ValidationResult, ValidationRunError
from expectations.schema import ROW_TABLES, TABLES, VALIDATED, create_tables
from expectations.split import Split, parts_of
from pipelines.config import Settings
from pipelines.contract import KINDS
from pipelines.landing.checksums import verified
from pipelines.landing.lake import Lake
from pipelines.sql import rows_of
from warehouse.database import connect_build
from warehouse.publish import current

__all__ = ["ValidationResult", "ValidationRunError", "validate"]

from pipelines.progress import Progress


def validate(
    settings: Settings, *, rebuild: bool = False, told: int | None = None, progress: Progress | None = None
) -> ValidationResult:
    """Validate what the lake holds and `validated` does not (portal-exports §6). `rebuild`: validate every file again.

    told: the last validation that people were told of; the result is about all after it, this one included. None: about
    this one only.

    Opens and closes the build file; the caller holds the lock of the run. Everything is validated again, too, when the
    rules or the share of REJ_FILE_MOSTLY_BAD changed since the last validation. Raises ValidationRunError,
    duckdb.Error.
    """
    con = connect_build(settings)
    try:
        return _Validation(con, settings, load_catalogue(), progress or (lambda _: None)).run(rebuild, told)
    finally:
        con.close()


def is_validated(settings: Settings) -> bool:
    """Whether `validate` would find nothing to do. The caller holds the lock of the run. Raises as it does."""
    con = connect_build(settings)
    try:
        return not _Validation(con, settings, load_catalogue(), lambda _: None).find_work(rebuild=False)[2]
    finally:
        con.close()


class _Validation:
    """One validation on one connection, in temporary tables until `_write`:

    observations (of files, in the lake), ledger (validated.files before), changed (identities whose observations
    differ), stale (ledger rows that no longer hold), to_validate (files), those of `mark` for their rows,
    statistics_<kind> (their files), verdicts (one per file to validate).
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, settings: Settings, catalogue: Catalogue, say: Progress) -> None:
        self.con = con
        self.settings = settings
        self.catalogue = catalogue
        self.say = say
        self.lake = Lake(settings)
        self.split = Split(con)
        con.execute(f"set variable mostly_bad_share = {settings.mostly_bad_share}")

    def find_work(self, rebuild: bool) -> tuple[int, bool, bool, str]:
        """Number of the last validation, whether every file must be validated again, whether there is anything to
        validate, and the fingerprint that decided it."""
        create_tables(self.con)
        fingerprint = _fingerprint(self.catalogue, self.settings)
        last = self._query(
            "select validation_seq, fingerprint from validated.validations order by validation_seq desc limit 1"
        )
        last_seq, last_fingerprint = last[0] if last else (0, fingerprint)
        rebuild = rebuild or last_fingerprint != fingerprint
        self._find_changes(rebuild)
        if not rebuild and self._replaces_accepted():
            rebuild = True
            self._find_changes(rebuild)
        return last_seq, rebuild, rebuild or not last or self._count("changed") > 0, fingerprint

    def run(self, rebuild: bool, told: int | None) -> ValidationResult:
        """Raises ValidationRunError when a file's rows are not all in the lake."""
        last_seq, rebuild, is_new, fingerprint = self.find_work(rebuild)
        told = last_seq if told is None else told
        if not is_new:
            return self._result(last_seq, told, {}) if told < last_seq else ValidationResult(validation_seq=last_seq)

        kinds = [kind for kind in TABLES if self._count("to_validate", f"kind = '{kind}'")]
        vietnamese, count = self.settings.lang != "en", self._count("to_validate")
        self.say(f"Kiểm tra {count} tệp" if vietnamese else f"Validating {count} files")
        self._stage(kinds, rebuild)
        observed, docs_index = self._validate(kinds)

        # Above what is published, too: a build made afresh must not take up numbers that stood for other rows.
        seq = max(last_seq, told, _published_seq(self.settings)) + 1
        self.con.begin()
        try:
            self._write(kinds, seq, fingerprint, rebuild)
            result = self._result(seq, told, observed)
        except BaseException:
            self.con.rollback()
            raise
        if result.failed:
            self.con.rollback()
        else:
            self.con.commit()
            self.con.execute("checkpoint")
        return replace(result, docs_index=docs_index, rebuilt=rebuild, committed=not result.failed)

    # ---- what is to be validated
    # ---------------------------------------------------------------------------------------

    def _find_changes(self, rebuild: bool) -> None:
        """Compare the observations in the lake with the ledger. Of the observations of one content the smallest
        (exported_at, file_path) is the file (docs/decisions/0002). A file that could not be opened has no hash: its
        path stands in.
        """
        self.con.execute(f"""
            create or replace temp table observations as
            with seen as (
                select *, coalesce(file_sha256, file_path) as identity from {self.lake.rows("files")}
            ),
            content as (
                select
                    source, kind, identity, landing_id, outcome, reason, detail, format, rows_read, drift, notes,
                    parts, attention
                from {self.lake.landed()}
            )
            select
                s.source, s.kind, s.identity, s.file_sha256, s.file_name, s.file_path,
                s.exported_at, s.exported_at_from,
                row_number() over (
                    partition by s.source, s.kind, s.identity order by s.exported_at, s.file_path
                ) = 1 as canonical,
                c.landing_id, c.outcome, c.reason, c.detail, c.format, coalesce(c.rows_read, 0) as rows_read,
                c.drift, c.notes, c.parts, c.attention,
            from seen as s
            join content as c using (source, kind, identity)
        """)
        self.con.execute(f"""
            create or replace temp table ledger as
            select *, coalesce(file_sha256, file_path) as identity
            from (select {_nulls("files")} where false union all by name select * from validated.files)
            where {not rebuild}
        """)
        # With the landing: a file that was landed again, by a reader that knows more, is validated again.
        observation = "source, kind, identity, file_path, exported_at, landing_id"
        self.con.execute(f"""
            create or replace temp table changed as
            select distinct source, kind, identity from (
                (select {observation} from observations except select {observation} from ledger)
                union all
                (select {observation} from ledger except select {observation} from observations)
            )
        """)
        self.con.execute(f"""
            create or replace temp table to_validate as
            select * from observations
            where canonical
                and ({observation}) not in (select ({observation}) from ledger where status <> 'duplicate')
        """)
        self.con.execute(f"""
            create or replace temp table stale as
            select * from ledger
            where (source, kind, identity) in (select (source, kind, identity) from to_validate)
                or ({observation}) not in (select ({observation}) from observations)
        """)

    def _replaces_accepted(self) -> bool:
        """Was a file landed again of which rows were accepted? Another reading may have other dossiers in it, and what
        was built from those that are gone is only found by building everything."""
        again = self._count(
            "observations as s join stale as f using (source, kind, identity)",
            "s.canonical and f.rows_accepted > 0 and s.landing_id is distinct from f.landing_id",
        )
        return again > 0

    def _stage(self, kinds: list[Kind], everything: bool) -> None:
        """Make batch_<kind> (the rows to validate, with their reasons and warnings), statistics_<kind> and verdicts."""
        hashes = None
        if not everything:
            hashes = [
                h for (h,) in self._query("select distinct file_sha256 from to_validate where file_sha256 is not null")
            ]
        rows = {kind: self.lake.counting(TABLES[kind], hashes) for kind in kinds}
        for of_kind in rows.values():
            verified(self.settings, of_kind.paths)
        mark(self.con, self.settings, self.catalogue, rows, self.say)
        statistics = []
        for kind in kinds:
            files = predicates.file_verdicts(self.catalogue, kind, f"counts_{kind}")
            self.con.execute(f"create temp table statistics_{kind} as {files}")
            statistics.append(
                f"select '{kind}' as kind, source, file_sha256, rows, rejected, reason from statistics_{kind}"
            )
        # A file without rows has no statistics; what the reader said of it is then all there is.
        statistics.append(
            "select null::varchar as kind, null::varchar as source, null::varchar as file_sha256, 0::bigint as rows, "
            "0::bigint as rejected, null::varchar as reason where false"
        )
        self.con.execute(f"""
            create temp table verdicts as
            select
                f.* exclude (canonical, outcome, reason),
                case when f.outcome = 'unreadable' then f.reason else s.reason end as reason,
                s.reason is not null and f.outcome <> 'unreadable' as by_validation,
                s.rows as rows_landed, s.rejected as rows_rejected,
            from to_validate as f
            left join ({" union all ".join(statistics)}) as s
                on s.kind = f.kind and s.source = f.source and s.file_sha256 = f.file_sha256
        """)
        self._look_at_shifted(kinds)
        self.con.execute(f"create temp table parts as {parts_of('to_validate')}")

    def _look_at_shifted(self, kinds: list[Kind]) -> None:
        """Say in `shifted` which columns of the files rejected for that look shifted."""
        self.con.execute(
            "create temp table shifted (kind varchar, source varchar, file_sha256 varchar, detail varchar)"
        )
        for kind in kinds:
            files = f"select (source, file_sha256) from verdicts where kind = '{kind}' and reason = '{SHIFTED}'"
            if self._count("verdicts", f"kind = '{kind}' and reason = '{SHIFTED}'"):
                batch = f"(select * from batch_{kind} where (source, file_sha256) in ({files}))"
                looks = predicates.date_looks(kind, batch)
                detail = predicates.shifted_detail(self.catalogue, kind, f"({looks})")
                self.con.execute(f"insert into shifted select '{kind}', * exclude (fields) from ({detail})")

    def _validate(self, kinds: list[Kind]) -> tuple[dict[tuple[str, Kind], int], Path | None]:
        """What Great Expectations counts in the marks, (rule, kind) → violations, and the first page of the docs."""
        batches = {kind: f"marks_{kind}" for kind in kinds if self._count(f"statistics_{kind}")}
        if not batches:
            return {}, None
        self.say(
            "Kiểm tra bằng Great Expectations" if self.settings.lang != "en" else "Validating by Great Expectations"
        )
        from expectations.suites import validate_batches  # takes 8 s to import, so only when there is something to see

        return validate_batches(self.con, self.settings, self.catalogue, batches)

    # ---- the split --------------------------------------------------------------------------------------------------

    def _write(self, kinds: list[Kind], seq: int, fingerprint: str, rebuild: bool) -> None:
        if rebuild:
            for table in VALIDATED:
                self.con.execute(f"drop table validated.{table}")
            create_tables(self.con)
        else:
            self._forget()
        for kind in kinds:
            self.split.accept(kind, seq)
            self.split.quarantine(kind, seq)
        self._write_ledger(kinds, seq)
        write_attention(self.con, seq)
        self._write_rules(seq)
        self.split.insert(
            "validations",
            f"""
            select '{fingerprint}' as fingerprint, count(*) as files, coalesce(sum(rows_landed), 0) as rows
            from verdicts
            """,
            seq,
        )

    def _forget(self) -> None:
        """Take out stale ledger rows and the rows of the files that they stood for."""
        for (kind,) in self._query("select distinct kind from stale where status <> 'duplicate'"):
            files = f"select (source, file_sha256) from stale where kind = '{kind}' and status <> 'duplicate'"
            for table in ROW_TABLES[kind]:
                self.con.execute(f"delete from validated.{table} where (source, file_sha256) in ({files})")
            self.con.execute(
                f"delete from validated.quarantine where kind = '{kind}' and (source, file_sha256) in ({files})"
            )
        self.con.execute("""
            delete from validated.files
            where (source, kind, coalesce(file_sha256, file_path), file_path, exported_at) in (
                select (source, kind, identity, file_path, exported_at) from stale
            )
        """)

    def _write_ledger(self, kinds: list[Kind], seq: int) -> None:
        """One row per new observation. Rows are counted where they were written, not where they came from."""
        counted = " union all ".join(
            f"select '{kind}' as kind, source, file_sha256, count(*) as rows from validated.{TABLES[kind]} "
            f"where validation_seq = {seq} group by all"
            for kind in kinds
        )
        none = (
            "select null::varchar as kind, null::varchar as source, null::varchar as file_sha256, 0 as rows where false"
        )
        self.split.insert(
            "files",
            f"""
            select
                v.* exclude (detail),
                case when v.reason is null then 'loaded' else 'rejected' end as status,
                case
                    when v.by_validation then concat(v.rows_rejected, ' / ', v.rows_landed, '; ' || h.detail)
                    else v.detail
                end as detail,
                coalesce(a.rows, 0) as rows_accepted,
                coalesce(q.rows, 0) as rows_quarantined,
                left(v.file_sha256, 16) as load_id,
            from verdicts as v
            left join ({counted or none}) as a using (source, kind, file_sha256)
            left join (
                select source, kind, file_sha256, count(*) as rows
                from validated.quarantine
                where validation_seq = {seq}
                group by all
            ) as q using (source, kind, file_sha256)
            left join shifted as h using (source, kind, file_sha256)
            """,
            seq,
        )
        self.split.insert(
            "files",
            """
            select
                s.* exclude (rows_read, reason, detail, drift, notes, parts, attention),
                'duplicate' as status, 0 as rows_read, 0 as rows_accepted, 0 as rows_quarantined,
                left(s.file_sha256, 16) as load_id,
            from observations as s
            where not s.canonical and (s.source, s.kind, s.identity, s.file_path, s.exported_at) not in (
                select (source, kind, coalesce(file_sha256, file_path), file_path, exported_at) from validated.files
            )
            """,
            seq,
        )

    def _write_rules(self, seq: int) -> None:
        """validated.rules says what rules.yml says; its rows keep their validation_seq while they stay the same."""
        rows = [rule.model_dump(exclude={"predicate"}) | {"rule_id": rule.id} for rule in self.catalogue.rules]
        columns = [column for column in VALIDATED["rules"] if column != "validation_seq"]
        types = {column: VALIDATED["rules"][column] for column in columns}
        self.con.execute(
            "create temp table rules as select unnest(from_json($1, $2), recursive := true)",
            [json.dumps([{c: row[c] for c in columns} for row in rows]), json.dumps([types])],
        )
        listed = ", ".join(columns)
        self.con.execute(f"delete from validated.rules where ({listed}) not in (select ({listed}) from rules)")
        self.split.insert(
            "rules", f"select * from rules where ({listed}) not in (select ({listed}) from validated.rules)", seq
        )

    # ---- what came of it --------------------------------------------------------------------------------------------

    def _result(self, seq: int, told: int, observed: dict[tuple[str, Kind], int]) -> ValidationResult:
        """observed: what Great Expectations counted in validation `seq`. Everything else is of those after `told`."""
        attention = of_files(self.con)
        in_order = "order by source, kind, exported_at, file_path"
        files = rows_of(self.con.execute(f"select * from validated.files where validation_seq > $1 {in_order}", [told]))
        for file in files:
            file["attention"] = attention.get((file["source"], file["kind"], file["file_path"]), [])
        split = self._split_counts(seq - 1)
        checks = [_accounting(files)]
        for (rule_id, kind), unexpected in observed.items():
            rule = self.catalogue.rule(rule_id)
            expected = split.get((rule_id, kind), 0)
            checks.append(
                CheckResult(
                    rule_id=rule_id,
                    kind=kind,
                    success=unexpected == expected,
                    unexpected=unexpected,
                    expected=expected,
                    severity=rule.severity,
                    description_vi=rule.message_vi,
                    description_en=rule.message_en,
                )
            )
        totals: dict[str, int] = {}
        for (rule_id, _), count in self._split_counts(told).items():
            totals[rule_id] = totals.get(rule_id, 0) + count
        return ValidationResult(
            validation_seq=seq,
            files=files,
            rows_read=sum(file["rows_read"] for file in files),
            rows_accepted=sum(file["rows_accepted"] for file in files),
            rows_quarantined=sum(file["rows_quarantined"] for file in files),
            reasons={rule_id: n for rule_id, n in sorted(totals.items()) if rule_id.startswith("REJ_")},
            warnings={rule_id: n for rule_id, n in sorted(totals.items()) if rule_id.startswith("WRN_")},
            checks=checks,
        )

    def _split_counts(self, after: int) -> dict[tuple[str, Kind], int]:
        """(rule, kind) → rows in the tables that validations after this one wrote; for rules on files, files."""
        rows = self._query(f"""
            select reason as rule_id, kind, count(*) from validated.files
            where validation_seq > {after} and reason is not null group by all
            union all
            select rule_id, kind, count(*)
            from (select kind, unnest(reasons) as rule_id from validated.quarantine where validation_seq > {after})
            where rule_id not like 'REJ\\_FILE\\_%' escape '\\' group by all
            union all
            select rule_id, 'dossiers', count(*)
            from (select unnest(warnings) as rule_id from validated.dossiers where validation_seq > {after})
            group by all
        """)
        return {(rule_id, kind): count for rule_id, kind, count in rows}

    # ---- SQL --------------------------------------------------------------------------------------------------------

    def _query(self, sql: str) -> list[tuple[Any, ...]]:
        return self.con.execute(sql).fetchall()

    def _count(self, table: str, where: str = "true") -> int:
        return int(self._query(f"select count(*) from {table} where {where}")[0][0])


def _nulls(table: str) -> str:
    """Select list of typed nulls with the columns of a table: a table made by an older version has fewer."""
    return ", ".join(f"null::{type_} as {name}" for name, type_ in VALIDATED[table].items())


def _accounting(files: list[dict[str, Any]]) -> CheckResult:
    """portal-exports §6: rows_read = rows_accepted + rows_quarantined, for every file."""
    wrong = [f for f in files if f["rows_read"] != f["rows_accepted"] + f["rows_quarantined"]]
    names = ", ".join(
        f"{f['file_path']} ({f['rows_read']} ≠ {f['rows_accepted']} + {f['rows_quarantined']})" for f in wrong[:5]
    )
    return CheckResult(
        rule_id="ACCOUNTING_FILES",
        kind="files",
        success=not wrong,
        unexpected=len(wrong),
        expected=0,
        severity="error",
        description_vi=f"Số dòng đọc = số dòng nhận + số dòng cách ly, ở từng tệp. {names}".strip(),
        description_en=f"Rows read = rows accepted + rows quarantined, for every file. {names}".strip(),
    )


def _published_seq(settings: Settings) -> int:
    published = current(settings)
    return published.validation_seq if published else 0


def _fingerprint(catalogue: Catalogue, settings: Settings) -> str:
    """What a validation depends on besides the lake. Texts may change without validation again."""
    rules = [(rule.id, rule.kinds, rule.predicate) for rule in catalogue.rules if rule.evaluated_in == "validation"]
    dates = {kind.name: kind.date_fields for kind in KINDS.values()}
    basis = json.dumps([rules, dates, settings.mostly_bad_share, VALIDATED], sort_keys=True)
    return hashlib.sha256(basis.encode()).hexdigest()[:16]
