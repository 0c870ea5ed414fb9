"""Where the records stand in a JSON value: the one list of objects that carry contract names (portal-exports §2, Read
must never mean lost), whatever the members on the way to it are called.

A path says where: `data[]`, `hits.hits[]._source`. `[]` is every element of a list, `*` every member of an object keyed
by codes, `(json)` a JSON text inside a string. Objects at the same path are one list, in however many pieces it comes.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from pipelines.contract import Kind, heading_field, spellings
from pipelines.masking import masked_name
from pipelines.portal.canonical import repeated_note
from pipelines.portal.readers.base import Attention, FileFacts
from pipelines.portal.readers.headings import Synonyms

Path = tuple[str, ...]
#: (`madonvi` of what is around the record, the record).
Taken = tuple[str | None, Any]

EACH, ANY, TEXT = "[]", "*", "(json)"
PART_SKIPPED = "WRN_FILE_PART_SKIPPED"
_AGENCY = "madonvi"
#: Paths that are the portal's own (portal-exports §2): nothing to tell.
_USUAL: tuple[Path, ...] = ((), (EACH,), ("data",), ("data", EACH))
#: So many contract names make a record even of an object without a code.
_NAMES_ENOUGH = 3
_DOSSIER_CODE = re.compile(r"\b[A-Z]\d{2}[.\d]*-\d{6}-\d{4,6}\b")
#: Between documents: white space, commas, record separators (RFC 7464), byte order marks of files joined, padding.
_BETWEEN = re.compile(r"[\s,\ufeff\x1e\0]*")
#: What scripts put around a document: `callback(…);`, `var x = …;`, `)]}',`.
_SCRIPT = re.compile(r"\s*(?:\)\]\}',?|(?:(?:var|let|const)\s+)?[A-Za-z_$][\w.$]*\s*[(=])\s*(?=[\[{])")
_SCRIPT_END = re.compile(r"[\s;)]*$")
_STRING = r'"(?:[^"\\]++|\\.)*+"'
_LAST_COMMA = re.compile(rf"{_STRING}|,(?=\s*[\]}}])", re.DOTALL)
_COMMENT = re.compile(rf"{_STRING}|//[^\n]*|/\*.*?\*/", re.DOTALL)


class Search:
    """Finds records, document after document, and remembers what people should know of it.

    chosen: path → records taken from there. changed: has a record been anything but the whole text it stood in?
    several: have there been texts with more than one document in them? broken: texts that are no JSON. commented: were
    they so because of comments?
    """

    def __init__(self, kind: Kind, synonyms: Synonyms, prefix: Path = ()) -> None:
        self.prefix = prefix
        self.chosen: Counter[Path] = Counter()
        self.changed = self.several = self.commented = False
        self.broken = 0
        self._kind = kind
        self._synonyms = synonyms
        self._fields: dict[str, str | None] = {}
        self._understood: dict[str, str] = {}
        self._passed: Counter[Path] = Counter()
        self._nameless = self._repeated = self._rewritten = self._lost_codes = 0
        self._inner: dict[str, Any] = {}
        self._decoder = json.JSONDecoder(object_pairs_hook=self._object, parse_constant=self._missing)

    def fresh(self, prefix: Path = ()) -> Search:
        """One that has seen nothing, for what stands at the path `prefix`."""
        return Search(self._kind, self._synonyms, prefix)

    # --- texts ---

    def texts(self, text: str) -> list[tuple[str | None, str]]:
        """(agency, JSON text) of the records in a line or an element. What holds none stays as it is."""
        rewritten = self._rewritten
        try:
            documents = self.documents(text)
            found = [(document, self.records(document)) for document in documents]
        except (ValueError, RecursionError):
            self.broken += 1
            self.commented = self.commented or self.is_commented(text)
            return [(None, text)]
        if all(records is None for _, records in found):
            self._pass_over(documents, text)
            return [(None, text)]
        taken = [one for document, records in found for one in ([(None, document)] if records is None else records)]
        plain = text.strip(" \t\r\n")
        same = len(taken) == 1 and taken[0][1] is documents[0] and self._rewritten == rewritten
        if same and plain.startswith("{") and plain.endswith("}"):
            return [(None, text)]
        self.changed = True
        self.several = self.several or len(documents) > 1
        return [(agency, json.dumps(record, ensure_ascii=False)) for agency, record in taken]

    def documents(self, text: str) -> list[Any]:
        """The documents of a text, one behind the other. Raises ValueError: no JSON; RecursionError."""
        self._inner.clear()
        try:
            return self._documents(text)
        except ValueError:
            documents = self._documents(_LAST_COMMA.sub(lambda found: found[0].removeprefix(","), text))
            self._rewritten += 1
            return documents

    def is_commented(self, text: str) -> bool:
        """Is a text that is no JSON one without its comments?"""
        bare = _COMMENT.sub(lambda found: found[0] if found[0].startswith('"') else "", text)
        try:
            return bare != text and bool(self.documents(bare))
        except (ValueError, RecursionError):
            return False

    def _documents(self, text: str) -> list[Any]:
        script = _SCRIPT.match(text)
        found: list[Any] = []
        place = _end(_BETWEEN, text, script.end() if script else 0)
        while place < len(text) and not (script and found and _SCRIPT_END.match(text, place)):
            value, place = self._decoder.raw_decode(text, place)
            found.append(value)
            place = _end(_BETWEEN, text, place)
        return found

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) != len(pairs):
            self._repeated += 1
            self._rewritten += 1
        return value

    def _missing(self, _constant: str) -> None:
        """NaN and Infinity are no JSON, and no values."""
        self._rewritten += 1

    def _pass_over(self, documents: list[Any], text: str) -> None:
        self._nameless += sum(isinstance(document, dict) and document != {} for document in documents)
        self._lost_codes += len(_DOSSIER_CODE.findall(text))

    # --- values ---

    def choose(self, documents: list[Any]) -> None:
        """Settle where the records are from all documents together, before any is taken."""
        groups: dict[Path, list[int]] = {}
        for document in documents:
            for path, names in self._groups(document).items():
                groups.setdefault(path, []).extend(names)
        if groups:
            self.chosen[_longest(groups)] += 0

    def records(self, document: Any) -> list[Taken] | None:
        """The records of a document; None when it has none and no place for any."""
        groups = self._groups(document)
        path = next((path for path in self.chosen if path in groups or self._reaches(document, path)), None)
        if path is None:
            if not groups:
                return None
            path = _longest(groups)
        taken = [(agency, self._contract_names(record)) for agency, record in self._take(document, path)]
        self.chosen[path] += len(taken)
        self._pass_by(groups, path)
        return taken

    def taken(self, documents: list[Any]) -> Iterator[Taken]:
        """The records of documents; one that has none is itself a row, but for an envelope around nothing."""
        for document in documents:
            records = self.records(document)
            if records is not None:
                yield from records
            elif not self._is_empty(document):
                self._pass_over([document], json.dumps(document, ensure_ascii=False))
                yield None, document

    def _is_empty(self, document: Any) -> bool:
        text = json.dumps(document, ensure_ascii=False)
        return isinstance(document, dict) and ": []" in text and not _DOSSIER_CODE.search(text)

    def holds_records(self, value: Any) -> bool:
        """Are there records anywhere in it?"""
        return bool(self._groups(value))

    @property
    def code_pattern(self) -> re.Pattern[bytes]:
        """The code's name before its value, in any spelling of the contract."""
        names = [re.escape(name) for name, field in spellings(self._kind).items() if field == self._kind.heading[0]]
        return re.compile(rf'"(?:{"|".join(names)})"\s*:'.encode(), re.IGNORECASE)

    def end_of(self, envelope: Any) -> tuple[Path, str | None]:
        """(path of the list that ends a text of nested objects, `madonvi` nearest to it)."""
        path: list[str] = []
        agency = None
        while isinstance(envelope, dict) and envelope:
            agency = agency_of(envelope) or agency
            name = next(reversed(envelope))
            path.append(_step(name))
            envelope = envelope[name]
        return (*path, EACH), agency

    def look_around(self, envelope: Any) -> None:
        """Remember the records of an envelope whose own list, at `prefix`, has been taken out of it."""
        self._pass_by(self._groups(envelope), self.prefix, ())

    def _pass_by(self, groups: dict[Path, list[int]], path: Path, prefix: Path | None = None) -> None:
        for other, names in groups.items():
            if path[: len(other)] != other and other[: len(path)] != path:
                self._passed[(self.prefix if prefix is None else prefix) + other] += len(names)

    def _groups(self, document: Any) -> dict[Path, list[int]]:
        """Path → how many contract names each record there has."""
        if self._kind.document:
            return {(): [1]}
        found: dict[Path, list[int]] = defaultdict(list)
        self._walk(document, (), found)
        return found

    def _walk(self, value: Any, path: Path, found: dict[Path, list[int]]) -> None:
        if isinstance(value, dict) and (names := self._names(value)):
            found[path].append(names)
        for step, inner in self._members(value):
            if isinstance(inner, dict | list | str):
                self._walk(inner, (*path, step), found)

    def _take(self, value: Any, path: Path, agency: str | None = None) -> Iterator[Taken]:
        if not path:
            yield agency, value
            return
        if isinstance(value, dict):
            agency = agency_of(value) or agency
        inner = [inner for step, inner in self._members(value) if step == path[0]]
        if not inner and not isinstance(value, list) and not _is_list(path):
            # An element without the member that holds the others' record: a row nevertheless, to be refused.
            yield agency, value
        for one in inner:
            yield from self._take(one, path[1:], agency)

    def _reaches(self, value: Any, path: Path) -> bool:
        """Is there a list at the path, be it empty?"""
        for step in path:
            if step == EACH:
                return isinstance(value, list)
            value = next((inner for name, inner in self._members(value) if name == step), None)
        return False

    def _members(self, value: Any) -> Iterator[tuple[str, Any]]:
        """(step, value) of everything inside a value."""
        table = self._table(value)
        if table is not None:
            yield from ((EACH, record) for record in table)
        elif isinstance(value, list):
            yield from ((EACH, inner) for inner in value)
        elif isinstance(value, dict):
            keyed = sum(isinstance(inner, dict) and self._names(inner) > 0 for inner in value.values()) > 1
            for name, inner in value.items():
                if isinstance(inner, dict) and keyed:
                    yield ANY, inner
                elif isinstance(inner, dict | list | str):
                    yield _step(name), inner
        elif isinstance(value, str) and (inner := self._inside(value)) is not None:
            yield TEXT, inner

    def _inside(self, text: str) -> Any:
        """The value of a JSON text in a string, else None."""
        if text.lstrip()[:1] not in ("[", "{", '"') or len(text) < 2:
            return None
        if text not in self._inner:
            try:
                documents = self._documents(text)
            except (ValueError, RecursionError):
                documents = []
            self._inner[text] = documents[0] if len(documents) == 1 else documents or None
        return self._inner[text]

    # --- tables ---

    def _table(self, value: Any) -> list[Any] | None:
        """The records of a table told by columns: names beside or above rows, or a list per name; else None."""
        if isinstance(value, list):
            names = self._heading(value[0]) if value else None
            return _with_names(names, value[1:]) if names else None
        if not isinstance(value, dict):
            return None
        code = next((inner for name, inner in value.items() if self.field(name) == self._kind.heading[0]), None)
        if isinstance(code, str):
            return None
        if isinstance(code, dict):
            keyed = {name: inner for name, inner in value.items() if isinstance(inner, dict)}
            return [{name: column.get(key) for name, column in keyed.items()} for key in code]
        if isinstance(code, list):
            columns = {name: inner for name, inner in value.items() if isinstance(inner, list)}
            return [dict(zip(columns, row, strict=True)) for row in zip_longest(*columns.values())]
        deeper = (one for inner in value.values() if isinstance(inner, dict) for one in inner.values())
        names = next((names for inner in (*value.values(), *deeper) if (names := self._heading(inner))), None)
        rows = [inner for inner in value.values() if isinstance(inner, list) and inner and isinstance(inner[0], list)]
        return _with_names(names, max(rows, key=len)) if names and rows else None

    def _heading(self, value: Any) -> list[str] | None:
        """The names in a list of names, or of objects that have a name, if the code and another field are there."""
        if not isinstance(value, list) or len(value) < 2:
            return None
        names = [_name_of(one) for one in value]
        fields = {self.field(name) for name in names if name is not None} - {None}
        return [name or "" for name in names] if self._kind.heading[0] in fields and len(fields) > 1 else None

    # --- names ---

    def field(self, name: str) -> str | None:
        """The contract name that a member's name means, by its spelling or as a heading (portal-exports §9)."""
        if name not in self._fields:
            self._fields[name] = heading_field(self._kind, name, self._synonyms)[1]
        return self._fields[name]

    def _names(self, value: dict[str, Any]) -> int:
        """How many contract names an object has if that makes it a record, else 0."""
        fields = [name for name in value if self.field(name) is not None]
        code = next((name for name in fields if self.field(name) == self._kind.heading[0]), None)
        if isinstance(value.get(code or ""), dict | list) or (code is None and len(fields) < _NAMES_ENOUGH):
            return 0
        return len(fields)

    def _contract_names(self, record: Any) -> Any:
        """The record with the names that only headings have turned into contract names."""
        if not isinstance(record, dict):
            return record
        spelled = spellings(self._kind)
        present = {spelled[name.lower()] for name in record if name.lower() in spelled}
        meant = {
            name: field
            for name in record
            if name.lower() not in spelled and (field := self.field(name)) is not None and field not in present
        }
        if not meant:
            return record
        self._understood |= meant
        return {meant.get(name, name): value for name, value in record.items()}

    # --- what people should know ---

    def tell(self, facts: FileFacts) -> None:
        """Notes and attention of everything seen, into the facts of the file."""
        for path in self.chosen:
            where = self.prefix + path
            if tuple(map(str.lower, where)) not in _USUAL:
                facts.notes.append(f"bản ghi ở {shown_path(where)} / records at {shown_path(where)}")
        if self._repeated:
            facts.notes.append(repeated_note(self._repeated))
        if self._understood:
            names = ", ".join(f"{masked_name(name)} = {field}" for name, field in self._understood.items())
            facts.notes.append(f"tên trường được hiểu là: {names} / names of fields understood as: {names}")
        for path, count in self._passed.items():
            shown = shown_path(path)
            self._attend(facts, f"{count} bản ghi ở {shown} không được đọc / {count} records at {shown} are not read")
        lost = self._lost_codes and not self.chosen
        if self._nameless and not lost:
            self._attend(
                facts,
                f"{self._nameless} đối tượng không có tên trường nào đã biết"
                f" / {self._nameless} objects without any known name of a field",
            )
        if lost:
            self._attend(
                facts,
                f"không tìm thấy bản ghi nào, tuy tệp có {self._lost_codes} mã hồ sơ"
                f" / no record was found although the file holds {self._lost_codes} dossier codes",
            )

    def _attend(self, facts: FileFacts, detail: str) -> None:
        facts.attention.append(Attention(PART_SKIPPED, detail))


