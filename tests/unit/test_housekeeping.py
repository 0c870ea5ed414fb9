# ruff: noqa: TID251  (what is tested is how Dagster's history is bounded)
"""Dagster's history keeps the last runs, and gives back the room of the others."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest

from pipelines.orchestration import housekeeping
from pipelines.orchestration.housekeeping import drop_old_runs


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
        assert {path.stem for path in tmp_path.rglob("runs/*.db")} == {"index", *runs[1:]}
        with closing(sqlite3.connect(next(tmp_path.rglob("index.db")))) as index:
            left = index.execute("select distinct run_id, partition from event_logs where run_id = ?", [runs[0]])
            assert left.fetchall() == [(runs[0], "a")]
            checks = index.execute("select distinct run_id from asset_check_executions").fetchall()
            assert {run for (run,) in checks} == set(runs[1:])
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


def test_an_index_that_is_mostly_free_is_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "index.db"
    with closing(sqlite3.connect(path)) as con:
        con.execute("create table t (x)")
        con.executemany("insert into t values (?)", [("x" * 1000,) for _ in range(1000)])
        con.commit()
        con.execute("delete from t where rowid > 10")
        con.commit()
    size = path.stat().st_size
    housekeeping._give_back(path)
    assert path.stat().st_size == size, "not worth it"
    monkeypatch.setattr(housekeeping, "WORTH_VACUUM", 1000)
    with closing(sqlite3.connect(path)) as other:
        other.execute("begin immediate")
        housekeeping._give_back(path)
        assert path.stat().st_size == size, "somebody writes in it"
        other.rollback()
    housekeeping._give_back(path)
    assert path.stat().st_size < size / 10
