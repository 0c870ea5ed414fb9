"""Whether the privacy key is still the one the warehouse was filled with.

Another key gives another `applicant_key` for the same person, and so a new version of every dossier (portal-exports
§7). What is kept is an HMAC of a constant, from which the key cannot be found.
"""

from __future__ import annotations

import hashlib
import hmac

from pipelines.config import Settings

_CONSTANT = b"dunghan: fingerprint of the privacy key"


class KeyChangedError(Exception):
    """The privacy key is not the one this warehouse was filled with. The message says what to do."""


def key_fingerprint(settings: Settings) -> str | None:
    """Fingerprint of the key that a run would use now; None when there is none yet (the first run makes a key file)."""
    if settings.privacy_key is not None:
        key = settings.privacy_key.get_secret_value()
    else:
        try:
            key = settings.layout.privacy_key.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None
    return hmac.new(key.encode(), _CONSTANT, hashlib.sha256).hexdigest()


def remembered_fingerprint(settings: Settings) -> str | None:
    """Fingerprint of the key of the runs before; None before the first run."""
    try:
        return settings.layout.key_fingerprint.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None


def check_key(settings: Settings) -> None:
    """Raise KeyChangedError when the warehouse was filled with another key, or its key is gone."""
    before = remembered_fingerprint(settings)
    if before is not None and key_fingerprint(settings) != before:
        raise KeyChangedError(
            "Khóa bảo mật khác với khóa đã dùng để nạp kho dữ liệu này; hãy dùng lại khóa cũ (DUNGHAN_PRIVACY_KEY hoặc "
            f"{settings.layout.privacy_key}). Muốn đổi khóa: dùng kho dữ liệu mới và nạp lại từ đầu.\n"
            "The privacy key is not the one this warehouse was filled with; bring the old key back "
            f"(DUNGHAN_PRIVACY_KEY or {settings.layout.privacy_key}). "
            "To change the key: take a new warehouse folder and load everything again."
        )


def remember_key(settings: Settings) -> None:
    """Keep the fingerprint of the key, if there is one and none is kept yet."""
    now = key_fingerprint(settings)
    if now is not None and remembered_fingerprint(settings) is None:
        settings.layout.state.mkdir(parents=True, exist_ok=True)
        settings.layout.key_fingerprint.write_text(now + "\n", encoding="utf-8")
