"""What is expected of the marts: the checks of `marts.yml`, and those that hold for every mart there is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
import yaml

from expectations.results import ValidationRunError
from pipelines.sql import literal, quoted

MARTS_FILE = Path(__file__).with_name("marts.yml")

#: Columns that are never null where a mart has them. They also tell where a check failed: none is personal data.
_KEYS = ("source", "dossier_code", "rule_set", "scheme", "period", "month", "day")

#: A rejected row may have no code: that is why it was rejected.
_NULLABLE = {("mart_quarantine", "dossier_code")}

#: The build that wrote a row, where a mart of the build tells it: what older green builds wrote has passed.
_BUILT_BY = "built_by"

#: Every mart says for which clocks and rules it was computed (timeliness §6); known_at is null when there was no limit.
_CLOCKS = ("as_of", "definitions_version")

_EMAIL = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z]"
#: Identity numbers have 12 digits, telephone numbers 10 beginning with 0; longer runs of letters and digits are keys.
_NUMBER = r"(^|[^0-9A-Za-z])(\d{12}|0\d{9}|\+84\d{9})([^0-9A-Za-z]|$)"

#: Codes and keys may look like such numbers without being any.
_NOT_PROSE = ("code", "_key", "_sha256", "_id")
#: Where a row came from must be found again, however somebody named the file.
_TRACES = ("file_name", "file_path", "part", "parts")


@dataclass(frozen=True)
class MartCheck:
    """`query`: SQL for the violations, one row each, without any value but keys. Braces are doubled."""

    id: str
    mart: str
    query: str
    message_vi: str
    message_en: str


def mart_checks(con: duckdb.DuckDBPyConnection) -> list[MartCheck]:
    """Checks for the marts in schema `marts` of `con`. Raises ValidationRunError when a mart of marts.yml is not
    there."""
    marts: dict[str, dict[str, str]] = {}
    for mart, column, type_ in con.execute(
        "select table_name, column_name, data_type from duckdb_columns() "
        "where schema_name = 'marts' and not internal order by table_name, column_index"
    ).fetchall():
        marts.setdefault(mart, {})[column] = type_
    checks = []
    for entry in _written():
        if entry["mart"] not in marts:
            raise ValidationRunError(
                f"Thiếu bảng marts.{entry['mart']} của {entry['id']}; hãy chạy lại dbt"
                f" / the table marts.{entry['mart']} of {entry['id']} is missing; run dbt again"
            )
        query = _where(entry["mart"], marts[entry["mart"]], entry["predicate"])
        checks.append(MartCheck(entry["id"], entry["mart"], query, entry["message_vi"], entry["message_en"]))
    for mart, columns in marts.items():
        checks += _of_every_mart(mart, columns)
    return checks


@cache
def _written() -> list[dict[str, str]]:
    checks: list[dict[str, str]] = yaml.safe_load(MARTS_FILE.read_text(encoding="utf-8"))["checks"]
    return checks


def _of_every_mart(mart: str, columns: dict[str, str]) -> Iterator[MartCheck]:
    needed = [column for column in (*_KEYS, *_CLOCKS) if column in columns and (mart, column) not in _NULLABLE]
    if needed:
        yield MartCheck(
            "MART_KEYS",
            mart,
            _where(mart, columns, " or ".join(f"{column} is null" for column in needed)),
            f"Các cột khóa không để trống: {', '.join(needed)}.",
            f"Key columns are never null: {', '.join(needed)}.",
        )
    rates = [column for column in columns if "on_time_rate" in column]
    if rates:
        yield MartCheck(
            "MART_RATES",
            mart,
            _where(mart, columns, " or ".join(f"not coalesce({column} between 0 and 1, true)" for column in rates)),
            "Tỷ lệ nằm trong khoảng 0 đến 1, hoặc để trống khi không có hồ sơ nào.",
            "Rates lie between 0 and 1, or are null when there is nothing to divide by.",
        )
    texts = [column for column, type_ in columns.items() if type_ == "VARCHAR" and column not in _TRACES]
    if texts:
        yield MartCheck(
            "MART_NO_PERSONAL_DATA",
            mart,
            _personal(_rows(mart, columns), texts),
            "Không cột chữ nào chứa thư điện tử, số điện thoại hay số căn cước.",
            "No text column holds an e-mail address, a telephone or an identity number.",
        )


def _where(mart: str, columns: dict[str, str], predicate: str) -> str:
    shown = [column for column in _KEYS if column in columns] or ["1 as row"]
    return _braced(f"select {', '.join(shown)} from {_rows(mart, columns)} where {predicate}")


def _rows(mart: str, columns: dict[str, str]) -> str:
    """SQL text for FROM: what was written of the mart since the last green build; all of it when it does not tell.

    The clock says so (warehouse.build.plan_build); it lets all rows in when these checks have changed since.
    """
    if _BUILT_BY not in columns:
        return f"marts.{mart}"
    return f"(from marts.{mart} where {_BUILT_BY} > (select green_build from state.clock))"


def _braced(query: str) -> str:
    """Great Expectations takes a query for a template: braces of regular expressions are doubled."""
    return query.replace("{", "{{").replace("}", "}}")


def _personal(rows: str, texts: list[str]) -> str:
    """One row per column of `rows` that holds such a text, and per different one.

    Looking for an `@` is quick in any column: all are looked at together, for `rows` may be a view. Numbers are looked
    for in prose only, and there in each different row of all prose columns together: there are few, while running an
    expression over every row would take minutes.
    """
    prose = [column for column in texts if not column.endswith(_NOT_PROSE)]
    some = " or ".join(f"contains({quoted(column)}, '@')" for column in texts)
    queries = [_matching(f"select * from {rows} where {some}", texts, _EMAIL)]
    if prose:
        queries.append(_matching(f"select distinct {', '.join(map(quoted, prose))} from {rows}", prose, _NUMBER))
    return _braced(f"select column_name from ({' union '.join(queries)})")


def _matching(rows: str, columns: Sequence[str], pattern: str) -> str:
    """SQL query: column and value wherever a column of the rows (a query) matches the regular expression."""
    pairs = ", ".join(f"{{'column_name': {literal(column)}, 'value': {quoted(column)}}}" for column in columns)
    return (
        f"select distinct column_name, value from (select unnest([{pairs}], recursive := true) from ({rows})) "
        f"where regexp_matches(value, '{pattern}')"
    )
