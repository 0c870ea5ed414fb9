"""The lake: the schemas of its tables, and which of its rows count.

A load that was killed leaves Parquet files without an entry in `_dlt_loads`: such files are never read. A file that
was landed twice (killed after the commit, before anybody knew; read again by readers that know more) has two landings:
only the largest `landing_id` of a (source, kind, file_sha256) counts. So landing is idempotent whatever happened, and
no row in the lake is ever changed. Rows may move: compaction puts those of many loads into one file (`_merged.json`
lists what it made and the loads that are in it), and what they were in is deleted when nobody is `reading`.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.config import Settings
from pipelines.contract.kinds import FILES, IDENTITY, KINDS, ROW
from pipelines.contract.model import Field, schema
from pipelines.files import sync, write_whole
from pipelines.portal.discovery import Known, Unopened
from pipelines.portal.readers import READER_VERSION
from pipelines.sql import literal, open_duckdb
from warehouse.format import require_known_format

DATASET = "raw"
PIPELINE = "dunghan"
LEDGER = "files"
LOADS = "_dlt_loads"
MANIFEST = "_merged.json"
#: The same once more, written before it: what is read when the other is damaged or gone.
MANIFEST_COPY = "_merged.copy.json"
#: What lay in damaged files (pipelines.landing.checksums).
LOST = "_lost.json"
#: Stands for a dlt load where rows lie in files that compaction made.
MERGED = "merged"

#: Formats with headings, in what the readers say of a file (also of a member of an archive).
_TABLES = r"\b(csv|xls\w?|ods|html|xml)\b"

#: What readers of every version have said in a note of a part that they did not read.
_PASSED_OVER = "passed over"

#: Every table of the lake: its columns, in the order they are stored (docs/reference/lake.md).
TABLES: dict[str, tuple[Field, ...]] = {
    LEDGER: FILES,
    **{kind.table: (*IDENTITY, *ROW, *kind.columns) for kind in KINDS.values()},
}
#: The same as column → DuckDB type.
SCHEMAS: dict[str, dict[str, str]] = {table: schema(fields) for table, fields in TABLES.items()}

_ARROW = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
}


def arrow_schema(table: str) -> pa.Schema:
    """Arrow schema of a lake table; every column may be null. Raises KeyError for a table the lake does not have."""
    return pa.schema([(column, _ARROW[kind]) for column, kind in SCHEMAS[table].items()])


def reader_fingerprint(settings: Settings, source: str) -> str:
    """What decides how a file of `source` is read besides its content: readers, headings, words."""
    added = json.dumps(dict(settings.synonyms(source)), sort_keys=True)
    if words := settings.meanings(source):
        added += json.dumps(words, sort_keys=True)
    return f"{READER_VERSION}-{hashlib.sha256(added.encode()).hexdigest()[:12]}"


def remember_readers(settings: Settings, sources: Collection[str]) -> None:
    """Note that all that these readers may read better was looked at: refused rows are not searched for again."""
    known = _remembered(settings) | {source: reader_fingerprint(settings, source) for source in sources}
    write_whole(settings.layout.readers, json.dumps(known, sort_keys=True))


def _remembered(settings: Settings) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(settings.layout.readers.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


@dataclass(frozen=True)
class Landing:
    """One completed attempt to land one file. `load_id`: the dlt load that holds its rows, or MERGED."""

    landing_id: str
    source: str
    kind: str
    file_sha256: str
    outcome: str
    load_id: str


class LakeError(Exception):
    """Nobody can tell which files of the lake count. The message says why and what to do."""


@dataclass(frozen=True)
class Merged:
    """What compaction made of loads: `_merged.json`, replaced as a whole by one rename.

    files: table → names of its merged files, all of which count. loads: dlt loads whose rows are in them; what is left
    of those loads on disk no longer counts.
    """

    files: dict[str, list[str]] = field(default_factory=dict)
    loads: frozenset[str] = frozenset()


def read_merged(root: Path) -> Merged:
    """The list of merged files of the lake in folder `root`; empty before the first compaction.

    Its copy stands in for one that is damaged or gone. Raises LakeError when that is, too, although there are merged
    files: rows would silently be missing.
    """
    for name in (MANIFEST, MANIFEST_COPY):
        try:
            stored = json.loads((root / name).read_text(encoding="utf-8"))
            return Merged(dict(stored["files"]), frozenset(stored["loads"]))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            continue
    if not any(root.glob(f"*/{MERGED}-*.parquet")):
        return Merged()
    raise LakeError(
        f"{root / MANIFEST}: bị hỏng hoặc đã mất, {MANIFEST_COPY} cũng vậy. Đây là danh sách các tệp đã gộp của kho; "
        "hãy khôi phục một trong hai từ bản sao lưu rồi `dunghan run`, không xóa (docs/runbooks/vi/damaged-lake.md).\n"
        f"{root / MANIFEST}: damaged or gone, {MANIFEST_COPY} too. It lists the merged files of the lake; restore one "
        "of them from a backup, then `dunghan run`, and delete nothing (docs/runbooks/damaged-lake.md)."
    )


def save_merged(root: Path, merged: Merged) -> None:
    """From here on these merged files count. One rename, on disk when this returns; the copy is written first, for what
    it says holds from the moment the merged files are on disk."""
    text = json.dumps({"files": merged.files, "loads": sorted(merged.loads)}, indent=1) + "\n"
    for name in (MANIFEST_COPY, MANIFEST):
        new = root / f"{name}.new"
        new.write_text(text, encoding="utf-8")
        sync(new)
        new.rename(root / name)
    sync(root)


def lost(root: Path) -> dict[str, str]:
    """landing_id → file_path of what lay in damaged files and is to be read again from its export."""
    try:
        found: dict[str, str] = json.loads((root / LOST).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found


@dataclass(frozen=True)
class Files:
    """One look at the disk: which Parquet files count. `loads`: completed dlt loads that were not merged, in order."""

    root: Path
    merged: Merged
    loads: tuple[str, ...]

    def paths(self, table: str, loads: Collection[str] | None = None) -> list[Path]:
        """Files of `table` (of `loads` only, if given; MERGED: those that compaction made), merged first."""
        folder = self.root / table
        merged = [folder / name for name in self.merged.files.get(table, ())]
        wanted = set(self.loads) if loads is None else set(self.loads) & set(loads)
        landed = sorted(path for path in folder.glob("*.parquet") if load_id(path) in wanted)
        return [*(merged if loads is None or MERGED in loads else ()), *landed]


def look(root: Path) -> Files:
    """Which files of the lake in folder `root` count now."""
    # The loads first: one that is merged in between is in both, and the list of merged ones takes it out again.
    completed = _completed(root / LOADS)
    merged = read_merged(root)
    return Files(root, merged, tuple(load for load in completed if load not in merged.loads))


def _completed(folder: Path) -> list[str]:
    found = set()
    for entry in folder.glob("*.jsonl"):
        # Compaction deletes the entries of loads that it has merged.
        with contextlib.suppress(FileNotFoundError):
            for line in entry.read_text(encoding="utf-8", errors="replace").splitlines():
                # A line that cannot be read completes nothing; what it stood for is read again from the exports.
                with contextlib.suppress(ValueError, KeyError, AttributeError):
                    load = json.loads(line) if line.strip() else {}
                    if load.get("status") == 0:
                        found.add(str(load["load_id"]))
    return sorted(found)


@contextlib.contextmanager
def reading(settings: Settings) -> Iterator[None]:
    """Files of the lake that are there now stay there while the block runs, also when compaction has merged them.

    For readers that do not hold the run lock. A reader who may not write in `state/` reads without this promise.
    Raises NewerWarehouseError when this release does not know how to read the lake.
    """
    require_known_format(settings.layout)
    try:
        descriptor = os.open(settings.layout.lake_lock, os.O_RDONLY | os.O_CREAT, 0o644)
    except OSError:
        yield
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


@dataclass(frozen=True)
class Counting:
    """Where the rows of a table are that count: in these Parquet files, of these landings."""

    table: str
    paths: tuple[Path, ...]
    landings: tuple[str, ...]

    def sql(self, paths: Collection[Path] | None = None) -> str:
        """SQL text for FROM: the rows; of some of the files only, if given. Those of all files are all rows."""
        ids = ", ".join(map(literal, self.landings)) or "null"
        rows = read(self.table, self.paths if paths is None else paths)
        return f"(select {', '.join(SCHEMAS[self.table])} from {rows} where landing_id in ({ids}))"


class Lake:
    """Read access to the lake of one warehouse, within `settings.scope`. Looks at the disk at every call, so that it is
    never stale."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._root = settings.layout.lake / DATASET
        scope = settings.scope
        #: Conditions on the ledger: is the observation within what counts (see Scope)?
        self._exported = f"exported_at <= '{scope.exported_until}'" if scope.exported_until else "true"
        self._seen = f"seen_at <= '{scope.seen_until}'" if scope.seen_until else "true"

    def relation(self, table: str, loads: Collection[str] | None = None) -> str:
        """SQL text for FROM: every row of completed loads, typed as in SCHEMAS; empty but typed when there is none.

        May hold the same file more than once, see `rows`. `loads` limits the Parquet files that are opened.
        """
        return f"(select {', '.join(SCHEMAS[table])} from {read(table, look(self._root).paths(table, loads))})"

    def landings(self, hashes: Collection[str] | None = None) -> list[Landing]:
        """The landing that counts of each (source, kind, file_sha256): the largest landing_id; for `hashes` only."""
        with reading(self._settings):
            return self._landings(look(self._root), hashes)

    def _landings(self, now: Files, hashes: Collection[str] | None) -> list[Landing]:
        paths = now.paths(LEDGER)
        if not paths:
            return []
        files = ", ".join(literal(str(path)) for path in paths)
        query = f"""
            with seen as (
                select * from read_parquet([{files}], filename = true, union_by_name = true)
                where file_sha256 is not null and {self._seen}
            )
            select landing_id, source, kind, file_sha256, outcome, filename
            from seen
            where
                outcome in ('read', 'unreadable')
                and (source, kind, file_sha256) in (
                    select (source, kind, file_sha256) from seen where {self._exported}
                )
            qualify row_number() over (partition by source, kind, file_sha256 order by landing_id desc) = 1
            order by landing_id
        """
        with open_duckdb() as con:
            found: list[tuple[str, ...]] = con.execute(query).fetchall()
        wanted = None if hashes is None else set(hashes)
        return [
            Landing(landing_id, source, kind, sha256, outcome, load_id(Path(path)))
            for landing_id, source, kind, sha256, outcome, path in found
            if wanted is None or sha256 in wanted
        ]

    def seen_last(self) -> dict[str, str]:
        """Source → when a content that was new then was seen last (local wall clock, ISO)."""
        with open_duckdb() as con, reading(self._settings):
            rows = con.execute(
                f"""
                select source, max(first_seen) from (
                    select source, min(seen_at) as first_seen
                    from {self.relation(LEDGER)} where file_sha256 is not null
                    group by source, kind, file_sha256
                ) group by source order by source
                """
            ).fetchall()
        return {source: seen.isoformat(timespec="seconds") for source, seen in rows}

    def known(self) -> Known:
        """What discovery need not look at again: observations with a hash, contents that were landed, and complaints
        about places that could not be hashed. What is to be read again is left out (see `_read_again`)."""
        with open_duckdb() as con:
            with reading(self._settings):
                con.execute(f"create table seen as select * from {self.relation(LEDGER)}")
            again = self._read_again(con)
            found = con.execute(
                "select file_path, file_size, file_mtime, source, kind, file_sha256, outcome"
                " from seen where file_sha256 is not null"
            ).fetchall()
            unopened = con.execute("""
                select file_path, detail, reader, source, kind, file_size, file_mtime, exported_at, exported_at_from
                from seen
                qualify file_sha256 is null and outcome <> 'gone'
                    and landing_id = max(landing_id) over (partition by file_path)
            """).fetchall()
        found = [row for row in found if row[3:6] not in again]
        return Known(
            observations=frozenset((path, size, mtime) for path, size, mtime, *_ in found),
            contents=frozenset(
                (source, kind, sha256) for *_, source, kind, sha256, outcome in found if outcome != "duplicate"
            ),
            # A file that a reader had in hand has a fingerprint of it; what is wrong with such a file is tried again.
            complaints=frozenset((path, detail) for path, detail, reader, *_ in unopened if reader is None),
            unopened={path: Unopened(*last) for path, _, _, *last in unopened},
        )

    def _read_again(self, con: duckdb.DuckDBPyConnection) -> set[tuple[str, str, str]]:
        """(source, kind, file_sha256) of the contents in table `seen` that a reader of today may read better: their
        landing has another fingerprint, and they could not be read, nothing was read of them, a part of them was passed
        over or needs a look, a table of them had headings nobody knew, or rows of them were refused (searched only
        until `remember_readers` has noted the readers of today); and those that lay in damaged files."""
        # Written out, not bound: with its first bound parameter DuckDB imports pandas, half a second of a run.
        sources: list[tuple[str]] = con.execute("select distinct source from seen").fetchall()
        remembered = _remembered(self._settings)
        con.execute("create table now (source varchar, reader varchar)")
        con.execute("create table refused (source varchar, file_sha256 varchar)")
        for (source,) in sources:
            fingerprint = reader_fingerprint(self._settings, source)
            con.execute(f"insert into now values ({literal(source)}, {literal(fingerprint)})")
            if remembered.get(source) != fingerprint:
                self._find_refused(con, source)
        lost_landings = ", ".join(map(literal, sorted(lost(self._root))))
        found: list[tuple[str, str, str]] = con.execute(
            f"""
            with counting as (
                select * from seen
                where file_sha256 is not null and outcome <> 'duplicate'
                qualify row_number() over (partition by source, kind, file_sha256 order by landing_id desc) = 1
            )
            select c.source, c.kind, c.file_sha256
            from counting as c
            join now as n on n.source = c.source and c.reader is distinct from n.reader
            where c.outcome = 'unreadable' or c.rows_read = 0 or c.attention is not null
                or contains(c.notes, {literal(_PASSED_OVER)})
                or (c.drift is not null and regexp_matches(c.format, {literal(_TABLES)}))
                or (c.source, c.file_sha256) in (select (r.source, r.file_sha256) from refused as r)
            union all
            select source, kind, file_sha256 from counting where list_contains([{lost_landings}], landing_id)
            """
        ).fetchall()
        return set(found)

    def _find_refused(self, con: duckdb.DuckDBPyConnection, source: str) -> None:
        """Add the files of a source with rows that are no records, have no code or values that could not be read."""
        for table in ("dossiers", "events"):
            with reading(self._settings):
                con.execute(f"""
                    insert into refused
                    select distinct source, file_sha256 from {self.relation(table)}
                    where source = {literal(source)}
                        and (not coalesce(is_record, false) or dossier_code is null or bad_values is not null)
                """)

    def rows(self, table: str, hashes: Collection[str] | None = None) -> str:
        """SQL text for FROM: `relation` less the landings that do not count. Each file's rows are there exactly once.

        hashes: file_sha256 of the files to read; None: all. With them only the Parquet files that hold them are opened.
        For `files` itself every observation is returned (duplicates included), except repeated landings.
        """
        if table == LEDGER:
            return self._observations(hashes)
        return self.counting(table, hashes).sql()

    def counting(self, table: str, hashes: Collection[str] | None = None) -> Counting:
        """Where `rows` are. table: not the ledger. The caller holds the run lock if it goes by the paths."""
        # One look for both: where a landing's rows lie is only true of the files that told it.
        now = look(self._root)
        landings = self._landings(now, hashes)
        paths = now.paths(table, {landing.load_id for landing in landings})
        return Counting(table, tuple(paths), tuple(landing.landing_id for landing in landings))

    def landed(self) -> str:
        """SQL text for FROM: of every content (`identity`: its hash, else its path) the ledger row that counts: the
        latest landing."""
        return f"""(
            select *, coalesce(file_sha256, file_path) as identity
            from {self.relation(LEDGER)}
            where outcome <> 'duplicate' and {self._seen}
            qualify landing_id = max(landing_id) over (partition by source, kind, coalesce(file_sha256, file_path))
        )"""

    def _observations(self, hashes: Collection[str] | None) -> str:
        """The ledger: one row per (source, kind, file_path, content): the latest landing, else the first observation.

        A file that could not be opened (no hash) is there only as long as that is the latest news of its path, and not
        once it is gone.
        """
        limit = "true" if hashes is None else f"file_sha256 in ({', '.join(literal(h) for h in hashes) or 'null'})"
        limit = f"{limit} and {self._exported}"
        return f"""(
            select * from {self.relation(LEDGER)} where {self._seen}
            window content as (partition by source, kind, file_path, file_sha256)
            qualify {limit} and case
                when file_sha256 is null
                    then outcome <> 'gone'
                    and landing_id = max(landing_id) over (partition by source, kind, file_path)
                when outcome = 'duplicate'
                    then landing_id = min(landing_id) over content and bool_and(outcome = 'duplicate') over content
                else landing_id = max(landing_id) filter (outcome <> 'duplicate') over content
            end
        )"""


def read(table: str, paths: Collection[Path]) -> str:
    """SQL text for FROM: every row of the files, with the columns of SCHEMAS and whatever else they hold."""
    empty = ", ".join(f"null::{kind} as {name}" for name, kind in SCHEMAS[table].items())
    if not paths:
        return f"(select {empty} where false)"
    files = ", ".join(literal(path) for path in paths)
    # Union by name with the empty relation: a Parquet file older than a column gives null in it, not an error.
    return (
        f"(select {empty} where false union all by name "
        f"select * from read_parquet([{files}], union_by_name = true, hive_partitioning = false))"
    )


def load_id(path: Path) -> str:
    """The load a Parquet file is of: `<load_id>.<file_id>.parquet`; the load id itself holds a point."""
    name = path.name.removesuffix(".parquet").rpartition(".")[0]
    return MERGED if name.startswith(MERGED) else name
