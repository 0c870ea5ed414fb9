"""Each thing in a warehouse damaged or removed (docs/promises.md, 2): it is mended, or named with the command; never a
wrong figure, never a trace of a program.

One warehouse is made: two nights, the lake compacted after the first; a third export waits. Every case damages a copy,
and runs the third night on it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.layout import REPOSITORY

pytestmark = pytest.mark.faults

EXAMPLES = REPOSITORY / "tests" / "data" / "worked_examples" / "inbox"
SECOND, THIRD = "dvcqg/progress/tiendo_20240601T060000.ndjson", "dvcqg/dossiers/hoso_20240605.json"
#: What nobody but a programmer should see.
TRACES = re.compile(
    r"Traceback|File \"|line \d+, in |\b[A-Z]\w+(?:Error|Exception)\b|Logging error|IO Error|INTERNAL|Dagster[A-Z]"
)


def dunghan(folder: Path, *arguments: str, config: Iterable[str] = (), before: Iterable[str] = ()) -> tuple[int, str]:
    """One call of the command: its exit status and what it said. before: a command that starts it."""
    environment = {name: value for name, value in os.environ.items() if name not in ("DAGSTER_HOME", "DUNGHAN_LANG")}
    environment |= {"DUNGHAN_DROP_ZONE": str(folder / "inbox"), "DUNGHAN_WAREHOUSE": str(folder / "warehouse")}
    done = subprocess.run(
        [*before, sys.executable, "-c", "from pipelines.cli import main; main()", *arguments],
        env=environment | dict(entry.split("=", 1) for entry in config),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    return done.returncode, done.stdout + done.stderr


def hashes(folder: Path) -> dict[str, str]:
    manifest = json.loads((folder / "warehouse" / "published" / "manifest.json").read_text(encoding="utf-8"))
    return {name: mart["content_hash"] for name, mart in manifest["marts"].items()}


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two nights; the third export waits in the drop zone."""
    folder = tmp_path_factory.mktemp("damage")
    waiting = {name: folder / "later" / name for name in (SECOND, THIRD)}
    shutil.copytree(EXAMPLES, folder / "inbox")
    for name, place in waiting.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        (folder / "inbox" / name).rename(place)
    for name, then in ((SECOND, "compact"), (THIRD, "status")):
        code, said = dunghan(folder, "run")
        assert code in (0, 3), said
        code, said = dunghan(folder, then)
        assert code in (0, 3), said
        shutil.copy2(waiting[name], folder / "inbox" / name)
    return folder


