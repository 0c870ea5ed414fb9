"""Accounting identities (portal-exports §6): nothing that was sent may disappear on the way. Any one that fails
stops publication.

Looks at the lake, at `validated` and at the marts after dbt; changes nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from expectations.schema import TABLES
from pipelines.config import Settings
from pipelines.landing.lake import Lake
from warehouse.build import BuildPlan
from warehouse.database import connect, connect_build, number
from warehouse.publish import current

#: A new version with fewer dossiers than this share of the published one is not believed without --force.
SMALLEST_SHARE = 0.9
_NAMED = 5


@dataclass(frozen=True)
class Identity:
    """One thing that must add up. `expected` and `found` are rows, files or dossiers, as the message says. `where`: the
    files (or marts) in which it does not, with their own figures.
    """

    name: str
    ok: bool
    expected: int
    found: int
    message_vi: str
    message_en: str
    where: tuple[str, ...] = ()

    def message(self, lang: str) -> str:
        """The message in `lang`, with the figures."""
        text = self.message_vi if lang == "vi" else self.message_en
        if self.ok:
            return f"{text}: {self.found}"
        more = f" … ({len(self.where)})" if len(self.where) > _NAMED else ""
        named = f" ({', '.join(self.where[:_NAMED])}{more})" if self.where else ""
        return f"{text}: {self.found} ≠ {self.expected}{named}"


def identities(settings: Settings) -> list[Identity]:
    """Every identity of portal-exports §6 on the build as dbt left it. The caller holds the lock; the build file is
    closed."""
    with connect_build(settings) as con:
        return [
            *_lake(con, settings),
            _files(con),
            *_rows(con),
            *_history(con),
            *_ledger(con),
        ]


def replacement_guard(settings: Settings, plan: BuildPlan) -> Identity:
    """The new marts must not hold far fewer dossiers than the published ones.

    Only for a pair that can be compared: no known_at in either, as_of not earlier than the published one.
    """
    vi = "Số hồ sơ của bản mới so với bản đang công bố (ít nhất 90 %; `--force` để vẫn công bố)"
    en = "Dossiers of the new version against the published one (at least 90 %; `--force` publishes all the same)"
    with connect_build(settings) as con:
        # fct_dossiers is these rows; to count it would look for each in the catalogues
        found = number(con, "select count(*) from intermediate.int_dossier_facts")
    published = current(settings)
    comparable = (
        published is not None
        and plan.known_at is None
        and published.manifest["known_at"] is None
        and plan.as_of.isoformat() >= published.manifest["as_of"]
    )
    before = int(published.manifest["marts"]["fct_dossiers"]["rows"]) if published and comparable else 0
    return Identity("replacement", found >= SMALLEST_SHARE * before, before, found, vi, en)


def kept_files(settings: Settings) -> Identity:
    """Every file that readers see in the published ledger is still known: what the lake has lost must not go from the
    figures in silence. Holds when nothing is published, or that cannot be read.
    """
    vi = "Tệp của bản đang công bố còn trong kho (đặt lại tệp vào thư mục nhận; `--force` để vẫn công bố)"
    en = "Files of the published version still in the lake (put them back in the drop zone; `--force` publishes anyway)"
    published = current(settings)
    before: list[tuple[str, str, str, str]] = []
    if published is not None:
        with contextlib.suppress(duckdb.Error), connect(settings, published.database, read_only=True) as con:
            before = con.execute(
                "select source, kind, load_id, file_path from marts.mart_load_ledger where status = 'loaded'"
            ).fetchall()
    with connect_build(settings) as con:
        now = set(
            con.execute("select source, kind, load_id from validated.files where status <> 'duplicate'").fetchall()
        )
    gone = tuple(sorted(row[3] for row in before if row[:3] not in now))
    return Identity("published_files_kept", not gone, len(before), len(before) - len(gone), vi, en, gone)


def _lake(con: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[Identity]:
    """Every file seen is in the ledger; every row of the lake was validated."""
    lake = Lake(settings)
    observations = (
        f"(select distinct source, kind, file_path, coalesce(file_sha256, '') as sha from {lake.rows('files')})"
    )
    seen = number(con, f"select count(*) from {observations}")
    missing = con.execute(
        f"""select file_path from {observations} anti join (
            select source, kind, file_path, coalesce(file_sha256, '') as sha from validated.files
        ) using (source, kind, file_path, sha) order by 1"""
    ).fetchall()
    yield Identity(
        "every_file_in_ledger",
        not missing,
        seen,
        seen - len(missing),
        "Tệp đã thấy có trong sổ nạp",
        "Files seen that are in the ledger",
        tuple(path for (path,) in missing),
    )
    for kind, table in TABLES.items():
        landed = number(con, f"select count(*) from {lake.rows(table)}")
        validated = number(
            con,
            f"select coalesce(sum(rows_read), 0) from validated.files where kind = '{kind}' and status <> 'duplicate'",
        )
        yield Identity(
            f"lake_{kind}",
            landed == validated,
            landed,
            validated,
            f"Dòng {kind} trong kho đã được kiểm tra",
            f"Rows of {kind} in the lake that were validated",
            _differ(con, kind, "rows_read", lake.rows(table)) if landed != validated else (),
        )


def _differ(con: duckdb.DuckDBPyConnection, kind: str, promised: str, rows: str) -> tuple[str, ...]:
    """Files of a kind whose figure `promised` in the ledger is not the number of their rows: "path: rows ≠ figure"."""
    found = con.execute(
        f"""select file_path, coalesce(counted.n, 0), coalesce({promised}, 0)
        from validated.files
        left join (
            select source, file_sha256, count(*) as n from {rows} group by all
        ) as counted using (source, file_sha256)
        where kind = $1 and status <> 'duplicate' and coalesce(counted.n, 0) <> coalesce({promised}, 0)
        order by file_path""",
        [kind],
    ).fetchall()
    return tuple(f"{path}: {there} ≠ {figure}" for path, there, figure in found)


def _files(con: duckdb.DuckDBPyConnection) -> Identity:
    """rows_read = rows_accepted + rows_quarantined, file by file."""
    wrong = con.execute(
        """select file_path, coalesce(rows_read, 0), coalesce(rows_accepted, 0), coalesce(rows_quarantined, 0)
        from validated.files
        where coalesce(rows_read, 0) <> coalesce(rows_accepted, 0) + coalesce(rows_quarantined, 0)
        order by file_path"""
    ).fetchall()
    total = number(con, "select count(*) from validated.files")
    return Identity(
        "rows_of_files",
        not wrong,
        total,
        total - len(wrong),
        "Tệp có số dòng đọc = nhận + cách ly",
        "Files whose rows read = accepted + quarantined",
        tuple(f"{path}: {read} ≠ {accepted} + {quarantined}" for path, read, accepted, quarantined in wrong),
    )


def _rows(con: duckdb.DuckDBPyConnection) -> Iterator[Identity]:
    """The ledger's figures are the rows that are really there."""
    present = {
        str(name)
        for (name,) in con.execute("select table_name from duckdb_tables() where schema_name = 'validated'").fetchall()
    }
    for kind, table in TABLES.items():
        if table not in present:
            continue
        promised = number(con, f"select coalesce(sum(rows_accepted), 0) from validated.files where kind = '{kind}'")
        found = number(con, f"select count(*) from validated.{table}")
        yield Identity(
            f"accepted_{kind}",
            promised == found,
            promised,
            found,
            f"Dòng {kind} được nhận theo sổ nạp",
            f"Rows of {kind} accepted according to the ledger",
            _differ(con, kind, "rows_accepted", f"validated.{table}") if promised != found else (),
        )
    promised = number(con, "select coalesce(sum(rows_quarantined), 0) from validated.files")
    found = number(con, "select count(*) from validated.quarantine")
    differ = (
        path
        for kind in (TABLES if promised != found else ())
        for path in _differ(con, kind, "rows_quarantined", f"(from validated.quarantine where kind = '{kind}')")
    )
    yield Identity(
        "quarantined",
        promised == found,
        promised,
        found,
        "Dòng bị cách ly theo sổ nạp",
        "Rows quarantined according to the ledger",
        tuple(differ),
    )


