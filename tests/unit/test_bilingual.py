"""Texts in both languages: a reader sees one, and no value is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.bilingual import one_language


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
