"""Names inside lists: every element is looked at, as an independent reading of the same records says (portal-exports
§2, §3)."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.contract import KINDS
from pipelines.portal.canonical import Canonicaliser, Converted, Portion
from pipelines.portal.privacy import PrivacyKey
from pipelines.portal.text_rows import TextRows
from tests.support.properties import examples

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


names = st.sampled_from([EXACT, *SPELLED, UNKNOWN, DROPPED, "DuocTaiSuDung"])
papers = st.dictionaries(names, st.sampled_from("01"), max_size=4)
# What stands where a paper should: nothing of it is read, and nothing comes to harm.
others = st.sampled_from([None, "x", 3, [], {"0": {EXACT: "1"}}, [{"duocsohoa": "1"}]])
records = st.lists(st.lists(st.one_of(papers, papers, others), max_size=9), min_size=1, max_size=6)


@settings(max_examples=examples(60))
@given(records)
@example([[{"DuocSoHoa": "1", "duocsohoa": "0"}], [{"DUOCSOHOA": "1"}, {"duocsohoa": "1"}]])
@example([[{"DUOCSOHOA": "1", "duocsohoa": "0"}]])
def test_what_becomes_of_a_name_depends_on_its_own_object(lists: list[list[Any]]) -> None:
    digitised, drift, repeated = [], Counter[str](), 0
    for listed in lists:
        objects = [paper for paper in listed if isinstance(paper, dict)]
        flags = [[value for name, value in paper.items() if name in SPELLED] for paper in objects]
        # The exact name counts; of several spellings without it the last.
        read = [paper.get(EXACT, spelled[-1:]) for paper, spelled in zip(objects, flags, strict=True)]
        digitised.append(sum(value in ("1", ["1"]) for value in read))
        repeated += any(EXACT not in paper and len(spelled) > 1 for paper, spelled in zip(objects, flags, strict=True))
        unread = {name for paper in objects if EXACT in paper for name in paper if name in SPELLED}
        unread |= {name for paper in objects for name in paper if name in (UNKNOWN, "0")}
        drift.update(f"TaiLieuNop[].{name}" for name in unread)
    found = convert(*({**BASE, "TaiLieuNop": listed} for listed in lists))
    assert found.rows.column("digitised_files").to_pylist() == digitised
    assert (found.drift, found.repeated) == (drift, repeated)


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


def test_an_object_where_a_list_should_be_is_told() -> None:
    """As PHP writes lists; its members are no elements, and what is twice in them is nobody's."""
    found = convert(
        json.dumps(BASE)[:-1] + ', "TaiLieuNop": {"a": {"DuocSoHoa": "1", "DuocSoHoa": "0"}}}',
        {**BASE, "DanhSachHoSoBoSung": {"NgayBoSung": "20240305"}},
    )
    assert found.drift == {"TaiLieuNop.a": 1, "DanhSachHoSoBoSung.NgayBoSung": 1} and found.repeated == 0
    ways = [{"KENH": "1"}] * 7 + [{"THOIGIAN": {"DONVITINH": "ngày"}}]
    found = convert({"MATTHC": "1.001193", "CACHTHUCTHUCHIEN": ways}, kind="procedures")
    assert found.drift == {"CACHTHUCTHUCHIEN[].THOIGIAN.DONVITINH": 1}


def test_two_spellings_of_one_name_the_last_counts_at_every_depth() -> None:
    found = convert(
        '{"MAHOSO": "1", "mahoso": "H39.18.25-240304-0001", "NgayTiepNhan": "20240304", "TrangThaiHoSo": 4,}'
    )
    assert found.rows.column("dossier_code").to_pylist() == ["H39.18.25-240304-0001"]
    assert (found.repeated, found.drift, found.respelled) == (1, {}, True)


def test_the_exact_name_counts_whatever_else_the_record_holds() -> None:
    """A value that reads like the name is none."""
    spelled = {"mahoso" if name == "MaHoSo" else name: value for name, value in BASE.items()}
    found = convert({**spelled, "GhiChu": "MaHoSo", "TrichYeuHoSo": '"MaHoSo": "khác"'})
    assert found.rows.column("dossier_code").to_pylist() == [BASE["MaHoSo"]] and found.drift == {}


def test_many_records_with_names_twice_are_counted_once_each() -> None:
    twice = '{"MaHoSo":"A","MaHoSo":"H39.18.25-240304-0001","TaiLieuNop":[{"DUOCSOHOA":"1","duocsohoa":"0"}]}'
    assert convert(*[twice] * 7, BASE).repeated == 7


def test_letters_of_a_name_may_be_written_as_numbers() -> None:
    record = json.dumps(BASE)[:-1] + ', "MaTTHC": 1.001190}'
    found = convert(record.replace('"MaHoSo"', r'"mah\u006fso"'))
    assert found.rows.column("dossier_code").to_pylist() == [BASE["MaHoSo"]] and found.drift == {}
    assert found.rows.column("procedure_code").to_pylist() == ["1.001190"], "numbers stay as they are written"
