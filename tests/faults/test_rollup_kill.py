"""SIGKILL in the middle of a national roll-up: the national version before stays whole, and the next one succeeds."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.config import Settings, load_settings
from pipelines.rollup.national import roll_up
from tests.support.national import write_province
from warehouse.lock import holder
from warehouse.publish import current, examine_content, leftovers, versions

pytestmark = pytest.mark.faults

COMMAND = (sys.executable, "-c", "from pipelines.cli import main; main()", "rollup")


def is_building(root: Path) -> bool:
    """Has dbt begun some models of the run that began last? The first one is that of the version before."""
    runs = (root / "state" / "dbt" / "logs" / "dbt.log").read_text(encoding="utf-8").split("Running with dbt=")[2:]
    return any(run.count("START sql table model") > 4 for run in runs)


def is_publishing(root: Path) -> bool:
    return any((root / "published").glob(".publishing-*/version/dunghan.duckdb"))


MOMENTS: dict[str, Callable[[Path], bool]] = {"building": is_building, "publishing": is_publishing}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, list[str]]:
    """A national warehouse of one province, and what it is to be made of next."""
    folder = tmp_path_factory.mktemp("country")
    provinces = [str(write_province(folder / code, code, dossiers=40)) for code in ("H17", "H39")]
    settings = load_settings(warehouse=folder / "national")
    roll_up(settings, provinces[:1], folder / "national")
    return settings, provinces


@pytest.mark.parametrize("moment", ["building", pytest.param("publishing", marks=pytest.mark.slow)])
def test_killed_and_done_again(prepared: tuple[Settings, list[str]], moment: str, tmp_path: Path) -> None:
    before, provinces = prepared
    root = Path(shutil.copytree(before.layout.root, tmp_path / "national", symlinks=True))
    settings = load_settings(warehouse=root)
    first = current(settings)
    assert first is not None
    with subprocess.Popen([*COMMAND, *provinces, "--into", str(root)], stderr=subprocess.PIPE) as process:
        while not MOMENTS[moment](root):
            assert process.poll() is None, process.stderr and process.stderr.read()
            time.sleep(0.005)
        process.kill()
    assert process.returncode == -9
    assert current(settings) == first and examine_content(settings, first) == [] and holder(settings) is None

    done = roll_up(settings, provinces, root)
    assert current(settings) == done and [one["province"] for one in done.manifest["provinces"]] == ["H17", "H39"]
    assert [found.version for found in versions(settings)] == [done.version, first.version]
    assert leftovers(settings) == [] and not list(root.glob("build.duckdb*"))
