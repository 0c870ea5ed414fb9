"""Text rows → canonical rows of the lake: one DuckDB statement per kind (portal/sql). Personal data stops here.

A statement is built in stages: `fields` (portal names, text) → `cleaned` (trimmed) → `parsed` (codes and moments) → the
lake's columns. A row is handled by itself; nothing is repaired that portal-exports does not say.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from pipelines import contract
from pipelines.contract import Kind
from pipelines.contract.model import Entries, Field
from pipelines.masking import masked_name
from pipelines.portal import sql
from pipelines.portal.field_names import Understood, understand
from pipelines.portal.privacy import PrivacyKey
from pipelines.portal.text_rows import TextRows, cut
from pipelines.sql import literal

MAX_DRIFT_NAMES = 100
# Of each conversion, so that the most frequent names of the whole file are among them.
_KEPT_DRIFT_NAMES = 100 * MAX_DRIFT_NAMES
# For rows that wait to be fetched: more than what a portion makes of them. It is not part of DuckDB's memory_limit.
_ROOM = "512MB"

#: Portal field → what stands for it in a table that has no such column: the status is told by the dates
#: (portal-exports §9), the channel is not known (§3).
_WHERE_ABSENT = {"TrangThaiHoSo": "status_by_dates(NgayKetThucXuLy, NgayTra)", "KenhThucHien": "'unknown'"}
#: What reads a text that may be a person's in a row that is shifted.
_OF_PEOPLE = ("kept_name", "kept_code")
#: How a moment is read → seconds of its day that a date without a time means.
_NO_TIME = {"moment": 0, "moment_by_end_of_day": 86_399}
#: Columns of the text rows that go along with every stage.
_CARRIED = "portion, envelope, before, row_number"


@dataclass(frozen=True)
class Portion:
    """Text rows of one file on their way through `Canonicaliser.convert`.

    envelope_agency: `madonvi` of the envelope, as it was written. before: lake rows that the file has given already.
    """

    rows: TextRows
    envelope_agency: str | None = None
    before: int = 0


@dataclass
class Converted:
    """Lake rows of one portion, less the columns that name the file (landing_id, source, file_sha256).

    drift: unknown field → rows that had it (names only). repeated: records that have a name twice, of which the last
    value counts (portal-exports §2). respelled: names were understood, in these rows or others of their conversion,
    that are not spelled as the contract has them.
    """

    rows: pa.Table
    drift: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    respelled: bool = False


@dataclass(frozen=True)
class Canonicaliser:
    """Turns text rows of one kind into lake rows. con: an in-memory connection; its threads do the work."""

    con: duckdb.DuckDBPyConnection
    kind: Kind
    key: PrivacyKey
    keep_officer_names: bool = False
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    dropped: Sequence[str] = ()

    def _absent(self, names: Collection[str]) -> dict[str, str]:
        """What stands for a column that a table does not have (portal-exports §3, §9): portal field → expression."""
        return {portal: expression for portal, expression in _WHERE_ABSENT.items() if portal not in names}

    def convert(self, portions: Sequence[Portion]) -> list[Converted]:
        """Lake rows of each portion. The portions must have the same columns.

        Planning the statement takes longer than reading a small file: many of them go through it together. What
        becomes of a row depends on that row alone.
        """
        table = _together(portions)
        self.con.register("text_rows", table)
        try:
            found = Understood(table)
            names = portions[0].rows.table.column_names
            if portions[0].rows.tabular:
                fields = _tabular_fields(self.kind, names)
            else:
                found = understand(self.con, self.kind, table)
                fields = _json_fields(self.kind, found.records)
            absent = self._absent(names) if portions[0].rows.tabular else {}
            statement = self._without_dropped(sql.statement(self.kind.name, _slots(self.kind, fields, absent)))
            sql.load_macros(self.con)
            sql.register_words(self.con, self.words)
            self.key.register_key(self.con)
            self.con.execute(f"set variable keep_officer_names = {self.keep_officer_names}")
            result = self._rows_of(statement)
        finally:
            self.con.unregister("text_rows")
        # DuckDB keeps the order, so that the portions lie one behind the other; but not of what it makes a join of.
        portion = result.column("portion").to_numpy()
        if np.any(portion[1:] < portion[:-1]):
            raise RuntimeError("rows out of order: the statement has become a join")
        ends = np.cumsum(np.bincount(portion, minlength=len(portions)))
        result = result.drop_columns(["portion"])
        return [
            Converted(
                result.slice(start, end - start),
                _named_drift(found.drift[index]),
                found.repeated[index],
                found.respelled,
            )
            for index, (start, end) in enumerate(zip([0, *ends[:-1]], ends, strict=True))
        ]

    def _without_dropped(self, statement: str) -> str:
        """The statement, columns of names that the configuration drops made null; content_hash stays what it was."""
        nulls = [f"null::varchar as {f.column}" for f in self.kind.columns if f.column in self.dropped]
        return f"select * replace ({', '.join(nulls)}) from ({statement})" if nulls else statement

    def _rows_of(self, statement: str) -> pa.Table:
        """The rows of the statement, made by all threads: none waits for the one that fetches while what is made has
        room. (A relation does not wait either, but plans its statement twice, a quarter of a second each time.)"""
        if self.con.sql("select current_setting('threads') > 1").fetchone() == (True,):
            self.con.execute(f"set streaming_buffer_size = '{_ROOM}'")
        return self.con.execute(statement).to_arrow_table()


def repeated_note(count: int) -> str:
    """What people are told of objects that have a name twice (portal-exports §2)."""
    return (
        f"{count} đối tượng có tên lặp lại, tính giá trị sau cùng"
        f" / {count} objects have a name twice, the last value counts"
    )


def _together(portions: Sequence[Portion]) -> pa.Table:
    """One table `text_rows`: portion, envelope, before, and the columns of the text rows, cut for several threads."""
    tables = []
    for index, portion in enumerate(portions):
        count = portion.rows.table.num_rows
        table = portion.rows.table.append_column("portion", pa.repeat(pa.scalar(index, pa.int32()), count))
        table = table.append_column("envelope", pa.repeat(pa.scalar(portion.envelope_agency, pa.string()), count))
        tables.append(table.append_column("before", pa.repeat(pa.scalar(portion.before, pa.int64()), count)))
    return cut(tables[0] if len(tables) == 1 else pa.concat_tables(tables))


def _named_drift(drift: Counter[str]) -> Counter[str]:
    """The drift by names that may be shown, the most frequent ones."""
    shown: Counter[str] = Counter()
    for name, rows in drift.items():
        shown[masked_name(name)] += rows
    return Counter(dict(shown.most_common(_KEPT_DRIFT_NAMES)))


# --- stage `fields`: portal names as columns -------------------------------------------------------------------------


def _json_fields(kind: Kind, records: str) -> str:
    columns = ", ".join(f'f."{name}"' for name in kind.structure)
    structure = literal(json.dumps(kind.structure))
    return f"""
        select {_CARRIED}, f is not null and starts_with(ltrim(record, white_space()), '{{') as is_record, {columns}
        from (select {_CARRIED}, record, json_transform({records}, {structure}) as f from text_rows)"""


def _tabular_fields(kind: Kind, present: list[str]) -> str:
    columns = []
    for name, inner in kind.structure.items():
        if inner == contract.TEXT:
            columns.append(f'"{name}"' if name in present else f'null::varchar as "{name}"')
        else:
            value = f'"{name}"' if name in present else "null::varchar"
            transformed = f"json_transform({value}, {literal(json.dumps(inner))})"
            columns.append(f'case when json_valid({value}) then {transformed} end as "{name}"')
    return f"select {_CARRIED}, is_record, {', '.join(columns)} from text_rows"


# --- slots of the statements: what follows from the contract ---------------------------------------------------------


def _slots(kind: Kind, fields: str, absent: Mapping[str, str]) -> dict[str, str]:
    """SQL for each slot of the kind's statement. absent: portal field → what stands for it in a table without it."""
    if kind.document:
        return {"fields": fields, **_figures(kind)}
    parsed = {field.column: _parsed(field) for field in kind.checked}
    parsed |= {field.column: absent[field.portal] for field in kind.checked if field.portal in absent}
    alone = _read_alone(kind)
    alone |= {f.column: absent[f.portal] for f in kind.columns if f.portal in absent and f.column in alone}
    checked = {f"fault_{field.column}": _fault(field) for field in kind.checked}
    slots = {
        "fields": fields,
        "carried": f"{_CARRIED}, is_record",
        "cleaned": _listed({name: _cleaned(name, inner) for name, inner in kind.structure.items()}),
        **_dates(kind),
        "parsed": _listed(parsed),
        "checked": _listed(checked),
        "any_placeholder_date": " or ".join(_has_fault(field, "placeholder") for field in kind.moments),
        "any_bad_moment": " or ".join(_has_fault(field, "bad") for field in kind.moments),
        "columns": ", ".join((*parsed, _listed(alone))) if parsed else _listed(alone),
        "bad_values": _bad_values(
            {field.portal: (field.portal, _has_fault(field, "bad")) for field in kind.checked},
            words={field.portal for field in kind.checked if field.reads == "status_code"},
        ),
        "content": ", ".join(
            (
                *(f"coalesce({column}::varchar, chr(30))" for column in kind.content),
                # concat_ws passes nulls over: a row without it has the hash that it had before there was such a column
                *(f"case when {column} > 0 then '{column}=' || {column} end" for column in kind.late_content),
            )
        ),
        **{column: _entry(entries) for column, entries in kind.lists},
    }
    return slots | {"stages": sql.statement("stages/dated", slots)}


