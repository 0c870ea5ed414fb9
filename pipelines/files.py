"""Files in general: small ones that are written whole or not at all, many of them in portions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

Item = TypeVar("Item")


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
