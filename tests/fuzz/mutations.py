"""Valid files of every shape, and what can happen to their bytes on the way."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from pipelines.config import Settings
from pipelines.samples import EVENT_REJECTS, ROW_REJECTS, SampleSpec, generate
from pipelines.samples.shapes import SHAPES

#: Small: most bytes are then near something that matters.
SPEC = SampleSpec(
    dossiers=12, last_day=date(2024, 1, 31), bad_rows=dict.fromkeys(ROW_REJECTS, 1), bad_events={EVENT_REJECTS[2]: 1}
)


@dataclass(frozen=True)
class Seed:
    """A valid file: its name (shape and kind), kind and bytes."""

    name: str
    kind: str
    data: bytes


@cache
def seeds(shapes: tuple[str, ...] = tuple(SHAPES)) -> list[Seed]:
    """One file per shape and kind, made by the sample generator."""
    found: list[Seed] = []
    with TemporaryDirectory() as folder:
        for shape in shapes:
            wide = shape in ("json", "csv", "xlsx")
            spec = SPEC.model_copy(update={"shape": shape, "catalogues": shape == "json", "progress": float(wide)})
            out = Path(folder) / str(len(found))
            made = generate(spec, out, settings=Settings(warehouse=out / "warehouse", memory_limit="1GB", threads=1))
            for path in sorted(made.inbox.rglob("*.*")):
                kind = path.parent.name
                found.append(Seed(f"{shape} {kind}", kind, path.read_bytes()))
    return found


@dataclass(frozen=True)
class Change:
    """One thing done to the bytes. at: 0..1, where; size: how much; other: bytes from elsewhere."""

    name: str
    at: float
    size: int
    other: bytes = b""

    def apply(self, data: bytes) -> bytes:
        """The changed bytes; inside a random member when the bytes are a ZIP and the name begins with `inside`."""
        if self.name.startswith("inside "):
            return _inside(data, self)
        return CHANGES[self.name](data, min(int(self.at * len(data)), len(data)), max(1, self.size), self.other)


def _flip(data: bytes, at: int, size: int, _other: bytes) -> bytes:
    changed = bytearray(data)
    for n in range(at, min(at + size % 8 + 1, len(data))):
        changed[n] ^= 1 << (size + n) % 8
    return bytes(changed)


CHANGES: dict[str, Callable[[bytes, int, int, bytes], bytes]] = {
    "flip": _flip,
    "delete": lambda data, at, size, _: data[:at] + data[at + size :],
    "insert": lambda data, at, _, other: data[:at] + other + data[at:],
    "overwrite": lambda data, at, _, other: data[:at] + other + data[at + len(other) :],
    "duplicate": lambda data, at, size, _: data[: at + size] + data[at:],
    "repeat": lambda data, at, size, _: data[:at] + data[at : at + 40] * min(size, 200) + data[at:],
    "truncate": lambda data, at, *_: data[:at],
    "behead": lambda data, at, *_: data[at:],
    "splice": lambda data, at, _, other: data[:at] + other[int(at * len(other) / max(len(data), 1)) :],
    "magic": lambda data, _at, size, _other: MAGICS[size % len(MAGICS)] + data[4:],
}
MAGICS: tuple[bytes, ...] = (
    *(b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x1f\x8b\x08\x00", b"\xff\xfe", b"\xfe\xff"),
    *(b"\xef\xbb\xbf", b"\xff\xfe\x00\x00", b"<html><table>", b"<?xml version='1.0'?>", b"[", b"{", b'"', b"sep=|\n"),
    *(b"\x00\x00\x00\x00", b"%PDF", b"BZh9", b"7z\xbc\xaf"),
)
#: Pieces that mean something to one reader or another.
TOKENS = (
    *(
        b'"',
        b'""',
        b"\\",
        b"\\u0000",
        b"\\ud800",
        b"\x00",
        b"\r",
        b"\n",
        b"\r\n",
        b"\n\n",
        b"\t",
        b";",
        b",",
        b"|",
        b" ",
    ),
    *(b"{", b"}", b"[", b"]", b"null", b'{"data": [', b"]}", b'{"a":' * 50, b"[" * 2000, b"1e999999", b"-0", b"NaN"),
    *(b"\xef\xbb\xbf", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", "\u0301".encode(), "\u200b".encode()),
    *(
        b"<tr>",
        b"</tr>",
        b"<td>",
        b"</table>",
        b"<table>",
        b"<td colspan=999999 rowspan=999999>",
        b"<!--",
        b"<![CDATA[",
    ),
    *(b"&#0;", b"&amp;", b"&lol;", b'<!DOCTYPE x [<!ENTITY lol "lol">]>', b"<script>", b"<t/>" * 20),
    *(b"MaHoSo", "Số hồ sơ;Trạng thái\n".encode(), "Tổng cộng".encode(), b"STT", b"H39.18-240102-0001"),
    *(b"20240131170000", b"99999999999999", b"45321.75", b"=HYPERLINK(1)", b"\xff\xff\xff\xff", b"\x00" * 64),
)
INSIDE = tuple(f"inside {name}" for name in ("flip", "delete", "insert", "overwrite", "duplicate", "truncate"))
NAMES = (*CHANGES, *INSIDE)


def _inside(data: bytes, change: Change) -> bytes:
    """The same ZIP with one member changed, packed anew; other bytes are changed as they are."""
    plain = Change(change.name.removeprefix("inside "), change.at, change.size, change.other)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [(info, archive.read(info)) for info in archive.infolist() if info.file_size < 5_000_000]
    except Exception:  # not a (good) ZIP any more: there are many ways
        return plain.apply(data)
    if not members:
        return plain.apply(data)
    # Sheets are large and come late: most changes should hit one.
    chosen = (
        max(range(len(members)), key=lambda n: len(members[n][1])) if change.size % 3 else change.size % len(members)
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number, (info, content) in enumerate(members):
            archive.writestr(info.filename, plain.apply(content) if number == chosen else content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def random_change(rng: Random, others: list[Seed]) -> Change:
    """A change, for the long runs."""
    name = rng.choice(NAMES)
    other = rng.choice(TOKENS)
    if name == "splice":
        other = rng.choice(others).data
    elif rng.random() < 0.2:
        other = rng.randbytes(rng.randrange(1, 12))
    return Change(name, rng.random(), rng.choice((1, 1, 2, 3, 7, 40, 300, 3000)) + rng.randrange(3), other)
