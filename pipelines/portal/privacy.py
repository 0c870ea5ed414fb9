"""The key of the HMAC that replaces identities (portal-exports §7).

Hashing and masking are macros (sql/macros/privacy.sql): no identity number is ever a Python object of this project.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.config import Settings

_BLOCK = 64


class PrivacyKeyError(Exception):
    """The key file cannot be used. The message names the file and what to do, never the key."""


@dataclass(frozen=True, repr=False)
class PrivacyKey:
    """The two padded keys of HMAC (RFC 2104)."""

    ipad: bytes
    opad: bytes

    @classmethod
    def of(cls, key: bytes) -> PrivacyKey:
        """Padded keys for a secret of any length."""
        block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
        return cls(bytes(b ^ 0x36 for b in block), bytes(b ^ 0x5C for b in block))

    def register_key(self, con: duckdb.DuckDBPyConnection) -> None:
        """Let statements of this connection use `hmac`: the pads are variables of it, in memory only."""
        for name, pad in (("hmac_ipad", self.ipad), ("hmac_opad", self.opad)):
            con.execute(f"set variable {name} = unhex('{pad.hex()}')")

    def of_text(self, text: str) -> str:
        """What the macro `hmac` gives: lower-case hexadecimal HMAC-SHA-256."""
        inner = hashlib.sha256(self.ipad + text.encode()).digest()
        return hashlib.sha256(self.opad + inner).hexdigest()

    def __repr__(self) -> str:
        return "PrivacyKey(…)"


def load_key(settings: Settings) -> PrivacyKey:
    """The key of the configuration, else of the key file, which is made at the first call (mode 0600).

    Raises PrivacyKeyError when the file is unreadable or too short: a new key would change every applicant_key.
    """
    if settings.privacy_key is not None:
        return PrivacyKey.of(settings.privacy_key.get_secret_value().encode())
    path = settings.layout.privacy_key
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _create(path)
        key = path.read_bytes().strip()
    except OSError as error:
        raise PrivacyKeyError(
            f"{path}: không đọc được khóa ({error.strerror}), hãy sửa quyền truy cập"
            f" / {path}: cannot use the key file ({error.strerror}), repair its permissions"
        ) from error
    if len(key) < 16:
        raise PrivacyKeyError(
            f"{path}: khóa quá ngắn, hãy khôi phục từ bản sao lưu"
            f" / {path}: the key is too short, restore it from the backup"
        )
    return PrivacyKey.of(key)


def _create(path: Path) -> None:
    """Make the key file whole or not at all: written aside, then linked, which fails if another process was first."""
    if path.exists():
        return
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_hex(32).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
