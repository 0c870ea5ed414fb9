"""Publication: a whole new version is made beside the old ones, then one rename moves the pointer (decision 0004).

    published/current                      → versions/<version>: the one pointer; nothing else ever switches
    published/dunghan.duckdb, parquet, manifest.json, report.html   fixed links through `current`
    published/versions/<version>/          dunghan.duckdb, parquet/<mart>.parquet, manifest.json: what must be of one
                                           version is read from this folder
    …/report.html                          the page for people, which the caller of `publish` writes (`also`); a version
                                           without one lets the fixed link point nowhere
    …/marts.duckdb                         beside every dunghan.duckdb, the same content under its older name
    published/.publishing-<version>/       a publication under way; what a killed one left is swept by the next

Publishing and rolling back are done by whoever holds the run lock.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import duckdb

from pipelines.config import Settings
from pipelines.files import sha256_of, sync
from pipelines.layout import REPOSITORY
from pipelines.sql import literal, quoted
from warehouse.build import BuildPlan
from warehouse.database import connect, number

# A reader may have followed the pointer an instant before it moved: the version before is kept whatever the setting.
MINIMUM_KEPT = 2
# Marts of dossiers that are worth changing instead of writing → table of the build (schema intermediate; a row per
# dossier) with whose rows they change.
CARRIED = {
    "fct_dossiers": "int_dossier_facts",
    "fct_verdicts": "int_dossier_verdicts",
    "mart_late_dossiers": "int_dossier_verdicts",
    "mart_rule_differences": "int_dossier_verdicts",
}
# The build that wrote a row. Publication goes by it and leaves it out.
BUILT_BY = "built_by"
# Columns that say which version a row is of, the same in every row.
STAMPS = ("as_of", "known_at", "definitions_version")
# Entry of the manifest of a national version: the versions of provinces that it is made of (pipelines/rollup).
PROVINCES = "provinces"
# So many publications go on from one file; then it is written whole again, without the holes that changes leave.
MOST_CARRIED = 30
_UNDER_WAY = ".publishing-"
# DuckDB calls a catalog after its file: always `dunghan`, wherever the version lies, and never `marts`, or the schema
# of that name would be ambiguous.
DATABASE = "dunghan.duckdb"
# What the file was called until 0.1; stays for one release.
OLD_DATABASE = "marts.duckdb"
# The page for people.
PAGE = "report.html"
_LINKS = (DATABASE, OLD_DATABASE, "parquet", "manifest.json", PAGE)
# The lowest level takes two thirds of the processor time of the usual one; the files become 5 % larger.
_PARQUET = "format parquet, compression zstd, compression_level 1"
# What tells rows of one dossier apart in a mart, beside `rule_set`.
_WITHIN_DOSSIER = ("indicator", "step_no")
_VERSION = re.compile(r"\d{8}T\d{6}-\d{8}T\d{12}Z")


class PublicationError(Exception):
    """Nothing was published; what was published before is untouched. The message says why and what to do."""

    #: What it came from tells more, when that is a fault of disk or files (pipelines.errors).
    repeats = True


class PublicationDamagedError(Exception):
    """A version is there and is not what was published. The message says what to do."""


@dataclass(frozen=True)
class Publication:
    """One complete version on disk. `manifest` is the content of its manifest.json."""

    version: str
    folder: Path
    manifest: dict[str, Any]

    @property
    def created_at(self) -> str:
        """UTC, ISO: sorts as text."""
        return str(self.manifest["created_at"])

    @property
    def validation_seq(self) -> int:
        """The last validation whose rows it holds; releases before 24 November 2026 called it otherwise."""
        return int(self.manifest.get("validation_seq", self.manifest.get("judge_seq", 0)))

    @property
    def is_national(self) -> bool:
        """Of many provinces: its marts have a province before their own keys."""
        return PROVINCES in self.manifest

    @property
    def database(self) -> Path:
        """The DuckDB file of this version, also of one that was published under the older name."""
        path = self.folder / DATABASE
        return path if path.exists() else self.folder / OLD_DATABASE


#: Writes further files into the folder of a version that is finished but that nobody sees yet.
Also = Callable[[Publication], None]


def publish(
    settings: Settings,
    plan: BuildPlan,
    extra: dict[str, Any] | None = None,
    *,
    ordered: bool = False,
    also: Also | None = None,
) -> Publication:
    """Publish the marts that lie in the build file; returns what readers now see.

    extra: entries of the manifest. ordered: every mart's rows in one order, so that the same figures give Parquet files
    of the same bytes (it costs the sorting of the largest ones). also: what else goes into the version's folder, made
    from its files; what it raises fails the publication, so it keeps to itself what must not.

    The build must be green and closed by everybody. On any failure the pointer stays where it is and nothing is left
    behind (after a kill: until the next publication). Raises PublicationError.
    """
    published = settings.layout.published
    published.mkdir(parents=True, exist_ok=True)
    _let_group_read(published, settings.published_group)
    sweep(settings)
    version = f"{plan.as_of:%Y%m%dT%H%M%S}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}Z"
    work = published / f"{_UNDER_WAY}{version}"
    # The folder's name is the note of what is under way: it is on disk before anything else of this version is.
    work.mkdir()
    sync(published)
    try:
        _write_version(settings, plan, version, work, extra or {}, ordered=ordered)
        if also is not None:
            also(read_version(work / "version"))
        _sync_all(work)
        _move_in(published, version, work)
        _link_fixed_names(published, version, work)
        _point(published, version, work)
    except (OSError, duckdb.Error) as error:
        reason = type(error).__name__
        raise PublicationError(
            f"Không công bố được, bản cũ vẫn giữ nguyên; hãy khắc phục rồi chạy `dunghan publish` ({reason})\n"
            f"Not published, the version before stays; remove the cause, then run `dunghan publish` ({reason})"
        ) from error
    finally:
        sweep(settings)
    _retain(settings)
    return read_version(published / "versions" / version)


def rollback(settings: Settings, version: str | None = None) -> Publication:
    """Point readers to `version` (default: the newest one made before the current one). One rename.

    Raises PublicationError when there is no such version.
    """
    known = {found.version: found for found in versions(settings)}
    now = current(settings)
    if version is None:
        # What readers see is damaged when it is not there: any other one is better.
        before = [found for found in known.values() if now is None or found.created_at < now.created_at]
        if not before:
            raise PublicationError("Không có bản nào trước bản hiện tại / There is no version before the current one")
        version = before[0].version
    if version not in known:
        names = ", ".join(known) or "-"
        raise PublicationError(
            f"Không có bản {version}; đang có: {names}\nNo version {version}; there are: {names} (`dunghan versions`)"
        )
    published = settings.layout.published
    sweep(settings)
    _name_database(known[version])
    work = published / f"{_UNDER_WAY}rollback"
    work.mkdir()
    _link_fixed_names(published, version, work)
    _point(published, version, work)
    shutil.rmtree(work)
    return known[version]


def versions(settings: Settings) -> list[Publication]:
    """Every complete version, newest first."""
    folder = settings.layout.published / "versions"
    found = []
    for path in folder.glob("*"):
        # A version may be removed by a run while somebody lists them; a damaged one is of no use to anybody.
        with contextlib.suppress(FileNotFoundError, PublicationDamagedError):
            found.append(read_version(path))
    return sorted(found, key=lambda publication: publication.created_at, reverse=True)


def current(settings: Settings) -> Publication | None:
    """What readers see now; None before the first publication, and when that version is damaged: the next run makes
    another, going on from nothing."""
    with contextlib.suppress(PublicationDamagedError):
        return sound(settings)
    return None


def sound(settings: Settings) -> Publication | None:
    """What readers see now; None before the first publication. Raises PublicationDamagedError."""
    link = settings.layout.published / "current"
    try:
        return read_version(link.resolve(strict=True))
    except OSError as error:
        if link.is_symlink():
            raise _damaged(link.readlink().name) from error
    if any((settings.layout.published / "versions").glob("*/manifest.json")):
        raise _damaged("published/current")
    return None


def _damaged(what: str) -> PublicationDamagedError:
    return PublicationDamagedError(
        f"Bản công bố bị hỏng hoặc thiếu tệp ({what}): `dunghan run` công bố lại, `dunghan rollback` về bản trước"
        f" / What is published is damaged or lacks files ({what}): `dunghan run` publishes again, "
        "`dunghan rollback` goes back to the version before"
    )


def leftovers(settings: Settings) -> list[str]:
    """Names of what publications and removals that were killed left behind. During a run: also what it is making."""
    published = settings.layout.published
    # Versions come into `versions/` whole: one without manifest is a removal that was killed.
    half = (folder for folder in (published / "versions").glob("*") if not _has_manifest(folder))
    return sorted(path.name for path in (*published.glob(f"{_UNDER_WAY}*"), *half))


def _has_manifest(folder: Path) -> bool:
    try:
        return "version" in json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        return False


def sweep(settings: Settings) -> None:
    """Remove the leftovers. What readers see is never touched."""
    published = settings.layout.published
    now = _pointed(published)
    for name in leftovers(settings):
        version = name.removeprefix(_UNDER_WAY)
        if version != now and _VERSION.fullmatch(version):
            _remove(published, version)
        shutil.rmtree(published / name, ignore_errors=True)


def content_hash(con: duckdb.DuckDBPyConnection, relation: str) -> str:
    """Hash of what a relation says: the same for the same rows in any order, whatever the file they lie in.

    DuckDB's own hash of each row, columns sorted by name, summed over the rows.
    Another version of DuckDB may hash otherwise, so hashes are distinguished by it. Floating point numbers count with 9
    significant digits: the last ones depend on the order in which threads added them up. `relation` is quoted SQL.
    """
    columns = sorted((str(name), str(kind)) for name, kind, *_ in con.execute(f"describe {relation}").fetchall())
    fields = ", ".join(_hashed(name, kind) for name, kind in columns)
    rows = con.execute(f"select count(*), sum(line) from (select hash({fields}) as line from {relation})").fetchone()
    said = repr((duckdb.__version__, columns, rows))
    return hashlib.md5(said.encode(), usedforsecurity=False).hexdigest()


def _hashed(name: str, kind: str) -> str:
    """What of a column goes into the hash of a row. DuckDB gives an empty list the hash of a missing one."""
    if kind in ("DOUBLE", "FLOAT"):
        return f"printf('%.9g', {quoted(name)})"
    return f"len({quoted(name)}), {quoted(name)}" if kind.endswith("[]") else quoted(name)


def _let_group_read(published: Path, group: str | None) -> None:
    """The folder belongs to the group, and what is made in it from now on too; others are kept out. Raises
    PublicationError: there is no such group, or this account is not in it."""
    if group is None:
        return
    try:
        shutil.chown(published, group=group)
        published.chmod(0o2750)
    except (LookupError, PermissionError) as error:
        raise PublicationError(
            f"DUNGHAN_PUBLISHED_GROUP = {group}: không có nhóm này hoặc tài khoản chạy không thuộc nhóm,"
            f" hãy thêm bằng usermod -aG {group}"
            f" / DUNGHAN_PUBLISHED_GROUP = {group}: no such group or this account is not in it,"
            f" add it with usermod -aG {group}"
        ) from error


def _write_version(
    settings: Settings, plan: BuildPlan, version: str, work: Path, extra: dict[str, Any], *, ordered: bool
) -> None:
    """Make the whole version in `work`, as folder `version`."""
    folder = work / "version"
    (folder / "parquet").mkdir(parents=True)
    database = folder / DATABASE
    base = None if ordered else _base(settings, plan)
    try:
        expected = _write_database(settings, database, base, ordered=ordered)
    except duckdb.Error:
        if base is None:
            raise
        # The file that it goes on from may be damaged: without it, everything comes from the build.
        base = None
        database.unlink()
        expected = _write_database(settings, database, base, ordered=ordered)
    marts = _export(settings, database, folder / "parquet", ordered=ordered)
    written_again = [mart for mart, hash_ in expected.items() if marts[mart]["content_hash"] != hash_]
    if written_again:
        # What the base says otherwise than the build is not only what the build wrote since.
        base = None
        database.unlink()
        _write_database(settings, database, base, ordered=ordered)
        marts = _export(settings, database, folder / "parquet", ordered=ordered)
    (folder / OLD_DATABASE).symlink_to(DATABASE)
    carried = {"carried": _carried(base) + 1 if base is not None else 0, "written_again": written_again}
    own = {"database_bytes": database.stat().st_size, "province": settings.province}
    manifest = _manifest(plan, version, marts) | own | carried | extra
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    # Published files are never written again, whoever opens them.
    database.chmod(0o444)


def _sync_all(work: Path) -> None:
    """Every byte of the version on disk, then the folders that name its files."""
    folder = work / "version"
    for path in (*folder.iterdir(), *(folder / "parquet").iterdir()):
        if path.is_file() and not path.is_symlink():
            sync(path)
    for path in (folder / "parquet", folder, work):
        sync(path)


def _write_database(settings: Settings, database: Path, base: Publication | None, *, ordered: bool) -> dict[str, str]:
    """Make the DuckDB file with every mart of the build, going on from `base` where there is one.

    Returns mart → content_hash in the build, of the marts that were only changed: the file must come to the same.
    """
    if base is not None:
        shutil.copyfile(base.database, database)
    build = settings.layout.build_db.stem
    expected: dict[str, str] = {}
    with connect(settings) as con:
        # dbt writes the catalog's name into views, and that is the file's name without its suffix.
        con.execute(f"attach {literal(settings.layout.build_db)} as {quoted(build)} (read_only)")
        con.execute(f"attach {literal(database)} as target")
        marts = _marts(con, build)
        carried = [mart for mart in CARRIED if base is not None and _can_be_carried(con, build, mart)]
        con.execute("create schema if not exists target.marts")
        # What is written anew takes the place of what it replaces.
        for mart in _marts_in(con, "target") - set(carried):
            con.execute(f"drop table target.marts.{quoted(mart)}")
        con.execute("checkpoint target")
        # One transaction: every statement on its own would wait for the disk.
        con.begin()
        for mart in marts:
            if base is not None and mart in carried:
                _carry_over(con, build, mart, int(base.manifest["build_id"]))
                expected[mart] = content_hash(con, f"({_shown(con, build, mart)})")
            else:
                order = _order_of_view(con, build, mart) if ordered else ""
                con.execute(f"create table target.marts.{quoted(mart)} as {_shown(con, build, mart)} {order}")
            _copy_comments(con, build, mart)
        con.commit()
        con.execute(f"detach {quoted(build)}")
        con.execute("checkpoint target")
        con.execute("detach target")
    return expected


def _base(settings: Settings, plan: BuildPlan) -> Publication | None:
    """The version to start from: what readers see now, if this build only went on from a build by the same rules.

    Not necessarily from the build of that version: what comes out is compared with the build in any case.
    """
    now = current(settings)
    usable = (
        now is not None
        and not plan.full_refresh
        and "build_id" in now.manifest
        and now.manifest["fingerprint"] == plan.fingerprint
        and now.manifest["duckdb_version"] == duckdb.__version__
        and _carried(now) < MOST_CARRIED
    )
    return now if usable else None


def _carried(publication: Publication) -> int:
    """How many publications ago the file was written whole."""
    return int(publication.manifest.get("carried", 0))


def _columns(con: duckdb.DuckDBPyConnection, catalog: str, mart: str) -> list[tuple[str, str]]:
    """(name, type) of a mart, in its order; empty when it is not there."""
    return con.execute(
        """select column_name, data_type from duckdb_columns()
        where database_name = $1 and schema_name = 'marts' and table_name = $2 order by column_index""",
        [catalog, mart],
    ).fetchall()


def _tells_build(con: duckdb.DuckDBPyConnection, build: str, mart: str) -> bool:
    return BUILT_BY in dict(_columns(con, build, mart))


def _shown(con: duckdb.DuckDBPyConnection, build: str, mart: str) -> str:
    """Query of what readers see of a mart of the build."""
    hidden = f"exclude ({BUILT_BY})" if _tells_build(con, build, mart) else ""
    return f"select * {hidden} from {quoted(build)}.marts.{quoted(mart)}"


def _can_be_carried(con: duckdb.DuckDBPyConnection, build: str, mart: str) -> bool:
    """Is the mart there on both sides, with the same columns?"""
    before = _columns(con, "target", mart)
    return before != [] and before == [column for column in _columns(con, build, mart) if column[0] != BUILT_BY]


def _carry_over(con: duckdb.DuckDBPyConnection, build: str, mart: str, since: int) -> None:
    """Bring a mart of the version before, made of build `since`, to what the build says now.

    Rows of dossiers that were written after that build, and the stamps of all.
    """
    target, source = f"target.marts.{quoted(mart)}", _shown(con, build, mart)
    written = f"{BUILT_BY} > {since}"
    changed = f"select source, dossier_code from {quoted(build)}.intermediate.{CARRIED[mart]} where {written}"
    of_changed = f"(source, dossier_code) in ({changed})"
    con.execute(f"delete from {target} where {of_changed}")
    # A mart that says which build wrote a row is not searched for dossiers.
    con.execute(f"insert into {target} {source} where {written if _tells_build(con, build, mart) else of_changed}")
    for stamp in STAMPS:
        now = f"(select {stamp} from ({source}) limit 1)"
        con.execute(f"update {target} set {stamp} = {now} where {stamp} is distinct from {now}")


def _marts(con: duckdb.DuckDBPyConnection, build: str) -> dict[str, bool]:
    """Every table and view of schema `marts` in the build, without what a killed dbt left half done: is it a view?"""
    rows = con.execute(
        """select name, is_view from (
            select database_name, schema_name, table_name as name, false as is_view from duckdb_tables()
            union all
            select database_name, schema_name, view_name, true from duckdb_views()
        )
        where database_name = $build and schema_name = 'marts' and not contains(name, '__dbt_')
        order by name""",
        {"build": build},
    ).fetchall()
    if not rows:
        raise PublicationError("Lần dựng không có mart nào / The build holds no mart; `dunghan run --full-refresh`")
    return dict(rows)


def _marts_in(con: duckdb.DuckDBPyConnection, catalog: str) -> set[str]:
    rows = con.execute(
        "select table_name from duckdb_tables() where database_name = $1 and schema_name = 'marts'", [catalog]
    ).fetchall()
    return {str(name) for (name,) in rows}


def _order_of_view(con: duckdb.DuckDBPyConnection, build: str, mart: str) -> str:
    """ORDER BY of a mart that is a view on tables; empty for a table, which a full refresh has sorted.

    As the build clusters them, so that a dossier is found as fast; then by the code from its end: the beginnings of
    codes are alike, which makes comparing them slow. Last what tells rows of one dossier apart, so that none are level.
    """
    keys = con.execute(
        """select list(column_name) from duckdb_columns()
        join duckdb_views() using (database_name, schema_name)
        where view_name = table_name and database_name = $1 and schema_name = 'marts' and table_name = $2
            and list_contains($3, column_name)""",
        [build, mart, ["source", "rule_set", "dossier_code", *_WITHIN_DOSSIER]],
    ).fetchone()
    if not keys or "dossier_code" not in (keys[0] or []):
        return ""
    rule_set = "rule_set, " if "rule_set" in keys[0] else ""
    within = "".join(f", {key}" for key in _WITHIN_DOSSIER if key in keys[0])
    return f"order by {rule_set}substr(dossier_code, 1, 8), reverse(dossier_code), source{within}"


def _copy_comments(con: duckdb.DuckDBPyConnection, build: str, mart: str) -> None:
    """Carry dbt's descriptions of the mart and its columns over, so that a BI tool shows them."""
    told = con.execute(
        """select comment from duckdb_tables()
        where database_name = $1 and schema_name = 'marts' and table_name = $2 and comment is not null
        union all
        select comment from duckdb_views()
        where database_name = $1 and schema_name = 'marts' and view_name = $2 and comment is not null""",
        [build, mart],
    ).fetchone()
    if told:
        con.execute(f"comment on table target.marts.{quoted(mart)} is {literal(told[0])}")
    comments = con.execute(
        """select column_name, comment from duckdb_columns()
        where database_name = $1 and schema_name = 'marts' and table_name = $2 and column_name <> $3
            and comment is not null""",
        [build, mart, BUILT_BY],
    ).fetchall()
    for column, comment in comments:
        con.execute(f"comment on column target.marts.{quoted(mart)}.{quoted(column)} is {literal(comment)}")


