"""Each thing in a warehouse damaged or removed (docs/promises.md, 2): it is mended, or named with the command; never a
wrong figure, never a trace of a program.

One warehouse is made: two nights, the lake compacted after the first. Every case damages a copy of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.layout import REPOSITORY
from pipelines.orchestration.record import STEPS

pytestmark = pytest.mark.faults

EXAMPLES = REPOSITORY / "tests" / "data" / "worked_examples" / "inbox"
SECOND, THIRD = "dvcqg/progress/tiendo_20240601T060000.ndjson", "dvcqg/dossiers/hoso_20240605.json"
PROGRAM = (sys.executable, "-c", "from pipelines.cli import main; main()")
#: What nobody but a programmer should see.
TRACES = re.compile(
    r"Traceback|File \"|line \d+, in |\b[A-Z]\w+(?:Error|Exception)\b|Logging error|IO Error|INTERNAL|Dagster[A-Z]"
)


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("DAGSTER_HOME", "DUNGHAN_LANG")}
    return kept | {"DUNGHAN_DROP_ZONE": str(folder / "inbox"), "DUNGHAN_WAREHOUSE": str(folder / "warehouse")}


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """The command, on a warehouse; what it says comes out of it line by line."""
    return subprocess.Popen(
        [*PROGRAM, *arguments],
        env=environment(folder),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def dunghan(folder: Path, *arguments: str) -> tuple[int, str]:
    """One call of the command: its exit status and what it said."""
    process = start(folder, *arguments)
    said = process.communicate(timeout=900)[0]
    return process.returncode, said


def hashes(folder: Path) -> dict[str, str]:
    manifest = json.loads((folder / "warehouse" / "published" / "manifest.json").read_text(encoding="utf-8"))
    return {name: mart["content_hash"] for name, mart in manifest["marts"].items()}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse after two nights, compacted after the first. A third export lies beside it, in `later`."""
    folder = tmp_path_factory.mktemp("finished")
    shutil.copytree(EXAMPLES, folder / "inbox")
    for name in (SECOND, THIRD):
        (folder / "later" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "inbox" / name).rename(folder / "later" / name)
    expect(folder, "run")
    expect(folder, "compact")
    arrives(folder, SECOND)
    expect(folder, "run")
    return folder


