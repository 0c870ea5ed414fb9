"""Texts that carry both languages, `Vietnamese / English`, as the lake, the rules and our errors keep them; and one of
them for a reader. For texts of ours only: a name in the data may hold the same sign."""

from __future__ import annotations

BETWEEN = " / "
_VIETNAMESE = frozenset("àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ")


def one_language(text: str, lang: str) -> str:
    """The half of a text in both languages that is in `lang`; a text that is not in both stays whole.

    Line by line; two lines of which only the first is Vietnamese are such a text, too.
    """
    lines = text.split("\n")
    if len(lines) == 2 and _is_vietnamese(lines[0]) and lines[1] and not _is_vietnamese(lines[1]):
        return lines[lang == "en"]
    return "\n".join(_half(line, lang) for line in lines)


def _half(line: str, lang: str) -> str:
    """Values stand in both halves, so that whatever they hold, the middle one of the signs is the one between them."""
    parts = line.split(BETWEEN)
    for at in sorted(range(1, len(parts)), key=lambda at: abs(2 * at - len(parts))):
        vietnamese, english = BETWEEN.join(parts[:at]), BETWEEN.join(parts[at:])
        if _is_vietnamese(vietnamese) and any(c.isalpha() for c in english):
            return english if lang == "en" else vietnamese
    return line


def _is_vietnamese(text: str) -> bool:
    return not _VIETNAMESE.isdisjoint(text.lower())