def _listed(columns: dict[str, str]) -> str:
    return ", ".join(f"{expression} as {column}" for column, expression in columns.items())


def _cleaned(name: str, inner: Any) -> str:
    return f"clean({name})" if inner == contract.TEXT else f"coalesce({name}, [])"


def _dates(kind: Kind) -> dict[str, str]:
    """Slots of the stages that read dates: those in a usual notation, then the others of a row in one list."""
    unread = {f: f"{f.portal} is not null and written_{f.column} is null" for f in kind.moments}
    return {
        "written": _listed({f"written_{f.column}": f"{f.reads}_as_written({f.portal})" for f in kind.moments}),
        "any_unread": " or ".join(unread.values()),
        "unread": ", ".join(
            f"{{'text': case when {missing} then {f.portal} end, 'seconds_without_time': {_NO_TIME[f.reads]}}}"
            for f, missing in unread.items()
        ),
        "dated": _listed(
            {
                f"any_{f.column}": f"coalesce(written_{f.column}, again[{n}])"
                for n, f in enumerate(kind.moments, start=1)
            }
        ),
    }


def _parsed(field: Field) -> str:
    return f"within_years(any_{field.column})::{field.type}" if field.is_moment else f"{field.reads}({field.portal})"


def _fault(field: Field) -> str:
    """Why a value could not be read: `bad`, of moments `placeholder` too; null when nothing is wrong."""
    if field.is_moment:
        return f"no_moment({field.portal}, {field.column}, any_{field.column})"
    return f"case when {field.column} is null and {field.portal} is not null then 'bad' end"


