"""The Dagster instance of a warehouse: `DAGSTER_HOME` and what its `dagster.yaml` says.

One run at a time, nothing called out, bounded history. The file is written once, then it is the administrator's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from pipelines.config import Settings

TEMPLATE = """\
# Written by Đúng Hạn because there was none. It is yours now: edit it, it is never written again.
run_queue:
  max_concurrent_runs: 1          # the build has one writer; a second run would be refused by the lock anyway
telemetry:
  enabled: false                  # nothing is sent anywhere
nux:
  enabled: false
freshness:
  enabled: true                   # watches the age of the publication
run_monitoring:
  enabled: true                   # a run whose process died is marked as failed
  start_timeout_seconds: 180
compute_logs:                     # what steps print goes nowhere: our steps print nothing, the log is state/dagster.log
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
retention:
  schedule:
    purge_after_days: 90
  sensor:
    purge_after_days:
      skipped: 2
      failure: 30
      success: 90
"""


def prepare_home(settings: Settings) -> Path:
    """DAGSTER_HOME: as the environment says, else in the warehouse. Writes `dagster.yaml` there if there is none."""
    home = Path(os.environ.get("DAGSTER_HOME") or settings.layout.dagster_home).expanduser().resolve()
    home.mkdir(parents=True, exist_ok=True)
    config = home / "dagster.yaml"
    if not config.exists():
        config.write_text(TEMPLATE, encoding="utf-8")
    return home


@contextmanager
def open_instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """The persistent instance, so that `dagster dev` shows the run afterwards. Sets DAGSTER_HOME meanwhile."""
    before = os.environ.get("DAGSTER_HOME")
    os.environ["DAGSTER_HOME"] = str(prepare_home(settings))
    try:
        with dg.DagsterInstance.get() as instance:
            yield instance
    finally:
        if before is None:
            del os.environ["DAGSTER_HOME"]
        else:
            os.environ["DAGSTER_HOME"] = before
