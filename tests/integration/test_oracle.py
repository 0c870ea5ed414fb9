"""The published warehouse against the oracle (tests/oracle), figure by figure, on a drop zone full of distortions.

One random drop zone at three pairs of (as_of, known_at) in the normal run, the second an incremental build; more seeds,
and nightly runs that load the exports piece by piece and out of order, behind the marker `slow`.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.oracle import drop_zone, random_exports
from tests.oracle.comparison import OVERRIDES, compare, differences, published, report, run_pipeline
from tests.oracle.timeliness import Oracle
from tests.oracle.working_days import WorkCalendar

pytestmark = pytest.mark.integration


def test_every_figure_is_the_oracles(tmp_path: Path) -> None:
    files = random_exports.generate(seed=20240531, dossiers=2000)
    files.write(tmp_path / "inbox")
    last, past, known_then, _ = files.pairs
    found = compare(tmp_path / "inbox", tmp_path / "warehouse", [past, last, known_then])
    assert not found, report(found)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 9))
def test_more_random_drop_zones(seed: int, tmp_path: Path) -> None:
    files = random_exports.generate(seed, dossiers=600)
    files.write(tmp_path / "inbox")
    found = compare(tmp_path / "inbox", tmp_path / "warehouse", files.pairs)
    assert not found, report(found)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(101, 105))
def test_nightly_runs_in_any_order_give_the_same_figures(seed: int, tmp_path: Path) -> None:
    """timeliness §1: exports arrive in four lots, in any order, while as_of moves on; every night has the oracle's
    figures."""
    inbox, warehouse = tmp_path / "inbox", tmp_path / "warehouse"
    files = random_exports.generate(seed, dossiers=600)
    rng = Random(seed)
    lot = {path: rng.randrange(4) for path in sorted(files.files)}
    calendar = WorkCalendar(OVERRIDES)
    moments = sorted(as_of for as_of, _ in files.pairs)
    for nightly_run, as_of in enumerate(moments):
        files.write(inbox, only={path for path, of in lot.items() if of == nightly_run}.__contains__)
        run_pipeline(inbox, warehouse, as_of, None)
        zone = drop_zone.read(inbox)
        found = differences(zone, Oracle(zone, calendar, as_of), published(warehouse))
        assert not found, f"nightly run {nightly_run + 1}\n{report(found)}"
