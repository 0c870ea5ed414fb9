"""Encodings (portal-exports §2): told from the bytes, UTF-8 out of any, whatever the size of a piece; damage stays
in its row."""

from __future__ import annotations

import io
import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.portal.readers import FileRejected, csv_reader, encoding
from pipelines.portal.readers.base import Content
from tests.support.exports import read
from tests.support.properties import examples

TEXT = (
    "Mã hồ sơ;Tên thủ tục;Ngày tiếp nhận;Trạng thái\n"
    "H39.18.25-240304-0001;Cấp giấy chứng nhận quyền sử dụng đất ở nông thôn;04/03/2024;Đang xử lý\n"
    "H39.18.25-240304-0002;ĐĂNG KÝ KẾT HÔN, ẨM THỰC, Ữ Ỹ ợ;05/03/2024;Đã trả kết quả\n"
)
_OWN_MARKS = "\u0302\u0306\u031b"


def cp1258(text: str) -> bytes:
    """As Windows writes it: the letters that the code page has, and marks behind those that it has not."""
    out = []
    for letter in unicodedata.normalize("NFC", text):
        try:
            out.append(letter.encode("cp1258"))
        except UnicodeEncodeError:
            base, *marks = list(unicodedata.normalize("NFD", letter))
            own = unicodedata.normalize("NFC", base + "".join(m for m in marks if m in _OWN_MARKS))
            out.append(own.encode("cp1258") + "".join(m for m in marks if m not in _OWN_MARKS).encode("cp1258"))
    return b"".join(out)


ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "utf-8": str.encode,
    "utf-8 bom": lambda text: text.encode("utf-8-sig"),
    "utf-8 nfd": lambda text: unicodedata.normalize("NFD", text).encode(),
    "utf-16-le bom": lambda text: b"\xff\xfe" + text.encode("utf-16-le"),
    "utf-16-be bom": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "utf-16-le": lambda text: text.encode("utf-16-le"),
    "utf-16-be": lambda text: text.encode("utf-16-be"),
    "cp1258": cp1258,
}


@pytest.fixture(params=[1, 3, 1 << 20], ids="block {}".format)
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(encoding, "BLOCK", request.param)
    return request.param


def converted(raw: bytes) -> tuple[bytes, str | None]:
    content, name = encoding.as_utf8(Content.of(lambda: io.BytesIO(raw)))
    with content.open() as stream:
        data = stream.read()
    assert data.startswith(content.text_head) or not content.whole
    return data, name


