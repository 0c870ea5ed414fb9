"""`dunghan run` with engine = "spark" publishes what it does with DuckDB: every mart, every cell.

The worked examples at all their pairs and the two sources on a cluster of two workers, the sample district and a random
drop zone with several nights in one process. Minutes each, hence `slow`: `make cluster`.
"""

from __future__ import annotations

import csv
import json
from datetime import datetime
from pathlib import Path

import pytest

from tests.cluster import two_sources
from tests.cluster.engines import LOCAL, published_by_both
from tests.cluster.standalone import Standalone
from tests.oracle import random_exports

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

DATA = Path(__file__).resolve().parents[1] / "data"


def _pairs(examples: str) -> list[tuple[datetime, datetime | None]]:
    with (DATA / examples / "expected_verdicts.csv").open(encoding="utf-8", newline="") as file:
        pairs = {(row["as_of"], row["known_at"]) for row in csv.DictReader(file)}
    return [
        (datetime.fromisoformat(as_of), datetime.fromisoformat(known_at) if known_at else None)
        for as_of, known_at in sorted(pairs)
    ]


@pytest.mark.parametrize("examples", ["worked_examples", "worked_examples_2"])
def test_worked_examples_at_all_pairs(examples: str, cluster: Standalone, tmp_path: Path) -> None:
    for as_of, known_at in _pairs(examples):
        told = published_by_both(DATA / examples / "inbox", tmp_path, as_of, known_at, {"master": cluster.url})
        assert not told, f"{as_of}, {known_at}\n" + "\n".join(told)


def test_two_sources_one_without_a_catalogue(cluster: Standalone, tmp_path: Path) -> None:
    two_sources.write(tmp_path / "inbox", tmp_path / "duckdb")
    as_of = datetime.fromisoformat(two_sources.AS_OF)
    told = published_by_both(tmp_path / "inbox", tmp_path, as_of, None, {"master": cluster.url})
    assert not told, "\n".join(told)
    manifest = json.loads((tmp_path / "spark" / "published" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["definitions_version"].endswith("+lich.1")


def test_sample_district(tmp_path: Path) -> None:
    from pipelines.samples import build_spec, generate

    made = generate(build_spec("district"), tmp_path / "sample")
    told = published_by_both(made.inbox, tmp_path, datetime(2024, 5, 31, 23, 59, 59), None, LOCAL)
    assert not told, "\n".join(told)


def test_random_drop_zone_over_nights(tmp_path: Path) -> None:
    """DuckDB goes on from night to night, Spark builds everything each time: the same figures every night."""
    files = random_exports.generate(seed=1806, dossiers=400)
    nights = sorted(as_of for as_of, known_at in files.pairs if known_at is None)
    for number, as_of in enumerate(nights):
        paths = sorted(files.files)
        files.write(tmp_path / "inbox", only=set(paths[number :: len(nights)]).__contains__)
        told = published_by_both(tmp_path / "inbox", tmp_path, as_of, None, LOCAL)
        assert not told, f"night {number + 1}\n" + "\n".join(told)
