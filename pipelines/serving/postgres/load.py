"""Moving the published version into PostgreSQL: beside what readers see, then two renames in one short transaction."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines.config import Settings
from pipelines.progress import Progress
from pipelines.serving.extras import need
from pipelines.serving.postgres.tables import Table, tables
from pipelines.serving.postgres.target import EXTRA, PostgresError, Target, composed, names, value
from pipelines.serving.published import statement
from pipelines.sql import literal, quoted
from warehouse.database import connect
from warehouse.publish import Publication
from warehouse.reading import published_now, require_province

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

#: Keys that tell missing values apart came with this one (15.0).
OLDEST = 150000
#: Seconds that another load into the same schema is waited for.
PATIENCE = 300
#: How often, and with which wait for its readers (seconds), a version on its way out is tried to be dropped.
DROPS = 5
DROP_SECONDS = 2
#: For so many seconds a moment is looked for in which nobody reads.
QUIET_SECONDS = 5
#: Begins what is said about our schemas: another one is never renamed or dropped, whatever it is called.
MARK = "Đúng Hạn"


@dataclass(frozen=True)
class Loaded:
    """What PostgreSQL shows now. kept: it was there already. left: schemas that are still read, for the next load."""

    version: str
    schema: str
    tables: int
    rows: int
    seconds: float
    kept: bool = False
    left: list[str] = field(default_factory=list)


def load(
    settings: Settings, *, again: bool = True, patience: float = PATIENCE, progress: Progress | None = None
) -> Loaded:
    """Load the version that readers of the warehouse see into the schema of the settings.

    again: also when it is there already. patience: seconds that another load is waited for. Readers of PostgreSQL see
    the version before until the last moment, and after any failure. Raises PostgresError, NothingPublishedError,
    NationalVersionError, MissingExtraError.
    """
    target = Target.of(settings)
    psycopg = need("psycopg", EXTRA)
    require_province(published_now(settings))
    try:
        with target.connect() as session:
            _prepare(session, target, patience)
            # What is published is asked when nobody else loads any more: the last to load brings the newest.
            publication = published_now(settings)
            require_province(publication)
            if not again and _is_loaded(session, target, publication):
                return Loaded(publication.version, target.schema, 0, 0, 0.0, kept=True)
            return _load(session, settings, target, publication, progress or (lambda _: None))
    except (psycopg.Error, duckdb.Error, OSError) as error:
        raise PostgresError(
            f"Không đưa được vào PostgreSQL, bản cũ ở đó vẫn giữ nguyên: {target.told(error)}\n"
            f"Not loaded into PostgreSQL, the version there stays: {target.told(error)}"
        ) from None


def _prepare(session: Session, target: Target, patience: float) -> None:
    """Be on a server that will do, and the only one that loads into this schema."""
    version, encoding = session.execute(composed("server")).fetchone() or (0, "")
    if version < OLDEST or encoding != "UTF8":
        raise PostgresError(
            f"Cần PostgreSQL 15 trở lên với mã UTF8; máy chủ này: {version // 10000}, {encoding}\n"
            f"PostgreSQL 15 or later with encoding UTF8 is needed; this server: {version // 10000}, {encoding}"
        )
    session.execute(composed("session"))
    _wait_at_most(session, patience)
    try:
        session.execute(composed("lock", name=value(target.schema)))
    except need("psycopg.errors", EXTRA).LockNotAvailable:
        raise PostgresError(
            f"Đang có tiến trình khác nạp vào lược đồ {target.schema}; hãy thử lại sau\n"
            f"Somebody else is loading into schema {target.schema}; try again later"
        ) from None
    _wait_at_most(session, DROP_SECONDS)
    for name, (_, said) in _schemas(session, target).items():
        if not said.startswith(MARK):
            raise PostgresError(
                f"Lược đồ {name} không do Đúng Hạn tạo; hãy đặt postgres_schema khác\n"
                f"Schema {name} was not made by Đúng Hạn; set another postgres_schema"
            )


def _load(session: Session, settings: Settings, target: Target, publication: Publication, progress: Progress) -> Loaded:
    started = time.monotonic()
    _sweep(session, target)
    with _published(settings, publication) as con:
        marts = tables(con, with_agency=target.row_security)
        rows = 0
        try:
            _create(session, target, publication, marts)
            with _attached(con, target):
                for number, table in enumerate(marts, 1):
                    progress(f"PostgreSQL: {table.name} ({number}/{len(marts)})")
                    rows += _copy(con, target, table, publication)
                    if target.row_security and table.agency and not table.added:
                        words = (target.next, table.name, table.agency)
                        con.execute(statement("postgres/copy_codes").format(*map(quoted, words)))
            what = "khóa, chỉ mục" if settings.lang == "vi" else "keys, indexes"
            for number, table in enumerate(marts, 1):
                progress(f"PostgreSQL: {what}: {table.name} ({number}/{len(marts)})")
                _finish(session, target, table)
            _let_read(session, target, marts)
            _swap(session, target)
        except BaseException:
            # The server may be what failed; then the next load removes what is left.
            with contextlib.suppress(need("psycopg", EXTRA).Error):
                _sweep(session, target)
            raise
    left = _sweep(session, target)
    return Loaded(publication.version, target.schema, len(marts), rows, time.monotonic() - started, left=left)


@contextlib.contextmanager
def _published(settings: Settings, publication: Publication) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB in memory with the published file as catalog `dunghan`: a read-only main database would make all so."""
    with connect(settings) as con:
        con.execute(f"attach {literal(publication.database.resolve())} as dunghan (read_only)")
        yield con


