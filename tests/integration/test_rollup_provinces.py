"""Three real provinces, each with a warehouse of its own, beside one warehouse that loaded what all three loaded: the
figures of the country must be those of the one warehouse, cell by cell."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.config import Settings, load_settings
from pipelines.orchestration.runner import run_nightly
from pipelines.rollup.national import roll_up
from pipelines.samples import build_spec, generate
from tests.support.national import EXPECTED, differing, provinces_beside
from warehouse.publish import Publication

pytestmark = [pytest.mark.integration, pytest.mark.slow]

AS_OF = "2024-05-31"
#: Province → an agency of it, how many dossiers, the seed.
PROVINCES = {"H39": ("H39.18", 300, 11), "H53": ("H53.02", 200, 12), "H17": ("H17.05", 150, 14)}
#: Of one province alone, or of people, whom provinces name by keys of their own.
NOT_COMPARABLE = {"dim_province", "nat_agency_ranks"}
OF_PROVINCES = ("applicants", "rank_among_provinces")


@dataclass
class Country:
    """The published folders of three provinces, their national version, and the warehouse that has it all."""

    provinces: dict[str, Path]
    national: Publication
    one_warehouse: Path


def loaded(folder: Path, inbox: Path, province: str | None) -> Settings:
    settings = load_settings(warehouse=folder, drop_zone=str(inbox), as_of=AS_OF, province=province)
    assert run_nightly(settings).exit_code in (0, 3)
    return settings


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Country:
    folder = tmp_path_factory.mktemp("country")
    provinces = {}
    for code, (agency, dossiers, seed) in PROVINCES.items():
        wishes = {"dossiers": dossiers, "nights": 2, "seed": seed, "agency": agency}
        inbox = generate(build_spec(None, (), (), ("dvcqg", "motcua"), **wishes), folder / code).inbox
        settings = loaded(folder / code / "warehouse", inbox, code)
        provinces[code] = settings.layout.published
        for file in (path for path in inbox.rglob("*") if path.is_file()):
            source, kind, *rest = file.relative_to(inbox).parts
            target = folder / "all" / source / kind / code / Path(*rest)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, target)
    everything = loaded(folder / "all-warehouse", folder / "all", None)
    national = roll_up(everything, [str(path) for path in provinces.values()], folder / "national")
    return Country({code: path / "current" for code, path in provinces.items()}, national, everything.layout.published)


def test_each_province_named_itself(country: Country) -> None:
    assert [one["province"] for one in country.national.manifest["provinces"]] == sorted(PROVINCES)


@pytest.mark.parametrize("mart", EXPECTED)
def test_figures_are_those_of_a_plain_computation(country: Country, mart: str) -> None:
    with provinces_beside(country.national.database, country.provinces) as con:
        assert differing(con, mart, EXPECTED[mart]) == []


@pytest.mark.parametrize("mart", sorted(set(EXPECTED) - NOT_COMPARABLE))
def test_the_country_is_one_warehouse_of_everything(country: Country, mart: str) -> None:
    with provinces_beside(country.national.database, {"H00": country.one_warehouse}) as con:
        columns = [
            name for name, *_ in con.execute(f"describe {EXPECTED[mart]}").fetchall() if name not in OF_PROVINCES
        ]
        query = f"select {', '.join(columns)} from ({EXPECTED[mart]}) where area_code = 'VN'"
        assert differing(con, mart, query, where="area_code = 'VN'") == []