@pytest.mark.parametrize("form", ENCODINGS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_encoding_gives_the_same_rows(form: Any, end: str, block: int, tmp_path: Path) -> None:
    rows, facts = read(tmp_path, ENCODINGS[form](TEXT.replace("\n", end)))
    assert [row["row_number"] for row in rows] == [2, 3]
    names = [unicodedata.normalize("NFC", row["TenTTHC"]) for row in rows]
    assert names == [line.split(";")[1] for line in TEXT.splitlines()[1:]]
    name = form.split()[0]
    assert facts.encoding == name
    assert facts.format == ("csv semicolon" if name == "utf-8" else f"csv semicolon {name}")
    if name != "utf-8":
        assert rows[1]["TenTTHC"].startswith("ĐĂNG KÝ KẾT HÔN"), "composed"


@pytest.mark.parametrize("form", ENCODINGS)
@pytest.mark.parametrize("shape", ["ndjson", "array", "pretty"])
def test_json_in_every_encoding(form: Any, shape: Any, block: int, tmp_path: Path) -> None:
    records = [{"MaHoSo": "A1", "TenTTHC": "Đăng ký khai sinh"}, {"MaHoSo": "A2", "TenTTHC": "Cấp phép"}]
    text = {
        "ndjson": "\n".join(json.dumps(r, ensure_ascii=False) for r in records),
        "array": json.dumps(records, ensure_ascii=False),
        "pretty": json.dumps({"madonvi": "H39.18", "data": records}, ensure_ascii=False, indent=1),
    }[shape]
    rows, facts = read(tmp_path, ENCODINGS[form](text))
    found = [json.loads(unicodedata.normalize("NFC", row["record"])) for row in rows]
    assert found == records
    assert facts.envelope_agency == ("H39.18" if shape == "pretty" else None)


def test_damaged_rows_do_not_change_the_encoding(tmp_path: Path) -> None:
    lines = TEXT.encode().splitlines(keepends=True)
    damaged = b"H39.18.25-240304-0003;Nguy\xe1\xbb n;04/03/2024;4\n"
    rows, facts = read(tmp_path, b"".join([*lines, damaged, lines[1]]))
    assert facts.encoding == "utf-8"
    assert [row["is_record"] for row in rows] == [True, True, False, True]


def test_what_windows_1258_does_not_have_is_that_row_only(tmp_path: Path) -> None:
    raw = cp1258(TEXT) + b"H39.18.25-240304-0003;\x81;04/03/2024;4\n" + cp1258("H39.18.25-240304-0004;ấ;04/03/2024;4\n")
    rows, facts = read(tmp_path, raw)
    assert facts.encoding == "cp1258"
    assert [(row["row_number"], row["is_record"]) for row in rows] == [(2, True), (3, True), (4, False), (5, True)]


@pytest.mark.parametrize("form", ["utf-16-le", "utf-16-be"])
def test_half_a_character_is_damage_in_its_row(form: Any, block: int, tmp_path: Path) -> None:
    raw = ENCODINGS[form](TEXT + "H39.18.25-240304-0003;🎈;04/03/2024;4")
    rows, _ = read(tmp_path, raw)
    assert [row["is_record"] for row in rows] == [True] * 3 and rows[2]["TenTTHC"] == "🎈"
    rows, _ = read(tmp_path, raw[:-1])
    assert [row["is_record"] for row in rows] == [True, True, False]
    lone = ENCODINGS[form](TEXT) + "H39.18.25-240304-0003;\ud83c;04/03/2024;4\n".encode(form, "surrogatepass")
    rows, _ = read(tmp_path, lone)
    assert [row["is_record"] for row in rows] == [True, True, False]


def test_few_letters_are_decided_by_the_heading() -> None:
    assert converted(cp1258("Mã hồ sơ,x\n1,¿÷¿÷¿÷¿÷\n"))[1] == "cp1258"


@pytest.mark.parametrize("raw", [b"M\xb7 h\xe5\xff s\xac;T\xaan\x80 th\xf1 t\xf4c\n" * 50, bytes(range(128, 256)) * 40])
def test_an_unknown_encoding_is_said(raw: bytes) -> None:
    with pytest.raises(FileRejected, match="unknown encoding"):
        converted(raw)


@pytest.mark.parametrize("raw", [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\n\0", b"\xff\xfe\n", b""])
def test_nothing_but_a_byte_order_mark_is_empty(raw: bytes, tmp_path: Path) -> None:
    with pytest.raises(FileRejected, match=r"empty|heading"):
        read(tmp_path, raw)


def test_binary_content_is_no_text() -> None:
    assert converted(bytes(range(32)) * 100)[1] is None


@pytest.mark.parametrize("form", ["utf-16-le", "utf-16-be"])
def test_wide_text_full_of_letters_beyond_latin_1(form: Any) -> None:
    assert converted(("Mã hồ sơ;Đơn vị xử lý\n" + "Ă" * 60).encode(form))[1] == form


LETTERS = "aáàảãạăắằẳẵặâấầẩẫậđeéèẻẽẹêếềểễệiíìỉĩịoóòỏõọôốồổỗộơớờởỡợuúùủũụưứừửữựyýỳỷỹỵ"


@settings(max_examples=examples(100), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(LETTERS + LETTERS.upper() + ' \n,;"', min_size=1, max_size=60),
    form=st.sampled_from(list(ENCODINGS)),
    size=st.integers(1, 9),
)
def test_conversion_is_decoding(text: str, form: Any, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever a piece ends: letters and their marks, surrogate pairs and byte order marks stay together."""
    monkeypatch.setattr(encoding, "BLOCK", size)
    data, name = converted(ENCODINGS[form]("Mã hồ sơ;Đơn vị xử lý\n" + text))
    assert name == form.split()[0]
    found = data.decode()
    assert unicodedata.normalize("NFC", found) == "Mã hồ sơ;Đơn vị xử lý\n" + text
    if name == "cp1258":
        assert found == unicodedata.normalize("NFC", found)


@settings(max_examples=examples(100))
@given(raw=st.binary(max_size=200))
def test_any_bytes_are_text_or_not(raw: bytes) -> None:
    try:
        data, name = converted(raw)
    except FileRejected:
        return
    assert name is not None or data == raw


def test_names_in_archives() -> None:
    for raw in ("Hồ sơ tháng 6.csv".encode(), cp1258("Hồ sơ tháng 6.csv")):
        assert encoding.decode_name(raw) == "Hồ sơ tháng 6.csv"
    assert encoding.decode_name(b"caf\x82.csv") == "café.csv"


def test_the_csv_reader_sees_line_feeds_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_reader, "CHUNK", 7)
    rows, _ = read(tmp_path, TEXT.replace("\n", "\r").encode("utf-16"))
    assert [row["row_number"] for row in rows] == [2, 3]
