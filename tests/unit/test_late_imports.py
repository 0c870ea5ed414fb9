"""Imports that are put off: of what Great Expectations does not use here, and of pandas by DuckDB."""

import subprocess
import sys

import pytest

from expectations.late_imports import late


def test_a_late_module_is_imported_at_its_first_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with late("colorsys"):
        import colorsys as put_off
    assert "colorsys" not in sys.modules
    assert put_off.rgb_to_hsv(1, 0, 0) == (0, 1, 1)
    assert sys.modules["colorsys"].rgb_to_hsv is put_off.rgb_to_hsv


def test_an_absent_module_is_back_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with late(absent=("colorsys",)), pytest.raises(ImportError):
        import colorsys  # noqa: F401
    import colorsys as there

    assert there.ONE_THIRD


def test_what_is_there_already_stays() -> None:
    import json

    with late("json", absent=("json",)):
        import json as again
    assert again is json is sys.modules["json"]


@pytest.mark.integration
def test_a_bound_parameter_does_not_import_pandas() -> None:
    script = """
import sys
from datetime import datetime
from pipelines.config import load_settings
from warehouse.database import connect
with connect(load_settings()) as con:
    assert con.execute("select $1, $2", [1, datetime(2024, 6, 1)]).fetchone() == (1, datetime(2024, 6, 1))
assert "pandas" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True)
