"""Compaction on small lakes: every row once, whatever was merged before, killed, or is being read."""

from __future__ import annotations

import json
import os
from pathlib import Path

import duckdb
import pytest

from pipelines.config import Scope, Settings
from pipelines.landing import compaction
from pipelines.landing.compaction import SMALL, CompactionError, compact, due, groups
from pipelines.landing.lake import (
    DATASET,
    LOADS,
    MANIFEST,
    MANIFEST_COPY,
    MERGED,
    SCHEMAS,
    Lake,
    LakeError,
    look,
    reading,
)
from tests.lake_builder import File, LakeBuilder
from tests.support.exports import zone

pytestmark = pytest.mark.integration


class Killed(BaseException):
    """As SIGKILL: nothing catches it."""


def nightly_run(number: int, rows: int = 3) -> list[File]:
    return [
        File(
            [{"dossier_code": f"H39.18.25-2403{number:02d}-{row:04d}"} for row in range(rows, 0, -1)],
            name=f"hoso_202406{number:02d}.ndjson",
        ),
        File(
            [{"event_key": f"{number}-{row}"} for row in range(rows)], "progress", f"tiendo_202406{number:02d}.ndjson"
        ),
    ]


@pytest.fixture
def lake(tmp_path: Path) -> tuple[Settings, LakeBuilder]:
    settings = zone(tmp_path)
    settings.layout.create()
    builder = LakeBuilder(settings)
    for number in range(1, 6):
        builder.land(*nightly_run(number))
    return settings, builder


