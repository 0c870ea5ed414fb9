"""Reading on a cluster, as far as it needs none: what a task does, what is taken of its attempts, what it is told.

With executors: tests/cluster/test_landing.py.
"""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from pipelines.config import load_settings
from pipelines.landing import cluster
from pipelines.landing.source import LandedFile, LandingPass, observations, portions
from pipelines.portal.discovery import discover
from pipelines.portal.privacy import PrivacyKey
from tests.support.exports import put, zone

KEY = PrivacyKey.of(b"0123456789abcdef")
RECORDS = '{"MaHoSo":"H39.18.25-240304-0001","NgayTiepNhan":"20240304083000","TrangThaiHoSo":"4","La":1}\n'


def test_what_the_attempt_that_was_through_wrote_is_all_that_counts(tmp_path: Path) -> None:
    put(tmp_path, RECORDS * 3, "dvcqg/dossiers/hoso_20240601.ndjson")
    put(tmp_path, "rác", "dvcqg/dossiers/hoso_20240602.json")
    settings, shared = zone(tmp_path), tmp_path / "shared"
    shared.mkdir()
    files = discover(settings)
    task = cluster._Task(settings, KEY, shared)
    task(observations(settings, files))  # an executor that died afterwards
    answer = pickle.loads(pickle.dumps(task(observations(settings, files))))
    assert len(list(shared.glob("*/dossiers.parquet"))) == 2
    spread = cluster.ClusterLanding(answer.landed, answer.rows)
    with duckdb.connect(config={"threads": 1}) as con:
        here = LandingPass(settings, con, KEY, observations(settings, files))
        read = [list(arrival.rows()) for arrival in (spread, here)]
    assert _contents(read[0]) == _contents(read[1])
    assert [row["row_number"] for row in _contents(read[0])] == [1, 2, 3]
    assert [_became(entry) for entry in spread.landed] == [_became(entry) for entry in here.landed]


def test_an_executor_without_the_drop_zone_says_so(tmp_path: Path) -> None:
    put(tmp_path, RECORDS)
    settings = zone(tmp_path)
    away = [replace(file, path=f"/not/mounted/{file.file_path}") for file in discover(settings)]
    with pytest.raises(FileNotFoundError, match="/not/mounted"):
        cluster._Task(settings, KEY, tmp_path)(observations(settings, away))


def test_executors_read_from_so_much_on(tmp_path: Path) -> None:
    put(tmp_path, RECORDS * 20_000)
    settings = zone(tmp_path)
    landed = observations(settings, discover(settings))
    worth = {
        (engine, least): cluster.is_worth_it(
            settings.model_copy(
                update={"engine": engine, "spark": settings.spark.model_copy(update={"landing_from_mib": least})}
            ),
            landed,
        )
        for engine in ("duckdb", "spark")
        for least in (0, 1, 1024)
    }
    assert [case for case, so in worth.items() if so] == [("spark", 0), ("spark", 1)]


def test_small_files_share_a_task(tmp_path: Path) -> None:
    for day in range(1, 8):
        put(tmp_path, RECORDS * day, f"dvcqg/dossiers/hoso_2024060{day}.ndjson")
    settings = zone(tmp_path)
    landed = observations(settings, discover(settings))
    tasks = list(portions(landed, lambda entry: entry.file.size, most=6 * len(RECORDS), count=500))
    assert [entry.landing_id for task in tasks for entry in task] == [entry.landing_id for entry in landed]
    assert [[entry.file.size // len(RECORDS) for entry in task] for task in tasks] == [[1, 2, 3], [4], [5], [6], [7]]
    assert [len(task) for task in portions(landed, lambda _: 0, most=1, count=3)] == [3, 3, 1]
    assert not list(portions([], len, most=1, count=1))


def test_no_password_of_another_system_goes_along(tmp_path: Path) -> None:
    secret = "very-secret-and-long"
    settings = load_settings(
        warehouse=tmp_path,
        privacy_key=secret,
        webhook_url=f"https://example.vn/{secret}",
        postgres_dsn=f"postgresql://u:{secret}@localhost/db",
        engine="spark",
        spark={"conf": {"spark.authenticate.secret": secret}},
        digests={"so": {"send": [f"https://example.vn/{secret}"]}},
    )
    assert secret.encode() in pickle.dumps(settings)
    assert secret.encode() not in pickle.dumps(cluster._told(settings))


def _contents(read: list[tuple[str, pa.Table]]) -> list[dict[str, Any]]:
    """Rows of the dossiers, without the name of their landing."""
    assert {table for table, _ in read} == {"dossiers"}
    return [row for _, rows in read for row in rows.drop_columns(["landing_id"]).to_pylist()]


def _became(entry: LandedFile) -> tuple[Any, ...]:
    return entry.outcome, entry.reason, entry.rows, dict(entry.facts.drift)
