"""The Dagster instance of a warehouse: `DAGSTER_HOME` and what its `dagster.yaml` says.

One run at a time, nothing called out, bounded history. The file is written once, then it is the administrator's.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.event_log import EventLogStorage, SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import StaticPool

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
retention:
  schedule:
    purge_after_days: 90
  sensor:
    purge_after_days:
      skipped: 2
      failure: 30
      success: 90
"""

# What `dunghan run` adds for itself: nobody waits to see what its steps print, and capturing it starts four processes.
_QUIET = {
    "compute_logs": {
        "module": "dagster._core.storage.noop_compute_log_manager",
        "class": "NoOpComputeLogManager",
        "config": {},
    }
}


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
    """The persistent instance, so that `dagster dev` shows the run afterwards."""
    home = prepare_home(settings)
    with (
        _swift_history(home),
        dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(home), overrides=_QUIET)) as instance,
        _kept_connections(instance.event_log_storage),
    ):
        yield instance


@contextmanager
def _swift_history(home: Path) -> Iterator[None]:
    """Let Dagster's SQLite files below `home` really work with a write-ahead log, as Dagster means them to.

    It asks for WAL inside a transaction, where SQLite ignores it, and opens and closes connections all the time: each
    change would wait for the disk. In WAL mode, with one connection kept open per file, a run waits a few times; a
    power failure may cost the last events of the history, never the history.
    """
    kept: dict[str, sqlite3.Connection] = {}

    def connected(connection: Any, _: Any) -> None:
        if not isinstance(connection, sqlite3.Connection):
            return
        path = connection.execute("pragma database_list").fetchone()[2]
        if not path or not Path(path).is_relative_to(home):
            return
        connection.execute("pragma synchronous = normal")
        if path not in kept:
            connection.execute("pragma journal_mode = wal")
            keeper = kept[path] = stack.enter_context(closing(sqlite3.connect(path, check_same_thread=False)))
            keeper.execute("select count(*) from sqlite_master").fetchone()

    with ExitStack() as stack:
        event.listen(Engine, "connect", connected)
        stack.callback(event.remove, Engine, "connect", connected)
        yield


@contextmanager
def _kept_connections(storage: EventLogStorage) -> Iterator[None]:
    """Let the event log, when it is Dagster's default one, keep its connections to the file of the run and the index.

    It makes an SQLAlchemy engine and a connection for every statement, five thousand in a nightly run with nothing
    new: two seconds. Everything else stays as it is, its lock included.
    """
    if type(storage) is not SqliteEventLogStorage:
        yield
        return
    engines: dict[str, Engine] = {}

    @contextmanager
    def connect(shard: str) -> Iterator[Connection]:
        with storage._db_lock:
            if shard not in engines:
                engines[shard] = create_engine(
                    storage.conn_string_for_shard(shard),
                    poolclass=StaticPool,
                    connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
                )
                storage._initdb(engines[shard])
            with engines[shard].connect() as connection, connection.begin():
                yield connection

    storage._connect = connect  # type: ignore[method-assign]
    storage.has_table = cache(storage.has_table)  # type: ignore[method-assign]  # asked before every check
    try:
        yield
    finally:
        del storage._connect, storage.has_table
        for engine in engines.values():
            engine.dispose()
