"""What dbt compiled, kept for whoever runs the rules without dbt: only a whole full refresh, whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.small_build import settings_in
from warehouse import compiled

NODES = {
    "seed.d.days": {
        "name": "days",
        "resource_type": "seed",
        "schema": "seeds",
        "original_file_path": "seeds/holidays.csv",
        "config": {"column_types": {"date": "date"}},
    },
    **{
        f"model.d.{name}": {
            "name": name,
            "resource_type": "model",
            "schema": "marts",
            "database": "build",
            "config": {"materialized": "table"},
            "depends_on": {"nodes": parents},
        }
        for name, parents in (("b", ["model.d.a", "seed.d.days"]), ("a", ["source.d.validated"]), ("c", []))
    },
}


def artefacts(target: Path, models: str = "abc", **arguments: Any) -> Path:
    target.mkdir(exist_ok=True)
    results = [{"unique_id": f"model.d.{m}", "compiled": True, "compiled_code": f"select '{m}'"} for m in models]
    told = {"args": {"full_refresh": True, "vars": {}, **arguments}, "results": results}
    (target / "run_results.json").write_text(json.dumps(told))
    (target / "manifest.json").write_text(json.dumps({"nodes": NODES}))
    return target


def test_a_full_refresh_is_kept_and_read_back(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    old = settings.layout.dbt_target / "compiled-0123.json"
    old.write_text("{}")
    assert compiled.keep(settings, artefacts(tmp_path / "target"))
    assert not old.exists()
    project = compiled.compiled_models(settings)
    assert (project.database, project.models["b"].sql) == ("build", "select 'b'")
    seeds, models = project.needed(["b"])
    assert [model.name for model in models] == ["a", "b"]
    assert [seed.file for seed in seeds] == ["seeds/holidays.csv"]
    with pytest.raises(KeyError):
        project.needed(["nothing"])


@pytest.mark.parametrize(
    "wrong",
    [{"full_refresh": False}, {"vars": {"as_of": "2024-05-31"}}, {"models": "ab"}],
    ids=["incremental", "vars", "part"],
)
def test_anything_else_is_not_kept(tmp_path: Path, wrong: dict[str, Any]) -> None:
    settings = settings_in(tmp_path)
    assert not compiled.keep(settings, artefacts(tmp_path / "target", **wrong))
    assert not compiled.keep(settings, tmp_path / "nothing")
    assert not list(settings.layout.dbt_target.glob("compiled-*"))


def test_another_project_is_compiled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    before = compiled.fingerprint()
    monkeypatch.setattr("warehouse.compiled.project_hash", lambda: "another")
    assert compiled.fingerprint() != before