@pytest.fixture(scope="module")
def undamaged(before: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Marts of the third night when nothing was damaged."""
    folder = copy_of(before, tmp_path_factory.mktemp("undamaged"))
    code, said = dunghan(folder, "run")
    assert code in (0, 3), said
    return hashes(folder)


def copy_of(folder: Path, to: Path) -> Path:
    subprocess.run(["cp", "-a", f"{folder}/.", str(to)], check=True)
    return to


# ---- ways of damaging --------------------------------------------------------------------------------------------


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def cut(path: Path) -> None:
    """Half of it is missing, as after a copy that was broken off."""
    path.chmod(0o644)
    os.truncate(path, path.stat().st_size // 2)


def flip(path: Path) -> None:
    """Same size, other bytes all over it: an ailing disk."""
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    for place in range(len(content) // 20, len(content), max(len(content) // 400, 64)):
        content[place] ^= 0x5A
    path.write_bytes(content)


def fill(path: Path) -> None:
    """Something else stands there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x00not what it was\xff\n" * 40)


def warehouse_files(*patterns: str) -> Callable[[Path], list[Path]]:
    """The files of a warehouse that fit, at least one of each pattern."""

    def found(warehouse: Path) -> list[Path]:
        paths = [sorted(warehouse.glob(pattern)) for pattern in patterns]
        assert all(paths), patterns
        return [path for some in paths for path in some]

    return found


@dataclass(frozen=True)
class Case:
    """A thing, what happens to it, how the next command ends and what it says, and whether the marts are then those of
    an undamaged warehouse."""

    name: str
    things: Callable[[Path], list[Path]]
    damage: Callable[[Path], None]
    status: tuple[int, ...] = (0, 3)
    says: str = ""
    command: tuple[str, ...] = ("run",)


MERGED, LANDED = "lake/raw/dossiers/merged-*.parquet", "lake/raw/events/[0-9]*.parquet"
LISTS = ("lake/raw/_merged.json", "lake/raw/_merged.copy.json")
BUILD, WAL = warehouse_files("build.duckdb"), lambda warehouse: [warehouse / "build.duckdb.wal"]
DATABASE, PARQUET = "published/versions/*/dunghan.duckdb", "published/versions/*/parquet/fct_dossiers.parquet"
CURRENT = "published/current/manifest.json"
MENDED = "Đã tự sửa"
CASES = [
    Case("lake-landed-removed", warehouse_files(LANDED), remove, says=MENDED),
    Case("lake-merged-removed", warehouse_files(MERGED), remove, says=MENDED),
    Case("lake-merged-cut", warehouse_files(MERGED), cut, says=MENDED),
    Case("lake-merged-flipped", warehouse_files(MERGED), flip, says=MENDED, command=("run", "--full-refresh")),
    Case("lake-ledger-flipped", warehouse_files("lake/raw/files/*.parquet"), flip, says=MENDED),
    Case("lake-loads-removed", warehouse_files("lake/raw/_dlt_loads/*.jsonl"), fill),
    Case("lake-removed", warehouse_files("lake/raw"), remove),
    Case("merged-list-removed", warehouse_files(LISTS[0]), remove),
    Case("merged-list-cut", warehouse_files(LISTS[0]), cut),
    Case("merged-lists-removed", warehouse_files(*LISTS), remove, (1,), "_merged.json.*`dunghan run`"),
    Case("checksums-filled", warehouse_files("lake/raw/_checksums.json"), fill),
    Case("build-removed", BUILD, remove),
    Case("build-cut", BUILD, cut, says=MENDED),
    Case("build-flipped", BUILD, flip, says=MENDED),
    Case("build-filled", BUILD, fill, says=MENDED),
    Case("wal-filled", WAL, fill),
    Case("manifest-of-dbt-cut", warehouse_files("state/dbt/manifest-*.json"), cut),
    Case("dbt-removed", warehouse_files("state/dbt"), remove),
    Case("dlt-filled", lambda warehouse: [warehouse / "state/dlt/dunghan/state.json"], fill),
    Case("dagster-index-filled", warehouse_files("dagster/history/runs/index.db"), fill, says=MENDED),
    Case("dagster-runs-cut", warehouse_files("dagster/history/runs.db"), cut, says=MENDED),
    Case("dagster-all-removed", warehouse_files("dagster"), remove),
    Case("published-file-removed", warehouse_files(DATABASE), remove),
    Case("published-file-cut", warehouse_files(DATABASE), cut),
    Case("published-file-flipped", warehouse_files(DATABASE), flip),
    Case("published-parquet-removed", warehouse_files(PARQUET), remove),
    Case("manifest-cut", warehouse_files(CURRENT), cut),
    Case("manifest-removed", warehouse_files(CURRENT), remove),
    Case("pointer-removed", warehouse_files("published/current"), remove),
    Case("state-filled", warehouse_files("state/last-run.json", "state/readers.json", "state/runs/*.json"), fill),
    Case("calendar-filled", lambda warehouse: [warehouse / "calendar.csv"], fill, (1,), "calendar.csv"),
    Case("key-removed", warehouse_files("keys/privacy.key"), remove, (1,), "khóa.*`dunghan run`"),
    Case("key-filled", warehouse_files("keys/privacy.key"), fill, (1,), "khóa.*`dunghan run`"),
    Case(
        "key-and-fingerprints-removed",
        warehouse_files("keys/privacy.key", "state/privacy-key.fingerprint", "lake/privacy-key.fingerprint"),
        remove,
        (1,),
        "khóa.*`dunghan run`",
    ),
]
