"""SQL of the way from text to the lake: macros (`macros/*.sql`) and one statement per kind of export.

A statement has slots, `{{ name }}`, for what follows from the contract; pipelines.portal.canonical fills them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import duckdb

from pipelines import contract, masking
from pipelines.sql import literal

_FOLDER = Path(__file__).parent
#: files of macros; a macro may use those before it
_MACROS = ("text", "moments", "privacy", "codes", "values")
_SLOT = re.compile(r"\{\{ (\w+) \}\}")


def load_macros(con: duckdb.DuckDBPyConnection) -> None:
    """Let statements of this connection use the macros: temporary ones, and the maps of words as variables of it.

    Costs nothing the second time.
    """
    if con.execute("select getvariable('placeholder_id') is not null").fetchone() == (True,):
        return
    for name, meanings in _word_tables().items():
        con.execute(f"set variable {name} = {_map(meanings)}")
    for name, known in (
        ("status_beginnings", contract.STATUS_BEGINNINGS),
        ("status_vocabulary", contract.STATUS_VOCABULARY),
    ):
        con.execute(f"set variable {name} = [{', '.join(map(literal, sorted(known)))}]")
    for name, pattern in masking.PATTERNS.items():
        con.execute(f"set variable {name} = {literal(pattern)}")
    con.execute(_macros())
    con.execute(f"set variable unknown_agency = {literal(contract.UNKNOWN_AGENCY)}")
    con.execute(f"set variable placeholder_id = {literal(contract.PLACEHOLDER_ID)}")


@cache
def _macros() -> str:
    return "\n".join((_FOLDER / "macros" / f"{name}.sql").read_text(encoding="utf-8") for name in _MACROS)


@cache
def _word_tables() -> dict[str, dict[str, str]]:
    return {
        "status_words": contract.words(contract.STATUSES, contract.STATUS_WORDS),
        "channel_words": contract.words(contract.CHANNELS, contract.CHANNEL_WORDS),
        "applicant_words": contract.words(contract.APPLICANT_TYPES, contract.APPLICANT_WORDS),
        "flag_words": contract.words({}, contract.FLAG_WORDS),
        "unit_words": {contract.fold(name): unit for name, unit in contract.LIMIT_UNITS.items()},
    }


def register_words(con: duckdb.DuckDBPyConnection, words: Mapping[str, Mapping[str, str]]) -> None:
    """Let `status_words`, `channel_words` … know a source's own words too: name of the map → folded word → code."""
    for name, meanings in _word_tables().items():
        own = words.get(name)
        if own is not None or con.execute(f"select cardinality(getvariable('{name}'))").fetchone() != (len(meanings),):
            con.execute(f"set variable {name} = {_map({**meanings, **(own or {})})}")


def _map(meanings: Mapping[str, str]) -> str:
    return f"map {{{', '.join(f'{literal(word)}: {literal(code)}' for word, code in meanings.items())}}}"


def statement(name: str, slots: Mapping[str, str]) -> str:
    """The statement of a kind with its slots filled. Raises KeyError for a slot that nothing is given for."""
    return _SLOT.sub(lambda slot: slots[slot[1]], _statement(name))


@cache
def _statement(name: str) -> str:
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")
