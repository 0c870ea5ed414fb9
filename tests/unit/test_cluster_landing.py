"""Reading on a cluster, as far as it needs none: what a task does, what is taken of its attempts, what it is told.

With executors: tests/cluster/test_landing.py.
"""

from __future__ import annotations

import gzip
import pickle
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings, strategies

from pipelines.config import Settings, load_settings
from pipelines.landing import cluster
from pipelines.landing.source import LandedFile, LandingPass, _ledger_row, observations
from pipelines.portal.discovery import discover
from pipelines.portal.privacy import PrivacyKey
from pipelines.portal.readers import spans
from tests.support.exports import put, zone
from warehouse import executors
from warehouse.executors import for_executors, together

KEY = PrivacyKey.of(b"0123456789abcdef")
RECORDS = '{"MaHoSo":"H39.18.25-240304-0001","NgayTiepNhan":"20240304083000","TrangThaiHoSo":"4","La":1}\n'


def test_what_the_attempt_that_was_through_wrote_is_all_that_counts(tmp_path: Path) -> None:
    put(tmp_path, RECORDS * 3, "dvcqg/dossiers/hoso_20240601.ndjson")
    put(tmp_path, "rác", "dvcqg/dossiers/hoso_20240602.json")
    settings, shared = zone(tmp_path), tmp_path / "shared"
    shared.mkdir()
    files = discover(settings)
    work = cluster._Work(settings, KEY, shared)
    work(observations(settings, files))  # of an executor that died afterwards
    answer = pickle.loads(pickle.dumps(work(observations(settings, files))))
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
        cluster._Work(settings, KEY, tmp_path)(observations(settings, away))


#: Lines that are one record or none, and those that make a file more than a list of records.
PLAIN_LINES = [
    "",
    "   ",
    "[]",
    '{"MaHoSo":"H39.18.25-240304-0002","NgayTiepNhan":"20240304083000","TrangThaiHoSo":"4","Lạ":"ấ"}',
    '{"MaHoSo":"H39.18.25-240304-0003","MaHoSo":"H39.18.25-240304-0004","TrangThaiHoSo":"2"}',
]
ODD_LINES = [
    "rác",
    '{"ten":"x"}',
    '{"MaHoSo":"H39.18.25-240304-0005"',
    '{"data":[{"MaHoSo":"H39.18.25-240304-0006"},{"MaHoSo":"H39.18.25-240304-0007"}]}',
    '{"MaHoSo":"H39.18.25-240304-0008"}{"MaHoSo":"H39.18.25-240304-0009"}',
    '{"ma_ho_so":"H39.18.25-240304-0010"}',
    '{"MaHoSo":"H39.18.25-240304-0011","TAILIEUNOP":[{"duocsohoa":"1"}]}',
]
#: Lines that a file is told by as a whole.
BEHIND_HEAD = 1000


def in_parts_and_at_once(root: Path, size: int) -> list[int]:
    """Read what lies in the drop zone in parts of `size` bytes, one task after the other in this process, and at once:
    rows, their numbers and what the ledger says must be the same. Returns how many tasks were asked for, each time."""
    where = zone(root)
    files = discover(where)
    asked: list[int] = []

    def on_executors(
        _: Settings, step: str, work: cluster._Work, items: list[tuple[LandedFile]]
    ) -> list[cluster._Read]:
        asked.extend([len(items)] if items else [])
        assert len(pickle.dumps(work)) < 1024**2, "pyspark hands larger work over in a file, and there is the key in it"
        handed = [pickle.dumps(item) for item in items]
        assert not any(KEY.ipad in item or KEY.opad in item for item in handed), "pyspark writes items to a file"
        return [pickle.loads(pickle.dumps(work(pickle.loads(item)))) for item in handed]

    (root / "shared").mkdir()
    with mock.patch.object(cluster, "on_executors", on_executors), mock.patch.object(cluster, "PART_BYTES", size):
        answers = cluster._read(where, KEY, root / "shared", observations(where, files))
    spread = cluster.ClusterLanding(
        sorted((entry for answer in answers for entry in answer.landed), key=lambda entry: entry.file.path),
        [rows for answer in answers for rows in answer.rows],
    )
    with duckdb.connect(config={"threads": 1}) as con:
        here = LandingPass(where, con, KEY, observations(where, files))
        read = [sorted(_contents(list(arrival.rows())), key=_place) for arrival in (spread, here)]
    assert read[0] == read[1]
    assert [_ledger(entry) for entry in spread.landed] == [_ledger(entry) for entry in here.landed]
    return asked