def _history(con: duckdb.DuckDBPyConnection) -> Iterator[Identity]:
    """Per source: all accepted rows = versions + unchanged + superseded (timeliness §1)."""
    rows = con.execute(
        """select source, coalesce(accepted.rows, 0), coalesce(history.rows, 0)
        from (select source, count(*) as rows from validated.dossiers group by source) as accepted
        full join (
            select source, sum(versions + unchanged + superseded) as rows
            from intermediate.int_history_accounting group by source
        ) as history using (source)
        order by source"""
    ).fetchall()
    for source, accepted, in_history in rows:
        yield Identity(
            f"history_{source}",
            accepted == in_history,
            int(accepted),
            int(in_history),
            f"Nguồn {source}: dòng nhận = phiên bản + không đổi + bị thay thế",
            f"Source {source}: rows accepted = versions + unchanged + superseded",
        )


def _ledger(con: duckdb.DuckDBPyConnection) -> Iterator[Identity]:
    """The published ledger holds every file that `validated` holds, the quarantine the rows up to known_at."""
    # Of the clock: a quarantine without rows up to known_at does not tell known_at.
    known = "exported_at <= coalesce((select max(known_at) from state.clock), exported_at)"
    for mart, origin, which, what_vi, what_en in (
        ("mart_load_ledger", "files", "true", "Tệp trong sổ nạp công bố", "Files in the published ledger"),
        ("mart_quarantine", "quarantine", known, "Dòng cách ly công bố", "Quarantined rows published"),
    ):
        expected = number(con, f"select count(*) from validated.{origin} where {which}")
        found = number(con, f"select count(*) from marts.{mart}")
        yield Identity(f"published_{origin}", expected == found, expected, found, what_vi, what_en)
