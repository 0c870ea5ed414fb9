"""Prepare Superset and serve it on this machine (`make bi`). Runs in Superset's own environment.

DUNGHAN_WAREHOUSE    the warehouse whose published file is read
DUNGHAN_BI_DSN       instead of it: postgresql://reader:…@server/database (schema marts)
DUNGHAN_BI_HOME      state: key, metadata (default ~/.local/state/dunghan-superset)
DUNGHAN_BI_PASSWORD  of `admin` at the first start; without it one is made and printed once
DUNGHAN_BI_PORT      8088
DUNGHAN_BI_BUNDLE    folder of the bundle (default: the one beside this file)
DUNGHAN_LANG         vi or en
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

HERE = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent


def main() -> None:
    """Prepare what is missing, take over the bundle, serve."""
    parser = argparse.ArgumentParser(description="Superset: Đúng Hạn")
    parser.add_argument("--only-prepare", action="store_true", help="chuẩn bị rồi dừng / prepare, do not serve")
    given = parser.parse_args()
    home, address = _home(), _address()
    os.environ |= {
        "DUNGHAN_BI_HOME": str(home),
        "SUPERSET_HOME": str(home),
        "SUPERSET_CONFIG_PATH": str(HERE / "superset_config.py"),
        "FLASK_APP": "superset",
        "SCARF_ANALYTICS": "false",
    }
    _languages()
    for command in (["db", "upgrade"], ["init"]):
        _superset(home, *command)
    if password := _fill(home, address):
        _tell(password)
    if not given.only_prepare:
        _serve()


def _home() -> Path:
    home = os.environ.get("DUNGHAN_BI_HOME")
    folder = Path(home) if home else Path.home() / ".local" / "state" / "dunghan-superset"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder.resolve()


def _address() -> str:
    """What the datasets are read from, as SQLAlchemy writes it."""
    if dsn := os.environ.get("DUNGHAN_BI_DSN"):
        scheme, found, rest = dsn.partition("://")
        if not found or scheme not in ("postgresql", "postgres", "postgresql+psycopg2"):
            sys.exit(
                "DUNGHAN_BI_DSN phải có dạng postgresql://người_đọc:mật_khẩu@máy_chủ/cơ_sở_dữ_liệu\n"
                "DUNGHAN_BI_DSN must look like postgresql://reader:password@server/database"
            )
        account, at, server = rest.rpartition("@")
        # The password is taken from the environment with each question (superset_config.py), never stored.
        return f"postgresql+psycopg2://{account.partition(':')[0]}{at}{server}"
    warehouse = Path(os.environ.get("DUNGHAN_WAREHOUSE") or HERE.parents[1] / "data")
    published = warehouse.absolute() / "published" / "dunghan.duckdb"
    if not published.exists():
        sys.exit(
            f"Chưa có bản công bố nào: {published}. Hãy chạy: dunghan run, hoặc đặt DUNGHAN_WAREHOUSE.\n"
            f"Nothing is published: {published}. Run: dunghan run, or set DUNGHAN_WAREHOUSE."
        )
    return f"duckdb:///{published}"


def _languages() -> None:
    """Superset comes without Vietnamese: our words go where its own languages are, in this environment."""
    import superset
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    folder = Path(superset.__file__).parent / "translations" / "vi" / "LC_MESSAGES"
    folder.mkdir(parents=True, exist_ok=True)
    with (HERE / "vi.po").open("rb") as file:
        words = read_po(file, locale="vi")
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, words)
    head = {"": {"domain": "superset", "lang": "vi", "plural_forms": "nplurals=1; plural=0;"}}
    told = {message.id: [message.string] for message in words if message.id and isinstance(message.id, str)}
    pack = {"domain": "superset", "locale_data": {"superset": head | told}}
    (folder / "messages.json").write_text(json.dumps(pack, ensure_ascii=False), encoding="utf-8")


def _superset(home: Path, *command: str) -> None:
    """One command of Superset; what it says goes into a file and is shown only when it fails."""
    log = home / "prepare.log"
    print(f"superset {' '.join(command)} …", flush=True)
    with log.open("w", encoding="utf-8") as file:
        done = subprocess.run(  # noqa: S603
            [BIN / "superset", *command], stdout=file, stderr=subprocess.STDOUT, check=False
        )
    if done.returncode:
        sys.exit(f"{log.read_text(encoding='utf-8')[-3000:]}\nsuperset {' '.join(command)}: {log}")


def _fill(home: Path, address: str) -> str | None:
    """The administrator, and the bundle: what was imported before is replaced, by its identifiers. Returns the password
    that was made for the administrator. Superset talks into the log."""
    print("import …", flush=True)
    log = home / "prepare.log"
    with log.open("a", encoding="utf-8") as file, redirect_stdout(file), redirect_stderr(file):
        from superset.app import create_app

        with create_app().app_context():
            from flask import current_app
            from superset.commands.importers.v1.assets import ImportAssetsCommand
            from superset.utils.core import override_user

            security = current_app.appbuilder.sm
            made = None
            if not security.find_user(username="admin"):
                made = secrets.token_urlsafe(12)
                password = os.environ.get("DUNGHAN_BI_PASSWORD") or made
                role = security.find_role("Admin")
                security.add_user("admin", "Quản trị", "Đúng Hạn", "admin@localhost", role, password)
            with override_user(security.find_user(username="admin")):
                ImportAssetsCommand(_bundle(address)).run()
    return None if os.environ.get("DUNGHAN_BI_PASSWORD") else made


def _tell(password: str) -> None:
    print(
        f"Tài khoản: admin, mật khẩu: {password} (chỉ hiện một lần)\n"
        f"Account: admin, password: {password} (shown only once)",
        flush=True,
    )


def _bundle(address: str) -> dict[str, str]:
    """Path → text of the bundle; its database gets the address, and for PostgreSQL loses what is DuckDB's."""
    import yaml

    folder = Path(os.environ.get("DUNGHAN_BI_BUNDLE") or HERE / "bundle")
    texts = {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in folder.rglob("*.yaml")}
    database = yaml.safe_load(texts["databases/dunghan.yaml"]) | {"sqlalchemy_uri": address}
    if not address.startswith("duckdb"):
        database["extra"] = {}
    return texts | {"databases/dunghan.yaml": yaml.safe_dump(database, allow_unicode=True)}


def _serve() -> None:
    port = os.environ.get("DUNGHAN_BI_PORT", "8088")
    print(f"http://127.0.0.1:{port}", flush=True)
    workers = (
        "--workers",
        "1",
        "--worker-class",
        "gthread",
        "--threads",
        "8",
        "--timeout",
        "120",
        "--no-control-socket",
    )
    gunicorn = str(BIN / "gunicorn")
    called = [gunicorn, "--bind", f"127.0.0.1:{port}", *workers, "superset.app:create_app()"]
    os.execv(gunicorn, called)  # noqa: S606


if __name__ == "__main__":
    main()