@pytest.fixture(scope="module")
def third_night(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The marts when the third export has come, too, and nothing was in the way."""
    folder = copy_of(finished, tmp_path_factory.mktemp("third"))
    arrives(folder, THIRD)
    expect(folder, "run")
    return hashes(folder)


def arrives(folder: Path, name: str) -> None:
    shutil.copy2(folder / "later" / name, folder / "inbox" / name)


def expect(folder: Path, *arguments: str, status: tuple[int, ...] = (0, 3)) -> str:
    """What a command says that must end with one of these, without a trace of a program."""
    code, said = dunghan(folder, *arguments)
    assert code in status, said
    assert not TRACES.search(said), said
    return said


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
    Case("calendar-filled", lambda warehouse: [warehouse / "calendar.csv"], fill, (1,), "calendar.csv.*`dunghan run`"),
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


#: One case of every sort; the others say the same of other files and take as long.
ALWAYS = {"lake-merged-removed", "build-flipped", "key-and-fingerprints-removed"}


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=case.name, marks=[] if case.name in ALWAYS else pytest.mark.slow) for case in CASES],
)
def test_damaged_or_removed(case: Case, finished: Path, tmp_path: Path) -> None:
    folder = copy_of(finished, tmp_path)
    for path in case.things(folder / "warehouse"):
        case.damage(path)
    said = expect(folder, *case.command, status=case.status)
    assert re.search(case.says, said, re.DOTALL), said
    if case.status != (1,):
        assert hashes(folder) == hashes(finished)
        assert expect(folder, "status")


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_what_is_named_is_named_in_one_language(lang: str, finished: Path, tmp_path: Path) -> None:
    folder = copy_of(finished, tmp_path)
    (folder / "warehouse" / "keys" / "privacy.key").unlink()
    said = expect(folder, "--lang", lang, "run", status=(1,))
    vi, en = "Mất khóa bảo mật" in said, "The privacy key that" in said
    assert (vi, en) == ((True, False) if lang == "vi" else (False, True)), said


@pytest.mark.slow
def test_what_cannot_be_read_again_is_named(finished: Path, tmp_path: Path) -> None:
    """The lake has lost a file, and so has the drop zone: nothing is published until the export is back."""
    folder = copy_of(finished, tmp_path)
    (landed,) = (folder / "warehouse").glob(LANDED)
    landed.unlink()
    (folder / "inbox" / SECOND).unlink()
    said = expect(folder, "run", status=(1,))
    assert SECOND in said and "`dunghan run`" in said
    assert hashes(folder) == hashes(finished)
    arrives(folder, SECOND)
    expect(folder, "run")
    assert hashes(folder) == hashes(finished)
    assert not list((folder / "warehouse" / "lake").rglob("*.damaged"))


def test_a_file_that_readers_see_does_not_leave_in_silence(finished: Path, tmp_path: Path) -> None:
    """Everything that the lake knew of a load is gone, and its export, too: the published ledger still names it."""
    folder = copy_of(finished, tmp_path)
    for entry in (folder / "warehouse" / "lake" / "raw" / "_dlt_loads").glob("*.jsonl"):
        entry.unlink()
    (folder / "inbox" / SECOND).unlink()
    said = expect(folder, "run", status=(1,))
    assert SECOND in said
    assert hashes(folder) == hashes(finished)


def test_doctor_reads_every_byte(finished: Path, tmp_path: Path) -> None:
    folder = copy_of(finished, tmp_path)
    expect(folder, "doctor", "--deep")
    (merged,) = (folder / "warehouse").glob(MERGED)
    (parquet, *_) = (folder / "warehouse" / "published" / "current" / "parquet").glob("fct_*.parquet")
    for path in (merged, parquet, folder / "warehouse" / "build.duckdb"):
        flip(path)
    said = expect(folder, "doctor", "--deep", status=(1,))
    for name in (merged.name, f"parquet/{parquet.name}", "build.duckdb", "`dunghan publish`", "--full-refresh"):
        assert name in said, name


def test_an_alarm_is_not_lost(finished: Path, tmp_path: Path) -> None:
    """A run dies after the validation of a file that is no export: the next one tells of it, though it is not new."""
    folder = copy_of(finished, tmp_path)
    (folder / "inbox" / "dvcqg" / "dossiers" / "hoso_20240606.json").write_text("no JSON", encoding="utf-8")
    run = start(folder, "run")
    assert run.stdout is not None
    for line in run.stdout:
        if STEPS["building"][0] in line:
            break
    run.kill()
    run.wait()
    assert "hoso_20240606.json" in expect(folder, "run", status=(3,))
    assert "hoso_20240606.json" not in expect(folder, "run", status=(0,))


# ---- the disk ------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk with room for one run, mounted."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    image, disk = tmp_path / "image", tmp_path / "disk"
    disk.mkdir()
    with image.open("wb") as file:
        file.truncate(1_600 * 2**20)
    for command in (["mkfs.ext4", "-q", "-m", "0", str(image)], ["mount", "-o", "loop", str(image), str(disk)]):
        if shutil.which(command[0]) is None or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip(f"{command[0]} is not possible here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def fill_up(disk: Path) -> None:
    """Not a byte is left; the room is only reserved, not written."""
    with (disk / "filler").open("ab") as file:
        for size in (2**26, 2**20, 2**12):
            with contextlib.suppress(OSError):
                while True:
                    os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, size)


@pytest.mark.parametrize(
    "stages",
    [
        pytest.param(stages, marks=pytest.mark.slow)
        for stages in (("landing", "publishing"), ("validation", "building"))
    ],
)
def test_the_disk_is_full(
    stages: tuple[str, ...], small_disk: Path, finished: Path, third_night: dict[str, str]
) -> None:
    """At each stage: told in one sentence, what is published stays; with room again the next run ends as if nothing
    had been."""
    copy_of(finished, small_disk)
    arrives(small_disk, THIRD)
    for stage in stages:
        run = start(small_disk, "run")
        assert run.stdout is not None
        said = ""
        for line in run.stdout:
            said += line
            if STEPS[stage][0] in line and line.startswith("…"):
                fill_up(small_disk)
        assert run.wait() == 1, said
        assert "ổ đĩa đầy" in said, said
        assert not TRACES.search(said), said
        (small_disk / "filler").unlink()
        assert hashes(small_disk) == hashes(finished)
        expect(small_disk, "status", status=(0, 1, 3))
    expect(small_disk, "run")
    assert hashes(small_disk) == third_night


@pytest.mark.parametrize(
    "place",
    [
        "lake/raw/dossiers",
        *(pytest.param(place, marks=pytest.mark.slow) for place in ("published", "lake", "state", "keys")),
    ],
)
def test_a_folder_that_cannot_be_written_to(place: str, finished: Path, tmp_path: Path) -> None:
    """Told before anything starts where it is a folder of the warehouse's own, else by the step that stumbles on it."""
    folder = copy_of(finished, tmp_path)
    arrives(folder, THIRD)
    closed = folder / "warehouse" / place
    mounts = (["mount", "--bind", str(closed), str(closed)], ["mount", "-o", "remount,ro,bind", str(closed)])
    if os.geteuid() != 0 or any(subprocess.run(m, capture_output=True, check=False).returncode for m in mounts):
        pytest.skip("only root can make a folder read-only for this")
    try:
        said = expect(folder, "run", status=(1, 2))
        assert "quyền" in said and "`dunghan" in said, said
    finally:
        subprocess.run(["umount", str(closed)], check=True)
    assert hashes(folder) == hashes(finished)