def _export(settings: Settings, database: Path, folder: Path, *, ordered: bool) -> dict[str, dict[str, Any]]:
    """Read the finished file back: Parquet of every mart, and what the manifest says about each."""
    marts: dict[str, dict[str, Any]] = {}
    hashes: dict[str, Future[str]] = {}
    with connect(settings, database, read_only=True) as con, ThreadPoolExecutor(max_workers=1) as beside:
        # Row groups may change places, rows in them do not; keeping theirs makes the threads wait for each other.
        con.execute(f"set preserve_insertion_order = {ordered}")
        names = con.execute("select table_name from duckdb_tables() where schema_name = 'marts' order by 1").fetchall()
        for (name,) in names:
            relation = f"marts.{quoted(name)}"
            path = folder / f"{name}.parquet"
            con.execute(f"copy {relation} to {literal(path)} ({_PARQUET})")
            hashes[name] = beside.submit(sha256_of, path)
            marts[name] = {
                "rows": number(con, f"select count(*) from {relation}"),
                "content_hash": content_hash(con, relation),
                "parquet": {"file": f"parquet/{path.name}", "bytes": path.stat().st_size},
            }
    for name, sha256 in hashes.items():
        marts[name]["parquet"]["sha256"] = sha256.result()
    return marts


def _manifest(plan: BuildPlan, version: str, marts: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        "version": version,
        "as_of": plan.as_of.isoformat(),
        "known_at": plan.known_at.isoformat() if plan.known_at else None,
        "definitions_version": plan.definitions_version,
        "fingerprint": plan.fingerprint,
        "validation_seq": plan.validation_seq,
        "build_id": plan.build_id,
        "created_at": datetime.now(UTC).isoformat(),
        "git_revision": git_revision(),
        "package_version": package_version(),
        "duckdb_version": duckdb.__version__,
        "database": DATABASE,
        "marts": marts,
    }


