"""The names in JSON records: spelled otherwise than the contract has them, unknown to it, or twice in one object.

Objects at every depth are looked at, all elements of lists among them (portal-exports §2, §3): what one element spells
otherwise is lost as quietly as what a whole file does.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from pipelines import contract
from pipelines.contract import Kind
from pipelines.sql import literal

#: Names of members from the record on, 0 for the elements of a list: `("TaiLieuNop", 0)`.
Path = tuple[str | int, ...]

#: So many elements of a list are looked at in one go with everything else. A list with more is looked at by a path with
#: an asterisk, which takes as long as the rest together.
_AT_ONCE = 4


@dataclass
class Names:
    """What the names of text rows say.

    renames: spelling → contract name that it means. beside_exact: of these, the ones that stay as they are in a record
    that has the exact name, too. drift: portion → unknown names, those inside lists and objects by their path
    (`TaiLieuNop[].X`), and the records that have them. repeated: has an object a name twice?
    """

    renames: dict[str, str] = field(default_factory=dict)
    beside_exact: set[str] = field(default_factory=set)
    drift: dict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    repeated: bool = False


@dataclass(frozen=True)
class _Seen:
    """Records of a portion that have the same names at one path. objects: the names of each object there."""

    portion: int
    rows: int
    objects: list[list[str]]

    @property
    def names(self) -> set[str]:
        return set(chain.from_iterable(self.objects))


def names_of(con: duckdb.DuckDBPyConnection, kind: Kind, records: str, understood: Collection[str] = ()) -> Names:
    """The names in `text_rows`, which are registered with the connection.

    records: SQL of a row's JSON text, null when it is none. understood: spellings that are exact already, wherever they
    can be: what is left of them stands beside the exact name and is unknown. Raises duckdb.InvalidInputException when a
    text is no JSON.
    """
    nested = dict(_nested_paths(kind.structure))
    seen = _seen(con, records, [(), *nested])
    objects = (names for found in chain(*seen.values()) for names in found.objects)
    result = Names(repeated=any(len(names) != len(set(names)) for names in objects))
    known = contract.spellings(kind)
    for found in seen[()]:
        for name in found.names.difference(kind.names):
            target = known.get(name.lower())
            if target is None or target in found.names or name in understood:
                result.drift[found.portion][name] += found.rows
            else:
                result.renames[name] = target
                result.beside_exact.add(name)
    for path, names in nested.items():
        exact = {name.lower(): name for name in names}
        place = _place(path)
        dropped = {name.lower() for name in kind.dropped_inside.get(place, ())}
        for found in seen[path]:
            for name in found.names.difference(names):
                target = exact.get(name.lower())
                if target is not None and name not in understood:
                    result.renames[name] = target
                    if any({name, target} <= set(members) for members in found.objects):
                        result.beside_exact.add(name)
                elif name.lower() not in dropped:
                    result.drift[found.portion][f"{place}.{name}"] += found.rows
    result.renames = dict(sorted(result.renames.items()))
    return result


def with_exact_names(con: duckdb.DuckDBPyConnection, table: pa.Table, records: str, names: Names) -> pa.Table:
    """The text rows in one piece, every name as the contract has it. table: what is registered as `text_rows`."""
    # One query above the other: nested in one expression the text would stand three times in each step.
    rows = f"(select record, {records} as named from text_rows)"
    for written, name in names.renames.items():
        # A quote inside a JSON string is escaped, so that this pattern can only meet a name, never a value.
        pattern = literal(f'"{_quote_regex(written)}"\\s*:')
        renamed = f"""regexp_replace(named, {pattern}, '"{name}":', 'g')"""
        stays = f"""contains(named, '"{name}"')""" if written in names.beside_exact else "false"
        rows = f"(select * replace (case when {stays} then named else {renamed} end as named) from {rows})"
    found = con.sql(f"select coalesce(named, record) as record from {rows}").to_arrow_table()
    return table.set_column(table.column_names.index("record"), "record", found["record"]).combine_chunks()


def with_last_values(
    con: duckdb.DuckDBPyConnection, kind: Kind, table: pa.Table, records: str
) -> tuple[pa.Table, Counter[int]]:
    """(the text rows in one piece, each name once in an object: the last value counts; portion → records that had one
    twice). table: what is registered as `text_rows`."""
    nested = [path for path, _ in _nested_paths(kind.structure)]
    plain = ["", *(_pointer(path) for path in nested if 0 not in path)]
    twice = "lambda names: len(names) <> len(list_distinct(names))"
    objects = [
        f"json_keys({records}, {plain!r}::varchar[])",
        *(f"json_keys({records}, {_everywhere(path)})" for path in nested if 0 in path),
    ]
    found = " or ".join(f"coalesce(len(list_filter({names}, {twice})), 0) > 0" for names in objects)
    mask = con.sql(f"select {found} as found from text_rows").to_arrow_table()["found"].to_numpy()
    # Fractions stay as they are written: codes of procedures may be among them.
    texts = [
        json.dumps(json.loads(text, parse_float=str), ensure_ascii=False)
        for text in table["record"].filter(pa.array(mask)).to_pylist()
    ]
    whole = table.combine_chunks()
    mended = pc.replace_with_mask(whole["record"].combine_chunks(), pa.array(mask), pa.array(texts, pa.string()))
    counts = Counter(table["portion"].to_numpy()[mask].tolist())
    return whole.set_column(whole.column_names.index("record"), "record", mended), counts


def _seen(con: duckdb.DuckDBPyConnection, records: str, paths: Sequence[Path]) -> dict[Path, list[_Seen]]:
    """Path → what is seen there."""
    at_once = {path: _elements(path) for path in paths if path.count(0) < 2}
    # The empty pointer is the record itself: everything in one look at it.
    pointers = [_pointer(element) for elements in at_once.values() for element in elements]
    seen: dict[Path, list[_Seen]] = {path: [] for path in paths}
    longer = {path: "true" for path in paths if path not in at_once}
    for portion, rows, names in _grouped(con, records, f"json_keys({records}, {pointers!r}::varchar[])"):
        each = iter(names)
        for path, elements in at_once.items():
            objects = list(islice(each, len(elements)))
            if len(elements) > 1 and objects[-1] is not None:
                longer[path] = f"json_exists({records}, {literal(_pointer(elements[-1]))})"
            else:
                seen[path].append(_Seen(portion, rows, [members for members in objects if members is not None]))
    for path, these in longer.items():
        names_there = f"list_sort(list_distinct(json_keys({records}, {_everywhere(path)})))"
        seen[path] += [_Seen(*found) for found in _grouped(con, records, names_there, these)]
    return seen


def _grouped(
    con: duckdb.DuckDBPyConnection, records: str, names: str, these: str = "true"
) -> list[tuple[int, int, list[Any]]]:
    """(portion, how many records, the names that they have in common)."""
    # Grouping by a text costs two thirds of grouping by a list of lists.
    return con.sql(
        "select portion, count(*), any_value(names)"
        f" from (select portion, {names} as names from text_rows where {records} is not null and {these})"
        " group by portion, to_json(names)"
    ).fetchall()


def _elements(path: Path) -> list[Path]:
    """The path itself, or of a list its first elements and the one behind, which says whether there are more."""
    if 0 not in path:
        return [path]
    return [tuple(n if part == 0 else part for part in path) for n in range(_AT_ONCE + 1)]


def _place(path: Path) -> str:
    """A path as people write it: `CACHTHUCTHUCHIEN[].THOIGIAN[]`."""
    return "".join("[]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def _pointer(path: Path) -> str:
    return "".join(f"/{part}" for part in path)


def _everywhere(path: Path) -> str:
    """SQL literal of the path to the objects in all elements of its lists."""
    return literal("$" + "".join("[*]" if isinstance(part, int) else f'."{part}"' for part in path))


def _nested_paths(structure: dict[str, Any], path: Path = ()) -> Iterator[tuple[Path, list[str]]]:
    """(path, names of the contract there) of the lists and objects in a record."""
    for name, inner in structure.items():
        if inner == contract.TEXT:
            continue
        here = (*path, name, 0) if isinstance(inner, list) else (*path, name)
        members = inner[0] if isinstance(inner, list) else inner
        yield here, list(members)
        yield from _nested_paths(members, here)


def _quote_regex(text: str) -> str:
    return "".join(c if c.isalnum() or c == "_" else f"\\x{{{ord(c):x}}}" for c in text)
