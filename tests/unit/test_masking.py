"""What may be shown of a text: one table of cases (tests/data/masking.csv) for Python and SQL."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from pipelines.config import ConfigurationError, load_settings
from pipelines.contract import KINDS
from pipelines.masking import has_person, inert, masked, masked_foreign, masked_name
from pipelines.portal.canonical import Canonicaliser, Portion
from pipelines.portal.privacy import PrivacyKey
from pipelines.portal.sql import load_macros
from pipelines.portal.text_rows import TextRows

CASES = list(csv.DictReader((Path(__file__).parents[1] / "data" / "masking.csv").open(encoding="utf-8")))
_SQL = {"text": "kept_name(v)", "code": "kept_code(v)", "dossier": "mask_code(v)"}
_PYTHON = {"name": masked, "foreign": masked_foreign}
_DIGEST = re.compile("~[0-9a-f]{10}$")


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as con:
        load_macros(con)
        PrivacyKey.of(b"k" * 20).register_key(con)
        yield con


def test_cases_of_the_table(con: duckdb.DuckDBPyConnection) -> None:
    found = []
    for place, expression in _SQL.items():
        texts = [case["text"] for case in CASES if case["place"] == place]
        rows = con.execute(f"select {expression} from (select unnest($v::varchar[]) as v)", {"v": texts}).fetchall()
        found += [(place, text, _DIGEST.sub("~", row[0])) for text, row in zip(texts, rows, strict=True)]
    found += [(c["place"], c["text"], _PYTHON[c["place"]](c["text"])) for c in CASES if c["place"] in _PYTHON]
    assert sorted(found) == sorted((case["place"], case["text"], case["shown"]) for case in CASES)


def test_masking_twice_is_masking_once() -> None:
    for case in CASES:
        assert masked(masked(case["text"])) == masked(case["text"])
        assert not has_person(masked(case["text"]))
        assert masked_name(masked_name(case["text"])) == masked_name(case["text"])


def test_names_move_no_cursor_and_turn_no_letters() -> None:
    assert inert("a\x1b[31m\u202eb\x9b") == "a\ufffd[31m\ufffdb\ufffd"
    assert masked("Sheet\x1b]0;x\x07") == "Sheet\ufffd]0;x\ufffd"


def test_python_and_sql_hash_alike(con: duckdb.DuckDBPyConnection) -> None:
    assert con.execute("select hmac('Nguyễn')").fetchone() == (PrivacyKey.of(b"k" * 20).of_text("Nguyễn"),)


def test_a_column_of_names_can_be_dropped(con: duckdb.DuckDBPyConnection) -> None:
    record = '{"MaHoSo": "H39.18.25-240304-0001", "DonViXuLy": "Điểm Nguyễn Văn An", "TenTTHC": "Khai sinh"}'
    portion = Portion(TextRows(pa.table({"row_number": [1], "record": [record]})))
    found = [
        Canonicaliser(con, KINDS["dossiers"], PrivacyKey.of(b"k" * 20), dropped=dropped).convert([portion])[0].rows
        for dropped in ((), ("agency_name",))
    ]
    names = [(rows["agency_name"][0].as_py(), rows["procedure_name"][0].as_py()) for rows in found]
    assert names == [("Điểm Nguyễn Văn An", "Khai sinh"), (None, "Khai sinh")]
    assert found[0]["content_hash"] == found[1]["content_hash"]
    with pytest.raises(ConfigurationError, match="agency_name"):
        load_settings(dropped_columns=["dossier_code"])
