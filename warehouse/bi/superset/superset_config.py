"""Settings of Superset for Đúng Hạn: on this machine only, Vietnamese first, nothing is called, nothing secret is here.

Read by Superset (SUPERSET_CONFIG_PATH, set by start.py). DUNGHAN_BI_HOME: the state folder.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

HOME = Path(os.environ["DUNGHAN_BI_HOME"])


def _secret() -> str:
    """The key that signs sessions and encrypts the stored address of the database; made at the first start."""
    path = HOME / "secret.key"
    if not path.exists():
        new = path.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(secrets.token_urlsafe(48), encoding="utf-8")
        new.rename(path)
    return path.read_text(encoding="utf-8")


SECRET_KEY = _secret()
SQLALCHEMY_DATABASE_URI = f"sqlite:///{HOME / 'superset.db'}?check_same_thread=false"
GUEST_TOKEN_JWT_SECRET = GLOBAL_ASYNC_QUERIES_JWT_SECRET = SECRET_KEY

# Words and numbers ---------------------------------------------------------------------------------------------------
APP_NAME = "Đúng Hạn"
BABEL_DEFAULT_LOCALE = os.environ.get("DUNGHAN_LANG", "vi")
LANGUAGES = {"vi": {"flag": "vn", "name": "Tiếng Việt"}, "en": {"flag": "gb", "name": "English"}}
if BABEL_DEFAULT_LOCALE == "vi":
    D3_FORMAT = {"decimal": ",", "thousands": ".", "grouping": [3], "currency": ["", " ₫"]}
    D3_TIME_FORMAT = {
        "dateTime": "%H:%M %d/%m/%Y",
        "date": "%d/%m/%Y",
        "time": "%H:%M:%S",
        "periods": ["SA", "CH"],
        "days": ["Chủ nhật", "Thứ hai", "Thứ ba", "Thứ tư", "Thứ năm", "Thứ sáu", "Thứ bảy"],
        "shortDays": ["CN", "T2", "T3", "T4", "T5", "T6", "T7"],
        "months": [f"Tháng {month}" for month in range(1, 13)],
        "shortMonths": [f"Th{month}" for month in range(1, 13)],
    }
CSV_EXPORT = {"encoding": "utf-8-sig"}  # otherwise Excel garbles Vietnamese
_LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 112 28"><circle cx="14" cy="14" r="11" fill="none"'
    ' stroke="#1d5f8a" stroke-width="3"/><path d="M14 8v6l4 3" fill="none" stroke="#c8500a" stroke-width="2.5"/>'
    '<text x="32" y="20" font-family="sans-serif" font-size="17" font-weight="700" fill="#1d5f8a">Đúng Hạn</text></svg>'
)
THEME_DEFAULT = {
    "token": {
        "brandAppName": APP_NAME,
        "brandLogoAlt": APP_NAME,
        "brandLogoUrl": f"data:image/svg+xml,{quote(_LOGO)}",
        "brandLogoHref": "/dashboard/list/",
        "brandLogoHeight": "28px",
        "brandLogoMargin": "14px 0",
        "brandIconMaxWidth": 130,
        "colorPrimary": "#1d5f8a",
        "colorLink": "#1d5f8a",
        "colorError": "#c8500a",
        "fontFamily": "'Segoe UI', 'Noto Sans', 'Liberation Sans', Arial, sans-serif",
    },
    "algorithm": "default",
}
THEME_DARK = None
#: As on the page of the publication: calm for in time, warm for overdue, told apart by colour-blind people.
_CALM, _LIGHT, _WARM = "#2b6a99", "#8fb8d6", "#c8500a"
_SCHEMES = {
    "dunghan": [_CALM, "#009e73", "#b3457a", _WARM, "#7a8b99", "#e0a100", "#56b4e9", "#5b4b8a"],
    "dunghan_warm": [_WARM, "#e0a100", "#b3457a", "#7a8b99"],
    "dunghan_pending": [_CALM, _WARM],
    "dunghan_resolved": [_LIGHT, _CALM, _WARM],
}
EXTRA_CATEGORICAL_COLOR_SCHEMES = [
    {"id": name, "label": name, "description": "", "isDefault": name == "dunghan", "colors": colours}
    for name, colours in _SCHEMES.items()
]

# Nothing leaves the machine ------------------------------------------------------------------------------------------
THEME_FONT_URL_ALLOWED_DOMAINS: list[str] = []
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'", "data:"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,
}
SILENCE_FAB = True
FAB_API_SWAGGER_UI = False
SLACK_ENABLE_AVATARS = False
FEATURE_FLAGS = {"ALERT_REPORTS": False, "EMBEDDED_SUPERSET": False, "ENABLE_TEMPLATE_PROCESSING": False}

# Every answer is asked anew: a version published meanwhile is seen at once.
SUPERSET_WEBSERVER_TIMEOUT = 120


def DB_CONNECTION_MUTATOR(  # noqa: N802  (Superset's name)
    uri: Any, params: dict[str, Any], username: str, security_manager: Any, source: Any
) -> tuple[Any, dict[str, Any]]:
    """Where a question really goes. DuckDB: the file of the version that is current now, by its own path, for DuckDB
    keeps a path that is in use and `current` may have moved on. PostgreSQL: with the password, stored nowhere."""
    if uri.drivername.startswith("duckdb") and uri.database:
        uri = uri.set(database=str(Path(uri.database).resolve()))
    elif uri.drivername.startswith("postgresql") and (dsn := os.environ.get("DUNGHAN_BI_DSN")):
        uri = uri.set(password=unquote(urlsplit(dsn).password or "") or None)
    return uri, params