def _has_fault(field: Field, fault: str) -> str:
    return f"coalesce(fault_{field.column} = '{fault}', false)"


def _read_alone(kind: Kind) -> dict[str, str]:
    """Columns that are read from one field and needed by no other. Names in a row that is shifted may be people."""
    return {
        field.column: f"case when not shifted then {read} end" if field.reads in _OF_PEOPLE else read
        for field in kind.columns
        if field.reads and field not in kind.checked
        for read in [f"{field.reads}({field.portal})"]
    }


def _bad_values(fields: dict[str, tuple[str, str]], words: Collection[str] = ()) -> str:
    """bad_values of {portal field: (its text, is it bad)}. words: fields whose known words are shown."""
    entries = ", ".join(f"bad_value('{name}', {text}, {bad}, {name in words})" for name, (text, bad) in fields.items())
    return f"bad_values_of({' or '.join(bad for _, bad in fields.values()) or 'false'}, [{entries}])"


def _entry(entries: Entries) -> str:
    """The lake's entry of a list of moments, for `x`, the portal's."""
    fields = [e for e in entries.fields if e.reads]
    texts = [f"{{'text': trim(x.{e.portal}), 'seconds_without_time': {_NO_TIME[e.reads]}}}" for e in fields]
    members = [f"'{e.column}': moments[{index}]" for index, e in enumerate(fields, 1)]
    return f"list_transform([iso_moments([{', '.join(texts)}])], lambda moments: {{{', '.join(members)}}})[1]"


def _figures(kind: Kind) -> dict[str, str]:
    """Slots of a kind whose records `d` lie inside a document."""
    numbers = [field for field in kind.columns if field.reads]
    texts = {name: field.reads for field in numbers for name in (field.portal, *field.also)}
    names = {f.column: ", ".join((f.portal, *f.also)) for f in numbers}
    return {
        "figures": _listed({name: f"{reads}(clean(d.{name}))" for name, reads in texts.items()}),
        "columns": _listed({field.column: f"coalesce({names[field.column]})::{field.type}" for field in numbers}),
        "bad_values": _bad_values(
            {
                name: (f"d.{name}", f"({name} is null and not coalesce(is_none(clean(d.{name})), true))")
                for name in texts
            }
        ),
    }
