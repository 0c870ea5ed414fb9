"""Warehouses of earlier releases, and one of a later release.

`tests/data/warehouses`: what each of them had made of the worked examples (with the exports), without what a run makes
anew (dbt's folder, dlt's, Dagster's, the quality pages). The next run of this release brings such a warehouse to the
figures of a fresh one; a warehouse of a later release is left alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import duckdb
import pytest

from pipelines.config import Settings, load_settings
from pipelines.contract.kinds import KINDS
from pipelines.layout import REPOSITORY
from warehouse.format import FORMAT, found_format
from warehouse.publish import Publication, current, rollback, versions

pytestmark = [pytest.mark.faults, pytest.mark.slow]

RELEASES = REPOSITORY / "tests" / "data" / "warehouses"
#: Every release that a warehouse is kept of.
KEPT = sorted(path.name.removesuffix(".tar.xz") for path in RELEASES.glob("*.tar.xz"))
OLDEST = KEPT[0]
KEY = "0123456789abcdef-for-tests"


def settings_of(folder: Path) -> Settings:
    return load_settings(drop_zone=str(folder / "inbox"), warehouse=folder / "warehouse", privacy_key=KEY)


def unpacked(release: str, folder: Path) -> Path:
    with tarfile.open(RELEASES / f"{release}.tar.xz") as archive:
        archive.extractall(folder, filter="tar")
    return folder


def dunghan(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "DUNGHAN_DROP_ZONE": str(folder / "inbox"),
        "DUNGHAN_WAREHOUSE": str(folder / "warehouse"),
        "DUNGHAN_PRIVACY_KEY": KEY,
        "DUNGHAN_AS_OF": "2024-07-01",
    }
    environment.pop("DAGSTER_HOME", None)
    return subprocess.run(
        [sys.executable, "-c", "from pipelines.cli import main; main()", *words],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def run(folder: Path) -> Publication:
    done = dunghan(folder, "run")
    assert done.returncode in (0, 3), done.stdout + done.stderr  # 3: rows of the examples are refused
    assert "Traceback" not in done.stdout + done.stderr
    published = current(settings_of(folder))
    assert published is not None
    return published


def hashes(published: Publication) -> dict[str, str]:
    return {name: mart["content_hash"] for name, mart in published.manifest["marts"].items()}


def content(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder, through links."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rows_but_late_fields(published: Publication) -> list[str]:
    """Rows of fct_dossiers without the fields that came to the contract later."""
    late = {field.column for kind in KINDS.values() for field in kind.columns if field.late}
    with duckdb.connect(str(published.database), read_only=True) as con:
        columns = [name for name, *_ in con.execute("describe marts.fct_dossiers").fetchall()]
        shown = ", ".join(f'"{column}"' for column in columns if column not in late)
        return sorted(repr(row) for row in con.execute(f"select {shown} from marts.fct_dossiers").fetchall())


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Publication:
    """The same exports through this release alone."""
    folder = unpacked(OLDEST, tmp_path_factory.mktemp("fresh"))
    shutil.rmtree(folder / "warehouse")
    return run(folder)


@pytest.mark.parametrize("release", KEPT)
def test_the_next_run_brings_it_to_the_figures_of_a_fresh_warehouse(
    release: str, fresh: Publication, tmp_path: Path
) -> None:
    folder = unpacked(release, tmp_path)
    settings = settings_of(folder)
    before = current(settings)
    assert before is not None
    assert found_format(settings.layout) == 0
    then = content(before.folder)
    lake = content(settings.layout.lake)

    after = run(folder)
    differing = {name for name, hash_ in hashes(fresh).items() if hashes(after).get(name) != hash_}
    # Rows that an older release landed do not say what it did not know (decision 20): empty there, 0 in the fresh one.
    assert differing <= {"fct_dossiers"}
    assert rows_but_late_fields(after) == rows_but_late_fields(fresh)
    assert found_format(settings.layout) == FORMAT
    # Nothing was landed twice, and what was published is what it was, also for who goes back to it.
    assert {name: sha for name, sha in content(settings.layout.lake).items() if name in lake} == lake
    assert [version.version for version in versions(settings)] == [after.version, before.version]
    assert then.items() <= content(before.folder).items()
    rollback(settings)
    database = settings.layout.published / "dunghan.duckdb"
    assert hashlib.sha256(database.read_bytes()).hexdigest() == then["marts.duckdb"]


WRITERS = (
    ["run"],
    ["run", "--lang", "en"],
    ["backfill", "--from", "2024-06-01", "--to", "2024-06-30"],
    ["publish"],
    ["rollback"],
    ["compact"],
    ["restate", "--as-of", "2024-05-31"],
)


def test_a_warehouse_of_a_later_release_is_refused(tmp_path: Path) -> None:
    folder = unpacked(OLDEST, tmp_path)
    layout = settings_of(folder).layout
    layout.format.write_text(f"{FORMAT + 1}\n")
    before = content(layout.root)
    for words in WRITERS:
        done = dunghan(folder, *words)
        told = done.stdout + done.stderr
        assert done.returncode == 1, (words, told)
        assert ("newer release" if "en" in words else "mới hơn") in told
        assert f"{FORMAT + 1}" in told
        assert "Traceback" not in told
    after = content(layout.root)
    assert {name: sha for name, sha in after.items() if name in before} == before
    assert not (layout.root / "restated").exists() or not any((layout.root / "restated").iterdir())


def test_what_is_kept_is_small_and_names_nobody() -> None:
    assert len(KEPT) >= 3
    for path in RELEASES.glob("*.tar.xz"):
        assert path.stat().st_size < 330_000, path.name
        with tarfile.open(path) as archive:
            assert all(not member.name.startswith(("/", "..")) for member in archive.getmembers())
            records = [member for member in archive.getmembers() if member.name.endswith("last-run.json")]
            (record,) = [json.loads((archive.extractfile(member) or sys.exit()).read()) for member in records]
        assert "/tmp/" not in json.dumps(record)
