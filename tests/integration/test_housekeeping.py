# ruff: noqa: TID251  (what is tested is how Dagster's history is bounded)
"""Dagster's history keeps the last runs."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from pipelines.orchestration.housekeeping import drop_old_runs

pytestmark = pytest.mark.integration


@dg.asset(
    partitions_def=dg.StaticPartitionsDefinition(["a", "b", "c"]), check_specs=[dg.AssetCheckSpec("fine", asset="seen")]
)
def seen() -> dg.MaterializeResult:
    return dg.MaterializeResult(check_results=[dg.AssetCheckResult(check_name="fine", passed=True)])


def test_old_runs_leave_nothing_but_which_partitions_were_made(tmp_path: Path) -> None:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        runs = [dg.materialize([seen], instance=instance, partition_key=key).run_id for key in "abc"]
        assert drop_old_runs(instance, 2) == 1
        assert drop_old_runs(instance, 2) == 0
        assert {run.run_id for run in instance.get_runs()} == set(runs[1:])
        assert instance.get_materialized_partitions(seen.key) == {"a", "b", "c"}
        files = {path.stem for path in tmp_path.glob("history/runs/*-*.db")}
        assert files == set(runs[1:])
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        assert not instance.get_records_for_run(runs[0]).records
        assert dg.materialize([seen], instance=instance, partition_key="a").success


def test_a_run_that_has_not_ended_stays(tmp_path: Path) -> None:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        started = instance.create_run_for_job(
            dg.define_asset_job("all").resolve(asset_graph=dg.Definitions([seen]).resolve_asset_graph()),
            status=dg.DagsterRunStatus.STARTED,
        )
        dg.materialize([seen], instance=instance, partition_key="a")
        dg.materialize([seen], instance=instance, partition_key="b")
        assert drop_old_runs(instance, 1) == 1
        assert instance.get_run_by_id(started.run_id) is not None
