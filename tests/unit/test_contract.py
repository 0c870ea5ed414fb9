"""The contract is declared once: everything derived from it is in step, and no content can change unseen."""

from __future__ import annotations

import csv
import importlib.util
import json
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from expectations.schema import VALIDATED_TABLES
from pipelines.contract import CHANNELS, DOSSIERS, KINDS, PROCEDURES, STATUSES, Kind
from pipelines.landing.lake import SCHEMAS
from pipelines.portal.canonical import Canonicaliser, Portion
from pipelines.portal.privacy import PrivacyKey
from pipelines.portal.text_rows import TextRows

ROOT = Path(__file__).parents[2]
BASE = {"MaHoSo": "H39.18.25-240304-0001", "NgayTiepNhan": "20240304", "TrangThaiHoSo": "4"}
#: Content column → what makes it another one and leaves every other column as it is. A column that is missing here is
#: read from one text field, and gets a value that its type takes.
CHANGES: dict[str, dict] = {
    "dossier_code": {"MaHoSo": "H39.18.25-240304-0002"},
    "agency_code": {"MaHoSo": "H39.18.26-240304-0001"},
    "status": {"TrangThaiHoSo": "2"},
    "procedure_code": {"MaTTHC": "2.000001"},
    "channel": {"KenhThucHien": "2"},
    "connected_databases": {"DSKetNoiCSDL": [{"MaCSDL": "A"}]},
    "submitted_files": {"TaiLieuNop": [{}]},
    "digitised_files": {"TaiLieuNop": [{"DuocSoHoa": "1"}]},
    "reused_files": {"TaiLieuNop": [{"DuocTaiSuDung": "1"}]},
    "reused_from_store_files": {"TaiLieuNop": [{"DuocLayTuKhoDMQG": "1"}]},
    "fee_count": {"DanhSachLePhi": [{"Gia": "0"}]},
    "fee_total": {"DanhSachLePhi": [{"Gia": "8000"}]},
    "supplements": {"DanhSachHoSoBoSung": [{"NgayBoSung": "20240305"}]},
    "result_documents": {"DanhSachGiayToKetQua": [{}]},
    "electronic_results": {"DanhSachGiayToKetQua": [{"DuongDanTepTinKetQua": "x"}]},
    "applicant_key": {"SoGiayToChuHoSo": "079000000001"},
    "placeholder_id": {"SoGiayToChuHoSo": "000000001"},
}
VALUES = {"VARCHAR": "1", "TIMESTAMP": "20240305", "BOOLEAN": "1"}


def canonical(*records: dict) -> list[dict]:
    table = pa.table({"row_number": range(len(records)), "record": [json.dumps(record) for record in records]})
    with duckdb.connect(config={"threads": 1}) as con:
        kind = Canonicaliser(con, DOSSIERS, PrivacyKey.of(b"0123456789abcdef"))
        return kind.convert([Portion(TextRows(table))])[0].rows.to_pylist()


def test_every_content_column_changed_alone_opens_a_version() -> None:
    """Also through the hash itself: with one value of the canonical row put in another's place (portal-exports §3)."""
    changes = {
        field.column: CHANGES.get(field.column) or {field.portal: VALUES[field.type]}
        for field in DOSSIERS.columns
        if field.content
    }
    base, *changed = canonical(BASE, *(BASE | change for change in changes.values()))
    for column, row in zip(changes, changed, strict=True):
        assert row[column] != base[column], column
        assert row["content_hash"] != base["content_hash"], column
    assert len({row["content_hash"] for row in changed}) == len(changed)


@pytest.mark.parametrize("column", DOSSIERS.content + DOSSIERS.late_content)
def test_the_hash_is_made_of_the_column(column: str) -> None:
    """The expression of the hash, over a row in which this column alone differs."""
    from pipelines.portal.canonical import _slots

    content = _slots(DOSSIERS, "", {})["content"]
    row = ", ".join(f"null::{field.type} as {field.column}" for field in DOSSIERS.columns)
    other = {"VARCHAR": "'x'", "BOOLEAN": "true", "TIMESTAMP": "timestamp '2024-01-01'"}
    value = other.get(next(f.type for f in DOSSIERS.columns if f.column == column), "1")
    with duckdb.connect() as con:
        hashes = con.execute(
            f"select count(distinct md5(concat_ws(chr(31), {content}))) from (select {row} union all by name"
            f" select * replace ({value} as {column}) from (select {row}))"
        ).fetchone()
    assert hashes == (2,)


def test_what_is_no_content_says_so() -> None:
    """Content is opt-out: these columns follow from others, or say where a row stands."""
    assert {field.column for field in DOSSIERS.columns if not field.content} == {
        *("envelope_agency", "code_date", "code_form", "sequence_digits", "procedure_key", "procedure_padded"),
        *("supplement_count", "placeholder_date", "content_hash", "bad_values"),
    }


def test_generated_files_are_in_step() -> None:
    """`make docs` writes them; nobody else does."""
    path = ROOT / "dbt_project" / "generate_from_contract.py"
    spec = importlib.util.spec_from_file_location("generate_from_contract", path)
    assert spec and spec.loader
    generator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)
    for file, text in generator.texts(ROOT).items():
        assert file.read_text(encoding="utf-8") == text, f"{file.relative_to(ROOT)}: make docs"


@pytest.mark.parametrize(("seed", "names"), [("statuses", STATUSES), ("channels", CHANNELS)])
def test_names_in_seeds_are_those_of_the_contract(seed: str, names: dict[int | str, str]) -> None:
    with (ROOT / "dbt_project" / "seeds" / f"{seed}.csv").open(encoding="utf-8", newline="") as file:
        rows = [list(row.values()) for row in csv.DictReader(file)]
    assert {row[0]: row[1] for row in rows if row[0] != "unknown"} == {str(code): name for code, name in names.items()}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_kind_has_a_statement_and_every_table(kind: Kind) -> None:
    assert (ROOT / "pipelines" / "portal" / "sql" / f"{kind.name}.sql").is_file()
    assert kind.table in SCHEMAS
    assert set(kind.validated_tables) <= set(VALIDATED_TABLES)
    assert all(field.meaning[0] and field.meaning[1] for field in kind.fields)
    if kind is PROCEDURES:
        assert kind.lists[0][1].table == "procedure_limits"
