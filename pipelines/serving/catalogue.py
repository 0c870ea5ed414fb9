"""What the published marts are called and mean, for people: from dbt_project/marts.json, which `make docs` writes from
the dbt project. Nothing is described here a second time."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache

from pipelines.layout import DBT_PROJECT

CATALOGUE = DBT_PROJECT / "marts.json"
LANGUAGES = ("vi", "en")
#: Where the short name of a column ends and its explanation begins.
_SHORT = re.compile(r"[;:(,]|\.(?!\d)| = ")


@dataclass(frozen=True)
class Text:
    """One text in both languages."""

    vi: str
    en: str

    def __call__(self, lang: str) -> str:
        return self.en if lang == "en" else self.vi

    @property
    def short(self) -> Text:
        """The name at its beginning, without the explanation behind it: a heading."""
        return Text(*(_SHORT.split(text, maxsplit=1)[0].strip() for text in (self.vi, self.en)))


@dataclass(frozen=True)
class Column:
    """A column of a mart. type: as DuckDB names it, in lower case."""

    name: str
    type: str
    meaning: Text


@dataclass(frozen=True)
class Mart:
    """A published mart: its title, what one row is, the columns that tell its rows apart."""

    name: str
    title: Text
    grain: Text
    key: tuple[str, ...]
    columns: dict[str, Column]


@cache
def marts() -> dict[str, Mart]:
    """Every published mart by its name."""
    found = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    return {
        name: Mart(
            name,
            Text(*entry["title"]),
            Text(*entry["grain"]),
            tuple(entry["key"]),
            {
                column["name"]: Column(column["name"], column["type"], Text(*column["meaning"]))
                for column in entry["columns"]
            },
        )
        for name, entry in found.items()
    }


def heading(mart: str, column: str, lang: str) -> str:
    """What a column is called over a table; its own name when the catalogue of today does not know it."""
    known = marts().get(mart)
    return known.columns[column].meaning.short(lang) if known and column in known.columns else column
