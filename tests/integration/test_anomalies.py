"""Unusual input is told with its figures before anything is published; the settings say whether it stops the run."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from expectations.anomalies import of_files, silent
from expectations.validation import validate
from pipelines.clock import wall_clock
from pipelines.config import Settings, load_settings
from pipelines.landing.pipeline import land
from pipelines.orchestration.runner import run_nightly
from pipelines.portal.discovery import discover
from tests.support.small_build import build_marts
from warehouse.build import plan_build, record_green
from warehouse.publish import current, publish
from warehouse.status import status

pytestmark = pytest.mark.integration

FIRST = date(2024, 6, 3)


def settings_for(folder: Path, **flags: Any) -> Settings:
    return load_settings(
        drop_zone=str(folder / "inbox"),
        warehouse=folder / "warehouse",
        privacy_key="0123456789abcdef-for-tests",
        **flags,
    )


def export(folder: Path, number: int, statuses: dict[str, int], *, without_code: int = 0) -> None:
    """The export of day `number`: so many dossiers of each status, and rows without a code."""
    day = FIRST + timedelta(days=number)
    rows: list[dict[str, str]] = [
        {
            "MaHoSo": f"H39.18-{day:%y%m%d}-{n:04}",
            "MaTTHC": "1.001193",
            "NgayTiepNhan": f"{day:%Y%m%d}080000",
            "NgayHenTra": "20240731170000",
            "KenhThucHien": "1",
            "TrangThaiHoSo": code,
        }
        for n, code in enumerate(code for code, times in statuses.items() for _ in range(times))
    ]
    rows += [{"NgayTiepNhan": f"{day:%Y%m%d}080000", "TrangThaiHoSo": "4", "KenhThucHien": "1"}] * without_code
    path = folder / "inbox" / "dvcqg" / "dossiers" / f"hoso_{day:%Y%m%d}.ndjson"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")


def loaded(settings: Settings) -> None:
    """What came is landed and validated."""
    land(settings, discover(settings))
    assert validate(settings).committed


def test_a_file_is_compared_with_those_before_it(tmp_path: Path) -> None:
    """Without dbt: what readers see is a ledger and nothing else."""
    settings = settings_for(tmp_path, anomalies={"smaller_export": "block", "status_gone": "off"})
    for number in range(6):
        export(tmp_path, number, {"4": 120 + number, "2": 80}, without_code=1)
    loaded(settings)
    assert of_files(settings) == [], "without a published version nothing is usual yet"
    plan = plan_build(settings)
    build_marts(settings, 1, extra=["create or replace table marts.mart_load_ledger as from validated.files"])
    record_green(settings, plan)
    publish(settings, plan)

    export(tmp_path, 6, {"4": 60}, without_code=30)
    export(tmp_path, 7, {"4": 110, "2": 70})
    loaded(settings)
    path = "dvcqg/dossiers/hoso_20240609.ndjson"
    assert [(one.name, one.where, one.subject, one.found, one.usual, one.blocks) for one in of_files(settings)] == [
        ("reason_flood", path, "REJ_NO_CODE", 30, 0, False),
        ("smaller_export", path, None, 90, 201, True),
    ]


@pytest.mark.slow
def test_unusual_files_are_told_and_block_when_asked_to(tmp_path: Path) -> None:
    for number in range(6):
        export(tmp_path, number, {"4": 120 + number, "2": 80}, without_code=1)
    first = run_nightly(settings_for(tmp_path))
    assert first.exit_code == 0, first.problems
    assert first.summary is not None
    assert first.summary.anomalies == [], "without a published version nothing is usual yet"

    export(tmp_path, 6, {"4": 60}, without_code=30)
    asked = settings_for(tmp_path, anomalies={"smaller_export": "block"})
    blocked = run_nightly(asked)
    assert blocked.exit_code == 1
    assert current(asked).version == first.version  # type: ignore[union-attr]
    told = [problem for problem in blocked.problems if "hoso_20240609.ndjson" in problem]
    assert any("chỉ có 90 dòng, các tệp trước đó ít nhất 201 dòng" in problem for problem in told), blocked.problems

    forced = run_nightly(asked, force=True)
    assert (forced.exit_code, forced.summary and forced.summary.outcome) == (3, "published")
    assert forced.summary is not None
    path = "dvcqg/dossiers/hoso_20240609.ndjson"
    assert [text.partition(" / ")[0] for text in forced.summary.anomalies] == [
        f"{path}: 30 dòng bị loại vì REJ_NO_CODE, thường khoảng 0",
        f"{path}: chỉ có 90 dòng, các tệp trước đó ít nhất 201 dòng",
        f"{path}: không có hồ sơ nào ở trạng thái 2, lẽ ra khoảng 35",
    ]
    assert status(asked)["health"]["reasons"].count("unusual") == 1

    export(tmp_path, 7, {"4": 110, "2": 70})
    usual = run_nightly(asked)
    assert (usual.exit_code, usual.summary and usual.summary.anomalies) == (0, [])


def test_a_silent_source_is_told_after_the_days_of_the_settings(tmp_path: Path) -> None:
    now = wall_clock()
    seen = {name: (now - timedelta(days=days)).isoformat() for name, days in (("a", 3), ("b", 4), ("c", 40))}
    found = silent(settings_for(tmp_path), seen)
    assert [(one.where, one.found, one.usual) for one in found] == [("b", 4, 4), ("c", 40, 4)]
    assert (
        found[0].message
        == "b: 4 ngày nay không gửi tệp nào (báo khi quá 4 ngày) / b: no file for 4 days (told after 4)"
    )
    assert [one.where for one in silent(settings_for(tmp_path, silent_days={"*": 3, "c": 0}), seen)] == ["a", "b"]
    assert silent(settings_for(tmp_path, anomalies={"source_silent": "off"}), seen) == []
    assert all(one.blocks for one in silent(settings_for(tmp_path, anomalies={"source_silent": "block"}), seen))