@contextlib.contextmanager
def _attached(con: duckdb.DuckDBPyConnection, target: Target) -> Iterator[None]:
    """PostgreSQL as catalog `pg` of DuckDB. The extension is that of the wheel; its copy lives as long as this."""
    extensions = need("duckdb_extensions", EXTRA)
    need("duckdb_extension_postgres_scanner", EXTRA)
    parts, password = target.parts()
    address = need("psycopg.conninfo", EXTRA).make_conninfo(**parts)
    with tempfile.TemporaryDirectory() as folder:
        con.execute(f"set extension_directory = {literal(folder)}")
        extensions.import_extension("postgres_scanner", con=con)
        con.execute("load postgres_scanner")
        # PostgreSQL cannot hold the character zero, which no text of a portal needs.
        con.execute("set pg_null_byte_replacement = '\ufffd'")
        # Not in the address: DuckDB repeats that in its errors.
        con.execute(f"create temporary secret dunghan (type postgres, password {literal(password)})")
        con.execute(f"attach {literal(address)} as pg (type postgres, secret dunghan)")
        try:
            yield
        finally:
            con.execute("detach pg")


def _create(session: Session, target: Target, publication: Publication, marts: list[Table]) -> None:
    """The schema of this load with empty tables."""
    with session.transaction():
        _create_schema(session, target, publication)
        if target.row_security:
            session.execute(composed("create_codes", schema=target.next))
        for table in marts:
            session.execute(composed("create_table", schema=target.next, table=table.name, columns=_definitions(table)))


def _create_schema(session: Session, target: Target, publication: Publication) -> None:
    said = f"{MARK}: bản công bố {publication.version}"
    session.execute(composed("create_schema", schema=target.next, comment=value(said)))
    manifest = publication.manifest
    facts = {
        "version": publication.version,
        "as_of": manifest["as_of"],
        "known_at": manifest["known_at"],
        "definitions_version": str(manifest["definitions_version"]),
        "reader": target.reader,
        "row_security": target.row_security,
    }
    words = {name: value(content) for name, content in facts.items()}
    session.execute(composed("create_publication", schema=target.next, **words))


def _definitions(table: Table) -> Any:
    sql = need("psycopg.sql", EXTRA)
    columns = (sql.Identifier(column) + sql.SQL(" " + kind) for column, kind in table.types.items())
    return sql.SQL(", ").join(columns)


def _copy(con: duckdb.DuckDBPyConnection, target: Target, table: Table, publication: Publication) -> int:
    """Copy a mart; returns its rows. Raises PostgresError when they are not as many as were published."""
    query = statement("postgres/copy_with_agency" if table.added else "postgres/copy")
    row = con.execute(query.format(quoted(target.next), quoted(table.name))).fetchone()
    copied, expected = int(row[0]) if row else 0, publication.manifest["marts"][table.name]["rows"]
    if copied != expected:
        raise PostgresError(
            f"{table.name}: PostgreSQL nhận {copied} dòng, bản công bố có {expected}\n"
            f"{table.name}: {copied} rows arrived, {expected} are published"
        )
    return copied


