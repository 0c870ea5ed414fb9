"""Which encoding a text has, told from its bytes, and UTF-8 out of it. Knows no shape: JSON, CSV and HTML alike.

Bytes that mean nothing in the encoding become bytes that are no UTF-8 either, so that the reader of the rows finds the
damaged row where it stands.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Callable
from typing import BinaryIO, cast

import numpy as np

from pipelines.contract import HEADINGS, fold
from pipelines.portal.readers.base import BOM, UNREADABLE, Bytes, Content, FileRejected
from pipelines.portal.readers.legacy_text import letters_of

UTF8, UTF16LE, UTF16BE, CP1258 = "utf-8", "utf-16-le", "utf-16-be", "cp1258"
#: Letters of old fonts (see legacy_text), byte by byte.
LATIN1 = "latin-1"

#: Bytes of the original converted at a time.
BLOCK = 4 * 1024 * 1024
_BOMS = {b"\xff\xfe": UTF16LE, b"\xfe\xff": UTF16BE}
#: Upper bytes of the UTF-16 units that Vietnamese text is made of: Latin, its marks, typographic signs, currency, BOM.
_UPPER = np.isin(np.arange(256), [0x00, 0x01, 0x02, 0x03, 0x1E, 0x20, 0x21, 0xFE])
#: Control characters that text has none of.
_CONTROL = np.isin(np.arange(256), [*range(9), 0x0B, *range(0x0E, 0x20), 0x7F])
_VIETNAMESE = frozenset(
    unicodedata.normalize("NFC", letter + mark)
    for base in "aăâeêioôơuưyAĂÂEÊIOÔƠUƯY"
    for letter in [base]
    for mark in ["", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323"]
) | frozenset("đĐ₫\u00a0–—‘’“”…°²³§")
_HEADING_LINES = 40

#: UTF-8 out of the bytes of another encoding: (bytes, is it the end) → (UTF-8, bytes left that need what follows).
Converter = Callable[[bytes, bool], tuple[bytes, int]]


def as_utf8(content: Content) -> tuple[Content, str | None]:
    """(the content as UTF-8, name of the encoding it is in). What is no text comes back as it is, with None.

    Line ends stay as they are, but for a text whose lines end with a carriage return alone: it gets line feeds.
    Raises FileRejected: text in none of the encodings of portal-exports §2.
    """
    name = detect(content.head, whole=content.whole)
    if name is None:
        return content, None
    convert = _CONVERTERS.get(name)
    head = convert(content.head, content.whole)[0] if convert else content.head
    returns = b"\r" in head and b"\n" not in head
    if not convert and not returns:
        return content, name
    head = head.replace(b"\r", b"\n") if returns else head
    return (
        Content(
            lambda: cast(BinaryIO, _Converted(content.opener(), convert or _as_it_is, returns)), head, content.whole
        ),
        name,
    )


def detect(head: bytes, *, whole: bool) -> str | None:
    """Name of the encoding of a text that starts with `head`, None when it is no text.

    whole: `head` is all of it. Raises FileRejected: a text in none of the encodings of portal-exports §2.
    """
    if head.startswith(BOM):
        return UTF8
    for bom, name in _BOMS.items():
        if head.startswith(bom):
            return name
    data = np.frombuffer(head, np.uint8)
    wide = _utf16(data)
    if wide:
        return wide
    if len(data) and _CONTROL[data].mean() > 0.02:
        return None
    return _narrow(head, whole=whole)


def decode_name(raw: bytes) -> str:
    """Text of a name in an archive that says nothing of its encoding: UTF-8, Windows-1258, else code page 437."""
    try:
        return raw.decode(UTF8)
    except UnicodeDecodeError:
        text = _cp1258(raw, True)[0].decode(UTF8, errors="replace")
        return text if _share(text) >= 0.9 else raw.decode("cp437")


def _utf16(data: Bytes) -> str | None:
    """Without a byte order mark the upper bytes tell: nearly all are of Latin blocks, and some are zero, of which other
    text has none. A text may be short and full of letters like Ă, so that most are not."""
    if len(data) < 4:
        return None
    pairs = data[: len(data) & ~1].reshape(-1, 2)
    for name, upper, lower in ((UTF16LE, pairs[:, 1], pairs[:, 0]), (UTF16BE, pairs[:, 0], pairs[:, 1])):
        if (upper == 0).mean() > 0.1 and _UPPER[upper].mean() > 0.95 and (lower == 0).mean() < 0.02:
            return name
    return None


def _narrow(head: bytes, *, whole: bool) -> str:
    """UTF-8 or Windows-1258. A line with letters beyond ASCII is rarely both: the lines vote."""
    text = head if whole else head[: head.rfind(b"\n") + 1] or head[:-3]
    try:
        text.decode(UTF8)
        return UTF8
    except UnicodeDecodeError:
        lines = [line for line in text.split(b"\n") if not line.isascii()]
    good = sum(_is_utf8(line) for line in lines)
    if good >= len(lines) - good:
        return UTF8
    bad = b"\n".join(line for line in lines if not _is_utf8(line))
    if letters_of(_cells(bad.decode(LATIN1))) is not None:
        return LATIN1
    guess = _cp1258(bad, True)[0].decode(UTF8, errors="replace")
    if _share(guess) >= 0.9 or _names_a_heading(guess):
        return CP1258
    if len(lines) - good <= text.count(b"\n") / 2:
        return UTF8
    raise FileRejected(
        UNREADABLE,
        "không nhận ra bảng mã (đọc được UTF-8, UTF-16, Windows-1258, TCVN3, VNI), hãy lưu lại dạng UTF-8"
        " / unknown encoding (UTF-8, UTF-16, Windows-1258, TCVN3 and VNI are read): save it as UTF-8",
    )


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode(UTF8)
    except UnicodeDecodeError:
        return False
    return True


def _share(text: str) -> float:
    """Share of Vietnamese letters and signs among the characters beyond ASCII."""
    beyond = [c for c in text if not c.isascii()]
    return sum(c in _VIETNAMESE for c in beyond) / len(beyond) if beyond else 0.0


def _names_a_heading(text: str) -> bool:
    """Does one of the first lines have a cell beyond ASCII that is a heading of portal-exports §9?"""
    known = {fold(heading) for headings in HEADINGS.values() for heading in headings}
    return any(not cell.isascii() and fold(cell) in known for cell in _cells(text))


def _cells(text: str) -> list[str]:
    """About the cells of the first lines."""
    return [cell for line in text.split("\n")[:_HEADING_LINES] for cell in re.split(r"[,;\t|<>]", line)]


class _Converted(io.RawIOBase):
    """The stream in UTF-8. Raises what the stream raises."""

    def __init__(self, inner: BinaryIO, convert: Converter, returns: bool) -> None:
        self._inner = inner
        self._convert = convert
        self._returns = returns
        self._rest = b""
        self._ready = memoryview(b"")
        self._end = False

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        if size < 0:
            return b"".join(iter(lambda: self.read(BLOCK), b""))
        while not self._ready and not self._end:
            self._fill()
        data = bytes(self._ready[:size])
        self._ready = self._ready[size:]
        return data

    def _fill(self) -> None:
        raw = self._inner.read(BLOCK)
        self._end = not raw
        raw = self._rest + raw
        text, kept = self._convert(raw, self._end)
        self._rest = raw[len(raw) - kept :]
        self._ready = memoryview(text.replace(b"\r", b"\n") if self._returns else text)

    def close(self) -> None:
        self._inner.close()
        super().close()


def _as_it_is(raw: bytes, _end: bool) -> tuple[bytes, int]:
    return raw, 0


def _utf16_converter(name: str) -> Converter:
    upper = 1 if name == UTF16LE else 0

    def convert(raw: bytes, end: bool) -> tuple[bytes, int]:
        kept = len(raw) % 2
        # The first half of a surrogate pair waits for the second.
        if not end and len(raw) - kept >= 2 and raw[len(raw) - kept - 2 + upper] & 0xFC == 0xD8:
            kept += 2
        text = raw[: len(raw) - kept].decode(name, errors="surrogatepass").encode(UTF8, errors="surrogatepass")
        # Half a character at the end is damage, to be found there.
        return (text + b"\xff", 0) if end and kept else (text, kept)

    return convert


def _tables() -> tuple[np.ndarray, np.ndarray]:
    """(code unit per byte, composed code unit per (byte, following mark) or 0) of Windows-1258."""
    units = np.array(
        [ord(bytes([b]).decode(CP1258, errors="surrogateescape")) for b in range(256)],
        np.uint16,
    )
    pairs = np.zeros((256, 256), np.uint16)
    for mark in range(0x80, 256):
        if not unicodedata.combining(chr(units[mark])):
            continue
        for letter in range(0x41, 256):
            composed = unicodedata.normalize("NFC", chr(units[letter]) + chr(units[mark]))
            if len(composed) == 1:
                pairs[letter, mark] = ord(composed)
    return units, pairs


_UNITS, _PAIRS = _tables()
_IS_MARK = np.isin(np.arange(256), np.flatnonzero(_PAIRS.any(axis=0)))


def _cp1258(raw: bytes, end: bool) -> tuple[bytes, int]:
    """Letters and the marks behind them become one letter (NFC); undefined bytes become what is no UTF-8."""
    kept = 0 if end or not raw or _IS_MARK[raw[-1]] else 1  # a mark may follow a letter
    data = np.frombuffer(raw, np.uint8, len(raw) - kept)
    units = _UNITS[data]
    marks = np.flatnonzero(_IS_MARK[data])
    marks = marks[marks > 0]
    composed = _PAIRS[data[marks - 1], data[marks]]
    marks, composed = marks[composed > 0], composed[composed > 0]
    if len(marks):
        units[marks - 1] = composed
        left = np.ones(len(units), dtype=bool)
        left[marks] = False
        units = units[left]
    text = units.astype("<u2").tobytes().decode(UTF16LE, errors="surrogatepass")
    return text.encode(UTF8, errors="surrogatepass"), kept


_CONVERTERS: dict[str, Converter] = {
    UTF16LE: _utf16_converter(UTF16LE),
    UTF16BE: _utf16_converter(UTF16BE),
    CP1258: _cp1258,
    LATIN1: lambda raw, _end: (raw.decode(LATIN1).encode(UTF8), 0),
}
