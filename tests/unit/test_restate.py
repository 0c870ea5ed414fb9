"""What restatements leave behind and whom they disturb: nothing, nobody. Figures: tests/integration/test_history.py."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from pipelines.config import Scope, load_settings
from pipelines.history.restate import RestateError, _workspace, restate, restatements
from pipelines.layout import DBT_PROJECT
from warehouse.publish import _WITHIN_DOSSIER

HOLD = """
import sys, time
from pathlib import Path
from pipelines.history.restate import _workspace
with _workspace(Path(sys.argv[1])) as work:
    print(work, flush=True)
    time.sleep(60)
"""


def holder(home: Path) -> tuple[subprocess.Popen[str], Path]:
    """A process in the middle of a restatement."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(home)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


@pytest.mark.integration
def test_a_killed_restatement_is_swept_by_the_next_and_a_living_one_is_left_alone(tmp_path: Path) -> None:
    living, living_work = holder(tmp_path)
    killed, killed_work = holder(tmp_path)
    try:
        killed.kill()
        killed.wait()
        assert killed_work.exists()
        with _workspace(tmp_path) as own:
            assert not killed_work.exists()
            assert living_work.exists()
            assert own.exists()
        assert not own.exists()
    finally:
        living.kill()
        living.wait()


def test_a_workspace_goes_when_the_restatement_fails(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="broken"), _workspace(tmp_path):
        raise ValueError("broken")
    assert list(tmp_path.iterdir()) == []


def test_settings_of_a_restatement_write_nothing_into_the_warehouse(tmp_path: Path) -> None:
    settings = load_settings(warehouse=tmp_path / "warehouse", known_at="2024-04-05")
    scope = Scope(exported_until=settings.known_at)
    own = settings.restating(tmp_path / "work", scope, as_of=datetime(2024, 3, 31))
    written = ("build_db", "published", "quality", "dbt_target", "temp")
    assert all(getattr(own.layout, name).is_relative_to(tmp_path / "work") for name in written)
    assert all(
        getattr(own.layout, name) == getattr(settings.layout, name) for name in ("lake", "keys", "lock", "state")
    )
    assert (own.as_of, own.scope) == (datetime(2024, 3, 31), scope)
    assert (settings.as_of, settings.scope) == (None, Scope())


def test_a_warehouse_without_data_is_told_and_stays_as_it_is(tmp_path: Path) -> None:
    settings = load_settings(warehouse=tmp_path / "warehouse")
    with pytest.raises(RestateError, match="dunghan run"):
        restate(settings, datetime(2024, 3, 31))
    assert not (tmp_path / "warehouse").exists()
    assert restatements(tmp_path / "nothing") == []


def test_the_order_of_every_view_leaves_no_rows_level() -> None:
    """Rows that are level come in any order, and the same pair would give other bytes."""
    views = [path for path in DBT_PROJECT.glob("models/marts/**/*.sql") if "shown_as_view()" in path.read_text()]
    assert len(views) > 3
    for view in views:
        grain = view.read_text().partition("-- grain: ")[2].partition(":")[0].split(", ")
        assert set(grain) <= {"source", "dossier_code", "rule_set", *_WITHIN_DOSSIER}, view.name