def _finish(session: Session, target: Target, table: Table) -> None:
    """Key, indexes, what is said about it, statistics."""
    where = {"schema": target.next, "table": table.name}
    with session.transaction():
        if table.key:
            session.execute(
                composed("add_key_with_nulls" if table.nulls else "add_key", **where, columns=names(table.ordered_key))
            )
        for column in table.looked_up_by:
            index = "add_prefix_index" if column == table.agency else "add_index"
            session.execute(composed(index, **where, column=column))
        session.execute(composed("comment_table", **where, comment=value(table.about)))
        for column in table.types:
            said = value(table.meaning(column))
            session.execute(composed("comment_column", **where, column=column, comment=said))
    session.execute(composed("vacuum", **where))


def _let_read(session: Session, target: Target, marts: list[Table]) -> None:
    """The role that may read, and with row-level security which rows of which table. All is whole by now."""
    known = session.execute(composed("has_role"), [target.reader]).fetchone()
    with session.transaction():
        if not (known and known[0]):
            session.execute(composed("create_role", reader=target.reader))
        session.execute(composed("grant", schema=target.next, reader=target.reader))
        if target.row_security:
            session.execute(composed("access", schema=target.next, access=target.access, reader=target.reader))
            for table in marts:
                _guard(session, target, table)


def _guard(session: Session, target: Target, table: Table) -> None:
    where = {"schema": target.next, "table": table.name}
    if table.public:
        return
    if table.agency:
        session.execute(composed("policy", **where, agency=table.agency))
    else:
        session.execute(composed("policy_whole", **where))


def _swap(session: Session, target: Target) -> None:
    """What is shown becomes the old one, what was loaded is shown: only names change, in one short transaction.

    In a moment in which nobody reads, so that no statement finds one of its marts under the names before and another
    under those after (decision 0023). Readers are not waited for: without such a moment it is done all the same.
    """
    deadline = time.monotonic() + QUIET_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(need("psycopg.errors", EXTRA).LockNotAvailable), session.transaction():
            _lock_shown(session, target)
            _rename_all(session, target)
            return
        time.sleep(0.005)
    with session.transaction():
        _rename_all(session, target)


def _lock_shown(session: Session, target: Target) -> None:
    """Lock what is shown against readers, until the transaction ends; raises LockNotAvailable when somebody reads."""
    if target.schema in _schemas(session, target):
        sql = need("psycopg.sql", EXTRA)
        found = session.execute(composed("tables_of", schema=value(target.schema))).fetchall()
        tables = sql.SQL(", ").join(sql.Identifier(target.schema, name) for (name,) in found)
        session.execute(composed("lock_tables", tables=tables))


def _rename_all(session: Session, target: Target) -> None:
    there = _schemas(session, target)
    if target.old in there:
        _rename(session, target.old, f"{target.gone}{there[target.old][0]}")
    if target.schema in there:
        _rename(session, target.schema, target.old)
    _rename(session, target.next, target.schema)


def _sweep(session: Session, target: Target) -> list[str]:
    """Drop what a load left and what is on its way out; returns what is still read and stays for the next sweep."""
    there = _schemas(session, target)
    if target.next in there:
        # A dead loader's last statement may still write: renaming does not wait for it.
        _rename(session, target.next, f"{target.gone}{there[target.next][0]}")
    return [name for name in _schemas(session, target) if name.startswith(target.gone) and not _drop(session, name)]


def _drop(session: Session, schema: str) -> bool:
    """Drop a schema once nobody reads it any more; False when somebody does for too long."""
    errors = need("psycopg.errors", EXTRA)
    for attempt in range(DROPS):
        try:
            session.execute(composed("drop_schema", schema=schema))
        except (errors.LockNotAvailable, errors.DeadlockDetected):
            time.sleep(attempt / 2)
        else:
            return True
    return False


def _rename(session: Session, schema: str, name: str) -> None:
    session.execute(composed("rename_schema", schema=schema, name=name))


def _schemas(session: Session, target: Target) -> dict[str, tuple[int, str]]:
    """Our schemas on the server: name → (oid, what is said about it)."""
    words = {"current": target.schema, "next": target.next, "old": target.old, "gone": target.gone}
    found = session.execute(composed("schemas", **{word: value(name) for word, name in words.items()}))
    return {name: (oid, said) for name, oid, said in found.fetchall()}


def _is_loaded(session: Session, target: Target, publication: Publication) -> bool:
    if target.schema not in _schemas(session, target):
        return False
    shown = session.execute(composed("loaded", schema=target.schema)).fetchone()
    return shown == (publication.version, target.reader, target.row_security)


def _wait_at_most(session: Session, seconds: float) -> None:
    """How long a statement of this session waits for somebody else's lock."""
    session.execute(composed("patience"), [f"{round(seconds * 1000)}ms"])
