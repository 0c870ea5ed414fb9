"""JSON in every shape (portal-exports §2): the same records and numbers whatever the shape, the packing, the size of
a chunk."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.portal.readers import FileRejected, base, json_reader
from tests.support.exports import read
from tests.support.properties import examples

RECORDS = [
    {"MaHoSo": "H39.18.25-240304-0001", "TenTTHC": 'Cấp "giấy" \\ {[,]} \n tab\t', "DanhSachLePhi": [{"Gia": "1,2"}]},
    {"MaHoSo": "H39.18.25-240304-0002", "a": "\\", "b": '\\"', "c": "]", "d": [[], {}, [{"x": [1, 2]}]], "e": None},
    {},
    {"MaHoSo": "H39.18.25-240304-0003", "x": -1.5e3, "y": True, "z": "\u0001 🎈"},
]
ENVELOPE = {"session": "s", "madonvi": "H39.18.25", "service": "DongBoHoSoMC", "isUpdating": "False"}


def dump(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


SHAPES = {
    "array": dump(RECORDS),
    "array pretty": dump(RECORDS, 1),
    "array crlf": dump(RECORDS, 2).replace("\n", "\r\n"),
    "array one per line": "[\n" + ",\n".join(map(dump, RECORDS)) + "\n]\n",
    "array, last comma": dump(RECORDS)[:-1] + " ,\n]",
    "envelope": dump({**ENVELOPE, "data": RECORDS}),
    "envelope pretty": dump({**ENVELOPE, "data": RECORDS}, 2),
    "envelope, data first": dump({"data": RECORDS, **ENVELOPE}, 1),
    "envelope, other case": dump({"MaDonVi": "H39.18.25", "x": [1, {"data": [0]}], "Data": RECORDS, "y": [[2]]}),
    "envelope, open first line": '{"madonvi":"H39.18.25","data":['
    + dump(RECORDS[0])
    + ",\n"
    + dump(RECORDS)[len(dump(RECORDS[0])) + 2 :]
    + "}",
    "ndjson": "\n".join(map(dump, RECORDS)),
    "ndjson crlf": "".join(dump(r) + "\r\n" for r in RECORDS),
    "objects pretty": "\n".join(dump(r, 1) for r in RECORDS),
}


@pytest.fixture(params=[7, 64, 100_000], ids="chunk {}".format)
def chunk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(json_reader, "CHUNK", request.param)
    monkeypatch.setattr(json_reader, "_BLOCK", max(5, request.param // 2))
    return request.param


@pytest.mark.parametrize("packing", ["plain", "gz", "bom", "gz bom"])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_the_same_records(shape: Any, packing: Any, chunk: int, tmp_path: Path) -> None:
    content = SHAPES[shape].encode("utf-8-sig" if "bom" in packing else "utf-8")
    rows, facts = read(tmp_path, gzip.compress(content) if "gz" in packing else content)
    assert [json.loads(row["record"]) for row in rows] == RECORDS
    assert [row["row_number"] for row in rows] == [1, 2, 3, 4]
    assert facts.envelope_agency == ("H39.18.25" if "envelope" in shape else None)
    assert facts.format.endswith(" gz") == ("gz" in packing)


@pytest.mark.parametrize("content", [dump(RECORDS[0]), dump(RECORDS[0], 2), dump({**ENVELOPE, "data": RECORDS[0]}, 1)])
def test_a_single_object_is_one_record(content: Any, chunk: int, tmp_path: Path) -> None:
    rows, _ = read(tmp_path, content)
    assert [(row["row_number"], json.loads(row["record"])) for row in rows] == [(1, RECORDS[0])]


def test_a_portal_report_is_one_document(chunk: int, tmp_path: Path) -> None:
    tree = {"code": "OK", "data": {"parent": {"departmentId": 1}, "children": [{"departmentId": 2}]}}
    for content in (dump(tree), dump(tree, 2)):
        rows, _ = read(tmp_path, content, "portal_reports")
        assert [json.loads(row["record"]) for row in rows] == [tree]


def test_lines_are_numbered_as_they_stand_and_empty_ones_are_no_rows(chunk: int, tmp_path: Path) -> None:
    content = '\n{"a":1}\n\n   \r\n{"a":2}\n\t{"a":3}\nkhông phải\n{"a":4'
    rows, _ = read(tmp_path, content)
    assert [row["row_number"] for row in rows] == [2, 5, 6, 7, 8]
    assert [row["record"].strip() for row in rows][3:] == ["không phải", '{"a":4']


def test_bad_first_lines_do_not_hide_ndjson(chunk: int, tmp_path: Path) -> None:
    for first in ('{"MaHoSo": "cụt', '{"MaHoSo": "x", ', "rác", '{"a": {"b": 1,'):
        rows, facts = read(tmp_path, first + '\n{"a":1}\n{"a":2}\n')
        assert (facts.format, [row["row_number"] for row in rows]) == ("ndjson", [1, 2, 3]), first


def test_elements_that_are_no_objects_stay_rows(chunk: int, tmp_path: Path) -> None:
    rows, _ = read(tmp_path, '[{"a":1}, 2, "ba", null, [4], , {"a":7}]')
    assert [row["row_number"] for row in rows] == [1, 2, 3, 4, 5, 6, 7]
    assert [row["record"].strip() for row in rows] == ['{"a":1}', "2", '"ba"', "null", "[4]", "", '{"a":7}']


def test_no_records_is_no_error(chunk: int, tmp_path: Path) -> None:
    for content in ("[]", " [ \n ] ", dump({**ENVELOPE, "data": []}), dump({**ENVELOPE, "data": []}, 2)):
        assert read(tmp_path, content)[0] == []


@pytest.mark.parametrize("shape", ["ndjson", "array one per line"])
def test_a_line_that_is_no_utf8_is_that_line_only(shape: Any, chunk: int, tmp_path: Path) -> None:
    content = SHAPES[shape].encode().replace("🎈".encode(), b"\xf0\x9f")
    rows, _ = read(tmp_path, content)
    assert [row["record"] is None for row in rows] == [False, False, False, True]


@pytest.mark.parametrize("shape", [s for s in SHAPES if s not in ("ndjson", "ndjson crlf")])
def test_a_cut_file_is_rejected_whole(shape: Any, chunk: int, tmp_path: Path) -> None:
    content = SHAPES[shape].encode().rstrip()
    for cut in (1, 2, len(content) // 3):
        with pytest.raises(FileRejected, match="REJ_FILE_UNREADABLE"):
            read(tmp_path, content[:-cut])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"  \n\t\n",
        b"\xef\xbb\xbf",
        b"[1,2] x",
        b'{"a":1}}',
        b'{"data":[{"a":1}],"x":}',
        b"PK\x03\x04abc",
        b"\0\1\2",
    ],
)
def test_unreadable(content: Any, tmp_path: Path) -> None:
    with pytest.raises(FileRejected, match="REJ_FILE_UNREADABLE") as caught:
        read(tmp_path, content)
    assert " / " in caught.value.detail


def test_broken_and_exploding_archives(tmp_path: Path) -> None:
    packed = gzip.compress(random.Random(1).randbytes(200_000).hex().encode())
    bomb = gzip.compress(b'{"a":"' + b"x" * 30_000_000 + b'"}')
    damaged = packed[:1000] + bytes([packed[1000] ^ 0xFF]) + packed[1001:]
    for content, word in [
        (packed[:-20], "truncated"),
        (packed[:500], "truncated"),
        (damaged, "corrupt"),
        (bomb, "100"),
    ]:
        with pytest.raises(FileRejected, match=word):
            read(tmp_path, content)


def test_records_without_end_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for module in (base, json_reader):
        monkeypatch.setattr(module, "MAX_RECORD", 1000)
    monkeypatch.setattr(json_reader, "CHUNK", 100)
    for content in ('[{"a":"' + "x" * 5000, '{"a":1}\n{"a":"' + "x" * 5000, '{"data":[' + "[" * 5000):
        with pytest.raises(FileRejected, match="REJ_FILE_UNREADABLE"):
            read(tmp_path, content)


@pytest.mark.parametrize("before", range(0, 400, 50))
def test_how_large_a_line_may_be_does_not_depend_on_where_chunks_end(
    before: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Files that are read in parts meet their lines elsewhere in a chunk."""
    for module in (base, json_reader):
        monkeypatch.setattr(module, "MAX_RECORD", 1000)
    monkeypatch.setattr(json_reader, "CHUNK", 400)
    line = '{"a":"' + "x" * 1100 + '"}\n'
    with pytest.raises(FileRejected, match="REJ_FILE_UNREADABLE"):
        read(tmp_path, '{"a":"' + "y" * before + '"}\n' + line + '{"a":1}\n')


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.text('\\"{}[],: \n', max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    max_leaves=8,
)


@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(JSON, min_size=1, max_size=12),
    size=st.integers(1, 40),
    indent=st.sampled_from([None, 0, 2]),
    escape=st.booleans(),
)
def test_cutting_is_parsing(
    values: Any, size: int, indent: int | None, escape: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever lies in an array, and wherever a chunk ends, the pieces are the elements."""
    monkeypatch.setattr(json_reader, "CHUNK", size)
    monkeypatch.setattr(json_reader, "_BLOCK", max(1, size // 2))
    rows, _ = read(tmp_path, json.dumps(values, ensure_ascii=escape, indent=indent))
    assert [json.loads(row["record"]) for row in rows] == values
