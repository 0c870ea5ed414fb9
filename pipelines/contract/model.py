"""What a field and a kind of the contract are, and everything that follows from their declarations.

Here stands how schemas, structures, rules of dates and lists are derived; what the contract says stands in `kinds.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

TEXT, INTEGER, BIGINT, DOUBLE, BOOLEAN = "VARCHAR", "INTEGER", "BIGINT", "DOUBLE", "BOOLEAN"
DATE, TIMESTAMP, TEXTS = "DATE", "TIMESTAMP", "VARCHAR[]"

#: name → type or structure: what DuckDB's json_transform takes out of a record
Structure = dict[str, Any]
#: (Vietnamese, English)
Words = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field: a column of the lake, a name in the portal's records, or mostly both.

    column: column of the lake's table; "" for what is read without being kept as such. type: its DuckDB type.
    portal: name in the portal's records; "" for a column that the kind's statement works out. also: other names there.
    reads: SQL macro (pipelines/portal/sql/macros) that makes the column of the trimmed text; "": the statement does.
    Of a date there is the same macro with `any_` in front, which leaves the year unchecked.
    meaning: for documentation. label: as people call it, where that is shorter.
    headings: Vietnamese headings of sheets (portal-exports §9); contract names are headings too.
    members: names inside a list of the portal, or its structure. dropped_inside: names that are never read, by place.
    entries: what the column holds when it is a JSON list.
    dropped: the contract knows it and the warehouse never reads it: personal data and free text.
    content: a version of a dossier is compared by it (timeliness §1). late: it came to the contract later, and belongs
    to the content only where it is more than 0 (docs/decisions/0020). personal: its values are shown to nobody.
    validated: the validation hands it on. published: the part of fct_dossiers that it stands in; "": not there.
    """

    column: str = ""
    type: str = TEXT
    meaning: Words
    label: Words = ("", "")
    portal: str = ""
    also: tuple[str, ...] = ()
    reads: str = ""
    headings: tuple[str, ...] = ()
    members: str | Structure = ""
    dropped_inside: tuple[tuple[str, str], ...] = ()
    entries: Entries | None = None
    dropped: bool = False
    content: bool = True
    late: bool = False
    personal: bool = False
    validated: bool = True
    published: str = ""

    @property
    def name(self) -> Words:
        """What people call it."""
        return self.label if self.label[0] else self.meaning

    @property
    def is_moment(self) -> bool:
        """The column is a date that the portal sends."""
        return bool(self.column and self.portal) and self.type in (DATE, TIMESTAMP)

    @property
    def structure(self) -> Any:
        """Its type for json_transform."""
        return [texts(self.members) if isinstance(self.members, str) else self.members] if self.members else TEXT


@dataclass(frozen=True, kw_only=True)
class Entries:
    """A JSON list in a column, which the validation lays out as a table of schema `validated`.

    key: column of the row that goes with each entry. of_file: columns of the file that do.
    """

    table: str
    meaning: Words
    key: str
    fields: tuple[Field, ...]
    of_file: tuple[str, ...] = ()


def texts(names: str) -> Structure:
    """Structure of text fields."""
    return dict.fromkeys(names.split(), TEXT)


def schema(fields: Iterable[Field]) -> dict[str, str]:
    """column → DuckDB type."""
    return {field.column: field.type for field in fields if field.column}


@dataclass(frozen=True, eq=False, kw_only=True)
class Kind:
    """One kind of export.

    table: its table in the lake and in schema `validated`. code: column with the code of a record.
    aliases: other exact names of a field. shape: puts the members of a record into what surrounds them.
    heading: fields without which a row of a sheet is no heading; `heading_more`: how many more it must name.
    dropped_around: names in what surrounds them that are never read.
    """

    name: str
    table: str
    meaning: Words
    fields: tuple[Field, ...]
    code: str = ""
    aliases: tuple[tuple[str, str], ...] = ()
    heading: tuple[str, ...] = ()
    heading_more: int = 0
    shape: Callable[[Structure], Structure] | None = None
    dropped_around: tuple[str, ...] = ()

    @property
    def document(self) -> bool:
        """A JSON object of this kind is one record even if it has a member `data`."""
        return self.shape is not None

    @cached_property
    def columns(self) -> tuple[Field, ...]:
        """Those that are columns of the lake, in its order."""
        return tuple(field for field in self.fields if field.column)

    @cached_property
    def structure(self) -> Structure:
        """What is read of a record."""
        names = {f.portal: f.structure for f in self.fields if f.portal and not f.dropped}
        names |= {other: TEXT for f in self.fields for other in f.also}
        return self.shape(names) if self.shape else names

    @cached_property
    def dropped(self) -> tuple[str, ...]:
        """Names that the contract knows and the warehouse never reads."""
        return (*(field.portal for field in self.fields if field.dropped), *self.dropped_around)

    @cached_property
    def dropped_inside(self) -> dict[str, tuple[str, ...]]:
        """The same for names inside lists, by where they stand (`TaiLieuNop[]`)."""
        return {place: tuple(names.split()) for field in self.fields for place, names in field.dropped_inside}

    @property
    def names(self) -> tuple[str, ...]:
        """Every top-level name that the contract knows, contract spelling."""
        return (*self.structure, *self.dropped)

    @cached_property
    def moments(self) -> tuple[Field, ...]:
        return tuple(field for field in self.columns if field.is_moment)

    @cached_property
    def date_fields(self) -> dict[str, str]:
        """Column → portal name of its dates, as they stand in bad_values. In sheets a number there is a serial date."""
        return {field.column: field.portal for field in self.moments}

    @cached_property
    def checked(self) -> tuple[Field, ...]:
        """Columns whose value is told in bad_values when nothing can be made of it."""
        return tuple(field for field in self.columns if field.is_moment or field.reads == "status_code")

    @cached_property
    def content(self) -> tuple[str, ...]:
        """Columns of the content hash, in its order: all that are not said to be none."""
        return tuple(field.column for field in self.columns if field.content and not field.late)

    @cached_property
    def late_content(self) -> tuple[str, ...]:
        """Columns that the content hash holds only where they are more than 0."""
        return tuple(field.column for field in self.columns if field.late)

    @cached_property
    def lists(self) -> tuple[tuple[str, Entries], ...]:
        """Columns with a JSON list that the validation lays out."""
        return tuple((field.column, field.entries) for field in self.columns if field.entries)

    @property
    def validated_tables(self) -> tuple[str, ...]:
        """Tables of schema `validated` that hold rows of its files (`quarantine` aside)."""
        return (self.table, *(entries.table for _, entries in self.lists))

    def field(self, name: str) -> Field | None:
        """The field of a portal name or a column; None when there is none."""
        found = (field for field in self.fields if name and name in (field.portal, field.column))
        return next(found, None)
