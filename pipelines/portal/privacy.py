"""Personal data (portal-exports §7): the key, the HMAC that replaces identities, the masks for what is kept of
broken values.

Everything works on columns inside DuckDB: no identity number is ever a Python object of this project.
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
MASK_LENGTH = 40
#: portal-exports §6 REJ_CODE_TOO_LONG.
LONGEST_CODE = 50


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
            f"{path}: không đọc được khóa, hãy sửa quyền truy cập / cannot use the key file, mend its permissions"
            f" ({error.strerror})"
        ) from error
    if len(key) < 16:
        raise PrivacyKeyError(
            f"{path}: khóa quá ngắn, hãy khôi phục từ bản sao lưu / the key is too short, restore it from the backup"
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


def hmac(text: str) -> str:
    """SQL: lower-case hexadecimal HMAC-SHA-256 of a VARCHAR expression (null stays null).

    The connection must have got the key (`PrivacyKey.register_key`); without it the statement fails.
    """
    ipad, opad = (f"coalesce(getvariable('hmac_{pad}'), error('no key'))::blob" for pad in ("ipad", "opad"))
    return f"sha256({opad} || unhex(sha256({ipad} || encode({text}))))"


_SHORT_NUMBER = "-?[0-9]{1,8}|[0-9]{14}"
_DATE_LIKE = (
    "([0-9]{1,2}(:[0-9]{1,2}){1,2} +)?"
    "([0-9]{1,2}[-/.][0-9]{1,2}[-/.]([0-9]{2}|[0-9]{4})|[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2})"
    "([ T]+[0-9]{1,2}(:[0-9]{1,2}){1,2}([.][0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)


def mask(text: str) -> str:
    """SQL: what may be shown of a value that could not be read. Dates and short numbers stay; else letters are `x`,
    digits `#`; at most 40 characters. Nothing that could be a name, a phone or an identity number survives."""
    letters = rf"regexp_replace(left({text}, {MASK_LENGTH}), '[^\s\p{{P}}\p{{N}}]', 'x', 'g')"
    return (
        f"case when length({text}) <= {MASK_LENGTH} and regexp_full_match({text}, '{_SHORT_NUMBER}|{_DATE_LIKE}')"
        rf" then {text} else regexp_replace({letters}, '\p{{N}}', '#', 'g') end"
    )


def redact(text: str) -> str:
    """SQL: a name of a procedure, field or body, with digits of identity or phone numbers and e-mails masked."""
    return _hide(text, "[0-9][0-9 .-]{7,}[0-9]")


def redact_code(code: str) -> str:
    """SQL: a normalised code of a procedure or agency, with runs of nine and more digits and e-mails masked."""
    return _hide(code, _CODE_NUMBER)


def is_clear_code(code: str) -> str:
    """SQL boolean: `redact_code` would leave the code (or codes with commas between them) as it is."""
    return f"not {_holds(code, _CODE_NUMBER)}"


_CODE_NUMBER = "[0-9]{9,}"
# Control characters go the same way: names are printed in reports, and separate fields in content_hash.
_CONTROL = r"[\x{0}-\x{1f}]"


def _hide(text: str, number: str) -> str:
    hidden = rf"regexp_replace(regexp_replace({text}, '{number}', '#', 'g'), '\S+@\S+', '@', 'g')"
    return f"case when {_holds(text, number)} then regexp_replace({hidden}, '{_CONTROL}+', ' ', 'g') else {text} end"


def _holds(text: str, number: str) -> str:
    return f"regexp_matches({text}, '{number}|@|{_CONTROL}')"


def mask_code(code: str) -> str:
    """SQL: a normalised dossier code as it may be stored: itself if it looks like a code, else letters `X`, digits `#`
    and ten digits of its HMAC, so that different values stay different.

    Other local forms are kept (portal-exports §5), but not what holds a telephone or identity number or a long
    Vietnamese name, nor what is too long to be accepted anyway: two columns may have run together."""
    # What was too long (portal-exports §6: more than 50 characters) stays so, and nothing becomes so: 39 or 40, `~`,
    # 10 digits.
    kept = f"left({code}, case when length({code}) > {LONGEST_CODE} then 40 else 39 end)"
    letters = rf"regexp_replace({kept}, '[^\p{{P}}\p{{N}}]', 'X', 'g')"
    masked = rf"regexp_replace({letters}, '\p{{N}}', '#', 'g')"
    # The first form is the second for ASCII, and thirty times faster.
    code_like = (
        f"(regexp_full_match({code}, '[A-Z0-9._/-]*[0-9][A-Z0-9._/-]*')"
        rf" or (regexp_full_match({code}, '[\p{{L}}\p{{N}}._/:#()+,&;-]*[0-9][\p{{L}}\p{{N}}._/:#()+,&;-]*')"
        rf" and not regexp_matches({code}, '\p{{L}}{{8}}')))"
    )
    return (
        f"case when length({code}) <= {LONGEST_CODE} and {code_like}"
        f" and not regexp_matches({code}, '(^|[^0-9])(0[0-9]{{9}}|0[0-9]{{11}}|84[0-9]{{9}})([^0-9]|$)')"
        f" then {code} else {masked} || '~' || left({hmac(code)}, 10) end"
    )
