"""What only all files together tell: unknown names, nothing accepted, hand-overs never sent (portal-exports §2)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import duckdb
import pytest

from expectations.attention import of_files, write_attention
from expectations.schema import create_tables


@pytest.fixture
def con() -> Any:
    with duckdb.connect() as opened:
        create_tables(opened)
        yield opened


def put_file(con: duckdb.DuckDBPyConnection, name: str, day: int, **known: Any) -> None:
    row = {"source": "s", "kind": "dossiers", "file_path": name, "file_sha256": name, "status": "loaded"}
    counts = {"exported_at": datetime(2024, 6, day), "rows_read": 3, "rows_accepted": 3}
    _insert(con, "files", row | counts | known)


def put_dossiers(con: duckdb.DuckDBPyConnection, name: str, day: int, count: int, **known: Any) -> None:
    row = {"source": "s", "file_path": name, "file_sha256": name, "exported_at": datetime(2024, 6, day)}
    row |= {"status": 9, "channel": "1"}
    for _ in range(count):
        _insert(con, "dossiers", row | known)


def _insert(con: duckdb.DuckDBPyConnection, table: str, row: dict[str, Any]) -> None:
    names, places = ", ".join(row), ", ".join("?" for _ in row)
    con.execute(f"insert into validated.{table} ({names}) values ({places})", list(row.values()))


def told(con: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    write_attention(con, 1)
    return {path: [one["rule_id"] for one in found] for (_, _, path), found in of_files(con).items()}


def test_unknown_names_are_told_of_the_first_file_that_has_them(con: Any) -> None:
    put_file(con, "b", 2, drift='{"Hạn chót": 3}')
    put_file(con, "a", 1, drift='{"hạn chót": 3}')
    put_file(con, "c", 3, drift='{"Hạn chót": 3, "Mới": 1}')
    put_file(con, "d", 3, drift='{"Hạn chót": 3}', source="t")
    assert told(con) == {path: ["WRN_FILE_NEW_FIELDS"] for path in ("a", "c", "d")}


def test_a_file_of_which_nothing_was_accepted(con: Any) -> None:
    put_file(con, "a", 1, rows_accepted=0)
    put_file(con, "b", 1, rows_accepted=0, rows_read=0)
    assert told(con) == {"a": ["WRN_FILE_NOTHING_ACCEPTED"]}


def test_hand_overs_never_sent_are_told_once_of_a_source(con: Any) -> None:
    put_file(con, "a", 1)
    put_dossiers(con, "a", 1, 5, status=4)
    put_file(con, "b", 2)
    put_dossiers(con, "b", 2, 15)
    assert told(con) == {}, "too few to tell"
    put_file(con, "c", 3)
    put_dossiers(con, "c", 3, 10, status=10)
    assert told(con) == {"b": ["WRN_FILE_NO_HANDOVER"]}, "the first file with finished dossiers"
    assert told(con) == {"b": ["WRN_FILE_NO_HANDOVER"]}
    put_file(con, "x", 3, source="other")
    put_dossiers(con, "x", 3, 30, source="other", returned_at=datetime(2024, 6, 1))
    assert told(con) == {"b": ["WRN_FILE_NO_HANDOVER"]}


@pytest.mark.parametrize("by", ["date", "event"])
def test_a_single_hand_over_shows_that_they_are_sent(con: Any, by: str) -> None:
    put_file(con, "a", 1)
    put_dossiers(con, "a", 1, 30)
    if by == "date":
        put_dossiers(con, "b", 2, 1, returned_at=datetime(2024, 6, 1))
    else:
        _insert(con, "events", {"source": "s", "status": 10})
    assert told(con) == {}


def test_channels_never_sent_are_told_of_the_first_file_of_a_source(con: Any) -> None:
    put_file(con, "a", 1, rows_accepted=3)
    put_dossiers(con, "a", 1, 2, status=4, channel="2")
    put_dossiers(con, "a", 1, 1, status=4, channel="unknown")
    assert told(con) == {}, "some rows say it"
    for name, day, source in (("c", 3, "s"), ("b", 2, "s"), ("x", 1, "other")):
        put_file(con, name, day, rows_accepted=2, source=source)
        put_dossiers(con, name, day, 2, status=4, channel="unknown", source=source)
    assert told(con) == {"b": ["WRN_FILE_NO_CHANNEL"], "x": ["WRN_FILE_NO_CHANNEL"]}
