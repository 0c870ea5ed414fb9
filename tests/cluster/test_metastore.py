"""The published marts in a Hive metastore: named by `dunghan run`, read by another session of Spark. Minutes."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.engines import SMALL
from tests.cluster.hive import Metastore
from tests.oracle.comparison import run_pipeline

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

READER = Path(__file__).with_name("read_views.py")
INBOX = Path(__file__).resolve().parents[1] / "data" / "worked_examples" / "inbox"
DATABASE = "bao_cao"


def _seen(metastore: Metastore, *statements: str) -> dict[str, Any]:
    """What somebody sees there who first runs the statements."""
    command = [sys.executable, str(READER), metastore.uri, DATABASE, *statements]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return seen


def _json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def test_marts_are_named_and_follow_the_publication(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse = tmp_path / "kho số 1"  # a space and a letter with marks, as folders of offices have
    record, note = warehouse / "state" / "last-run.json", warehouse / "state" / "metastore.json"
    place = tmp_path / "hive"
    place.mkdir()
    with Metastore(place) as metastore:
        monkeypatch.setenv("DUNGHAN_SPARK", json.dumps({**SMALL, "metastore": metastore.uri, "database": DATABASE}))
        run_pipeline(INBOX, warehouse, datetime(2024, 3, 15, 23, 59, 59), None)
        assert _json(record)["undelivered"] == []
        marts = _json(warehouse / "published" / "manifest.json")["marts"]
        copied = f"create view {DATABASE}.%s as select * from {DATABASE}.dim_field"
        seen = _seen(metastore)
        assert seen["as_of"] == "2024-03-15 23:59:59"
        rows = {name: view["rows"] for name, view in seen["views"].items()}
        assert rows == {name: mart["rows"] for name, mart in marts.items()}
        facts = seen["views"]["fct_dossiers"]
        assert facts["columns"][:2] == ["source", "dossier_code"]
        assert facts["said"].startswith("Hệ thống gửi dữ liệu")

        log = warehouse / "state" / "spark-metastore.log"
        started = log.stat().st_mtime_ns
        run_pipeline(INBOX, warehouse, datetime(2024, 3, 15, 23, 59, 59), None)
        assert log.stat().st_mtime_ns == started, "no session for nothing new"

        # A mart of the version before that is no more, and a view of somebody else.
        _seen(metastore, copied % "mart_no_more", copied % "of_others")
        note.write_text(json.dumps(_json(note) | {"marts": [*marts, "mart_no_more"]}), encoding="utf-8")
        run_pipeline(INBOX, warehouse, datetime(2024, 3, 20, 23, 59, 59), None)
        seen = _seen(metastore)
        assert seen["as_of"] == "2024-03-20 23:59:59"
        assert seen["views"].keys() == {*marts, "of_others"}

    # The metastore is down: the figures are published all the same, it is told, and the next run will try again.
    run_pipeline(INBOX, warehouse, datetime(2024, 3, 25, 23, 59, 59), None)
    assert _json(record)["outcome"] == "published"
    assert [metastore.uri in problem for problem in _json(record)["undelivered"]] == [True]
    assert _json(note)["version"] is None
