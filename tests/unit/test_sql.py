"""Connections and quoting."""

from __future__ import annotations

from pathlib import Path

from pipelines.sql import literal, open_duckdb, quoted


def test_no_bar_is_drawn_into_the_output() -> None:
    with open_duckdb() as con:
        for each in (con, con.cursor()):
            assert each.execute("select current_setting('enable_progress_bar')").fetchall() == [(False,)]


def test_names_and_texts_are_quoted() -> None:
    with open_duckdb() as con:
        text, name = literal("it's"), quoted('a "name"')
        assert con.execute(f"select {text} as {name}").fetchall() == [("it's",)]
        assert [column[0] for column in con.description or []] == ['a "name"']
    assert literal(Path("a'b")) == "'a''b'"
