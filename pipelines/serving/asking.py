"""What people ask for by name, and what to answer when there is no such thing: what there is, the nearest first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pipelines.contract import fold
from pipelines.offers import offered
from pipelines.serving.published import Published


class AskedWronglyError(Exception):
    """What was asked for is not there or cannot be done. key: a text of the command line; values: its places."""

    def __init__(self, key: str, **values: Any) -> None:
        super().__init__(f"{key}: {values}")
        self.key = key
        self.values = values


def known(what: str, name: str, names: Iterable[str]) -> str:
    """The name as it is written, when it is one of `names` but for case and diacritics.

    Raises AskedWronglyError `office.unknown_<what>` with what there is.
    """
    there = list(names)
    found = next((one for one in there if one == name), None) or next(
        (one for one in there if fold(one) == fold(name)), None
    )
    if found is None:
        raise AskedWronglyError(f"office.unknown_{what}", name=name, known=offered(name, there))
    return found


def chosen_source(published: Published, source: str | None) -> str:
    """The source that is meant: the one that is named, else the one with most dossiers. Systems send the same dossiers,
    so sources are never put together. Raises AskedWronglyError."""
    names = [str(row["source"]) for row in published.rows("sources", agency=None)]
    if source is None and names:
        return names[0]
    return known("source", source or "", names)
