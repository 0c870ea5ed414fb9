"""What runs leave for people and monitoring: the last records, the metrics."""

from __future__ import annotations

from pathlib import Path

from pipelines.orchestration.metrics import HELP, render, write_metrics
from pipelines.orchestration.record import Outcome, RunRecord
from tests.support.small_build import settings_in
from warehouse.status import runs, unfinished_backfills


def test_the_last_records_stay_the_newest_first(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, keep_runs=3)
    for day in range(1, 6):
        record = RunRecord(run_id=f"run-{day:04}", job="nightly_job", started=f"2024-06-{day:02}T01:30:00")
        record.write(settings)
        record.seconds["landing"] = float(day)
        record.close(settings, [])
    found = runs(settings, None)
    assert [row["started"][:10] for row in found] == ["2024-06-05", "2024-06-04", "2024-06-03"]
    assert [row["seconds"] for row in runs(settings, 1)] == [{"landing": 5.0}]
    (settings.layout.runs / "20240607T013000-damaged.json").write_text("{")
    assert len(runs(settings, None)) == 3


def test_a_backfill_is_unfinished_until_a_later_run_makes_it_good(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    year_2022, half = ["2022-01-01", "2022-12-31"], ["2022-01-01", "2022-06-30"]
    minute = 0

    def ended(outcome: Outcome, days: list[str]) -> list[list[str]]:
        nonlocal minute
        minute += 1
        RunRecord(
            run_id=f"run-{minute:04}",
            job="j",
            pid=7,
            started=f"2024-06-01T01:{minute:02}:00",
            outcome=outcome,
            days=days,
        ).write(settings)
        return unfinished_backfills(settings)

    assert ended("published", year_2022) == []
    assert ended("running", year_2022) == [year_2022]
    assert unfinished_backfills(settings, running_pid=7) == [], "it is still at work"
    assert ended("published", half) == [year_2022], "the other half is not loaded"
    assert ended("failed", []) == [year_2022]
    assert ended("kept", []) == [], "a nightly run loads any day"
    assert ended("failed", half) == [half]
    assert ended("published", year_2022) == []


def test_metrics_are_prometheus_text(tmp_path: Path) -> None:
    record = RunRecord(run_id="r", job="nightly_job", finished="2024-06-01T07:00:00", outcome="published", rows_read=9)
    record.as_of, record.seconds = "2024-05-31T23:59:59", {"landing": 1.25, "audit": 2.0}
    lines = render(record).splitlines()
    assert "dunghan_last_run_timestamp_seconds 1717200000" in lines, "07:00 in Vietnam is midnight UTC"
    assert 'dunghan_step_seconds{step="landing"} 1.25' in lines
    assert "dunghan_rows_read 9" in lines
    assert {line.split()[2] for line in lines if line.startswith("# TYPE")} == set(HELP)
    record.outcome = "failed"
    assert "dunghan_last_run_success 0" in render(record).splitlines()
    assert "dunghan_last_success" not in render(record)

    write_metrics(settings_in(tmp_path), record)
    settings = settings_in(tmp_path, metrics_file=tmp_path / "textfile" / "dunghan.prom")
    write_metrics(settings, record)
    assert [path.name for path in (tmp_path / "textfile").iterdir()] == ["dunghan.prom"]
