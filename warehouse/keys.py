"""Whether the privacy key is still the one the warehouse was filled with.

Another key gives another `applicant_key` for the same person, and so a new version of every dossier (portal-exports
§7). What is kept is an HMAC of a constant, from which the key cannot be found.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from pathlib import Path

from pipelines.config import Settings
from pipelines.files import write_whole

_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_CONSTANT = b"dunghan: fingerprint of the privacy key"


class KeyChangedError(Exception):
    """The privacy key is not the one this warehouse was filled with. The message says what to do."""


def key_fingerprint(settings: Settings) -> str | None:
    """Fingerprint of the key that a run would use now; None when there is none yet (the first run makes a key file)."""
    if settings.privacy_key is not None:
        key = settings.privacy_key.get_secret_value().encode()
    else:
        try:
            key = settings.layout.privacy_key.read_bytes().strip()
        except FileNotFoundError:
            return None
    return hmac.new(key, _CONSTANT, hashlib.sha256).hexdigest()


def remembered_fingerprint(settings: Settings) -> str | None:
    """Fingerprint of the key of the runs before; None before the first run, or when both places are lost."""
    for path in _places(settings):
        found = _read(path)
        if _FINGERPRINT.fullmatch(found):
            return found
    return None


def key_lost(settings: Settings) -> bool:
    """Is there no key although the lake holds rows that were hashed with one?"""
    return key_fingerprint(settings) is None and any(settings.layout.lake.glob("*/*/*.parquet"))


def check_key(settings: Settings) -> None:
    """Raise KeyChangedError when the warehouse was filled with another key, or its key is gone."""
    before, now = remembered_fingerprint(settings), key_fingerprint(settings)
    path = settings.layout.privacy_key
    if key_lost(settings) or (before is not None and now is None):
        raise KeyChangedError(
            f"Mất khóa bảo mật đã dùng để nạp kho dữ liệu này ({path}): hãy khôi phục tệp khóa từ bản sao lưu rồi "
            "`dunghan run`. Không còn bản sao: docs/runbooks/vi/lost-key.md\n"
            f"The privacy key that this warehouse was filled with is gone ({path}): restore the key file from the "
            "backup, then `dunghan run`. Without a backup: docs/runbooks/lost-key.md"
        )
    if before is not None and now != before:
        raise KeyChangedError(
            "Khóa bảo mật khác với khóa đã dùng để nạp kho dữ liệu này; hãy dùng lại khóa cũ (DUNGHAN_PRIVACY_KEY hoặc "
            f"{path}) rồi `dunghan run`. Muốn đổi khóa: docs/runbooks/vi/lost-key.md\n"
            "The privacy key is not the one this warehouse was filled with; bring the old key back "
            f"(DUNGHAN_PRIVACY_KEY or {path}), then `dunghan run`. To change the key: docs/runbooks/lost-key.md"
        )


def remember_key(settings: Settings) -> None:
    """Keep the fingerprint of the first key there was, in both places."""
    first = remembered_fingerprint(settings) or key_fingerprint(settings)
    for path in _places(settings):
        if first is not None and _read(path) != first:
            write_whole(path, first + "\n")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        return ""


def _places(settings: Settings) -> tuple[Path, Path]:
    """Two, so that losing the state folder does not make people forget which key it was."""
    return settings.layout.key_fingerprint, settings.layout.lake_key_fingerprint
