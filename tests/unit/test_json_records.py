"""Read must never mean lost (portal-exports §2): records of JSON are found wherever they stand, and what is passed over
is told. The public cases of JSON lie in tests/data/public_cases."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.portal.readers import FileFacts, FileRejected
from tests.support import properties
from tests.support.exports import read

CASES = Path(__file__).parents[1] / "data" / "public_cases"
RECORDS = [
    {"MaHoSo": f"H39.18.25-240520-{n:04d}", "TrangThaiHoSo": "4", "NgayTiepNhan": "20240520083000", "NgayHenTra": ""}
    for n in range(1, 6)
]


def dump(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def records(root: Path, content: bytes | str) -> tuple[list[dict], FileFacts]:
    rows, facts = read(root, content)
    assert [row["row_number"] for row in rows] == sorted({row["row_number"] for row in rows})
    return [json.loads(row["record"]) for row in rows], facts


def case(root: Path, name: str) -> tuple[list[dict], FileFacts, list[int]]:
    (path,) = (path for path in (CASES / name).rglob("*") if path.is_file())
    rows, facts = read(root, path.read_bytes())
    return [json.loads(row["record"]) for row in rows], facts, [row["row_number"] for row in rows]


# --- public cases ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "count", "note"),
    [
        ("04-page-items", 30, "bản ghi ở items / records at items"),
        ("07-odata-value", 30, "bản ghi ở value / records at value"),
        ("10-elasticdump", 30, "bản ghi ở _source / records at _source"),
        ("12-data-string", 30, "bản ghi ở data(json) / records at data(json)"),
        ("13-pages-per-line", 30, None),
        ("16-ndjson-commas", 30, None),
        ("20-bom-middle-ndjson", 4, None),
        ("22-float-digits", 3, None),
        ("24-dotnet-minvalue", 6, None),
        ("25-offsets", 4, None),
    ],
)
def test_public_cases_load_whole(name: Any, count: Any, note: Any, tmp_path: Path) -> None:
    found, facts, numbers = case(tmp_path, name)
    assert len({record["MaHoSo"] for record in found}) == len(found) == count
    assert numbers == list(range(1, count + 1))
    assert (facts.notes, facts.attention) == ([note] if note else [], [])


def test_of_a_name_twice_the_last_counts(tmp_path: Path) -> None:
    (first, second), facts, _ = case(tmp_path, "03-dup-keys")
    assert first["NgayHenTra"] == "20240610170000"
    assert (second["TrangThaiHoSo"], second["NgayTra"]) == ("10", "20240523150000")
    assert facts.notes == [
        "2 đối tượng có tên lặp lại, tính giá trị sau cùng / 2 objects have a name twice, the last value counts"
    ]


def test_nan_is_missing(tmp_path: Path) -> None:
    found, _, _ = case(tmp_path, "18-nan")
    assert [record["NgayTra"] for record in found][:2] == [None, "NaN"]


def test_pages_bring_their_agency(tmp_path: Path) -> None:
    assert case(tmp_path, "13-pages-per-line")[1].envelope_agency == "000.25.18.H39"


# --- shapes ---------------------------------------------------------------------------------------------------------

ROWS = [list(record.values()) for record in RECORDS]
NAMES = list(RECORDS[0])
SHAPES = {
    "hits": dump({"took": 1, "hits": {"total": 5, "hits": [{"_id": "1", "_source": r} for r in RECORDS]}}),
    "odata": dump({"d": {"results": RECORDS, "__count": "5"}}, 1),
    "graphql": dump({"data": {"hoSo": {"edges": [{"node": r, "cursor": "x"} for r in RECORDS]}}}),
    "text": dump(dump({"items": RECORDS})),
    "text in a member": dump({"d": dump({"data": RECORDS})}),
    "texts": dump({"data": [dump(r) for r in RECORDS]}),
    "keyed by code": dump({r["MaHoSo"]: r for r in RECORDS}, 1),
    "keyed by agency": dump({"H39.1": RECORDS[:2], "H39.2": RECORDS[2:]}),
    "columns and rows": dump({"columns": NAMES, "data": ROWS}),
    "described columns": dump({"meta": {"columns": [{"name": name} for name in NAMES]}, "rows": ROWS}),
    "heading first": dump([NAMES, *ROWS]),
    "lists": dump({name: [record[name] for record in RECORDS] for name in NAMES}),
    "columns by index": dump({name: {str(n): r[name] for n, r in enumerate(RECORDS)} for name in NAMES}),
    "objects side by side": "".join(map(dump, RECORDS)),
    "arrays side by side": dump(RECORDS[:2], 1) + dump(RECORDS[2:]),
    "separators": "".join(f"\x1e{dump(r, 1)}\n" for r in RECORDS),
    "pretty with commas": ",\n".join(dump(r, 1) for r in RECORDS),
    "envelopes joined": dump({"data": RECORDS[:2]}, 1) + "\ufeff" + dump({"data": RECORDS[2:]}),
    "pages": dump({"pages": [{"items": RECORDS[:2]}, {"items": RECORDS[2:]}]}),
    "last commas": '{"items":[' + "".join(dump(r)[:-1] + ",},\n" for r in RECORDS) + "],}",
    "script": "callback(" + dump({"items": RECORDS}) + ");",
    "a page among lines": "\n".join([dump(RECORDS[0]), dump({"items": RECORDS[1:4]}), dump(RECORDS[4])]),
    "an empty page first": dump({"data": []}) + "\n" + dump({"data": RECORDS}),
    "events inside": dump({"items": [{**r, "TienDo": [{"MaHoSo": "x", "NguoiXuLy": ""}] * 9} for r in RECORDS]}),
    "a filter above": dump({"MaHoSo": "", "TrangThaiHoSo": "", "NgayTiepNhan": "", "items": RECORDS}),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_records_are_found_wherever_they_stand(shape: Any, tmp_path: Path) -> None:
    found, facts = records(tmp_path, SHAPES[shape])
    assert [{name: record[name] for name in NAMES} for record in found] == RECORDS
    assert facts.attention == []


def test_names_of_headings_are_understood(tmp_path: Path) -> None:
    found, facts = records(tmp_path, dump([{"ma_ho_so": "x", "Ngày hẹn trả": "20240601", "khac": 1}]))
    assert found == [{"MaHoSo": "x", "NgayHenTra": "20240601", "khac": 1}]
    assert "Ngày hẹn trả = NgayHenTra" in facts.notes[0]


@pytest.mark.parametrize(
    ("content", "count", "said"),
    [
        (dump({"moi": RECORDS[:2], "tatca": RECORDS}), 5, "2 records at moi are not read"),
        (dump({"data": RECORDS[:1], "items": RECORDS[1:]}), 4, "1 records at data are not read"),
        (dump(RECORDS[0]) + '\n{"tong": 5}\n', 2, "1 objects without any known name"),
        (dump({"draw": 1, "data": ROWS}), 5, "file holds 5 dossier codes"),
        (dump({"a": {"b": [RECORDS[0]["MaHoSo"]]}}), 1, "file holds 1 dossier codes"),
    ],
)
def test_what_is_not_read_is_attention(content: Any, count: Any, said: Any, tmp_path: Path) -> None:
    rows, facts = read(tmp_path, content)
    assert len(rows) == count
    (attention,) = facts.attention
    assert attention.rule_id == "WRN_FILE_PART_SKIPPED" and said in attention.detail


@pytest.mark.parametrize(
    "content", ["{\n// x\n" + dump({"a": RECORDS})[1:], "[/* x */" + dump(RECORDS)[1:], "// x\n" + dump(RECORDS)]
)
def test_comments_are_refused_by_name(content: Any, tmp_path: Path) -> None:
    with pytest.raises(FileRejected, match="comments"):
        read(tmp_path, content)


def test_an_odd_element_far_into_a_large_file(tmp_path: Path) -> None:
    """What the sample does not show is met where it stands."""
    many = [{**RECORDS[0], "MaHoSo": f"H39.18.25-240520-{n:04d}", "GhiChu": "x" * 500} for n in range(4000)]
    wrapped, page = {"_source": many[3000]}, {"items": many[3001:3011]}
    odd = [*many[:3000], wrapped, page, *many[3011:]]
    for content in ("\n".join(map(dump, odd)), dump(odd), dump({"total": 1, "x": {"items": odd}, "madonvi": "H39"})):
        found, facts = records(tmp_path, content)
        assert found == many
        assert len(facts.notes) == (2 if content.startswith('{"M') or content.startswith("[") else 3)
    joined = "\n".join(map(dump, many[:2000])) + "\n".join(map(dump, many[2000:]))
    assert records(tmp_path, joined)[0] == many


# --- any envelope ---------------------------------------------------------------------------------------------------

NAME = st.sampled_from(["data", "items", "value", "ketQua", "Kết quả", "d", "_embedded", "x y", "hits"])


@st.composite
def written_files(draw: st.DrawFn) -> tuple[list[dict], bytes]:
    """Dossiers, and a file with them in some shape."""
    count = draw(st.integers(1, 7))
    extra = st.dictionaries(
        st.sampled_from(["GhiChu", "x", "TaiLieuNop"]), st.one_of(st.none(), st.text(max_size=5), st.just([{"a": 1}]))
    )
    dossiers = [{**RECORDS[0], "MaHoSo": f"H39.18.25-240520-{n:04d}", **draw(extra)} for n in range(count)]
    elements: list[Any] = dossiers
    if wrapper := draw(st.none() | st.sampled_from(["_source", "doc", "fields", "node"])):
        elements = [{"_id": "x", wrapper: dossier} for dossier in dossiers]
    size = draw(st.integers(1, count))
    pages = [elements[start : start + size] for start in range(0, count, size)]
    path = draw(st.lists(NAME, max_size=3))
    around = draw(st.sampled_from([{}, {"total": 3, "madonvi": "H39.18.25", "messages": []}]))
    indent = draw(st.sampled_from([None, None, 0, 2]))
    as_text = draw(st.booleans())

    def document(value: Any) -> str:
        if as_text:
            value = dump(value)
        for name in reversed(path):
            value = {**around, name: value}
        return json.dumps(value, ensure_ascii=draw(st.booleans()), indent=indent)

    if draw(st.booleans()) and not path and not as_text:
        texts = [json.dumps(element, ensure_ascii=False) for element in elements]
    else:
        texts = [document(page) for page in pages]
    between = draw(st.sampled_from(["\n", "\r\n", ",\n", "\n\ufeff", "\n\x1e", "", "\n\n"]))
    content = draw(st.sampled_from(["", "\ufeff"])) + between.join(texts) + draw(st.sampled_from(["", "\n"]))
    data = content.encode(draw(st.sampled_from(["utf-8", "utf-8", "utf-16"])))
    return dossiers, draw(st.sampled_from([bytes, gzip.compress, zipped]))(data)  # type: ignore[operator]


def zipped(data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("hoso.json", data)
    return packed.getvalue()


@settings(
    max_examples=properties.examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(written=written_files())
def test_whatever_is_around_them_all_dossiers_are_read(written: tuple[list[dict], bytes], tmp_path: Path) -> None:
    dossiers, content = written
    found, facts = records(tmp_path, content)
    assert found == dossiers
    assert facts.attention == []
