"""What the headings of sheets and the names of records mean (portal-exports §3, §9)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from pipelines.contract.kinds import KINDS
from pipelines.contract.model import Kind
from pipelines.contract.names import fold

#: Vietnamese headings of sheets → field. Contract names are headings too; see `heading_field`.
HEADINGS: dict[str, tuple[str, ...]] = {
    field.portal: field.headings for kind in KINDS.values() for field in kind.fields if field.headings
}

#: Headings that are known and say nothing (portal-exports §9): no field, no drift.
IGNORED_HEADINGS = ("stt", "tt", "ghi chú", "nội dung hồ sơ")


@cache
def spellings(kind: Kind) -> dict[str, str]:
    """Lower-case name or alias → contract name, for the case-insensitive match of portal-exports §3."""
    return {alias.lower(): field for alias, field in kind.aliases} | {name.lower(): name for name in kind.names}


@cache
def table_fields() -> dict[str, str]:
    """Lower-case name or alias → contract name, of every kind that comes as a table: what headings may mean."""
    found: dict[str, str] = {}
    for kind in KINDS.values():
        if kind.heading:
            found = spellings(kind) | found
    return found


@cache
def folded_headings(kind: Kind) -> dict[str, str | None]:
    """Folded heading → contract name, or None when it is known and says nothing."""
    known = spellings(kind)
    table: dict[str, str | None] = {fold(text): None for text in IGNORED_HEADINGS}
    for named, headings in HEADINGS.items():
        if named.lower() in known:
            table |= {fold(heading): known[named.lower()] for heading in headings}
    return table | {fold(name): field for name, field in known.items()}


def heading_field(kind: Kind, heading: str, synonyms: Mapping[str, str]) -> tuple[bool, str | None]:
    """What a heading of a sheet means for `kind`: (is it known, contract name or None when known and ignored).

    synonyms: folded heading → contract name that the source uses besides; they win over the contract's own. An empty
    name: the heading is known and says nothing. A name that this kind does not have changes nothing for it.
    """
    text = heading.strip().lstrip("\ufeff")
    folded = fold(text)
    if synonyms.get(folded) == "":
        return True, None
    own = spellings(kind).get(synonyms.get(folded, "").lower())
    exact = own or spellings(kind).get(text.lower())
    if exact is not None:
        return True, exact
    return folded in folded_headings(kind), folded_headings(kind).get(folded)
