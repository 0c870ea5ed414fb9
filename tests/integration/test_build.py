"""Plan of a build: its moment, its watermark, when it may be incremental. The lock and the build file's patience."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from pipelines.config import Settings
from tests.support.small_build import AS_OF, build_marts, green_nightly_run, settings_in, validate
from warehouse import build
from warehouse.build import (
    BuildError,
    current_build,
    dbt_arguments,
    dbt_environment,
    last_green,
    plan_build,
    record_green,
)
from warehouse.database import connect_build
from warehouse.keys import KeyChangedError, check_key, remember_key
from warehouse.lock import LockHeldError, holder, run_lock

pytestmark = pytest.mark.integration


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


def changed(settings: Settings, **values: object) -> Settings:
    return settings.model_copy(update=values)


# ---- as_of ----------------------------------------------------------------------------------------------------------


def test_as_of_is_the_latest_loaded_export(settings: Settings) -> None:
    validate(
        settings,
        ("2024-05-30 22:00:00", "loaded"),
        ("2024-05-31 22:00:00", "loaded"),
        ("2024-06-01 22:00:00", "rejected"),
        ("2024-06-02 22:00:00", "duplicate"),
    )
    assert plan_build(settings).as_of == datetime(2024, 5, 31, 22)
    known = changed(settings, known_at=datetime(2024, 5, 31, 21, 59, 59))
    assert plan_build(known).as_of == datetime(2024, 5, 30, 22)
    asked = changed(settings, as_of=datetime(2024, 3, 31, 23, 59, 59))
    assert plan_build(asked).as_of == asked.as_of


def test_nothing_loaded_is_told(settings: Settings) -> None:
    with pytest.raises(BuildError, match="Chưa có tệp nào được nạp"):
        plan_build(settings)
    validate(settings, ("2024-05-30 22:00:00", "rejected"))
    with pytest.raises(BuildError, match="No file is loaded"):
        plan_build(settings)
    validate(settings, ("2024-05-30 22:00:00", "loaded"))
    with pytest.raises(BuildError, match="2024-01-01T00:00:00"):
        plan_build(changed(settings, known_at=datetime(2024, 1, 1)))


# ---- watermark ------------------------------------------------------------------------------------------------------


def test_only_a_green_build_moves_the_watermark(settings: Settings) -> None:
    validate(settings, (AS_OF.isoformat(), "loaded"), validation_seq=3)
    first = plan_build(settings)
    assert first.full_refresh
    assert first.changed_since < 3
    assert plan_build(settings).full_refresh, "the first one was never green"
    record_green(settings, plan_build(settings))

    validate(settings, (AS_OF.isoformat(), "loaded"), validation_seq=4)
    second = plan_build(settings)
    assert (second.full_refresh, second.changed_since, second.validation_seq) == (False, 3, 4)
    assert plan_build(settings).changed_since == 3, "killed after planning: the same changes once more"
    record_green(settings, plan_build(settings))
    assert plan_build(settings).changed_since == 4


def green_build_told(settings: Settings) -> int:
    with connect_build(settings) as con:
        return con.execute("select green_build from state.clock").fetchall()[0][0]


def test_what_is_new_is_told_by_the_last_green_build(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    green = green_nightly_run(settings, 1)
    plan_build(settings)
    plan_build(settings)
    assert green_build_told(settings) == green.build_id, "attempts that were not green are new too"
    part = plan_build(settings, part=True)
    assert (part.full_refresh, green_build_told(settings)) == (False, -1), "a part cannot count on the rest"
    plan_build(settings)
    assert green_build_told(settings) == green.build_id
    monkeypatch.setattr(build, "CHECKS", build.CHECKS[1:])
    other = plan_build(settings)
    assert (other.full_refresh, green_build_told(settings)) == (False, -1), "these checks have seen no row yet"
    record_green(settings, other)
    plan_build(settings)
    assert green_build_told(settings) == other.build_id


def test_a_build_file_of_an_earlier_release_is_gone_on_from(settings: Settings) -> None:
    green_nightly_run(settings, 1)
    with connect_build(settings) as con:
        con.execute("alter table state.builds drop column checks")
    plan = plan_build(settings)
    assert (plan.full_refresh, green_build_told(settings)) == (False, -1)


def test_current_build_begins_nothing(settings: Settings) -> None:
    plan = green_nightly_run(settings, 1)
    seen = current_build(settings)
    assert (seen.fingerprint, seen.validation_seq, seen.as_of) == (plan.fingerprint, plan.validation_seq, plan.as_of)
    assert last_green(settings).build_id == plan.build_id


@pytest.mark.parametrize(
    ("attempt", "now", "because"),
    [
        ({}, {}, ""),
        ({}, {"as_of": datetime(2024, 6, 30)}, ""),
        ({}, {"as_of": datetime(2024, 5, 1)}, "as_of goes back"),
        ({}, {"known_at": datetime(2024, 6, 30)}, "known_at"),
        # Attempts that were killed may have rewritten any table.
        ({"known_at": datetime(2024, 6, 30)}, {}, "full refresh not finished"),
        ({"as_of": datetime(2024, 6, 30)}, {}, "as_of goes back"),
        ({"as_of": datetime(2024, 6, 30)}, {"as_of": datetime(2024, 6, 30)}, ""),
        ({"as_of": datetime(2024, 5, 1)}, {}, "full refresh not finished"),
    ],
)
def test_incremental_only_forward(settings: Settings, attempt: dict, now: dict, because: str) -> None:
    green_nightly_run(settings, 1)
    if attempt:
        plan_build(changed(settings, **attempt))
    plan = plan_build(changed(settings, **now))
    assert plan.because == because
    assert plan.full_refresh == bool(because)


def test_after_a_green_build_with_known_at_everything_is_built_again(settings: Settings) -> None:
    validate(settings, (AS_OF.isoformat(), "loaded"))
    known = changed(settings, known_at=datetime(2024, 6, 30))
    record_green(settings, plan_build(known))
    assert plan_build(settings).because == "known_at before"


def test_changed_definitions_are_built_from_scratch(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    green_nightly_run(settings, 1)
    monkeypatch.setattr(build, "definitions_version", lambda: "another")
    assert plan_build(settings).because == "definitions changed"


def test_validation_everything_again_is_noticed(settings: Settings) -> None:
    green_nightly_run(settings, 5)
    with connect_build(settings) as con:
        con.execute("update validated.files set validation_seq = 6")
    assert plan_build(settings).because == "everything was validated again"
    record_green(settings, plan_build(settings))
    with connect_build(settings) as con:
        con.execute("update validated.files set validation_seq = 1")
    assert plan_build(settings).full_refresh, "validation_seq began anew"


def test_full_refresh_leaves_no_table_of_a_model_that_is_gone(settings: Settings) -> None:
    green_nightly_run(settings, 1)
    build_marts(settings, 1, extra=["create or replace table marts.mart_of_yesterday as select 1 as id"])
    plan_build(settings)
    assert "mart_of_yesterday" in marts_of(settings)
    plan_build(settings, full_refresh=True)
    assert marts_of(settings) == set()


def marts_of(settings: Settings) -> set[str]:
    with connect_build(settings) as con:
        return {
            name
            for (name,) in con.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()
        }


def test_last_green_is_refused_once_something_moved(settings: Settings) -> None:
    with pytest.raises(BuildError, match="no green build"):
        last_green(settings)
    plan = green_nightly_run(settings, 1)
    assert last_green(settings).validation_seq == plan.validation_seq
    validate(settings, (AS_OF.isoformat(), "loaded"), validation_seq=2)
    with pytest.raises(BuildError, match="changed after"):
        last_green(settings)
    record_green(settings, plan_build(settings))
    assert last_green(settings).validation_seq == 2
    plan_build(settings)
    with pytest.raises(BuildError, match="changed after"):
        last_green(settings)


# ---- fingerprint and dbt --------------------------------------------------------------------------------------------


def test_fingerprint_is_of_what_decides_figures(tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(build.DBT_PROJECT, project, ignore=shutil.ignore_patterns("target", "logs"))
    before = build.project_hash(project)
    (project / "tests" / "another_test.sql").write_text("select 1")
    (project / "models" / "notes.md").write_text("words")
    assert build.project_hash(project) == before

    model = next((project / "models").rglob("*.sql"))
    text = model.read_text()
    model.write_text(text + "\n-- another word\n")
    after = build.project_hash(project)
    assert after != before
    model.write_text(text)
    assert build.project_hash(project) == before
    model.rename(model.with_name("renamed.sql"))
    assert build.project_hash(project) not in (before, after)


def test_dbt_gets_the_plan_and_our_folders(settings: Settings) -> None:
    validate(settings, (AS_OF.isoformat(), "loaded"))
    plan = plan_build(changed(settings, known_at=datetime(2024, 6, 30, 1, 2, 3)))
    with connect_build(settings) as con:
        assert con.execute("from state.clock").fetchall() == [
            (AS_OF, datetime(2024, 6, 30, 1, 2, 3), -1, plan.definitions_version, plan.build_id, -1)
        ]
    arguments = dbt_arguments(plan)
    assert "--full-refresh" in arguments
    assert "--vars" not in arguments  # they would make dbt parse again every night
    record_green(settings, plan_build(settings))
    assert "--full-refresh" not in dbt_arguments(plan_build(settings))
    written = ("DUNGHAN_BUILD_DB", "DUNGHAN_TEMP", "DBT_TARGET_PATH", "DBT_LOG_PATH")
    environment = dbt_environment(settings)
    assert all(Path(environment[name]).is_relative_to(settings.layout.root) for name in written)


# ---- lock -----------------------------------------------------------------------------------------------------------

HOLD = """
import sys, time
from pipelines.config import load_settings
from {module} import {function}
with {function}(load_settings(warehouse=sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def hold(settings: Settings, module: str, function: str) -> subprocess.Popen[str]:
    code = HOLD.format(module=module, function=function)
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(settings.layout.root)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_lock_tells_who_holds_it_and_ends_with_a_killed_process(settings: Settings) -> None:
    assert holder(settings) is None
    other = hold(settings, "warehouse.lock", "run_lock")
    try:
        held = holder(settings)
        assert held is not None
        assert held.pid == other.pid
        with pytest.raises(LockHeldError, match=f"pid {other.pid}"), run_lock(settings):
            pytest.fail("two processes held the lock")
    finally:
        other.send_signal(signal.SIGKILL)
        other.wait()
    assert holder(settings) is None
    with run_lock(settings):
        assert holder(settings) is not None
    assert holder(settings) is None


def test_build_file_held_by_a_dying_process_is_waited_for(settings: Settings) -> None:
    validate(settings, (AS_OF.isoformat(), "loaded"))
    other = hold(settings, "warehouse.database", "connect_build")
    try:
        with pytest.raises(duckdb.IOException, match=str(other.pid)):
            connect_build(settings, patience=0.1)
        started = time.monotonic()
        subprocess.Popen(["sh", "-c", f"sleep 1; kill -9 {other.pid}"])
        connect_build(settings, patience=30).close()
        assert time.monotonic() - started > 0.9
    finally:
        other.kill()
        other.wait()


# ---- privacy key ----------------------------------------------------------------------------------------------------


def test_another_privacy_key_is_refused(settings: Settings) -> None:
    check_key(settings)
    remember_key(settings)
    check_key(settings)
    settings.layout.privacy_key.write_text("a key of forty characters, more or less\n")
    remember_key(settings)
    check_key(settings)
    kept = settings.layout.key_fingerprint.read_text()
    assert "forty" not in kept
    settings.layout.privacy_key.write_text("another key of forty characters\n")
    with pytest.raises(KeyChangedError):
        check_key(settings)
    remember_key(settings)
    assert settings.layout.key_fingerprint.read_text() == kept, "the first key stays the key"
    settings.layout.privacy_key.unlink()
    with pytest.raises(KeyChangedError):
        check_key(settings)
    settings.layout.key_fingerprint.unlink()
    with pytest.raises(KeyChangedError):
        check_key(settings)
    settings.layout.lake_key_fingerprint.write_text("\n")
    check_key(settings)  # a new warehouse, as far as anybody can tell
    (settings.layout.lake / "raw" / "dossiers").mkdir(parents=True)
    (settings.layout.lake / "raw" / "dossiers" / "1.2.parquet").touch()
    with pytest.raises(KeyChangedError):  # the lake shows that there was a key
        check_key(settings)
