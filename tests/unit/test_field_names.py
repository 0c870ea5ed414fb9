"""Names inside lists: every element is looked at, as an independent reading of the same records says (portal-exports
§2, §3)."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contract import KINDS
from pipelines.portal.canonical import Canonicaliser, Converted, Portion, TextRows
from pipelines.portal.privacy import PrivacyKey

KEY = PrivacyKey.of(b"0123456789abcdef")
BASE = {"MaHoSo": "H39.18.25-240304-0001", "NgayTiepNhan": "20240304083000", "TrangThaiHoSo": "4"}
EXACT, SPELLED, UNKNOWN, DROPPED = "DuocSoHoa", ["duocsohoa", "DUOCSOHOA"], "TenLa", "TenTepDinhKem"


@cache
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


def convert(*records: Any, kind: str = "dossiers") -> Converted:
    texts = [record if isinstance(record, str) else json.dumps(record) for record in records]
    table = pa.table({"row_number": pa.array(range(len(texts)), pa.int64()), "record": pa.array(texts, pa.string())})
    (found,) = Canonicaliser(connection(), KINDS[kind], KEY).convert([Portion(TextRows(table))])
    return found


papers = st.builds(
    lambda flags, others: flags | others,
    st.one_of(
        st.just({}),
        st.dictionaries(st.just(EXACT), st.sampled_from("01"), min_size=1),
        st.dictionaries(st.sampled_from(SPELLED), st.sampled_from("01"), min_size=1, max_size=1),
        st.builds(lambda name, a, b: {EXACT: a, name: b}, st.sampled_from(SPELLED), *[st.sampled_from("01")] * 2),
    ),
    st.dictionaries(st.sampled_from([UNKNOWN, DROPPED, "DuocTaiSuDung"]), st.just("0")),
)
records = st.lists(st.lists(st.one_of(papers, papers, st.none(), st.just("x")), max_size=9), min_size=1, max_size=6)


@settings(max_examples=40)
@given(records)
def test_every_element_of_a_list_is_read_or_told(lists: list[list[Any]]) -> None:
    objects = [[paper for paper in listed if isinstance(paper, dict)] for listed in lists]
    beside = {name for listed in objects for paper in listed for name in SPELLED if {EXACT, name} <= paper.keys()}
    digitised, drift = [], Counter[str]()
    for listed in objects:
        names = {name for paper in listed for name in paper}
        stay = beside if EXACT in names else set()
        flags = [paper.get(name) for paper in listed for name in {EXACT, *SPELLED} - stay]
        digitised.append(flags.count("1"))
        drift.update(f"TaiLieuNop[].{name}" for name in names & {UNKNOWN, *stay})
    found = convert(*({**BASE, "TaiLieuNop": listed} for listed in lists))
    assert found.rows.column("digitised_files").to_pylist() == digitised
    assert found.drift == drift


def test_a_later_round_of_supplements_may_be_spelled_otherwise() -> None:
    """Its dates stop the clock: lost, they would make a dossier late that is not."""
    rounds = [{"NgayBoSung": f"202403{day:02}", "NgayTiepNhanBoSung": f"202403{day + 1:02}"} for day in range(5, 17, 2)]
    otherwise = [*rounds[:-1], {name.upper(): value for name, value in rounds[-1].items()}]
    exact, found = (convert({**BASE, "DanhSachHoSoBoSung": listed}) for listed in (rounds, otherwise))
    kept = [column for column in exact.rows.column_names if column != "content_hash"]
    assert found.rows.select(kept).equals(exact.rows.select(kept)) and found.respelled and not found.drift


def test_fees_in_later_ways_of_a_procedure() -> None:
    ways = [{"KENH": "1"}, {"KENH": "2", "THOIGIAN": [{}, {"PhiLePhi": [{}, {"sotien": "50000", "LA": 1}]}]}]
    found = convert({"MATTHC": "1.001193", "CACHTHUCTHUCHIEN": ways}, kind="procedures")
    assert found.rows.column("has_fee").to_pylist() == [True]
    assert found.drift == {"CACHTHUCTHUCHIEN[].THOIGIAN[].PHILEPHI[].LA": 1}, "also where the list is spelled otherwise"


def test_of_a_name_twice_in_a_later_element_the_last_counts() -> None:
    papers = '{"DuocSoHoa": "0"}, ' * 6 + '{"DuocSoHoa": "1", "DuocSoHoa": "0"}'
    found = convert(json.dumps(BASE)[:-1] + f', "TaiLieuNop": [{papers}]}}', BASE)
    assert found.rows.column("digitised_files").to_pylist() == [0, 0]
    assert found.repeated == 1
