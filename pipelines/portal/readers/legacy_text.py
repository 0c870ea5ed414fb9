"""Vietnamese in the letters of old fonts (TCVN3, VNI), and UTF-8 read as Windows-1252 and saved again (portal-exports
§8).

Such texts are valid Unicode that means nothing. They are told by their words: hardly one is a Vietnamese syllable as it
stands, and nearly all are when the letters are exchanged.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pyarrow as pa

#: Shares of words that are syllables: a text that is read as it is has more than the first, one that was converted
#: cleanly at least the second.
_AS_IT_IS, _CLEAN = 0.7, 0.9
#: Cells that are looked at.
_LOOKED_AT = 2000

_WORD = re.compile(r"[^\W\d_]+")
#: What a Vietnamese text has beyond ASCII that is no letter.
_SIGNS = frozenset("₫\u00a0–—‘’“”…°²³•\u200b\u200c\u200d\u200e\u200f\ufeff")
#: Characters that any Vietnamese text may have: with none but these it is taken as it stands.
_VIETNAMESE = (
    _SIGNS
    | {chr(c) for c in range(128)}
    | {
        unicodedata.normalize("NFC", letter + tone)
        for base in "aăâeêioôơuưy"
        for letter in (base, base.upper())
        for tone in ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
    }
    | set("đĐ\u0300\u0301\u0302\u0303\u0306\u0309\u031b\u0323")
)
_SYLLABLE = re.compile(
    r"(?:b|ch?|d|gh?|gi|h|kh?|l|m|ngh?|nh?|ph?|qu|r|s|th?|tr|v|x)?[aeiouy]{1,3}(?:ch?|k|m|ng?|nh|p|t)?"
)
_MARKS = "\u0302\u0306\u031b"  # circumflex, breve, horn: part of the letter; any other mark is a tone
_LETTERS = frozenset("aăâbcdđeêghiklmnoôơpqrstuưvxy")


@dataclass(frozen=True)
class Letters:
    """A way in which letters were exchanged. convert: a text → the text meant, or None when it is none of these."""

    name: str
    convert: Callable[[str], str | None]

    def converted(self, text: str) -> str:
        """The text meant, where that can be told; else the text as it is."""
        if text.isascii():
            return text
        meant = self.convert(text)
        return text if meant is None or _share([meant]) < _CLEAN else meant

    def column(self, column: pa.Array) -> pa.Array:
        """A column of texts, converted."""
        texts = pa.chunked_array([column]).combine_chunks().dictionary_encode()
        meant = [text if text is None else self.converted(text) for text in texts.dictionary.to_pylist()]
        return pa.array(meant, pa.string()).take(texts.indices)


def letters_of(texts: Iterable[str]) -> Letters | None:
    """In which letters these texts are written, None when they are to be read as they are."""
    beyond = [text for text in texts if not text.isascii()][:_LOOKED_AT]
    if all(c in _VIETNAMESE for text in beyond for c in text) or _share(beyond) > _AS_IT_IS:
        return None
    for letters in _KNOWN:
        meant = [letters.convert(text) for text in beyond]
        if sum(text is not None for text in meant) < _CLEAN * len(beyond):
            continue
        if _share([text for text in meant if text is not None]) >= _CLEAN:
            return letters
    return None


def _share(texts: list[str]) -> float:
    """Share of Vietnamese syllables among the words with letters beyond ASCII; a sign that no text has is a word."""
    good = total = 0
    for text in texts:
        plain = unicodedata.normalize("NFC", text)
        words = [word for word in _WORD.findall(plain) if not word.isascii()]
        strange = sum(not c.isascii() and not c.isalpha() and c not in _SIGNS for c in plain)
        good += sum(map(_is_syllable, words))
        total += len(words) + strange
    return good / total if total else 1.0


def _is_syllable(word: str) -> bool:
    """One tone at most, one case, and built like a syllable."""
    if not (word.islower() or word.isupper() or (word[:1].isupper() and word[1:].islower())):
        return False
    letters, tones = "", 0
    for c in word.lower():
        parts = unicodedata.normalize("NFD", c)
        base, marks = parts[0], parts[1:]
        kept = [mark for mark in marks if mark in _MARKS]
        tones += len(marks) - len(kept)
        if unicodedata.normalize("NFC", base + "".join(kept)) not in _LETTERS:
            return False
        letters += "d" if base == "đ" else base
    return tones <= 1 and _SYLLABLE.fullmatch(letters) is not None


def _double_utf8(text: str) -> str | None:
    try:
        # The five bytes that Windows-1252 leaves open come through as control characters.
        return b"".join(
            c.encode("latin-1" if "\x80" <= c < "\xa0" else "cp1252") for c in text
        ).decode("utf-8")  # fmt: skip
    except UnicodeError:
        return None


_TCVN3_LETTERS = str.maketrans(
    "¡¢£¤¥¦§¨©ª«¬\u00ad®µ¶·¸¹»¼½¾ÆÇÈÉÊËÌÎÏÐÑÒÓÔÕÖ×ØÜÝÞßáâãäåæçèéêëìíîïñòóôõö÷øùúûüýþ",
    "ĂÂÊÔƠƯĐăâêôơưđàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ",
)


def _tcvn3(text: str) -> str | None:
    return text.translate(_TCVN3_LETTERS) if max(text) < "\u0100" else None


_ACUTE, _GRAVE, _HOOK, _TILDE, _DOT = "\u0301", "\u0300", "\u0309", "\u0303", "\u0323"
_CIRCUMFLEX, _BREVE = "\u0302", "\u0306"
#: VNI writes a letter and behind it a second one for its marks.
_VNI_MARKS = {
    **{"ù": _ACUTE, "ø": _GRAVE, "û": _HOOK, "õ": _TILDE, "ï": _DOT, "â": _CIRCUMFLEX, "ê": _BREVE},
    **{"á": _CIRCUMFLEX + _ACUTE, "à": _CIRCUMFLEX + _GRAVE, "å": _CIRCUMFLEX + _HOOK},
    **{"ã": _CIRCUMFLEX + _TILDE, "ä": _CIRCUMFLEX + _DOT},
    **{"é": _BREVE + _ACUTE, "è": _BREVE + _GRAVE, "ú": _BREVE + _HOOK, "ü": _BREVE + _TILDE, "ë": _BREVE + _DOT},
}
_VNI_LETTERS = {"ô": "ơ", "ö": "ư", "ñ": "đ", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ"}
_VNI_PAIR = re.compile(f"([aeouyôö])([{''.join(_VNI_MARKS)}])", re.IGNORECASE)


def _vni(text: str) -> str | None:
    if max(text) >= "\u0100":
        return None

    def pair(match: re.Match[str]) -> str:
        letter, mark = match.groups()
        return _vni_letter(letter) + _VNI_MARKS[mark.lower()]

    pieces, end = [], 0
    for match in _VNI_PAIR.finditer(text):
        pieces += [*map(_vni_letter, text[end : match.start()]), pair(match)]
        end = match.end()
    return unicodedata.normalize("NFC", "".join([*pieces, *map(_vni_letter, text[end:])]))


def _vni_letter(c: str) -> str:
    meant = _VNI_LETTERS.get(c.lower(), c)
    return meant.upper() if c.isupper() else meant


_KNOWN = (
    Letters("UTF-8 đọc thành Windows-1252", _double_utf8),
    Letters("TCVN3", _tcvn3),
    Letters("VNI", _vni),
)
