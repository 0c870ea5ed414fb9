"""Metrics for Prometheus' node exporter (textfile collector), if `metrics_file` is set: rewritten after every run."""

from __future__ import annotations

from pipelines.clock import from_wall_clock
from pipelines.config import Settings
from pipelines.files import write_whole
from pipelines.orchestration.record import RunRecord

#: Metric → what it is. All are gauges.
HELP = {
    "dunghan_last_run_timestamp_seconds": "When the last run ended",
    "dunghan_last_run_success": "1 when the last run published, or found nothing new",
    "dunghan_last_success_timestamp_seconds": "When the last good run ended; not there when this one was none",
    "dunghan_published_as_of_timestamp_seconds": "Moment at which the published figures are closed",
    "dunghan_rows_read": "Rows that the last run read",
    "dunghan_rows_quarantined": "Rows that the last run quarantined",
    "dunghan_files_rejected": "Files of the last run of which nothing was accepted",
    "dunghan_files_attention": "Files of the last run that somebody must look at",
    "dunghan_step_seconds": "How long a step of the last run took",
}


def write_metrics(settings: Settings, record: RunRecord) -> None:
    """Replace the file in one step; nothing when none is asked for. Raises OSError."""
    if settings.metrics_file is not None:
        write_whole(settings.metrics_file, render(record))


def render(record: RunRecord) -> str:
    """The metrics of a run that has ended, in Prometheus' text format."""
    ended = _seconds(record.finished)
    well = record.outcome in ("published", "kept")
    values = {
        "dunghan_last_run_timestamp_seconds": ended,
        "dunghan_last_run_success": int(well),
        "dunghan_last_success_timestamp_seconds": ended if well else None,
        "dunghan_published_as_of_timestamp_seconds": _seconds(record.as_of),
        "dunghan_rows_read": record.rows_read,
        "dunghan_rows_quarantined": record.rows_quarantined,
        "dunghan_files_rejected": record.files_rejected,
        "dunghan_files_attention": record.files_with_attention,
    }
    lines = {name: [f"{name} {value}"] for name, value in values.items() if value is not None}
    name = "dunghan_step_seconds"
    lines[name] = [f'{name}{{step="{step}"}} {seconds}' for step, seconds in record.seconds.items()]
    return "".join(
        f"# HELP {name} {HELP[name]}\n# TYPE {name} gauge\n" + "".join(f"{line}\n" for line in found)
        for name, found in lines.items()
        if found
    )


def _seconds(wall_clock: str | None) -> int | None:
    return round(from_wall_clock(wall_clock).timestamp()) if wall_clock else None
