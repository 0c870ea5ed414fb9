"""A field is one entry of the contract: in a copy of the project it is followed from the file to the marts, to explain
and to the docs, with nothing else written by hand."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

pytestmark = [pytest.mark.integration, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
CODE = "H39.18.25-240304-0001"
BEFORE = '        Field(\n            column="content_hash",\n'
FIELD = (
    '        Field(column="receipt_number", portal="SoBienNhan", reads="kept_name", published="further",'
    ' meaning=("Số biên nhận", "Receipt number")),\n'
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the field in its contract, after `make docs`."""
    copy = tmp_path_factory.mktemp("project")
    without = shutil.ignore_patterns("__pycache__", "data", "target", "logs")
    for folder in ("pipelines", "expectations", "warehouse", "dbt_project", "docs"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=without)
    for file in ("pyproject.toml", "workspace.yaml"):
        shutil.copy2(ROOT / file, copy / file)
    kinds = copy / "pipelines" / "contract" / "kinds.py"
    text = kinds.read_text(encoding="utf-8")
    assert text.count(BEFORE) == 1
    kinds.write_text(text.replace(BEFORE, FIELD + BEFORE), encoding="utf-8")
    for script in ("generate_from_contract.py", "generate_marts_doc.py"):
        python(copy, f"dbt_project/{script}")
    return copy


def python(project: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python on the copy. Raises AssertionError with what it said unless it ended with 0 or 3."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 3), done.stdout[-3000:] + done.stderr[-3000:]
    return done


def test_a_new_field_needs_one_entry(project: Path, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox" / "dvcqg" / "dossiers"
    inbox.mkdir(parents=True)
    for day, receipt in (("20240305", "BN-1"), ("20240306", "BN-2")):
        record = {"MaHoSo": CODE, "NgayTiepNhan": "20240304083000", "TrangThaiHoSo": "4", "SoBienNhan": receipt}
        (inbox / f"dossiers_{day}.json").write_text(json.dumps([record]), encoding="utf-8")
    settings = {
        "DUNGHAN_DROP_ZONE": str(tmp_path / "inbox"),
        "DUNGHAN_WAREHOUSE": str(tmp_path / "warehouse"),
        "DUNGHAN_PRIVACY_KEY": "only-for-the-tests",
        "DUNGHAN_SETTLE_SECONDS": "0",
    }
    command = "import sys; from pipelines.cli import main; sys.argv = ['dunghan', *sys.argv[1:]]; main()"
    python(project, "-c", command, "run", **settings)
    with duckdb.connect(str(tmp_path / "warehouse" / "published" / "dunghan.duckdb"), read_only=True) as con:
        assert con.execute("select receipt_number, versions from marts.fct_dossiers").fetchall() == [("BN-2", 2)]
    told = python(project, "-c", command, "explain", CODE, **settings).stdout
    assert "Số biên nhận" in told and "BN-1" in told and "BN-2" in told
    for page in ("docs/reference/lake.md", "docs/marts.md"):
        assert "`receipt_number`" in (project / page).read_text(encoding="utf-8"), page