def package_version() -> str | None:
    """Version of the installed package; None when the code runs without being installed."""
    try:
        return metadata.version("dunghan")
    except metadata.PackageNotFoundError:
        return None


def git_revision(folder: Path = REPOSITORY) -> str | None:
    """Commit of the code that runs, with `-dirty` when files were changed; None when it is not a git checkout."""
    git = shutil.which("git")
    if git is None:
        return None
    describe = ["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    done = subprocess.run(  # noqa: S603  (fixed command)
        [git, "--no-optional-locks", "-C", str(folder), *describe], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or None


def _move_in(published: Path, version: str, work: Path) -> None:
    """Bring the finished version to its place. No reader looks there before the pointer does."""
    (published / "versions").mkdir(exist_ok=True)
    (work / "version").rename(published / "versions" / version)
    sync(published / "versions")
    sync(published)


def _link_fixed_names(published: Path, version: str, work: Path) -> None:
    """The fixed names → through `current`, of all that the version has. Made once, before the pointer exists."""
    for name in (name for name in _LINKS if (published / "versions" / version / name).exists()):
        link = published / name
        target = f"current/{name}"
        if not link.is_symlink() or str(link.readlink()) != target:
            (work / name).symlink_to(target)
            (work / name).rename(link)
    sync(published)


def _point(published: Path, version: str, work: Path) -> None:
    """The publication itself: one rename."""
    (work / "current").symlink_to(Path("versions", version))
    (work / "current").rename(published / "current")
    sync(published)


def _name_database(publication: Publication) -> None:
    """A version under the older name gets the fixed one too; it lies beside `versions` and goes with its version."""
    if publication.database.name != DATABASE:
        os.link(publication.database.resolve(), publication.folder / DATABASE)
        sync(publication.folder)


def _pointed(published: Path) -> str | None:
    link = published / "current"
    return link.readlink().name if link.is_symlink() else None


def _retain(settings: Settings) -> None:
    """Remove versions beyond `keep_versions`, oldest first, never the current one."""
    published = settings.layout.published
    kept = max(settings.keep_versions, MINIMUM_KEPT)
    for old in versions(settings)[kept:]:
        if old.version != _pointed(published):
            _remove(published, old.version)


def _remove(published: Path, version: str) -> None:
    """Remove one version; readers that have its files open keep reading them.

    First it stops being listed, last goes the folder by which `sweep` finds a removal that was killed.
    """
    (published / "versions" / version / "manifest.json").unlink(missing_ok=True)
    (published / f"marts-{version}.duckdb").unlink(missing_ok=True)  # of a version under the older name
    shutil.rmtree(published / "versions" / version, ignore_errors=True)


def read_version(folder: Path) -> Publication:
    """The complete version in a folder: every file is there and of its size.

    Raises FileNotFoundError when there is none, PublicationDamagedError.
    """
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        publication = Publication(version=str(manifest["version"]), folder=folder, manifest=manifest)
        sizes = {folder / mart["parquet"]["file"]: mart["parquet"]["bytes"] for mart in manifest["marts"].values()}
        # A version published before did not say how large its database is.
        sizes[publication.database] = manifest.get("database_bytes")
        whole = all(path.is_file() and size in (None, path.stat().st_size) for path, size in sizes.items())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(f"{folder.name}/manifest.json") from error
    if not whole:
        raise _damaged(folder.name)
    return publication


def examine_content(settings: Settings, publication: Publication) -> list[str]:
    """Look through everything that is published of a version; returns the names of the files that are not what was
    published."""
    wrong = []
    try:
        with connect(settings, publication.database, read_only=True) as con:
            for name, mart in publication.manifest["marts"].items():
                same_hash = publication.manifest["duckdb_version"] == duckdb.__version__
                relation = f"marts.{quoted(name)}"
                if content_hash(con, relation) != mart["content_hash"] and same_hash:
                    wrong.append(f"{publication.database.name}: {name}")
    except duckdb.Error:
        wrong.append(publication.database.name)
    marts = (mart["parquet"] for mart in publication.manifest["marts"].values())
    return wrong + [mart["file"] for mart in marts if sha256_of(publication.folder / mart["file"]) != mart["sha256"]]
