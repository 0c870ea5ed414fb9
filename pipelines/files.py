"""Files: small ones that are written whole or not at all, what is on disk for certain, what a file holds, portions."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

Item = TypeVar("Item")


def sync(path: Path) -> None:
    """fsync of a file or folder: after it, a power failure does not take it back."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_whole(path: Path, content: str | bytes) -> None:
    """Write beside the place first, then rename; the folder is made where there is none. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.new")
    try:
        half.write_bytes(content.encode() if isinstance(content, str) else content)
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def portions(items: Iterable[Item], size: Callable[[Item], int], *, most: int, count: int) -> Iterator[list[Item]]:
    """The items in their order, together as long as their bytes are `most` and they are `count` at most; none is
    empty."""
    portion: list[Item] = []
    total = 0
    for item in items:
        if portion and (total + size(item) > most or len(portion) >= count):
            yield portion
            portion, total = [], 0
        portion.append(item)
        total += size(item)
    if portion:
        yield portion
