"""The frozen calendar seed is what the `holidays` package says, and dim_date's premises hold (timeliness §2)."""

from __future__ import annotations

import csv
import importlib.util
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest

SEEDS = Path(__file__).parents[2] / "dbt_project" / "seeds"


@pytest.fixture(scope="module")
def builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_holidays", SEEDS / "build_holidays.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(name: str) -> list[dict[str, str]]:
    with (SEEDS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_seed_is_the_package(builder: ModuleType) -> None:
    """Frozen from holidays 0.109; another version may say otherwise, and then somebody has to look."""
    assert [(row["date"], row["kind"], row["name"]) for row in read("holidays.csv")] == list(builder.calendar_rows())


def test_every_day_once_and_known_kinds() -> None:
    for seed in ("holidays.csv", "calendar_overrides.csv"):
        rows = read(seed)
        days = [date.fromisoformat(row["date"]) for row in rows]
        assert len(set(days)) == len(days), seed
        assert {row["kind"] for row in rows} <= {"off", "work"}, seed
        assert all(2000 <= day.year <= 2100 for day in days), seed
    assert all(
        date.fromisoformat(row["date"]).isoweekday() > 5 for row in read("holidays.csv") if row["kind"] == "work"
    )


def test_years_are_complete() -> None:
    """Every year has at least New Year, three days of Tết, Hùng Kings, 30 April, 1 May and 2 September."""
    days = [row["date"][:4] for row in read("holidays.csv") if row["kind"] == "off"]
    assert all(days.count(str(year)) >= 8 for year in range(2000, 2101))


def test_provinces_lead_on() -> None:
    """29 of the 63 level-1 codes ended on 30 June 2025, each with a living successor: 34 provinces are left."""
    provinces = {row["code"]: row for row in read("provinces.csv")}
    ended = [row for row in provinces.values() if row["valid_to"]]
    assert (len(provinces), len(ended)) == (63, 29)
    assert all(row["valid_to"] == "2025-06-30" and not provinces[row["successor_code"]]["valid_to"] for row in ended)
