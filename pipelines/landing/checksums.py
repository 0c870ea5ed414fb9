"""Damage in the lake: noticed before a figure is made of it, mended from the exports where they are still there.

    lake/raw/_checksums.json   "<table>/<file>" → {bytes, sha256, checked}: written when the files are
    lake/raw/_lost.json        landing_id → file_path, of what lay in a damaged file: it is read again from its export
    …parquet.damaged           a damaged file, put aside until everything that lay in it was landed again

Every run looks at the sizes of all files and at the content of the ledger; a validation at the content of what it reads
(`verified`); each run looks through some of the others, too (`verify_some`), `dunghan doctor --deep` through all.
Whoever writes here holds the run lock.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.clock import wall_clock
from pipelines.config import Settings
from pipelines.contract.kinds import KINDS
from pipelines.files import sha256_of, write_whole
from pipelines.landing.lake import (
    DATASET,
    LEDGER,
    LOST,
    SCHEMAS,
    Files,
    Lake,
    LakeError,
    Merged,
    load_id,
    look,
    lost,
    read,
    save_merged,
)
from pipelines.sql import literal, open_duckdb

CHECKSUMS = "_checksums.json"
ASIDE = ".damaged"
#: So many bytes are looked through after a run, those first that were looked at the longest ago.
PORTION_BYTES = 256 * 1024**2
_NAMED = 5

Entry = dict[str, Any]


@dataclass(frozen=True)
class Damage:
    """A file of the lake that is not what was written. `name`: "<table>/<file>"."""

    name: str
    how: tuple[str, str]  # Vietnamese, English


GONE, CUT, CHANGED = ("đã mất", "is gone"), ("sai dung lượng", "has another size"), ("sai nội dung", "was changed")


class LakeDamagedError(LakeError):
    """Files of the lake are not what was written. `damaged` says which."""

    def __init__(self, damaged: Collection[Damage]) -> None:
        self.damaged = list(damaged)
        next_step = ("đọc lại từ tệp kết xuất", "reads them again from the exports")
        super().__init__(
            " / ".join(f"{listed(self.damaged, c)}; `dunghan run --full-refresh` {next_step[c]}" for c in (0, 1))
        )


class ExportsMissingError(LakeError):
    """What lay in damaged files of the lake cannot be read again: its exports are not in the drop zone any more."""


def record(settings: Settings) -> None:
    """Note the checksums of files that are new in the lake, forget those of files that count no longer."""
    root = settings.layout.lake / DATASET
    known, now = _checksums(root), look(root)
    counting = {name: path for name, path in _present(now).items() if path.exists()}
    kept = {name: entry for name, entry in known.items() if name in counting}
    new = {name: _entry(path) for name, path in counting.items() if name not in known}
    if new or kept.keys() != known.keys():
        _write(root, kept | new)


def damaged(settings: Settings, tables: Collection[str] = (LEDGER,)) -> list[Damage]:
    """Files that count and are gone or of another size; of `tables` also those whose content is another one."""
    root = settings.layout.lake / DATASET
    now, known = look(root), _checksums(root)
    merged = {f"{table}/{name}" for table, names in now.merged.files.items() for name in names}
    # A file of a load that nothing lists is found by its checksum only.
    expected = {name for name in known if name in merged or load_id(Path(name)) in now.loads} | merged
    found = []
    for name in sorted(expected | _present(now).keys()):
        how = _compared(root / name, known.get(name), content=name.partition("/")[0] in tables)
        if how is not None:
            found.append(Damage(name, how))
    return found


def verified(settings: Settings, paths: Iterable[Path]) -> None:
    """Look at the content of files that are about to be read. Raises LakeDamagedError."""
    root = settings.layout.lake / DATASET
    known = _checksums(root)
    compared = ((path.relative_to(root).as_posix(), path) for path in paths)
    found = [(name, _compared(path, known.get(name), content=True)) for name, path in compared]
    if wrong := [Damage(name, how) for name, how in found if how is not None]:
        raise LakeDamagedError(wrong)


def verify_some(settings: Settings, portion: int = PORTION_BYTES) -> list[Damage]:
    """Look through files of `portion` bytes in all, those first that nobody looked at for longest; returns the damaged
    ones. At most once a day each."""
    root = settings.layout.lake / DATASET
    known, today = _checksums(root), wall_clock().date().isoformat()
    found, looked = [], False
    for name, entry in sorted(known.items(), key=lambda item: str(item[1].get("checked"))):
        portion -= int(entry["bytes"])
        if portion < 0 or entry.get("checked") == today:
            break
        # A file that compaction has replaced is none that is gone.
        if (root / name).exists() and (how := _compared(root / name, entry, content=True)) is not None:
            found.append(Damage(name, how))
        entry["checked"] = today
        looked = True
    if looked:
        _write(root, known)
    return found


def put_aside(settings: Settings, found: Collection[Damage]) -> str:
    """Take damaged files out of the lake and note what lay in them, so that the next landing reads it again; says so.

    Raises duckdb.Error when the others cannot be read either.
    """
    root = settings.layout.lake / DATASET
    names = {damage.name for damage in found}
    for name in names:
        with contextlib.suppress(FileNotFoundError):
            (root / name).rename(root / f"{name}{ASIDE}")
    now = look(root)
    files = {t: [n for n in listed if f"{t}/{n}" not in names] for t, listed in now.merged.files.items()}
    if files != now.merged.files:
        save_merged(root, Merged(files, now.merged.loads))
    tables = {name.partition("/")[0] for name in names} - {LEDGER}
    missing = {**lost(root), **{k: v for table in tables for k, v in _missing(settings, table).items()}}
    write_whole(root / LOST, json.dumps(missing, ensure_ascii=False, indent=1) + "\n")
    _write(root, {name: entry for name, entry in _checksums(root).items() if name not in names})
    done = ("đọc lại từ tệp kết xuất", "read again from the exports")
    return " / ".join(f"{listed(found, column)}; {done[column]}" for column in (0, 1))


def settle(settings: Settings) -> None:
    """After a landing: what lay in damaged files is in the lake again, and they go. Raises ExportsMissingError."""
    root = settings.layout.lake / DATASET
    if not (root / LOST).exists():
        return
    ids = {landing.landing_id for landing in Lake(settings).landings()}
    if left := sorted({path for landing_id, path in lost(root).items() if landing_id in ids}):
        shown = ", ".join(left[:_NAMED]) + (f" … ({len(left)})" if len(left) > _NAMED else "")
        aside = ", ".join(path.relative_to(root).as_posix() for path in sorted(root.glob(f"*/*{ASIDE}")))
        raise ExportsMissingError(
            f"Tệp của kho bị hỏng và tệp kết xuất không còn trong thư mục nhận: {shown}. Hãy đặt lại chúng, hoặc khôi "
            f"phục tệp của kho từ bản sao lưu (docs/runbooks/vi/damaged-lake.md; {aside}), rồi `dunghan run`.\n"
            f"The lake is damaged and these exports are not in the drop zone any more: {shown}. Put them back, or "
            f"restore the files of the lake from a backup (docs/runbooks/damaged-lake.md; {aside}), then `dunghan run`."
        )
    for path in (*root.glob(f"*/*{ASIDE}"), root / LOST):
        path.unlink()


def _missing(settings: Settings, table: str) -> dict[str, str]:
    """landing_id → file_path of the landings that count and whose rows no file of the table holds."""
    kind = next(name for name, kind in KINDS.items() if kind.table == table)
    paths = [path for path in look(settings.layout.lake / DATASET).paths(table) if path.exists()]
    with open_duckdb() as con:
        rows = con.execute(f"""
            select landing_id, file_path from {Lake(settings).landed()}
            where kind = {literal(kind)} and rows_read > 0 and file_sha256 is not null
                and landing_id not in (select landing_id from {read(table, paths)})
        """).fetchall()
    return dict(rows)


def _compared(path: Path, entry: Entry | None, *, content: bool) -> tuple[str, str] | None:
    """What is wrong with a file; None: nothing, or nobody noted what it should be."""
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return GONE
    if entry is None:
        return None
    if size != entry["bytes"]:
        return CUT
    return CHANGED if content and sha256_of(path) != entry["sha256"] else None


def _present(now: Files) -> dict[str, Path]:
    """Every file that counts, by its name in the lake."""
    return {path.relative_to(now.root).as_posix(): path for table in SCHEMAS for path in now.paths(table)}


def _entry(path: Path) -> Entry:
    return {"bytes": path.stat().st_size, "sha256": sha256_of(path), "checked": wall_clock().date().isoformat()}


def _checksums(root: Path) -> dict[str, Entry]:
    """What was noted; nothing when there is no such file or it is damaged: it is noted anew then."""
    try:
        found: dict[str, Entry] = json.loads((root / CHECKSUMS).read_text(encoding="utf-8"))
        return {name: entry for name, entry in found.items() if {"bytes", "sha256"} <= entry.keys()}
    except (OSError, ValueError, AttributeError):
        return {}


def _write(root: Path, entries: dict[str, Entry]) -> None:
    if root.is_dir():
        write_whole(root / CHECKSUMS, json.dumps(entries, indent=0, sort_keys=True) + "\n")


def listed(found: Collection[Damage], column: int) -> str:
    """The files and what is wrong with each, the first ones by name; column: 0 Vietnamese, 1 English."""
    heading = ("Tệp của kho bị hỏng", "Files of the lake are damaged")[column]
    more = f" … ({len(found)})" if len(found) > _NAMED else ""
    return f"{heading}: {', '.join(f'{d.name} ({d.how[column]})' for d in list(found)[:_NAMED])}{more}"
