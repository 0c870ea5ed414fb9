"""Files: small ones that are written whole or not at all, what is on disk for certain, what a file holds."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


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
