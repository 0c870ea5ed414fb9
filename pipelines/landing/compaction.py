"""Compaction: the rows of many small Parquet files of the lake are put into few, sorted as they are looked for.

Every nightly run adds some files to the lake, and whoever reads it opens all of them. Compaction writes merged files
beside those of the loads, then one rename of `_merged.json` makes the merged ones count and the others not; those
are deleted afterwards. So every row counts exactly once at every moment, and whatever a kill leaves (files that
nothing lists) the next compaction removes. No row is changed or left out, not even rows of landings that were
replaced: what was known at a time must stay knowable. Decision 13.

    lake/raw/_merged.json                        {"files": {table: [names]}, "loads": [merged dlt loads]}
    lake/raw/<table>/merged-<moment>.<n>.parquet

Whoever compacts holds the run lock: nothing is landed meanwhile.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.config import Settings
from pipelines.files import sync
from pipelines.landing.checksums import record, verified
from pipelines.landing.lake import (
    DATASET,
    LOADS,
    MANIFEST,
    MANIFEST_COPY,
    MERGED,
    SCHEMAS,
    Files,
    Merged,
    load_id,
    look,
    read,
    save_merged,
)
from pipelines.progress import Progress
from pipelines.sql import literal
from warehouse.database import connect

#: A merged file of so many bytes is done: it is never written again.
LARGE = 512 * 1024**2
#: A nightly run merges only loads and files smaller than this, so that its last step takes seconds.
SMALL = 64 * 1024**2
#: A nightly run writes a merged file again only when what comes to it is at least this part of it: every row is then
#: written a number of times that grows with the logarithm of the nights.
WORTH = 1 / 4

#: Columns by which rows are looked for. A row group is what one lookup has to read.
ORDER = {"dossiers": "dossier_code", "events": "dossier_code"}
ROW_GROUP = 100_000


class CompactionError(Exception):
    """The lake was left as it was. The message says why and what to do."""

    #: What it came from tells more, when that is a fault of disk or files (pipelines.errors).
    repeats = True


@dataclass(frozen=True)
class Compacted:
    """One table: Parquet files that count, and their bytes, before and after."""

    table: str
    files_before: int
    bytes_before: int
    files_after: int
    bytes_after: int


@dataclass(frozen=True)
class Compaction:
    """What a compaction did. loads: how many were merged. waiting: replaced files stay until nobody reads the lake."""

    tables: list[Compacted]
    loads: int
    waiting: bool


def due(settings: Settings) -> bool:
    """Do so many small loads wait that a nightly run should merge them (`compact_after`)?"""
    root = settings.layout.lake / DATASET
    return 0 < settings.compact_after <= len(_small_loads(look(root), SMALL))


def unmerged(settings: Settings) -> int:
    """How many loads were not merged yet, large ones too. Raises LakeError."""
    return len(look(settings.layout.lake / DATASET).loads)


def compact(settings: Settings, *, small_only: bool = False, progress: Progress | None = None) -> Compaction:
    """Merge what can be merged, and delete what counts no longer. The caller holds the run lock.

    small_only: leave large loads and files for another time, so that it takes seconds (see SMALL). Everything runs
    within memory_limit and spills to the state folder; it needs room for the merged files beside the others. Killed at
    any moment it leaves the lake as it was or merged. Raises CompactionError and LakeError: the lake is as it was.
    """
    say = progress or (lambda _: None)
    root = settings.layout.lake / DATASET
    _refuse_the_unknown(root)
    if not root.is_dir():
        return Compaction([], 0, waiting=False)
    before = look(root)
    if not _listed_twice(root):
        # There before any merged file is, so that one whose list is gone is never taken for a half (see read_merged).
        save_merged(root, before.merged)
    _sweep(settings, before)
    limit = SMALL if small_only else LARGE
    loads = _small_loads(before, SMALL) if small_only else set(before.loads)
    if loads or not small_only:
        try:
            _merge(settings, before, loads, limit, all_files=not small_only, say=say)
        except (OSError, duckdb.Error) as error:
            raise CompactionError(
                f"Không gộp được tệp của kho, dữ liệu vẫn nguyên vẹn; kiểm tra dung lượng và quyền ghi rồi chạy "
                f"`dunghan compact` ({type(error).__name__})\nThe lake could not be compacted, nothing was lost; check "
                f"space and permissions, then run `dunghan compact` ({type(error).__name__})"
            ) from error
    sizes = {table: _size(before, table) for table in SCHEMAS}
    after = look(root)
    record(settings)
    tables = [Compacted(table, *sizes[table], *_size(after, table)) for table in SCHEMAS]
    return Compaction(tables, len(before.loads) - len(after.loads), waiting=not _sweep(settings, after))


def _listed_twice(root: Path) -> bool:
    """Do the list of merged files and its copy say the same?"""
    try:
        return (root / MANIFEST).read_bytes() == (root / MANIFEST_COPY).read_bytes()
    except FileNotFoundError:
        return False


def _refuse_the_unknown(root: Path) -> None:
    """Without `_dlt_loads` every file would look like one of a killed load, and be deleted. Of a table that this code
    does not know, rows of merged loads would no longer count.
    """
    strange = sorted({path.parent.name for path in root.glob("[!_]*/*.parquet")} - set(SCHEMAS))
    if strange:
        raise CompactionError(
            f"Kho có bảng mà bản phần mềm này không biết ({', '.join(strange)}): hãy cập nhật phần mềm rồi gộp.\n"
            f"The lake has tables that this version does not know ({', '.join(strange)}): update, then compact."
        )
    missing = not (root / LOADS).is_dir() and any(root.glob("*/*.parquet"))
    if missing or not all(_is_readable(entry) for entry in (root / LOADS).glob("*.jsonl")):
        raise CompactionError(
            f"{root / LOADS} bị thiếu hoặc hỏng: không biết tệp nào đã nạp xong nên không gộp, không xóa gì. Hãy khôi "
            "phục thư mục này từ bản sao lưu (docs/runbooks/vi/damaged-lake.md).\n"
            f"{root / LOADS} is missing or damaged: nobody can tell which files were loaded, so nothing is merged or "
            "deleted. Restore that folder from a backup (docs/runbooks/damaged-lake.md)."
        )


def _is_readable(entry: Path) -> bool:
    try:
        return all("load_id" in json.loads(line) for line in entry.read_text(encoding="utf-8").splitlines() if line)
    except (ValueError, TypeError):
        return False


# ---- what is merged -------------------------------------------------------------------------------------------------


def _small_loads(now: Files, limit: int) -> set[str]:
    """Loads none of whose files has `limit` bytes or more."""
    large = {load_id(path) for table in SCHEMAS for path in now.paths(table, now.loads) if _bytes(path) >= limit}
    return set(now.loads) - large


def groups(landed: dict[Path, int], merged: dict[Path, int], limit: int, *, all_files: bool) -> list[list[Path]]:
    """Which files become one. landed, merged: bytes of the files of the loads to merge, of the merged files there are.

    Every landed file is in one group; merged ones of `limit` bytes or more are left alone. all_files: take all the
    others, too; else only those that what comes to them is WORTH writing again. A group is full at `limit` bytes.
    """
    taken, pile = dict(landed), sum(landed.values())
    for path, size in sorted(merged.items(), key=_by_size):
        if size >= limit or not (all_files or pile >= WORTH * size):
            break
        taken[path] = size
        pile += size
    made: list[list[Path]] = [[]]
    filled = 0
    for path, size in sorted(taken.items(), key=_by_size):
        if filled >= limit:
            made.append([])
            filled = 0
        made[-1].append(path)
        filled += size
    return [group for group in made if len(group) > 1 or set(group) & set(landed)]


def _by_size(item: tuple[Path, int]) -> tuple[int, str]:
    return item[1], item[0].name


def _merge(settings: Settings, before: Files, loads: set[str], limit: int, *, all_files: bool, say: Progress) -> None:
    """Write the merged files, look whether every row is in them, make them count."""
    files = {table: list(names) for table, names in before.merged.files.items()}
    moment = f"{MERGED}-{time.time_ns()}"
    changed = bool(loads)
    try:
        with connect(settings) as con:
            for table in SCHEMAS:
                landed = {path: _bytes(path) for path in before.paths(table, loads)}
                merged = {path: _bytes(path) for path in before.paths(table, [MERGED])}
                for number, group in enumerate(groups(landed, merged, limit, all_files=all_files)):
                    target = before.root / table / f"{moment}.{number}.parquet"
                    say(f"{table}: {len(group)} → 1")
                    # What is damaged must not be copied into a file that counts as sound.
                    verified(settings, group)
                    _write(con, table, group, target)
                    gone = {path.name for path in group}
                    files[table] = [name for name in files.get(table, ()) if name not in gone] + [target.name]
                    changed = True
    except BaseException:
        # A full disk needs its room now. Nothing counts these files yet.
        for half in before.root.glob(f"*/{moment}.*"):
            half.unlink()
        raise
    if changed:
        save_merged(before.root, Merged(files, before.merged.loads | loads))


def _write(con: duckdb.DuckDBPyConnection, table: str, group: list[Path], target: Path) -> None:
    """One file out of several, on disk, with the same rows. Raises CompactionError when they are not the same."""
    order = f"order by {ORDER[table]}" if table in ORDER else ""
    con.execute(
        f"copy (select * from {read(table, group)} {order}) to {literal(target)}"
        f" (format parquet, compression zstd, row_group_size {ROW_GROUP})"
    )
    if _content(con, table, group) != _content(con, table, [target]):
        raise CompactionError(
            f"Tệp gộp không có đúng các dòng của các tệp gốc, đã bỏ; hãy báo lỗi này: {target}\n"
            f"A merged file does not hold the rows of its originals and was dropped; please report this: {target}"
        )
    sync(target)
    sync(target.parent)


def _content(con: duckdb.DuckDBPyConnection, table: str, paths: list[Path]) -> tuple[object, ...] | None:
    """How many rows the files hold, and a sum of hashes of them: the same for the same rows in any order."""
    return con.execute(f"select count(*), sum(hash(row_of)) from {read(table, paths)} as row_of").fetchone()


# ---- what is deleted ------------------------------------------------------------------------------------------------


def _sweep(settings: Settings, now: Files) -> bool:
    """Delete what does not count: files that were merged, halves of killed loads and compactions.

    Does nothing and returns False while somebody reads the lake: he may have found them when they still counted.
    """
    with _nobody_reading(settings) as alone:
        if not alone:
            return False
        for table in SCHEMAS:
            counting = set(now.paths(table))
            for path in (now.root / table).glob("*.parquet"):
                if path not in counting:
                    path.unlink()
            _sync_if_there(now.root / table)
        # The entries last: a load without one does not count whatever is left of it.
        for entry in (now.root / LOADS).glob("*.jsonl"):
            if _of(entry, now.merged.loads):
                entry.unlink()
        _sync_if_there(now.root / LOADS)
    if now.merged.loads:
        save_merged(now.root, Merged(now.merged.files))
    return True


def _of(entry: Path, loads: frozenset[str]) -> bool:
    """Is this entry of `_dlt_loads` one of these loads, and of no other?"""
    lines = [json.loads(line) for line in entry.read_text(encoding="utf-8").splitlines() if line.strip()]
    return bool(lines) and all(str(line["load_id"]) in loads for line in lines)


@contextlib.contextmanager
def _nobody_reading(settings: Settings) -> Iterator[bool]:
    """Whether nobody reads the lake now (`lake.reading`); if so, nobody begins to while the block runs."""
    settings.layout.state.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(settings.layout.lake_lock, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


# ---- disk -----------------------------------------------------------------------------------------------------------


def _size(files: Files, table: str) -> tuple[int, int]:
    paths = files.paths(table)
    return len(paths), sum(_bytes(path) for path in paths)


def _bytes(path: Path) -> int:
    return path.stat().st_size


def _sync_if_there(folder: Path) -> None:
    if folder.is_dir():
        sync(folder)
