"""The same dossiers in every shape that exports come in give the same rows, the same validation and the same marts.

Every shape is the export of a source of its own, so that one landing and one validation take all of them.
"""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

from expectations.validation import validate
from pipelines.config import Settings, load_settings
from pipelines.landing.lake import Lake
from pipelines.landing.pipeline import land
from pipelines.portal.discovery import discover
from pipelines.samples import EVENT_REJECTS, ROW_REJECTS, Distortions, SampleSpec, generate
from pipelines.samples.shapes import SHAPES
from tests.integration.test_main_job import hashes
from tests.support import plain_shapes
from tests.support.command import dunghan
from warehouse.database import connect_build

pytestmark = pytest.mark.integration

SPEC = SampleSpec(
    dossiers=240,
    not_accepted=2,
    refused=2,
    nights=3,
    changes_per_night=12,
    flat=True,
    catalogues=False,
    distortions=Distortions(synthetic_code=0.05, placeholder_id=0.05, local_procedure=0.05, no_due=0.05),
    bad_rows=dict.fromkeys(ROW_REJECTS, 3),
    bad_events=dict.fromkeys(EVENT_REJECTS, 2),
)
#: What names the file or the place in it, and is another in every shape.
ELSEWHERE = {"landing_id", "source", "file_sha256", "row_number", "file_name", "file_path", "validation_seq", "part"}
#: An envelope says which agency sent it; rows whose code does not are that agency's.
OF_THE_ENVELOPE = {"envelope_agency"}
KNOWN_AGENCY = "code_form in ('old', 'new')"


def source_of(shape: str) -> str:
    return re.sub("[^a-z0-9]", "_", shape)


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Every shape landed and validated in one warehouse."""
    root = tmp_path_factory.mktemp("shapes")
    settings = load_settings(drop_zone=str(root / "inbox"), warehouse=root / "warehouse", memory_limit="1GB")
    (root / "inbox").mkdir()
    for shape in SHAPES:
        source = source_of(shape)
        made = generate(SPEC.model_copy(update={"shape": shape, "source": source}), root / shape, settings=settings)
        (made.inbox / source).rename(root / "inbox" / source)
    land(settings, discover(settings, Lake(settings).known()))
    validate(settings)
    return settings


def rows(settings: Settings, relation: str, shape: str, where: str = "true") -> list[dict[str, Any]]:
    with connect_build(settings) as con:
        found = con.execute(f"select * from {relation} where source = '{source_of(shape)}' and {where}")
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def told(found: list[dict[str, Any]], without: set[str]) -> list[str]:
    return sorted(repr({name: value for name, value in row.items() if name not in without}) for row in found)


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape != "ndjson"])
@pytest.mark.parametrize("table", ["dossiers", "events"])
def test_every_shape_gives_the_same_rows(landed: Settings, table: str, shape: str) -> None:
    without = ELSEWHERE | (OF_THE_ENVELOPE if shape == "envelope" else set())
    lake = f"({Lake(landed).rows(table)})"
    # Sheets have no rows that are none.
    where = "is_record" if SHAPES[shape].sheet else "true"
    if shape == "envelope" and table == "dossiers":
        where = KNOWN_AGENCY
    first, other = (told(rows(landed, lake, name, where), without) for name in ("ndjson", shape))
    assert len(first) > 200
    assert other == first


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape != "ndjson"])
def test_every_shape_is_validated_alike(landed: Settings, shape: str) -> None:
    without = ELSEWHERE | (OF_THE_ENVELOPE if shape == "envelope" else set())
    tables = {"validated.dossiers": "true", "validated.events": "true", "validated.quarantine": "true"}
    if shape == "envelope":
        tables["validated.quarantine"] = "agency_code <> 'unknown' and dossier_code like 'H39%'"
    elif SHAPES[shape].sheet:
        tables["validated.quarantine"] = "not list_contains(reasons, 'REJ_NOT_A_RECORD')"
    for table, where in tables.items():
        first, other = (told(rows(landed, table, name, where), without) for name in ("ndjson", shape))
        assert first and other == first, table
    files = rows(landed, "validated.files", shape)
    assert {file["status"] for file in files} == {"loaded"}
    assert not [file["drift"] for file in files if file["drift"]]


def place_in(parts: str | None, row_number: int) -> tuple[str, int]:
    """(part, row within it) of a row number of the lake."""
    known = json.loads(parts) if parts else []
    part = max((p for p in known if p["before"] < row_number), key=lambda p: p["before"], default=None)
    return (part["name"], row_number - part["before"]) if part else ("", row_number)


@pytest.mark.parametrize("shape", SHAPES)
def test_rows_are_numbered_where_people_find_them(landed: Settings, shape: str) -> None:
    """portal-exports §6: a row number of the lake leads back to the dossier of that row, in every part; and to the
    bad rows."""
    parts = {file["file_path"]: file["parts"] for file in rows(landed, "validated.files", shape)}
    inbox = Path(landed.drop_zone)
    for path, kind, table in [(p, p.split("/")[1], "dossiers" if "/dossiers/" in p else "events") for p in parts]:
        written = plain_shapes.read(inbox / path, shape, kind)
        # A file of one sheet need not name it.
        named = bool(parts[path])
        codes = {(part if named else "", row): r["MaHoSo"] for (part, row), r in written.items() if r}
        found = rows(landed, f"validated.{table}", shape, f"file_path = '{path}'")
        assert found
        for row in found:
            assert codes[place_in(parts[path], row["row_number"])] == row["dossier_code"]
        with (inbox.parent / shape / "truth" / "bad_rows.csv").open(encoding="utf-8") as lines:
            meant = [row for row in csv.DictReader(lines) if row["file"] == path]
        quarantined = rows(landed, "validated.quarantine", shape, f"file_path = '{path}'")
        assert sorted((row["part"] or "", row["row_number"], set(row["reasons"])) for row in quarantined) == sorted(
            (row["part"] if named else "", int(row["row_number"]), set(row["reasons"].split("+"))) for row in meant
        )


# --- whole runs -----------------------------------------------------------------------------------------------------

#: Without rows that are no record, which sheets cannot have: their number stands in the marts.
WHOLE = SPEC.model_copy(update={"bad_rows": dict.fromkeys(ROW_REJECTS[1:], 2), "bad_events": {}, "catalogues": True})
#: Marts that name files.
OF_FILES = {"mart_load_ledger", "mart_quarantine"}


def marts(root: Path, shape: str) -> dict[str, str]:
    """Content hashes of the marts that a whole `dunghan run` publishes."""
    made = generate(WHOLE.model_copy(update={"shape": shape}), root / shape)
    dunghan(root / shape / "warehouse", "run", inbox=made.inbox, expect=(0, 3))
    found = hashes(root / shape / "warehouse")
    assert set(found) > OF_FILES and len(found) > 10
    return {mart: content for mart, content in found.items() if mart not in OF_FILES}


@pytest.fixture(scope="module")
def marts_of_ndjson(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return marts(tmp_path_factory.mktemp("ndjson"), "ndjson")


@pytest.mark.slow  # the same validated rows give the same marts: what is above says as much, faster
@pytest.mark.parametrize(
    "shape",
    [shape for shape in SHAPES if shape not in ("ndjson", "envelope")],
)
def test_every_shape_gives_the_same_marts(marts_of_ndjson: dict[str, str], tmp_path: Path, shape: str) -> None:
    assert marts(tmp_path, shape) == marts_of_ndjson
