"""Folding of Vietnamese names, so that spellings of one name compare equal."""

from __future__ import annotations

import unicodedata
from functools import lru_cache


@lru_cache(maxsize=10_000)  # headings and names of bodies come again and again
def fold(text: str) -> str:
    """Comparison form of a Vietnamese name (portal-exports §9): NFC, lower case, no diacritics (đ→d), no
    punctuation, one space."""
    decomposed = unicodedata.normalize("NFD", unicodedata.normalize("NFC", text).lower().replace("đ", "d"))
    letters = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in letters).split())