@pytest.mark.integration  # for its size only
@settings(max_examples=8, deadline=None, phases=[Phase.generate])
@given(data=strategies.data())
def test_a_file_read_in_parts_is_one_read_at_once(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    """Whatever stands in the lines, wherever the parts begin."""
    root = tmp_path_factory.mktemp("parts")
    lines = [RECORDS.strip() for _ in range(13_000)]
    for line in data.draw(strategies.lists(strategies.sampled_from(PLAIN_LINES), max_size=4)):
        lines.insert(data.draw(strategies.integers(BEHIND_HEAD, len(lines))), line)
    odd = data.draw(strategies.lists(strategies.sampled_from(ODD_LINES), max_size=2))
    for line in odd:
        lines.insert(data.draw(strategies.integers(len(lines) // 2, len(lines))), line)
    lines += data.draw(strategies.sampled_from([[], [""]]))
    begin, end = data.draw(strategies.sampled_from(["", "\ufeff"])), data.draw(strategies.sampled_from(["\n", "\r\n"]))
    put(root, begin + end.join(lines), "dvcqg/dossiers/hoso_20240601.ndjson")
    put(root, RECORDS, "dvcqg/dossiers/hoso_20240602.ndjson")
    asked = in_parts_and_at_once(root, data.draw(strategies.integers(200_000, 600_000)))
    assert asked[0] > 2, "it was divided"
    assert bool(asked[1:]) == bool(odd), "read as a whole only where a part says more than its rows"


def test_a_name_that_some_rows_spell_otherwise_is_understood_as_in_one_pass(tmp_path: Path) -> None:
    """A spelling inside a list is looked for in its first element, and understood in all rows converted together."""
    first = '{"MaHoSo":"H39.18.25-240304-0001","TrangThaiHoSo":"4","TaiLieuNop":[{},{"duocsohoa":"1"}]}\n'
    second = '{"MaHoSo":"H39.18.25-240304-0002","TrangThaiHoSo":"4","TaiLieuNop":[{"duocsohoa":"1"}]}\n'
    put(tmp_path, first * 8000 + second * 8000, "dvcqg/dossiers/hoso_20240601.ndjson")
    asked = in_parts_and_at_once(tmp_path, 300_000)
    assert (asked[0] > 2, asked[1:]) == (True, [1])


def test_the_most_frequent_unknown_names_are_those_of_the_whole_file(tmp_path: Path) -> None:
    """More of them than the ledger shows, in every part others, the last by name first."""
    records = [f'{{"MaHoSo":"H39.18.25-240304-{n:04d}","Moi{999 - n // 40}":"{"x" * 160}"}}\n' for n in range(9000)]
    put(tmp_path, "".join(records), "dvcqg/dossiers/hoso_20240601.ndjson")
    assert in_parts_and_at_once(tmp_path, 500_000)[0] > 2


def test_what_is_packed_or_small_is_not_divided(tmp_path: Path) -> None:
    put(tmp_path, RECORDS * 20_000, "dvcqg/dossiers/hoso_20240601.ndjson")
    put(tmp_path, gzip.compress((RECORDS * 20_000).encode()), "dvcqg/dossiers/hoso_20240603.ndjson.gz")
    put(tmp_path, (RECORDS * 20_000).encode("utf-16"), "dvcqg/dossiers/hoso_20240604.ndjson")
    put(tmp_path, "[" + (RECORDS.strip() + ",\n") * 20_000 + "{}]", "dvcqg/dossiers/hoso_20240605.json")
    # A document gives several rows, numbered on from those before it.
    put(tmp_path, '{"data":{"children":[{"departmentId":"c"}]}}\n' * 40_000, "dvcqg/portal_reports/bc_20240601.ndjson")
    files = {file.file_name: file for file in discover(zone(tmp_path))}
    plain = files.pop("hoso_20240601.ndjson")
    assert [spans(file, 500_000) for file in files.values()] == [[], [], [], []]
    found = spans(plain, 500_000)
    assert len(found) == plain.size // 500_000 + 1
    assert found[0][0] == 0 and found[-1][1] == plain.size
    assert all(first[1] == second[0] and first[1] % len(RECORDS) == 0 for first, second in pairwise(found))


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


def test_small_files_share_a_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "TASK_BYTES", 6 * len(RECORDS))
    for day in range(1, 8):
        put(tmp_path, RECORDS * day, f"dvcqg/dossiers/hoso_2024060{day}.ndjson")
    settings = zone(tmp_path)
    landed = observations(settings, discover(settings))
    tasks = together(landed, lambda entry: entry.file.size)
    assert [entry.landing_id for task in tasks for entry in task] == [entry.landing_id for entry in landed]
    assert [[entry.file.size // len(RECORDS) for entry in task] for task in tasks] == [[1, 2, 3], [4], [5], [6], [7]]
    monkeypatch.setattr(executors, "TASK_FILES", 3)
    assert [len(task) for task in together(landed, lambda _: 0)] == [3, 3, 1]
    assert not together([], len)


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
    assert secret.encode() not in pickle.dumps(for_executors(settings))


def _contents(read: list[tuple[str, pa.Table]]) -> list[dict[str, Any]]:
    """Rows of the dossiers, without the name of their landing."""
    assert {table for table, _ in read} == {"dossiers"}
    return [row for _, rows in read for row in rows.drop_columns(["landing_id"]).to_pylist()]


def _place(row: dict[str, Any]) -> tuple[str, int]:
    return row["file_sha256"], row["row_number"]


def _ledger(entry: LandedFile) -> dict[str, Any]:
    """Its row of the ledger, without the name of its landing."""
    return _ledger_row(replace(entry, landing_id=""), datetime(2024, 6, 3))


def _became(entry: LandedFile) -> tuple[Any, ...]:
    return entry.outcome, entry.reason, entry.rows, dict(entry.facts.drift)
