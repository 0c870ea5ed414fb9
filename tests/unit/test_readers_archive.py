"""ZIP archives (portal-exports §2): every shape as a member, what is passed over, what is not trusted. Hostile text
too (portal-exports §6)."""

from __future__ import annotations

import gzip
import io
import json
import struct
import tracemalloc
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.bilingual import prefixed
from pipelines.portal.readers import FileRejected, archive, base, csv_reader, json_reader, open_reader
from pipelines.portal.readers.base import Part
from tests.support.exports import read, seen
from tests.support.properties import examples

CSV = (
    "Mã hồ sơ;Tên thủ tục;Ngày tiếp nhận;Lĩnh vực;Cột lạ\n"
    "H39.18-240304-0001;a;04/03/2024;x;\n\nH39.18-240304-0002;b;05/03/2024;y;\n"
)
NDJSON = '{"MaHoSo":"N1"}\n\n{"MaHoSo":"N2"}\n'
ENVELOPE = json.dumps({"madonvi": "H39.18.25", "data": [{"MaHoSo": "E1"}, {"MaHoSo": "E2"}]})


def packed(members: Sequence[tuple[str, bytes | str]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as zipped:
        for name, content in members:
            zipped.writestr(name, content)
    return out.getvalue()


def rows_of(
    root: Path, content: bytes, kind: str = "dossiers"
) -> tuple[list[tuple[int, str | None, str]], base.FileFacts]:
    """[(row number, envelope's agency when it came, code)], facts."""
    reader = open_reader(seen(root, content, f"dvcqg/{kind}/tep_20240601"))
    found = []
    for batch in reader.batches():
        for row in batch.table.to_pylist():
            code = row["MaHoSo"] if "MaHoSo" in row else json.loads(row["record"]).get("MaHoSo")
            found.append((row["row_number"], reader.facts.envelope_agency, code))
    return found, reader.facts


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_are_read_like_files_one_behind_the_other(method: int, tmp_path: Path) -> None:
    content = packed(
        [
            ("thang 6/", b""),
            ("thang 6/a.csv", CSV),
            ("__MACOSX/._a.csv", b"\0\5\x16\7"),
            ("thang 6/b.txt", NDJSON),
            ("thang 6/.hidden", b"x"),
            ("Thumbs.db", b"\xd0\xcf\x11\xe0"),
            ("c.dat", ENVELOPE),
            ("d.gz", gzip.compress(NDJSON.encode())),
            ("e.csv", CSV.encode("utf-16")),
        ],
        method,
    )
    rows, facts = rows_of(tmp_path, content)
    assert rows == [
        (2, None, "H39.18-240304-0001"),
        (4, None, "H39.18-240304-0002"),
        (5, None, "N1"),
        (7, None, "N2"),
        (8, "H39.18.25", "E1"),
        (9, "H39.18.25", "E2"),
        (10, None, "N1"),
        (12, None, "N2"),
        (14, None, "H39.18-240304-0001"),
        (16, None, "H39.18-240304-0002"),
    ]
    assert facts.parts == [
        Part("thang 6/a.csv", 0),
        Part("thang 6/b.txt", 4),
        Part("c.dat", 7),
        Part("d.gz", 9),
        Part("e.csv", 12),
    ]
    assert facts.format == "zip (1 csv semicolon, 1 ndjson, 1 json envelope, 1 ndjson gz, 1 csv semicolon utf-16-le)"
    assert facts.encoding == "utf-8, utf-16-le"
    assert facts.drift == {"Cột lạ": 4}
    assert [name for name, _ in facts.headings] == ["thang 6/a.csv", "e.csv"]
    assert [note for note in facts.notes if "no status column" in note] == [
        prefixed("thang 6/a.csv, e.csv: ", csv_status_note())
    ], "one note for both"


def csv_status_note() -> str:
    from pipelines.portal.readers.table import NO_STATUS_NOTE

    return NO_STATUS_NOTE


def test_what_is_no_export_is_passed_over_with_a_note(tmp_path: Path) -> None:
    members: list[tuple[str, bytes | str]] = [
        ("huong dan.txt", "Kính gửi\nđơn vị"),
        ("b.pdf", b"%PDF-1.7\0\1\2\3\4\5"),
        ("trong.csv", b""),
    ]
    rows, facts = rows_of(tmp_path, packed([*members, ("a.json", NDJSON)]))
    assert [row[0] for row in rows] == [1, 3]
    assert facts.format == "zip (1 ndjson)" and facts.parts == [Part("a.json", 0)]
    assert [note.split(":")[0] for note in facts.notes] == ["huong dan.txt", "b.pdf", "trong.csv"]
    with pytest.raises(FileRejected, match=r"REJ_FILE_NO_HEADING: huong dan\.txt"):
        rows_of(tmp_path, packed(members))
    nothings: list[list[tuple[str, bytes | str]]] = [[], [("a/", b""), (".x", b"y")]]
    for nothing in nothings:
        with pytest.raises(FileRejected, match="no file in the ZIP"):
            rows_of(tmp_path, packed(nothing))


def test_documents_are_numbered_on_through_the_file(tmp_path: Path) -> None:
    tree = json.dumps({"data": {"parent": {"departmentId": 1}, "children": []}})
    rows, facts = read(tmp_path, packed([("a.json", tree), ("b.json", tree)]), "portal_reports")
    assert len(rows) == 2 and facts.parts == []


def test_names_of_members(tmp_path: Path) -> None:
    content = packed([("Hồ sơ.csv", CSV), ("dài" * 100 + ".csv", CSV), ("a\u202eb.csv", CSV)])
    _, facts = rows_of(tmp_path, content)
    assert facts.parts[0].name == "Hồ sơ.csv"
    assert len(facts.parts[1].name) <= 81 and facts.parts[1].name.endswith("dài.csv")
    assert facts.parts[2].name == "a\ufffdb.csv"


@pytest.mark.parametrize(
    "name", ["../a.csv", "a/../../b.csv", "/etc/a.csv", "C:\\a.csv", "c:a.csv", "..\\a.csv", "\\\\server\\a.csv"]
)
def test_names_that_lead_out_of_the_archive(name: str, tmp_path: Path) -> None:
    with pytest.raises(FileRejected, match=r"REJ_FILE_UNREADABLE.*leads out"):
        rows_of(tmp_path, packed([("a.csv", CSV), (name, CSV)]))


def test_a_zero_byte_in_a_name(tmp_path: Path) -> None:
    with pytest.raises(FileRejected, match="leads out"):
        rows_of(tmp_path, packed([("a.csv", CSV), ("bXc.csv", CSV)]).replace(b"bXc.csv", b"b\0c.csv"))


def directory(content: bytes, index: int = 0) -> int:
    """Where the entry of a member stands in the directory."""
    place = content.index(b"PK\1\2")
    for _ in range(index):
        place = content.index(b"PK\1\2", place + 4)
    return place


def patched(content: bytes, place: int, form: str, value: int) -> bytes:
    return content[:place] + struct.pack(form, value) + content[place + struct.calcsize(form) :]


def test_encrypted_members(tmp_path: Path) -> None:
    content = packed([("a.csv", CSV), ("b.csv", CSV)])
    for index in (0, 1):
        with pytest.raises(FileRejected, match="encrypted"):
            rows_of(tmp_path, patched(content, directory(content, index) + 8, "<H", 1))


def test_overlapping_members(tmp_path: Path) -> None:
    content = packed([("a.csv", CSV), ("b.csv", CSV)])
    with pytest.raises(FileRejected, match="lies over another"):
        rows_of(tmp_path, patched(content, directory(content, 1) + 42, "<L", 0))
    with pytest.raises(FileRejected, match="lies over another"):
        rows_of(tmp_path, patched(content, directory(content) + 20, "<L", len(content)))


def test_unpackers_without_bounds_are_not_used(tmp_path: Path) -> None:
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with pytest.raises(FileRejected, match="compression method"):
            rows_of(tmp_path, packed([("a.csv", CSV)], method))


def test_too_many_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_MEMBERS", 50)
    rows, _ = rows_of(tmp_path, packed([(f"{i}.csv", CSV) for i in range(50)]))
    assert len(rows) == 100
    with pytest.raises(FileRejected, match="more than 50"):
        rows_of(tmp_path, packed([(f"{i}.csv", CSV) for i in range(51)]))
    monkeypatch.setattr(archive, "_MAX_DIRECTORY", 1000)
    with pytest.raises(FileRejected, match="more than 50"):
        rows_of(tmp_path, packed([("x" * 1000, CSV)]))


@pytest.mark.parametrize("claimed", [None, 10])
def test_a_zip_bomb_is_stopped_where_it_explodes(claimed: int, tmp_path: Path) -> None:
    """Whatever its directory says of its size."""
    content = packed([("a.json", b'{"a":"' + b"x" * 60_000_000 + b'"}')])
    if claimed is not None:
        content = patched(content, directory(content) + 24, "<L", claimed)
    tracemalloc.start()
    with pytest.raises(FileRejected, match="REJ_FILE_UNREADABLE"):
        rows_of(tmp_path, content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40_000_000


def test_a_bomb_in_a_bomb(tmp_path: Path) -> None:
    twice = gzip.compress(gzip.compress(b"[" + b"1," * 20_000_000 + b"1]"))
    with pytest.raises(FileRejected, match="100 times"):
        rows_of(tmp_path, twice)
    inner = gzip.compress(b"[" + b"1," * 10_000_000 + b"1]")
    with pytest.raises(FileRejected, match="100"):
        rows_of(tmp_path, packed([("a.gz", inner)]))


@pytest.mark.parametrize(
    "inner", [b"Rar!\x1a\7\0\1\2", b"7z\xbc\xaf\x27\x1c\0\4", b"\xfd7zXZ\0\0\4", None, b"PK\5\6" + bytes(18)]
)
def test_archives_in_archives_are_not_passed_over(inner: Any, tmp_path: Path) -> None:
    inner = packed([("a.csv", CSV)]) if inner is None else inner
    for content in (packed([("a.csv", CSV), ("b", inner)]), gzip.compress(inner)):
        with pytest.raises(FileRejected, match=r"REJ_FILE_UNREADABLE.*unpack it first"):
            rows_of(tmp_path, content)


def test_cut_and_damaged_archives(tmp_path: Path) -> None:
    content = packed([("a.csv", CSV * 50), ("b.csv", CSV * 50)])
    for cut in (1, 30, len(content) // 2, len(content) - 5):
        with pytest.raises(FileRejected, match=r"REJ_FILE_UNREADABLE.*(truncated|corrupt)"):
            rows_of(tmp_path, content[:-cut])
    for place in (32, 40, 60):
        damaged = content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]
        with pytest.raises(FileRejected, match="REJ_FILE_UNREADABLE"):
            rows_of(tmp_path, damaged)


def test_a_bad_member_makes_the_file_unreadable_after_the_rows_before_it(tmp_path: Path) -> None:
    content = packed([("a.csv", CSV), ("b.json", b'[{"a":1},{"a":2}')])
    reader = open_reader(seen(tmp_path, content))
    rows = 0
    with pytest.raises(FileRejected, match=r"b\.json: .*truncated"):
        for batch in reader.batches():
            rows += batch.table.num_rows
    assert rows >= 2


def test_other_office_documents_are_named(tmp_path: Path) -> None:
    word = packed([("[Content_Types].xml", "<x/>"), ("word/document.xml", "<x/>")])
    with pytest.raises(FileRejected, match="docx"):
        rows_of(tmp_path, word)
    rows, facts = rows_of(tmp_path, packed([("a.json", NDJSON), ("b.docx", word)]))
    assert len(rows) == 2 and "docx" in facts.notes[0]


# --- hostile text ---------------------------------------------------------------------------------------------------


def test_a_million_columns(tmp_path: Path) -> None:
    with pytest.raises(FileRejected, match="NO_HEADING"):
        read(tmp_path, "," * 1_000_000)
    rows, _ = read(tmp_path, CSV + ";" * 1_000_000 + "x\n" + CSV.splitlines()[1])
    assert [(row["row_number"], row["is_record"]) for row in rows] == [(2, True), (4, True), (5, False), (6, True)]


@pytest.mark.integration
def test_a_line_of_a_hundred_megabytes(tmp_path: Path) -> None:
    with pytest.raises(FileRejected, match="NO_HEADING"):
        read(tmp_path, b"x" * 100_000_000)
    with pytest.raises(FileRejected, match=r"line 5: .*longer than 16 MiB"):
        read(tmp_path, CSV.encode() + b"x" * 100_000_000)
    with pytest.raises(FileRejected, match=r"line 3: .*larger than 64 MiB"):
        read(tmp_path, b'{"a":1}\n{"a":2}\n{"a":"' + b"x" * 100_000_000)


@pytest.mark.integration
def test_a_quote_that_is_never_closed(tmp_path: Path) -> None:
    with pytest.raises(FileRejected, match="a quote is never closed"):
        read(tmp_path, CSV + 'H1;"' + "a;b;c;d\n" * 3_000_000)


def test_zero_bytes(tmp_path: Path) -> None:
    rows, _ = read(tmp_path, CSV + "H39.18-240304-0003;a\0b;04/03/2024;x;\n")
    assert [row["is_record"] for row in rows] == [True, True, False]
    with pytest.raises(FileRejected, match="unknown format"):
        read(tmp_path, b"\0" * 5000)


@pytest.mark.parametrize(
    ("content", "word"),
    [(b"%PDF-1.4\n1 0 obj\n", "PDF"), (b"{\\rtf1\\ansi x}", "RTF"), (b"\x89PNG\r\n\x1a\n\0\0\0\r", "PNG")],
)
def test_other_formats_are_named(content: Any, word: str, tmp_path: Path) -> None:
    with pytest.raises(FileRejected, match=f"REJ_FILE_UNREADABLE: .*{word}"):
        read(tmp_path, content)


@pytest.mark.parametrize("name", ["a.xlsx", "a.zip", "a.json", "a.pdf"])
def test_the_name_says_nothing(name: str, tmp_path: Path) -> None:
    place = f"dvcqg/dossiers/{name}"
    for content, rows in ((CSV.encode(), 2), (packed([("x.pdf", CSV)]), 2), (gzip.compress(NDJSON.encode()), 2)):
        reader = open_reader(seen(tmp_path, content, place))
        assert sum(batch.table.num_rows for batch in reader.batches()) == rows


BODIES = st.lists(st.sampled_from(["csv", "ndjson", "envelope", "empty", "pdf"]), max_size=6)


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=BODIES)
def test_an_archive_has_the_rows_of_its_members(names: Any, tmp_path: Path) -> None:
    contents = {"csv": CSV, "ndjson": NDJSON, "envelope": ENVELOPE, "empty": "", "pdf": "%PDF"}
    members = [(f"{i}.{name}", contents[name]) for i, name in enumerate(names)]
    expected = [code for name, _ in members for code in _codes(tmp_path, contents[name.split(".")[1]])]
    try:
        rows, facts = rows_of(tmp_path, packed(members))
    except FileRejected:
        assert not expected
        return
    assert [code for _, _, code in rows] == expected
    numbers = [number for number, _, _ in rows]
    assert numbers == sorted(set(numbers))
    befores = [part.before for part in facts.parts]
    assert befores == sorted(befores) and befores[0] == 0


def _codes(root: Path, content: str) -> list[str]:
    try:
        return [code for _, _, code in rows_of(root, content.encode())[0]]
    except FileRejected:
        return []


SEEDS = [
    CSV.encode(),
    CSV.encode("utf-16"),
    NDJSON.encode(),
    ENVELOPE.encode(),
    json.dumps(json.loads(ENVELOPE), indent=1).encode(),
    gzip.compress(CSV.encode()),
    packed([("a.csv", CSV), ("b.json", ENVELOPE)]),
]


@settings(max_examples=examples(100), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.sampled_from(SEEDS),
    changes=st.lists(st.tuples(st.integers(0, 400), st.binary(min_size=1, max_size=4)), max_size=4),
    cut=st.integers(0, 60),
    size=st.sampled_from([7, 64, 1 << 20]),
)
def test_damage_gives_rows_or_a_reason(
    seed: int, changes: Any, cut: int, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (csv_reader, json_reader):
        monkeypatch.setattr(module, "CHUNK", size)
    content = bytearray(seed)
    for place, piece in changes:
        content[place : place + len(piece)] = piece
    _only_rows_or_a_reason(tmp_path, bytes(content[: len(content) - cut]))


@settings(max_examples=examples(100), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.sampled_from([b"", b"PK\3\4", b"\x1f\x8b\x08\0", b"\xff\xfe", b"[", b'{"data":[']),
    rest=st.binary(max_size=300),
)
def test_any_bytes_give_rows_or_a_reason(start: bytes, rest: bytes, tmp_path: Path) -> None:
    _only_rows_or_a_reason(tmp_path, start + rest)


def _only_rows_or_a_reason(root: Path, content: bytes) -> None:
    numbers: list[int] = []
    try:
        reader = open_reader(seen(root, content, "dvcqg/dossiers/tep_20240601"))
        for batch in reader.batches():
            numbers += batch.table["row_number"].to_pylist()
    except FileRejected as fault:
        assert fault.reason.startswith("REJ_FILE_") and " / " in fault.detail
    assert numbers == sorted(set(numbers))
