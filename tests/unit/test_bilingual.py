"""Texts in both languages: a reader sees one, and no value is cut."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.bilingual import BETWEEN, joined, one_language, prefixed
from pipelines.layout import REPOSITORY


@pytest.mark.parametrize(
    ("text", "vi", "en"),
    [
        ("tệp JSON bị cắt cụt / the JSON file is truncated", "tệp JSON bị cắt cụt", "the JSON file is truncated"),
        ("21 / 32", "21 / 32", "21 / 32"),
        ("Vũ Văn A / 3", "Vũ Văn A / 3", "Vũ Văn A / 3"),
        ("chưa biết: a / b / unknown: a / b", "chưa biết: a / b", "unknown: a / b"),
        ("32 / 32; NgayTra: 32 giá trị / 32 values", "32 / 32; NgayTra: 32 giá trị", "32 values"),
        ("Không công bố được: X\nNot published: X", "Không công bố được: X", "Not published: X"),
        ("Cấu hình chưa đúng / problems:\n  a: phải là số / must be", "Cấu hình chưa đúng\n  a: phải là số", None),
        (
            "Cấu hình chưa đúng / problems:\n  Extra input",
            "Cấu hình chưa đúng\n  Extra input",
            "problems:\n  Extra input",
        ),
        ("Lỗi / errors:\n  a: sai rồi / a: wrong", "Lỗi\n  a: sai rồi", "errors:\n  a: wrong"),
        (
            "Lược đồ không do Đúng Hạn tạo\nNot made by Đúng Hạn",
            "Lược đồ không do Đúng Hạn tạo",
            "Not made by Đúng Hạn",
        ),
        ("path/to/file", "path/to/file", "path/to/file"),
    ],
)
def test_one_of_both(text: str, vi: str, en: str | None) -> None:
    assert one_language(text, "vi") == vi
    if en is not None:
        assert one_language(text, "en") == en


@given(value=st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=40), signs=st.integers(0, 3))
def test_a_value_is_never_cut(value: str, signs: int) -> None:
    value += " / x" * signs
    text = f"không đọc được {value} rồi / cannot be read {value} then"
    assert one_language(text, "vi") == f"không đọc được {value} rồi"
    assert one_language(text, "en") == f"cannot be read {value} then"


@given(value=st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=40).map(lambda text: f"x{text}"))
def test_texts_are_put_together_in_each_language(value: str) -> None:
    text = prefixed(f"{value}: ", joined(["bỏ qua / passed over", "tệp rỗng / the file is empty"], ": "))
    assert one_language(text, "vi") == f"{value}: bỏ qua: tệp rỗng"
    assert one_language(text, "en") == f"{value}: passed over: the file is empty"
    assert prefixed("a: ", "signal -9") == "a: signal -9"
    assert joined(["quá lớn / too large", "signal -9"]) == "quá lớn; signal -9 / too large; signal -9"


# ---- the texts in the code ------------------------------------------------------------------------------------------

CODE = sorted(path for name in ("pipelines", "warehouse", "expectations") for path in (REPOSITORY / name).rglob("*.py"))
_VALUE = re.compile("\0(.*?)\0")
#: A value that is a pair of texts, `words[0] … / words[1] …`.
_OF_A_LANGUAGE = re.compile(r"\[[01]\]$")
#: What a line is about, before its halves: `mix: `, `date: `.
_SUBJECT = re.compile(r"(?a:[\w.-]+(?: [\w.-]+)?): ")


def texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """(line, text) of every literal; a value of an f-string is its code between two NULs."""
    inside = {id(piece) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for piece in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield node.lineno, "".join(map(literal, node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield node.lineno, node.value


def literal(piece: ast.expr) -> str:
    if isinstance(piece, ast.FormattedValue):
        return f"\0{ast.unparse(piece.value).replace(BETWEEN, '/')}\0"
    return str(piece.value) if isinstance(piece, ast.Constant) else ""


def fault(text: str) -> str | None:
    """Why a reader of one language would miss something of a text; None for one in a single language."""
    lines = text.split("\n")
    bilingual = [line for line in lines if BETWEEN in line and is_vietnamese(line.split(BETWEEN)[0])]
    if len(lines) == 2 and not bilingual and is_vietnamese(lines[0]) and lines[1] and not is_vietnamese(lines[1]):
        return differing(*lines)
    for line in bilingual:
        parts = line.split(BETWEEN)
        if len(parts) % 2:
            return f"which of its {len(parts) - 1} signs parts the languages? {line!r}"
        middle = len(parts) // 2
        if wrong := differing(BETWEEN.join(parts[:middle]), BETWEEN.join(parts[middle:])):
            return wrong
    return None


def differing(vietnamese: str, english: str) -> str | None:
    of_each = [{_OF_A_LANGUAGE.sub("", value) for value in _VALUE.findall(half)} for half in (vietnamese, english)]
    if of_each[0] != of_each[1]:
        return f"only one half holds {sorted(of_each[0] ^ of_each[1])}"
    subject = _SUBJECT.match(vietnamese.lstrip())
    if subject and not english.lstrip().startswith(subject[0]):
        return f"only the Vietnamese half says {subject[0]!r}"
    return None


def is_vietnamese(text: str) -> bool:
    return one_language(f"{text}\nx", "en") == "x"


def test_each_half_of_a_text_is_whole() -> None:
    """SQL needs no exception: a line of it that joins texts to columns begins with no Vietnamese."""
    found = [
        f"{path.relative_to(REPOSITORY)}:{line}: {wrong}"
        for path in CODE
        for line, text in texts(ast.parse(path.read_text(encoding="utf-8")))
        if (wrong := fault(text)) is not None
    ]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("không có \0path\0 / there is no \0path\0", True),
        ("\0path\0: không có tệp này / there is no such file", False),
        ("mix: cần một số dương / a positive number", False),
        ("quá nhiều / too many; bớt / lower", False),
        ("\0words[0]\0: đã nạp / \0words[1]\0: landed", True),
        ("không có \0path\0\nthere is none", False),
        ("Cấu hình chưa đúng / configuration problems:\n\0lines\0", True),
        ("select a / b from \0table\0", True),
    ],
)
def test_a_half_that_lacks_something_is_found(text: str, whole: bool) -> None:
    assert (fault(text) is None) == whole