def agency_of(envelope: dict[str, Any]) -> str | None:
    """`madonvi` of an envelope as written."""
    found = next((value for name, value in envelope.items() if name.lower() == _AGENCY), None)
    return str(found).strip() or None if isinstance(found, str | int) else None


def shown_path(path: Path) -> str:
    """A path as the ledger shows it: `data.items`, `hits.hits[]._source`. No codes: keys with digits are `*`."""
    text = "".join(step if step in (EACH, TEXT) else f".{masked_name(step)}" for step in path)
    return text.removeprefix(".").removesuffix(EACH) or EACH


def _step(name: str) -> str:
    """A name with digits is a key: of a dossier, an agency, a page."""
    return ANY if any(map(str.isdigit, name)) else name


def _is_list(path: Path) -> bool:
    return EACH in path or ANY in path


def _longest(groups: dict[Path, list[int]]) -> Path:
    """The longest list, by records and their names. What lies inside records counts only where it has more of the
    names than they: an event of a dossier, a filter that is repeated above the list it found."""
    mean = {path: sum(names) / len(names) for path, names in groups.items()}
    outer = [
        path
        for path in groups
        if not any(path[:length] in mean and mean[path[:length]] >= mean[path] for length in range(len(path)))
    ]
    return max(outer, key=lambda path: len(groups[path]) * mean[path] ** 2)


def _name_of(value: Any) -> str | None:
    """A column's name: the text, or what an object calls so."""
    if isinstance(value, dict):
        value = next((value[key] for key in ("name", "field", "title", "label", "header", "id") if key in value), None)
    return value if isinstance(value, str) else None


def _with_names(names: list[str], rows: list[Any]) -> list[Any]:
    """The rows as objects; what does not fit the names stays as it is."""
    return [
        dict(zip(names, row, strict=True)) if isinstance(row, list) and len(row) == len(names) else row for row in rows
    ]


def _end(pattern: re.Pattern[str], text: str, place: int) -> int:
    found = pattern.match(text, place)
    return found.end() if found else place
