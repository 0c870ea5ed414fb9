"""The names in JSON records: spelled otherwise than the contract has them, unknown to it, or twice in one object.

Objects at every depth are looked at, all elements of lists among them (portal-exports §2, §3): what one element spells
otherwise is lost as quietly as what a whole file does. What becomes of a name depends on its own object alone.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines import contract
from pipelines.contract import Kind
from pipelines.portal.text_rows import cut
from pipelines.sql import literal

#: Names of members from the record on, 0 for the elements of a list: `("TaiLieuNop", 0)`.
Path = tuple[str | int, ...]
#: Portion → names, those inside lists and objects by their path (`TaiLieuNop[].X`), and the records that have them.
Drift = dict[int, Counter[str]]

#: So many elements of a list are looked at in one go with everything else. A list with more is looked at by a path with
#: an asterisk, which takes longer than the rest together.
_AT_ONCE = 4
_VALID_RECORD = "case when json_valid(record) then record end"


@dataclass
class Understood:
    """Text rows whose names are the contract's. They are registered as `text_rows`.

    table: the rows, record by record. records: SQL of a row's JSON text, null where it is none. drift: unknown names;
    one that means a contract name is unknown where its object has the exact name besides. repeated: portion → records
    in which an object had a name twice: the last value counts. respelled: were names spelled otherwise?
    """

    table: pa.Table
    records: str = "record"
    drift: Drift = field(default_factory=lambda: defaultdict(Counter))
    repeated: Counter[int] = field(default_factory=Counter)
    respelled: bool = False


@dataclass
class _Names:
    """What one look at the names says. renames: spelling → contract name that it means; otherwise: where they are.
    is_odd: has an object two names that mean the same, or one twice?"""

    renames: dict[str, str] = field(default_factory=dict)
    otherwise: Drift = field(default_factory=lambda: defaultdict(Counter))
    unknown: Drift = field(default_factory=lambda: defaultdict(Counter))
    is_odd: bool = False


@dataclass(frozen=True)
class _Seen:
    """Records of a portion that are alike. objects: the different names that objects have at one path."""

    portion: int
    rows: int
    objects: list[list[str]]


class _Object(list[tuple[str, Any]]):
    """The members of a JSON object, in their order; an array is a plain list."""


def understand(con: duckdb.DuckDBPyConnection, kind: Kind, table: pa.Table) -> Understood:
    """The text rows (columns portion, record and others), with the names that the contract has.

    Registers them with the connection as `text_rows`; the caller takes them away.
    """
    result = Understood(table)
    repeated = np.zeros(table.num_rows, dtype=bool)
    # A list whose own name was spelled otherwise is looked into in the next pass, as deep as lists go.
    passes = max(len(path) for path in _objects_of(kind)) + 2
    for _ in range(passes):
        con.register("text_rows", result.table)
        result.records, names = _look(con, kind)
        if not names.is_odd and not names.renames:
            break
        result.respelled |= bool(names.renames)
        if names.is_odd:
            texts, again = _with_one_of_each(con, kind, result)
            repeated |= again
            result.table = _replaced(result.table, texts)
            con.register("text_rows", result.table)
        if names.renames:
            result.table = _replaced(result.table, _with_contract_names(con, result.records, names.renames))
    con.register("text_rows", result.table)
    for found in (names.unknown, names.otherwise):
        for portion, counts in found.items():
            result.drift[portion] += counts
    result.repeated = Counter(result.table["portion"].to_numpy()[repeated].tolist())
    return result


def _look(con: duckdb.DuckDBPyConnection, kind: Kind) -> tuple[str, _Names]:
    """(SQL of a row's JSON text, what the names in `text_rows` say)."""
    try:
        return "record", _names_of(con, kind, "record")
    except duckdb.InvalidInputException:  # one of them is no JSON, which is rare: only then look at each
        return _VALID_RECORD, _names_of(con, kind, _VALID_RECORD)


def _names_of(con: duckdb.DuckDBPyConnection, kind: Kind, records: str) -> _Names:
    result = _Names()
    objects = _objects_of(kind)
    for path, seen in _seen(con, records, list(objects)).items():
        place, means = _place(path), objects[path]
        dropped = {name.lower() for name in kind.dropped_inside.get(place, ())}
        for found in seen:
            result.is_odd |= means != {} and any(_is_odd(names, means) for names in found.objects)
            for name in set(chain.from_iterable(found.objects)):
                target = means.get(name.lower())
                if target == name or (target is None and name.lower() in dropped):
                    continue
                counts = result.unknown if target is None else result.otherwise
                counts[found.portion][f"{place}.{name}".removeprefix(".")] += found.rows
                if target is not None:
                    result.renames[name] = target
    result.renames = dict(sorted(result.renames.items()))
    return result


def _is_odd(names: Sequence[str], means: Mapping[str, str]) -> bool:
    return len({means.get(name.lower(), name) for name in names}) != len(names)


def _seen(con: duckdb.DuckDBPyConnection, records: str, paths: Sequence[Path]) -> dict[Path, list[_Seen]]:
    """Path → the names there."""
    at_once = {path: _first_elements(path) for path in paths if path.count(0) < 2}
    pointers: list[str] = []
    objects, more = [], []
    for path, elements in at_once.items():
        first = f"names[{len(pointers) + 1}]"
        # An element like the first says nothing more, and records that have them in another number are one group.
        others = [f"nullif(names[{len(pointers) + n}], {first})" for n in range(2, len(elements) + 1)]
        objects += [first, *others]
        pointers += [_pointer(element) for element in elements]
        if 0 in path:
            pointers.append(_next_element(path))
        more.append(f"names[{len(pointers)}] is not null" if 0 in path else "false")
    groups = con.sql(
        f"""select portion, count(*), any_value(objects), any_value(more) from (
            select portion, [{", ".join(objects)}] as objects, [{", ".join(more)}] as more from (
                select portion, json_keys({records}, {pointers!r}::varchar[]) as names
                from text_rows where {records} is not null))
        group by portion, to_json(objects), more"""
    ).fetchall()
    seen: dict[Path, list[_Seen]] = {path: [] for path in paths}
    longer = {path: "true" for path in paths if path not in at_once}
    for portion, rows, names, are_more in groups:
        each = iter(names)
        for (path, elements), is_longer in zip(at_once.items(), are_more, strict=True):
            found = [one for one in islice(each, len(elements)) if one is not None]
            if is_longer:
                longer[path] = f"json_exists({records}, {literal(_next_element(path))})"
            else:
                seen[path].append(_Seen(portion, rows, found))
    for path, are_these in longer.items():
        everywhere = f"list_sort(list_distinct(json_keys({records}, {literal(_everywhere(path))})))"
        groups = con.sql(
            f"""select portion, count(*), any_value(objects) from (
                select portion, {everywhere} as objects from text_rows where {records} is not null and {are_these})
            group by portion, to_json(objects)"""
        ).fetchall()
        seen[path] += [_Seen(*group) for group in groups]
    return seen


def _with_contract_names(con: duckdb.DuckDBPyConnection, records: str, renames: Mapping[str, str]) -> pa.ChunkedArray:
    """The texts of `text_rows`, every name as the contract has it."""
    # One query above the other: nested in one expression the text would stand three times in each step.
    # As DuckDB writes it, a name has no letters that are written as their numbers.
    plain = f"case when contains({records}, '\\u') then json({records})::varchar else {records} end"
    rows = f"(select record, {plain} as named from text_rows)"
    for written, name in renames.items():
        # A quote inside a JSON string is escaped, so that this pattern can only meet a name, never a value.
        pattern = literal(f'"{_quote_regex(written)}"\\s*:')
        rows = f"""(select * replace (regexp_replace(named, {pattern}, '"{name}":', 'g') as named) from {rows})"""
    return con.sql(f"select coalesce(named, record) as record from {rows}").to_arrow_table()["record"]


def _with_one_of_each(
    con: duckdb.DuckDBPyConnection, kind: Kind, understood: Understood
) -> tuple[pa.ChunkedArray, np.ndarray]:
    """(the texts, no object with two names that mean the same; which records had a name twice, so that the last value
    counts). Spellings beside the exact name are taken out and counted as drift."""
    # As DuckDB writes it: it reads more than JSON allows.
    plain = f"case when {_odd(kind, understood.records)} then json({understood.records})::varchar end"
    odd = con.sql(f"select {plain} as record from text_rows").to_arrow_table()["record"]
    mask = odd.is_valid().to_numpy()
    portions, objects = understood.table["portion"].to_numpy(), _objects_of(kind)
    repeated, texts = np.zeros(len(mask), dtype=bool), []
    for index, text in zip(np.flatnonzero(mask), odd.drop_null().to_pylist(), strict=True):
        settled = _Settled(objects)
        texts.append(settled.text_of(text))
        repeated[index] = settled.repeated
        understood.drift[int(portions[index])].update(settled.beside_exact)
    whole = understood.table["record"].combine_chunks()
    return pa.chunked_array([pc.replace_with_mask(whole, pa.array(mask), pa.array(texts, pa.string()))]), repeated


@dataclass
class _Settled:
    """One record on its way to one name of each meaning in every object. objects: what names mean at each path;
    beside_exact: spellings taken out."""

    objects: Mapping[Path, Mapping[str, str]]
    repeated: bool = False
    beside_exact: set[str] = field(default_factory=set)

    def text_of(self, text: str) -> str:
        """The record again; as it was where Python can make nothing of what DuckDB takes for JSON."""
        try:
            # Numbers stay as they are written: codes of procedures may be among them.
            record = json.loads(text, object_pairs_hook=_Object, parse_float=str, parse_int=str, parse_constant=str)
            return json.dumps(self._settle(record, ()), ensure_ascii=False)
        except (ValueError, RecursionError):
            return text

    def _settle(self, value: Any, path: Path) -> Any:
        if isinstance(value, _Object):
            return self._settled_object(value, path)
        if isinstance(value, list):
            return [self._settle(element, (*path, 0)) for element in value]
        return value

    def _settled_object(self, members: _Object, path: Path) -> dict[str, Any]:
        means, names = self.objects.get(path, {}), {name for name, _ in members}
        found: dict[str, Any] = {}
        for written, value in members:
            name = means.get(written.lower(), written)
            if name != written and name in names:
                self.beside_exact.add(f"{_place(path)}.{written}".removeprefix("."))
                continue
            self.repeated |= name in found
            found[name] = self._settle(value, (*path, name))
        return found


def _odd(kind: Kind, records: str) -> str:
    """SQL: has the record an object of which two names mean the same?"""
    found = []
    for path, means in _objects_of(kind).items():
        if not means:
            continue
        entries = ", ".join(f"{literal(lower)}: {literal(name)}" for lower, name in means.items())
        meant = f"coalesce(map {{{entries}}}[lower(name)], name)"
        odd = f"len(names) <> len(list_distinct(list_transform(names, lambda name: {meant})))"
        names = f"json_keys({records}, {literal(_everywhere(path))})"
        listed = names if 0 in path else f"[{names}]"
        found.append(f"coalesce(len(list_filter({listed}, lambda names: {odd})), 0) > 0")
    return " or ".join(found)


def _replaced(table: pa.Table, texts: pa.ChunkedArray) -> pa.Table:
    return cut(table.set_column(table.column_names.index("record"), "record", texts).combine_chunks())


def _objects_of(kind: Kind) -> dict[Path, dict[str, str]]:
    """Path of the record and of the objects in it → name in lower case → name of the contract that it means.

    Where a list belongs no name of an object means anything.
    """
    nested = {path: {name.lower(): name for name in names} for path, names in _nested_paths(kind.structure)}
    return {(): contract.spellings(kind), **nested}


def _nested_paths(structure: Mapping[str, Any], path: Path = ()) -> Iterator[tuple[Path, list[str]]]:
    for name, inner in structure.items():
        if inner == contract.TEXT:
            continue
        here, members = (*path, name), inner
        if isinstance(inner, list):
            yield here, []
            here, members = (*here, 0), inner[0]
        yield here, list(members)
        yield from _nested_paths(members, here)


def _first_elements(path: Path) -> list[Path]:
    """The path itself, or of a list those of the elements that are looked at in one go."""
    return [_element(path, n) for n in range(_AT_ONCE)] if 0 in path else [path]


def _next_element(path: Path) -> str:
    """Pointer to the element behind those: is there one, the list has more."""
    return _pointer(_element(path[: path.index(0) + 1], _AT_ONCE))


def _element(path: Path, number: int) -> Path:
    return tuple(number if part == 0 else part for part in path)


def _place(path: Path) -> str:
    """A path as people write it: `CACHTHUCTHUCHIEN[].THOIGIAN[]`."""
    return "".join("[]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def _pointer(path: Path) -> str:
    return "".join(f"/{part}" for part in path)


def _everywhere(path: Path) -> str:
    """The JSON path to the objects in all elements of its lists."""
    return "$" + "".join("[*]" if isinstance(part, int) else f'."{part}"' for part in path)


def _quote_regex(text: str) -> str:
    return "".join(c if c.isalnum() or c == "_" else f"\\x{{{ord(c):x}}}" for c in text)
