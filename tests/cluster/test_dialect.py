"""Every macro behind which the engines' SQL differs gives the same on both.

The short test of Spark: one session, a minute or two. That no macro is left out: tests/unit/test_spark.py.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cluster.engines import LOCAL, SMALL
from tests.support.small_build import settings_in
from warehouse import spark
from warehouse.build import dbt_environment

pytestmark = pytest.mark.cluster

CASES = Path(__file__).with_name("dialect.sql")


def test_macros_give_the_same_on_both_engines(tmp_path: Path) -> None:
    on_duckdb, on_spark = (_ask(tmp_path / engine, engine, CASES.read_text()) for engine in ("duckdb", "spark"))
    assert len(on_duckdb) > 90
    different = [(one, other) for one, other in zip(on_duckdb, on_spark, strict=True) if one != other]
    assert not different


def _ask(folder: Path, engine: str, query: str) -> list[dict[str, object]]:
    """The rows of a query of the dbt project on an engine, in order. Raises AssertionError with what dbt says."""
    settings = settings_in(folder, engine=engine, spark={**SMALL, **LOCAL, "folder": str(folder / "shared")})
    spark.write_properties(settings)
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("dbt")),
            *("--quiet", "--no-use-colors"),
            *("show", "--limit", "-1", "--output", "json", "--inline", query),
        ],
        env={**os.environ, **dbt_environment(settings), "DUNGHAN_BUILD_DB": ":memory:"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-4000:]}{done.stderr[-2000:]}"
    rows: list[dict[str, object]] = json.loads(done.stdout[done.stdout.index("{") :])["show"]
    return rows
