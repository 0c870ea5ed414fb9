"""dbt's unit tests on Spark: the same fixtures and the same answers as on DuckDB.

Each is one small query, and dbt needs the tables that it reads from to know their columns: models are made without
rows. Minutes, hence `slow`: `make cluster`.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from expectations.validation import validate
from pipelines.config import load_settings
from pipelines.landing.pipeline import land
from pipelines.portal.discovery import discover
from tests.cluster.engines import LOCAL, SMALL
from tests.support.command import KEY
from warehouse import spark
from warehouse.build import dbt_environment, plan_build
from warehouse.dbt_process import run_dbt

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

INBOX = Path(__file__).resolve().parents[1] / "data" / "worked_examples" / "inbox"
EMPTY = ("build", "--full-refresh", "--empty", "--exclude-resource-type", "test")


def test_every_unit_test_passes_on_spark(tmp_path: Path) -> None:
    where = {**SMALL, **LOCAL, "folder": str(tmp_path / "shared")}
    settings = load_settings(
        drop_zone=str(INBOX), warehouse=tmp_path / "warehouse", privacy_key=KEY, engine="spark", spark=where
    )
    settings.layout.create()
    land(settings, discover(settings))
    validate(settings)
    plan_build(settings, full_refresh=True)
    spark.prepare(settings)
    run_dbt(settings, EMPTY)
    target = Path(dbt_environment(settings)["DBT_TARGET_PATH"])
    results = json.loads((target / "run_results.json").read_bytes())["results"]
    status = {each["unique_id"]: each["status"] for each in results if each["unique_id"].startswith("unit_test.")}
    assert status.keys() == json.loads((target / "manifest.json").read_bytes())["unit_tests"].keys()
    assert set(status.values()) == {"pass"}
