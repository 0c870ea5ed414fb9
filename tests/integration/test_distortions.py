"""One dossier sent by two end points of the portal (portal-exports §8, kind 7), through the main job and the command.

The other kinds: the sample (test_main_job.py) and the public cases (test_public_cases.py)."""

from __future__ import annotations

import json
from datetime import datetime

import duckdb
import pytest

from pipelines.cli import main
from pipelines.config import Settings
from pipelines.orchestration.runner import LOOK_AT_INPUT, PUBLISHED, run_nightly
from tests.support.exports import put, zone

pytestmark = pytest.mark.integration

MOVED, SYNCHRONISED, NEW = (f"H39.18-260803-000{n}" for n in (1, 2, 3))
#: A code of the sender's own tells no agency: the envelope does.
OWN = "TN-2026-0815"


def record(code: str) -> dict[str, str]:
    return {
        "MaHoSo": code,
        "MaTTHC": "1.001190",
        "KenhThucHien": "1",
        "NgayTiepNhan": "20260803080000",
        "NgayHenTra": "20260810170000",
        "TrangThaiHoSo": "4",
    }


def export(agency: str, *codes: str) -> str:
    return json.dumps({"madonvi": agency, "service": "DongBoHoSoMC", "data": [record(code) for code in codes]})


@pytest.fixture(scope="module")
def moved_portal(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The portal moved: its old and its new end point both send MOVED; the one-stop system has what either has."""
    root = tmp_path_factory.mktemp("moved_portal")
    settings = zone(root).model_copy(update={"as_of": datetime(2026, 8, 31, 23, 59, 59)})
    put(root, export("H39.18", MOVED, SYNCHRONISED), "dvcqg/dossiers/hoso_20260804.json")
    put(root, export("H39.18", MOVED, NEW), "dvcqg_moi/dossiers/hoso_20260805.json")
    put(root, export("H39.18", MOVED, SYNCHRONISED, NEW), "motcua/dossiers/hoso_20260804.json")
    put(root, export("H39.18", OWN), "dvcqg/dossiers/rieng_20260804.json")
    put(root, export("H39.20", OWN), "dvcqg_moi/dossiers/rieng_20260805.json")
    outcome = run_nightly(settings)
    assert outcome.exit_code in (PUBLISHED, LOOK_AT_INPUT), outcome.problems
    return settings


def test_only_a_dossier_of_two_end_points_is_told(moved_portal: Settings) -> None:
    with duckdb.connect(str(moved_portal.layout.published / "dunghan.duckdb"), read_only=True) as con:
        found = con.execute(
            """select source, agency_code, month, dossiers, share, examples from marts.mart_distortions
            where distortion = 'sent_by_two_end_points' order by all"""
        ).fetchall()
        agencies = con.execute(
            "select source, agency_code from marts.fct_dossiers where dossier_code = $1 order by all", [OWN]
        ).fetchall()
        counted = con.execute("select source, count(*) from marts.fct_dossiers group by 1 order by 1").fetchall()
    assert agencies == [("dvcqg", "H39.18"), ("dvcqg_moi", "H39.20")]
    assert found == [
        ("dvcqg", "H39.18", "2026-08", 1, pytest.approx(1 / 3), [MOVED]),
        ("dvcqg_moi", "H39.18", "2026-08", 1, 0.5, [MOVED]),
    ]
    # told, never repaired
    assert counted == [("dvcqg", 3), ("dvcqg_moi", 3), ("motcua", 3)]


def test_the_command_says_what_it_means_and_whom_to_ask(
    moved_portal: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DUNGHAN_WAREHOUSE", str(moved_portal.warehouse))
    with pytest.raises(SystemExit) as ended:
        main(["distortions", "--wide"])
    printed = capsys.readouterr().out
    assert ended.value.code in (0, None)
    assert "hai điểm kết nối" in printed
    assert "Người nạp dữ liệu" in printed
    assert MOVED in printed
