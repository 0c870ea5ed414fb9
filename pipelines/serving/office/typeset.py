"""PDF by typst (extra `reports`): a template beside this module, its data as JSON, a face with Vietnamese letters."""

from __future__ import annotations

import json
import struct
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.serving.extras import need

TEMPLATES = Path(__file__).parent
#: Faces for official papers, the one of the regulation (Nghị định 30/2020/NĐ-CP: Times New Roman) and its metric twin
#: first; name → its file. Debian: fonts-liberation2, fonts-noto-core, fonts-dejavu.
FACES = {
    "Times New Roman": "times.ttf",
    "Liberation Serif": "LiberationSerif-Regular.ttf",
    "Noto Serif": "NotoSerif-Regular.ttf",
    "DejaVu Serif": "DejaVuSerif.ttf",
}
#: The face that typst brings along; it has Vietnamese letters too.
OWN_FACE = "Libertinus Serif"
FOLDERS = (
    Path.home() / ".local/share/fonts",
    Path("/usr/local/share/fonts"),
    Path("/usr/share/fonts"),
    Path("/Library/Fonts"),
    Path("C:/Windows/Fonts"),
)
#: fonts-liberation, an older release of the same face, lacks some of these.
_VIETNAMESE = "ăâđêôơưẠạẤấẦầẨẩẪẫẬậẮắẶặẸẹẾếỆệỊịỌọỐốỘộỚớỢợỤụỨứỰựỲỳỴỵỶỷỸỹ"


def pdf(template: str, data: dict[str, Any]) -> bytes:
    """A PDF/A-2b of `<template>.typ`, which finds `data` as JSON in its input "data".

    Raises MissingExtraError without the extra `reports`.
    """
    typst = need("typst", "reports")
    face, folder = chosen_face(FOLDERS)
    done: bytes = typst.compile(
        (TEMPLATES / f"{template}.typ").read_bytes(),
        font_paths=[folder] if folder else [],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False), "font": face},
        format="pdf",
        pdf_standards="a-2b",
    )
    return done


@cache
def chosen_face(folders: tuple[Path, ...]) -> tuple[str, Path | None]:
    """(face, folder that holds it): the first of FACES that is installed with all letters of Vietnamese, else
    typst's own, which needs no folder."""
    installed: dict[str, list[Path]] = {}
    for folder in folders:
        for file in folder.rglob("*.ttf") if folder.is_dir() else ():
            installed.setdefault(file.name.lower(), []).append(file)
    for face, name in FACES.items():
        for file in installed.get(name.lower(), ()):
            if has_letters(file, _VIETNAMESE):
                return face, file.parent
    return OWN_FACE, None


def has_letters(font: Path, letters: str) -> bool:
    """Does a TrueType font have a glyph for every one of the letters? By its table `cmap`, format 4 (OpenType spec)."""
    data = font.read_bytes()
    try:
        (count,) = struct.unpack_from(">H", data, 4)
        tables = (struct.unpack_from(">4sLLL", data, 12 + 16 * i) for i in range(count))
        cmap = next(offset for tag, _, offset, _ in tables if tag == b"cmap")
        (count,) = struct.unpack_from(">H", data, cmap + 2)
        places = [cmap + struct.unpack_from(">HHL", data, cmap + 4 + 8 * i)[2] for i in range(count)]
        places = [place for place in places if struct.unpack_from(">H", data, place)[0] == 4]
        return all(any(_glyph(data, place, ord(letter)) for place in places) for letter in letters)
    except (struct.error, StopIteration):
        return False


def _glyph(data: bytes, start: int, code: int) -> int:
    """Number of the glyph of a character in the subtable of format 4 at `start`; 0 for none."""
    doubled = struct.unpack_from(">H", data, start + 6)[0]
    ends, starts = start + 14, start + 16 + doubled
    for segment in range(0, doubled, 2):
        if code <= struct.unpack_from(">H", data, ends + segment)[0]:
            first = struct.unpack_from(">H", data, starts + segment)[0]
            if code < first:
                return 0
            delta = struct.unpack_from(">H", data, starts + doubled + segment)[0]
            at = starts + 2 * doubled + segment
            offset = struct.unpack_from(">H", data, at)[0]
            if not offset:
                return int((code + delta) & 0xFFFF)
            glyph = struct.unpack_from(">H", data, at + offset + 2 * (code - first))[0]
            return int((glyph + delta) & 0xFFFF) if glyph else 0
    return 0