def content(settings: Settings, scoped: Scope | None = None) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, those of replaced landings too; and which landings count."""
    own = settings.restating(settings.warehouse / "work", scoped) if scoped else settings
    found = Lake(own)
    with duckdb.connect() as con:
        rows = {
            f"{method.__name__} {table}": con.execute(f"from {method(table)} order by all").fetchall()
            for table in SCHEMAS
            for method in (found.relation, found.rows)
        }
    rows["landings"] = [(x.landing_id, x.source, x.kind, x.file_sha256, x.outcome) for x in found.landings()]
    return rows


def on_disk(settings: Settings) -> dict[str, int]:
    root = settings.layout.lake / DATASET
    return {table: len(list((root / table).glob("*"))) for table in (*SCHEMAS, LOADS) if (root / table).exists()}


def test_every_row_is_there_once_in_one_file_of_each_table(lake: tuple[Settings, LakeBuilder]) -> None:
    settings, _ = lake
    before = content(settings)
    assert len(before["rows dossiers"]) == 15
    done = compact(settings)
    assert content(settings) == before
    assert on_disk(settings) == {"files": 1, "dossiers": 1, "events": 1, LOADS: 0}
    told = {table.table: (table.files_before, table.files_after) for table in done.tables}
    assert told["dossiers"] == told["files"] == (5, 1)
    assert (done.loads, done.waiting) == (5, False)


def test_rows_are_sorted_by_code(lake: tuple[Settings, LakeBuilder]) -> None:
    settings, _ = lake
    compact(settings)
    (path,) = look(settings.layout.lake / DATASET).paths("dossiers")
    with duckdb.connect() as con:
        codes = [code for (code,) in con.execute(f"select dossier_code from '{path}'").fetchall()]
    assert codes == sorted(codes)


def test_a_second_compaction_has_nothing_to_do(lake: tuple[Settings, LakeBuilder]) -> None:
    settings, _ = lake
    compact(settings)
    root = settings.layout.lake
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*.parquet")}
    done = compact(settings)
    assert done.loads == 0
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*.parquet")} == before


def test_nightly_runs_after_a_compaction_are_read_beside_it_and_merged_with_it(
    lake: tuple[Settings, LakeBuilder],
) -> None:
    settings, builder = lake
    plain = zone(settings.warehouse.parent / "plain")
    other = LakeBuilder(plain)
    for number in range(1, 10):
        other.land(*nightly_run(number))
    compact(settings)
    builder.loads = 5
    for number in range(6, 10):
        builder.land(*nightly_run(number))
        assert len(content(settings)["rows dossiers"]) == number * 3
        compact(settings, small_only=number % 2 == 0)
    assert content(settings) == content(plain)


def test_rows_of_some_files_are_found_wherever_they_lie(lake: tuple[Settings, LakeBuilder]) -> None:
    settings, builder = lake
    compact(settings)
    builder.land(*nightly_run(6))
    merged, landed = nightly_run(2)[0], nightly_run(6)[0]
    with duckdb.connect() as con:
        for files in ([merged], [landed], [merged, landed]):
            hashes = {file.sha256 for file in files}
            found = con.execute(
                f"select distinct file_sha256 from {Lake(settings).rows('dossiers', hashes)}"
            ).fetchall()
            assert {sha256 for (sha256,) in found} == hashes
        assert con.execute(f"from {Lake(settings).rows('dossiers', ['none'])}").fetchall() == []


def test_a_load_that_was_killed_is_swept_and_never_counts(lake: tuple[Settings, LakeBuilder]) -> None:
    settings, builder = lake
    before = content(settings)
    builder.land(*nightly_run(7), complete=False)
    assert on_disk(settings)["dossiers"] == 6
    compact(settings)
    assert content(settings) == before
    assert on_disk(settings)["dossiers"] == 1


def test_landings_that_were_replaced_stay_in_the_lake(lake: tuple[Settings, LakeBuilder]) -> None:
    """Of what was seen until a moment, the landing that counted then must still be there."""
    settings, builder = lake
    builder.land(*nightly_run(2))
    before = content(settings)
    assert len(before["relation dossiers"]) == 18
    assert len(before["rows dossiers"]) == 15
    compact(settings)
    assert content(settings) == before


STAGES = ("_write", "_content", "sync", "save_merged", "_sync_if_there", "_sweep", "_of")


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("call", (0, 1, 3))
def test_stopped_anywhere_the_lake_is_whole_and_the_next_mends_it(
    lake: tuple[Settings, LakeBuilder], monkeypatch: pytest.MonkeyPatch, stage: str, call: int
) -> None:
    settings, builder = lake
    compact(settings)
    builder.land(*nightly_run(6))
    builder.land(*nightly_run(7), complete=False)
    before = content(settings)
    real, calls = getattr(compaction, stage), iter(range(100))

    def stop(*arguments: object, **named: object) -> object:
        if next(calls) == call:
            raise Killed
        return real(*arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(compaction, stage, stop)
        try:
            compact(settings)
        except Killed:
            assert content(settings) == before
    compact(settings)
    assert content(settings) == before
    assert on_disk(settings) == {"files": 1, "dossiers": 1, "events": 1, LOADS: 0}


def test_what_somebody_reads_is_not_deleted(lake: tuple[Settings, LakeBuilder]) -> None:
    settings, _ = lake
    before = content(settings)
    with reading(settings):
        relation = Lake(settings).rows("dossiers")
        assert compact(settings).waiting
        with duckdb.connect() as con:
            assert con.execute(f"from {relation} order by all").fetchall() == before["rows dossiers"]
        assert content(settings) == before
        assert on_disk(settings)["dossiers"] == 6
    assert not compact(settings).waiting
    assert on_disk(settings)["dossiers"] == 1
    assert content(settings) == before


def test_a_merged_file_that_differs_is_never_used(
    lake: tuple[Settings, LakeBuilder], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, _ = lake
    before = content(settings)
    counted = iter(range(100))
    monkeypatch.setattr(compaction, "_content", lambda *_: (next(counted),))
    with pytest.raises(CompactionError, match="does not hold the rows"):
        compact(settings)
    assert content(settings) == before


def test_a_full_disk_leaves_the_lake_as_it_was(
    lake: tuple[Settings, LakeBuilder], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, _ = lake
    before = content(settings)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(compaction, "_write", full)
        with pytest.raises(CompactionError, match="space"):
            compact(settings)
    assert content(settings) == before
    assert not list(settings.layout.lake.rglob(f"{MERGED}-*"))
    compact(settings)
    assert content(settings) == before


def test_without_its_lists_nothing_is_read_or_deleted(lake: tuple[Settings, LakeBuilder]) -> None:
    settings, builder = lake
    root = settings.layout.lake / DATASET
    (root / LOADS).rename(root / "elsewhere")
    with pytest.raises(CompactionError, match="backup"):
        compact(settings)
    (root / "elsewhere").rename(root / LOADS)
    compact(settings)
    builder.land(*nightly_run(6))
    before, rows = on_disk(settings), content(settings)
    listed = (root / MANIFEST).read_text()
    (root / MANIFEST).unlink()
    assert content(settings) == rows, "its copy says the same"
    for broken in (None, "", "{}"):
        for name in (MANIFEST, MANIFEST_COPY):
            (root / name).unlink(missing_ok=True)
            if broken is not None:
                (root / name).write_text(broken)
        with pytest.raises(LakeError, match="backup"):
            compact(settings)
        with pytest.raises(LakeError):
            Lake(settings).landings()
    assert on_disk(settings) == before
    (root / MANIFEST).write_text(listed)
    assert len(content(settings)["rows dossiers"]) == 18


def test_a_table_of_a_newer_version_is_not_left_behind(lake: tuple[Settings, LakeBuilder]) -> None:
    settings, builder = lake
    before = on_disk(settings)
    (builder.root / "of_tomorrow").mkdir()
    (path, *_) = look(builder.root).paths("dossiers")
    (builder.root / "of_tomorrow" / path.name).write_bytes(path.read_bytes())
    with pytest.raises(CompactionError, match="of_tomorrow"):
        compact(settings)
    assert on_disk(settings) == before


def test_columns_that_this_version_does_not_know_are_kept(lake: tuple[Settings, LakeBuilder]) -> None:
    settings, builder = lake
    (path, *_) = look(builder.root).paths("dossiers")
    with duckdb.connect() as con:
        con.execute(f"copy (select *, 'kept' as of_tomorrow from '{path}') to '{path}.new' (format parquet)")
        Path(f"{path}.new").rename(path)
        before = content(settings)
        compact(settings)
        assert content(settings) == before
        (path,) = look(builder.root).paths("dossiers")
        assert con.execute(f"select count(of_tomorrow) from '{path}'").fetchone() == (3,)


def test_when_a_nightly_run_compacts(lake: tuple[Settings, LakeBuilder]) -> None:
    settings, builder = lake
    assert not due(settings)
    assert due(settings.model_copy(update={"compact_after": 5}))
    assert not due(settings.model_copy(update={"compact_after": 0}))
    (path, *_) = look(builder.root).paths("dossiers")
    with path.open("ab") as file:  # only its size matters
        os.truncate(file.fileno(), SMALL)
    assert not due(settings.model_copy(update={"compact_after": 5}))


def test_an_empty_warehouse(tmp_path: Path) -> None:
    settings = zone(tmp_path)
    assert not due(settings)
    assert compact(settings).tables == []


def sizes(**named: int) -> dict[Path, int]:
    return {Path(name): size for name, size in named.items()}


@pytest.mark.parametrize(
    ("landed", "merged", "all_files", "expected"),
    [
        (sizes(a=1, b=1), {}, False, [["a", "b"]]),
        (sizes(a=1), {}, False, [["a"]]),  # alone, but its load has to go
        ({}, sizes(m=5), True, []),
        ({}, sizes(m=5, n=6), True, [["m", "n"]]),
        ({}, sizes(m=5, n=6), False, []),
        (sizes(a=1), sizes(m=4, n=20), False, [["a", "m", "n"]]),
        (sizes(a=1), sizes(m=5, n=20), False, [["a"]]),  # not worth writing m again
        (sizes(a=1), sizes(m=5, n=20), True, [["a", "m", "n"]]),
        (sizes(a=1, b=70, c=120), sizes(m=100, n=300), True, [["a", "b", "c"]]),  # large ones are left alone
        (sizes(a=60, b=70, c=120), {}, True, [["a", "b"], ["c"]]),
    ],
)
def test_which_files_become_one(
    landed: dict[Path, int], merged: dict[Path, int], all_files: bool, expected: list[list[str]]
) -> None:
    made = groups(landed, merged, 100, all_files=all_files)
    assert [[path.name for path in group] for group in made] == expected


def test_files_and_what_is_written_grow_with_the_logarithm_of_the_nightly_runs() -> None:
    merged: dict[Path, int] = {}
    written = 0
    for round_ in range(1000):
        landed = {Path(f"{round_}"): 10}
        for group in groups(landed, merged, 10**9, all_files=False):
            size = sum((landed | merged)[path] for path in group)
            merged = {path: bytes_ for path, bytes_ in merged.items() if path not in group}
            merged[Path(f"{MERGED}-{round_}")] = size
            written += size
    assert len(merged) <= 12
    assert written <= 10 * 1000 * 15


def test_the_list_is_what_any_engine_can_read(lake: tuple[Settings, LakeBuilder]) -> None:
    settings, _ = lake
    compact(settings)
    root = settings.layout.lake / DATASET
    listed = json.loads((root / MANIFEST).read_text())
    with duckdb.connect() as con:
        files = [str(root / "dossiers" / name) for name in listed["files"]["dossiers"]]
        assert con.execute("select count(*) from read_parquet($1)", [files]).fetchone() == (15,)
