"""A PostgreSQL server of its own for a test module: Debian's programs, a folder in /tmp, loopback, a password."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

#: Every sign that a URL, a connection string or a log could mistake for something else.
PASSWORD = "Mật khẩu: p@ss/'w\"%41rd"


def programs() -> Path | None:
    """Folder of Debian's server programs, of the newest version; None when there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def _somebody() -> dict[str, Any]:
    """Whom the server runs as: it refuses root."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    pytest.skip("no user that a PostgreSQL server could run as")


@dataclass
class Server:
    """A server that can be stopped and started. dsn: of its administrator, with the password in it."""

    folder: Path
    bin: Path
    port: int

    def dsn(self, user: str = "postgres", password: str = PASSWORD) -> str:
        return f"postgresql://{user}:{quote(password, safe='')}@127.0.0.1:{self.port}/postgres"

    def connect(self, user: str = "postgres", password: str = PASSWORD) -> psycopg.Connection[Any]:
        return psycopg.connect(self.dsn(user, password), autocommit=True)

    def run(self, program: str, *arguments: str) -> None:
        subprocess.run([self.bin / program, *arguments], check=True, capture_output=True, cwd="/", **_somebody())

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=50"
        data, log = str(self.folder / "data"), str(self.folder / "log")
        self.run("pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "start")

    def stop(self) -> None:
        """At once, as when the machine loses its power."""
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")

    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")


@contextlib.contextmanager
def server(*initdb: str) -> Iterator[Server]:
    """A running server; skips the test when PostgreSQL is not installed. initdb: further options of it."""
    found = programs()
    if found is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    # Not below pytest's folders: those are closed to the user of the server.
    folder = Path(tempfile.mkdtemp(prefix="dunghan-pg-"))
    try:
        secret = folder / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        for path in (folder, secret):
            if somebody := _somebody():
                os.chown(path, somebody["user"], somebody["group"])
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        made = Server(folder, found, port)
        made.run(
            *("initdb", "-D", str(folder / "data"), "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8"),
            *("--auth=scram-sha-256", f"--pwfile={secret}", "--no-sync", *initdb),
        )
        made.start()
        try:
            yield made
        finally:
            with contextlib.suppress(subprocess.CalledProcessError):
                made.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
