"""What `dunghan calendar add` says beforehand is what the next build comes to, for the country and for one province."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.cli import main
from pipelines.config import Settings
from pipelines.history.calendars import MEASURES, effect, month
from tests.oracle import drop_zone, random_exports
from tests.support.small_build import settings_in
from tests.support.validated import Dbt, load
from warehouse import calendar
from warehouse.build import plan_build, record_green
from warehouse.calendar import Change
from warehouse.lock import run_lock
from warehouse.publish import publish

pytestmark = [pytest.mark.integration, pytest.mark.slow]

CORE = (
    "--select",
    "+path:models/marts/core",
    "--exclude-resource-type",
    "test",
    "--exclude-resource-type",
    "unit_test",
)
KEY = "source, dossier_code, rule_set"


def nightly_run(settings: Settings, folder: Path) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Build the core as `dunghan run` would and publish it; returns the measures of every verdict."""
    plan = plan_build(settings)
    Dbt(settings.layout.build_db, folder)("build", "--full-refresh", *CORE, clocks=False)
    record_green(settings, plan)
    publication = publish(settings, plan)
    with duckdb.connect(str(publication.folder / "dunghan.duckdb"), read_only=True) as con:
        rows = con.execute(f"select {KEY}, {', '.join(MEASURES)} from marts.fct_verdicts").fetchall()
        stamped = con.execute("select distinct definitions_version from marts.fct_verdicts").fetchall()
    assert stamped == [(plan.definitions_version,)]
    return {row[:3]: row[3:] for row in rows}


def test_the_preview_is_what_the_next_build_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = random_exports.generate(seed=44, dossiers=500)
    files.write(tmp_path / "inbox")
    settings = settings_in(tmp_path).model_copy(update={"as_of": max(as_of for as_of, _ in files.pairs)})
    assert settings.as_of
    with duckdb.connect(str(settings.layout.build_db)) as con:
        load(con, drop_zone.read(tmp_path / "inbox"))
    before = nightly_run(settings, tmp_path)
    day = date(2024, 1, 10)
    for scope in ("H39", "VN"):
        change = Change(0, day, "off", "Nghỉ", scope)
        told = effect(settings, change)
        with run_lock(settings):
            calendar.add(settings, change)
        after = nightly_run(settings, tmp_path)
        assert told.days
        assert {(row["calendar"], row["day"]) for row in told.days} == {(scope, day)}
        expected = {
            rule_set: {
                name: sum(before[key][n] != after[key][n] for key in before if key[2] == rule_set)
                for n, name in enumerate(MEASURES)
            }
            for rule_set in ("form_ii06", "portal_766", "citizen_handover", "first_appointment")
        }
        changed = {rule: sum(before[k] != after[k] for k in before if k[2] == rule) for rule in expected}
        assert {r["rule_set"]: r["open_dossiers"] + r["resolved_restated"] for r in told.rule_sets} == changed
        assert all(changed.values())
        for row in told.rule_sets:
            assert all(row[name] <= expected[row["rule_set"]][name] for name in MEASURES)
        moved = sum(row["dossiers"] for row in told.verdicts)
        assert moved == sum(counts["verdict"] for counts in expected.values())
        before = after
    shown = {row["day"]: row for row in month(settings, day, "H40")}
    assert (shown[day]["is_working_day"], shown[day]["place"]) == (False, "calendar.csv:3")
    assert month(settings, day, "H39")[9]["place"] == "calendar.csv:2"

    # The command says the same as the room, and only shows.
    monkeypatch.setenv("DUNGHAN_WAREHOUSE", str(settings.layout.root))
    asked = ("calendar", "add", "2024-01-11", "off", "Nghỉ", "--preview", "--json")
    with pytest.raises(SystemExit) as end:
        main(asked)
    said = json.loads(capsys.readouterr().out)
    expected_effect = effect(settings, Change(0, date(2024, 1, 11), "off", "Nghỉ", "VN"))
    assert end.value.code in (0, None)
    assert (said["rule_sets"], said["added"]) == (expected_effect.rule_sets, None)
    assert len(calendar.read(settings)) == 2
