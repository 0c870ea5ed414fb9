"""The published marts in a Hive metastore: named by `dunghan run`, read by another session of Spark. Minutes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.engines import SMALL
from tests.cluster.hive import Metastore
from tests.oracle.comparison import PUBLISHED
from tests.support.command import KEY

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

READER = Path(__file__).with_name("read_views.py")
INBOX = Path(__file__).resolve().parents[1] / "data" / "worked_examples" / "inbox"
DATABASE = "bao_cao"


def _dunghan(warehouse: Path, *arguments: str) -> str:
    """One call by its command, not by `python -c`: pyspark takes a program without a file for one of its doctests."""
    own = {"DUNGHAN_WAREHOUSE": str(warehouse), "DUNGHAN_DROP_ZONE": str(INBOX), "DUNGHAN_PRIVACY_KEY": KEY}
    command = [str(Path(sys.executable).with_name("dunghan")), *arguments]
    done = subprocess.run(command, env=os.environ | own, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert done.returncode in PUBLISHED, f"{arguments}: {done.returncode}\n{said[-6000:]}"
    return said


def _seen(metastore: Metastore) -> dict[str, Any]:
    command = [sys.executable, str(READER), metastore.uri, DATABASE]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return seen


def _record(warehouse: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((warehouse / "state" / "last-run.json").read_text(encoding="utf-8"))
    return record


def test_marts_are_named_and_follow_the_publication(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse = tmp_path / "kho số 1"  # a space and a letter with marks, as folders of offices have
    place = tmp_path / "hive"
    place.mkdir()
    with Metastore(place) as metastore:
        told = {**SMALL, "metastore": metastore.uri, "database": DATABASE}
        monkeypatch.setenv("DUNGHAN_SPARK", json.dumps(told))
        _dunghan(warehouse, "run", "--as-of", "2024-03-15T23:59:59")
        assert _record(warehouse)["undelivered"] == []
        marts = json.loads((warehouse / "published" / "manifest.json").read_text(encoding="utf-8"))["marts"]
        seen = _seen(metastore)
        assert seen["as_of"] == "2024-03-15 23:59:59"
        rows = {name: view["rows"] for name, view in seen["views"].items()}
        assert rows == {name: mart["rows"] for name, mart in marts.items()}
        facts = seen["views"]["fct_dossiers"]
        assert facts["columns"][:2] == ["source", "dossier_code"]
        assert facts["said"].startswith("Hệ thống gửi dữ liệu")

        log = warehouse / "state" / "spark-metastore.log"
        started = log.stat().st_mtime_ns
        _dunghan(warehouse, "run", "--as-of", "2024-03-15T23:59:59")
        assert log.stat().st_mtime_ns == started, "no session for nothing new"

        _dunghan(warehouse, "run", "--as-of", "2024-03-20T23:59:59")
        assert _seen(metastore)["as_of"] == "2024-03-20 23:59:59"

    # The metastore is down: the figures are published all the same, and it is told.
    printed = _dunghan(warehouse, "run", "--as-of", "2024-03-25T23:59:59")
    assert metastore.uri in printed
    record = _record(warehouse)
    assert record["outcome"] == "published"
    assert len(record["undelivered"]) == 1
