"""Files read by executors are in the lake as files read by this machine are: rows, ledger, what is wrong with them; and
rows that executors mark are accepted and quarantined as those that this machine marks.

On one process and on a cluster, of which a worker dies while it reads. Seconds to a minute each."""

from __future__ import annotations

import shutil
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from expectations.schema import VALIDATED
from expectations.validation import validate
from pipelines.config import Settings, load_settings
from pipelines.landing import cluster
from pipelines.landing.lake import SCHEMAS, Lake
from pipelines.landing.pipeline import land
from pipelines.landing.source import observations
from pipelines.portal.discovery import discover
from pipelines.portal.privacy import load_key
from pipelines.portal.readers import spans
from pipelines.samples import build_spec, generate
from tests.cluster.engines import LOCAL, SMALL
from tests.cluster.standalone import Standalone
from tests.support.command import KEY
from tests.support.exports import put
from warehouse import executors
from warehouse.database import connect_build
from warehouse.executors import ClusterError

pytestmark = pytest.mark.cluster

#: Of another landing in any case.
_ITS_OWN = {"landing_id", "seen_at", "_dlt_load_id", "_dlt_id"}


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A district in several shapes, files that cannot be read, one with bad rows, one twice."""
    root = tmp_path_factory.mktemp("zone")
    generate(build_spec("district", dossiers=3000, nights=6, shape="ndjson,xlsx,csv"), root)
    put(root, "rác", "dvcqg/dossiers/hoso_20240701.json")
    for day in ("20240702", "20240703"):
        bad = '[{"MaHoSo": "H39.18.25-240304-0001", "NgayTiepNhan": "Nguyễn Văn A", "La": 1}]'
        put(root, bad, f"dvcqg/dossiers/hoso_{day}.json")
    return root / "inbox"


def test_the_lake_is_the_same(inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first night's file of some megabytes is read in parts."""
    monkeypatch.setattr(cluster, "PART_BYTES", cluster.MIB)
    here = _settings(inbox, tmp_path / "here")
    spread = _settings(inbox, tmp_path / "spread", tmp_path / "shared", LOCAL)
    assert any(len(spans(file, cluster.MIB)) > 2 for file in discover(here))
    results = [land(settings, discover(settings)) for settings in (here, spread)]
    assert results[0].files == results[1].files
    assert results[0].rows == results[1].rows
    assert results[0].drift == results[1].drift
    _same(here, spread)
    assert not (tmp_path / "shared" / "nightly" / "landing").exists()
    assert KEY.encode() not in (spread.layout.state / "spark-landing.log").read_bytes()
    assert not land(spread, discover(spread)).files, "there is nothing new any more"


def test_the_rows_are_validated_the_same(inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With Great Expectations, which counts what the executors marked. A task has one file of the lake."""
    monkeypatch.setattr(executors, "TASK_FILES", 1)
    here = _settings(inbox, tmp_path / "here")
    land(here, discover(here))
    shutil.copytree(tmp_path / "here", tmp_path / "spread")
    spread = _settings(
        inbox, tmp_path / "spread", tmp_path / "shared", LOCAL | {"validation_from_mib": 0, "landing_from_mib": 4096}
    )
    results = [validate(settings) for settings in (here, spread)]
    assert (spread.layout.state / "spark-validation.log").exists(), "executors were asked"
    assert results[0].rows_quarantined > 0
    for table, columns in VALIDATED.items():
        said = [
            _all(settings, f"select {', '.join(columns)} from validated.{table} order by all")
            for settings in (here, spread)
        ]
        assert said[0] == said[1], table
    assert [(c.rule_id, c.kind, c.unexpected) for c in results[0].checks] == [
        (c.rule_id, c.kind, c.unexpected) for c in results[1].checks
    ]
    assert not (tmp_path / "shared" / "nightly" / "validation").exists()


@pytest.mark.slow
def test_a_worker_dies_while_it_reads(inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many tasks, so that some are through and some are not when the machine goes."""
    monkeypatch.setattr(executors, "TASK_FILES", 1)
    monkeypatch.setattr(cluster, "PART_BYTES", cluster.MIB)
    here = _settings(inbox, tmp_path / "here")
    land(here, discover(here))
    with Standalone(tmp_path, workers=2) as machines:
        spread = _settings(inbox, tmp_path / "spread", tmp_path / "shared", {"master": machines.url})
        killed = threading.Thread(target=_kill_when_reading, args=(machines, tmp_path / "shared"))
        killed.start()
        land(spread, discover(spread))
        killed.join()
    assert machines.workers[0].returncode == -signal.SIGKILL, "it was killed"
    _same(here, spread)


def test_executors_that_do_not_see_the_drop_zone_lose_nothing(inbox: Path, tmp_path: Path) -> None:
    """Their files would be called unreadable: nothing is landed instead, and what to do is said."""
    spread = _settings(inbox, tmp_path / "spread", tmp_path / "shared", LOCAL)
    spread.layout.create()
    files, key = discover(spread), load_key(spread)
    away = [replace(file, path=f"/not/mounted/{file.file_path}") for file in files]
    with (
        pytest.raises(ClusterError, match="drop zone"),
        cluster.read_on_cluster(spread, key, observations(spread, away)),
    ):
        pass
    assert not (tmp_path / "shared" / "nightly" / "landing").exists()


def _kill_when_reading(machines: Standalone, shared: Path) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and len(list((shared / "nightly" / "landing").glob("*/*.parquet"))) < 2:
        time.sleep(0.05)
    machines.kill_worker(0)


def _settings(
    inbox: Path, warehouse: Path, shared: Path | None = None, where: dict[str, Any] | None = None
) -> Settings:
    own: dict[str, Any] = {"drop_zone": str(inbox), "warehouse": warehouse, "privacy_key": KEY, "memory_limit": "1GB"}
    if where is None:
        return load_settings(**own)
    return load_settings(**own, engine="spark", spark={**SMALL, **where, "folder": str(shared)})


def _all(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with connect_build(settings) as con:
        return con.execute(query).fetchall()


def _same(here: Settings, spread: Settings) -> None:
    for table in SCHEMAS:
        assert _rows(here, table) == _rows(spread, table), table


def _rows(settings: Settings, table: str) -> list[tuple[Any, ...]]:
    """Rows of a table of the lake, without what is of its landing only, in an order of their own."""
    with duckdb.connect() as con:
        rows = con.sql(f"select * from {Lake(settings).relation(table)}")
        kept = ", ".join(f'"{name}"' for name in rows.columns if name not in _ITS_OWN)
        return con.sql(f"select {kept} from rows order by all").fetchall()
