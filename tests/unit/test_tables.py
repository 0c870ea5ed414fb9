"""What people see of tables and of wrong words: 80 columns, whole names, one language."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from pipelines.cli.app import main
from pipelines.cli.output import Screen

_WORDS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), min_size=1, max_size=30)


def shown(screen_of: str = "vi", *, wide: bool = False, **table: object) -> list[str]:
    """The lines that a table prints into a file."""
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", out)
        screen = Screen(screen_of)
        screen.wide = wide
        screen.table(**table)  # type: ignore[arg-type]
    return out.getvalue().splitlines()


def test_what_does_not_fit_stands_below_its_row() -> None:
    path = "dvcqg/dossiers/mot_thu_muc_rat_dai/mot_tep_ket_xuat_co_ten_rat_dai_20240531.ndjson"
    lines = shown(columns=["Dòng", "Lý do", "Tệp"], rows=[[1_200, "REJ_NO_CODE", path], [3, None, "a.csv"]])
    assert lines == [
        " Dòng  Lý do",
        "1.200  REJ_NO_CODE",
        f"    {path}",
        "    3  -",
        "    a.csv",
    ]
    assert shown(columns=["Dòng", "Tệp"], rows=[[1, "a.csv"]]) == ["Dòng  Tệp", "   1  a.csv"]


def test_wide_is_one_line_with_every_column() -> None:
    table: Any = {"columns": ["A", "B", "C"], "rows": [["x" * 50, "y", "z" * 100]], "only_wide": ["B"]}
    assert shown(**table, wide=True)[1].split() == ["x" * 50, "y", "z" * 100]
    assert [line.strip() for line in shown(**table)[1:]] == ["x" * 50, "z" * 100]


@given(rows=st.lists(st.tuples(_WORDS, st.integers(0, 10**9), _WORDS, _WORDS), min_size=1, max_size=5))
def test_no_line_is_longer_than_the_screen_and_nothing_is_lost(rows: list[tuple[object, ...]]) -> None:
    lines = shown(columns=["Một", "Hai", "Ba", "Bốn"], rows=rows)
    assert max(map(cell_len, lines)) <= 80
    all_of_it = "".join("".join(lines).split())
    for row in rows:
        for cell in (row[0], row[2], row[3]):
            assert "".join(str(cell).split()) in all_of_it


def test_csv_has_every_column_and_no_formula(capsys: pytest.CaptureFixture[str]) -> None:
    Screen("vi").csv([{"a": "=1+1", "b": None, "c": ["x", "y"]}, {"a": "-", "b": 2, "c": []}])
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert rows == [["a", "b", "c"], ["'=1+1", "", '["x", "y"]'], ["-", "2", "[]"]]


@pytest.mark.parametrize(
    ("words", "vi", "en"),
    [
        (["qarantine"], "Không có lệnh qarantine. Gần giống: 'quarantine'.", "There is no command qarantine."),
        (["ledger", "--limt", "3"], "Không có tùy chọn --limt. Gần giống: --limit.", "There is no option --limt."),
        (["ledger", "--limit", "x"], "--limit: phải là số nguyên.", "--limit: must be a whole number."),
        (["ledger", "--limit", "-1"], "--limit: phải từ 0 trở lên.", "--limit: must be 0 or more."),
        (["restate"], "Thiếu --as-of.", "--as-of is missing."),
        (["letter"], "Thiếu MA_HO_SO.", "MA_HO_SO is missing."),
        (["ledger", "a"], "Thừa: a.", "Too much: a."),
        (["ledger", "--source"], "--source cần một giá trị.", "--source needs a value."),
        (["ledger", "--csv=1"], "--csv không nhận giá trị.", "--csv takes no value."),
        (["backfill", "--from", "x", "--to", "y"], "--from: không phải ngày,", "--from: no day;"),
    ],
)
def test_wrong_words_are_told_in_one_language(
    words: list[str], vi: str, en: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The library's own sentences are English; an upgrade that words them otherwise fails here."""
    for lang, expected in (("vi", vi), ("en", en)):
        with pytest.raises(SystemExit) as end:
            main(["--lang", lang, *words])
        assert end.value.code == 2
        told = capsys.readouterr().err
        assert told.startswith(expected), told
        assert "--help" in told.splitlines()[-1]
