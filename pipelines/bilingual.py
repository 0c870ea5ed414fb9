"""Texts that carry both languages, `Vietnamese / English`, as the lake, the rules and our errors keep them; and one of
them for a reader. For texts of ours only: a name in the data may hold the same sign."""

from __future__ import annotations

from collections.abc import Iterable

BETWEEN = " / "
LANGUAGES = ("vi", "en")
_VIETNAMESE = frozenset("àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ")


def one_language(text: str, lang: str) -> str:
    """The half of a text in both languages that is in `lang`; a text that is not in both stays whole.

    Line by line; two lines of which only the first is Vietnamese are such a text, too. A heading in both languages over
    a line of somebody else's words is none.
    """
    lines = text.split("\n")
    halves = [_half(line, lang) for line in lines]
    if len(lines) == 2 and halves == lines and _is_vietnamese(lines[0]) and lines[1] and not _is_vietnamese(lines[1]):
        return lines[lang == "en"]
    return "\n".join(halves)


def prefixed(value: str, text: str) -> str:
    """A line of ours with `value`, which is of no language, before each of its halves."""
    return _both(*(value + one_language(text, lang) for lang in LANGUAGES))


def labelled(label: tuple[str, str], text: str) -> str:
    """A text of ours after a label in both languages, above it when it is of several lines."""
    halves = [one_language(text, lang) for lang in LANGUAGES]
    if any("\n" in half for half in halves):
        return f"{_both(*label)}:\n{text}"
    return _both(*(f"{word}: {half}" for word, half in zip(label, halves, strict=True)))


def joined(texts: Iterable[str], sign: str = "; ") -> str:
    """Lines of ours, in both languages or in one, as a single one that can be parted again."""
    lines = list(texts)
    return _both(*(sign.join(one_language(line, lang) for line in lines) for lang in LANGUAGES))


def _both(vietnamese: str, english: str) -> str:
    return vietnamese if vietnamese == english else f"{vietnamese}{BETWEEN}{english}"


def _half(line: str, lang: str) -> str:
    """Values stand in both halves, so that whatever they hold, the middle one of the signs is the one between them. The
    indentation of the line is that of both."""
    parts = line.split(BETWEEN)
    for at in sorted(range(1, len(parts)), key=lambda at: abs(2 * at - len(parts))):
        vietnamese, english = BETWEEN.join(parts[:at]), BETWEEN.join(parts[at:])
        if _is_vietnamese(vietnamese) and any(c.isalpha() for c in english):
            return line[: len(line) - len(line.lstrip())] + english if lang == "en" else vietnamese
    return line


def _is_vietnamese(text: str) -> bool:
    return not _VIETNAMESE.isdisjoint(text.replace("Đúng Hạn", "").lower())
