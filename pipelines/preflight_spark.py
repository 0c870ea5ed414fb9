"""What Spark needs before a build on it can begin: packages, Java, a master that answers, a folder to write to.

For `require_sound`, which tells what is missing before anything starts, and `dunghan doctor`, which tells all of it.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from pipelines.config import Settings

Words = tuple[str, str]  # Vietnamese, English

OLDEST_JAVA = 17
#: Distributions that `pip install dunghan[spark]` brings.
PACKAGES = ("pyspark", "dbt-spark")
_ANSWER_SECONDS = 3
_JAVA_SECONDS = 30
_STANDALONE = "spark://"
_THRIFT = "thrift://"


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `found` is a fact; `advice` says what is wrong and what to do, None when it is well."""

    name: str
    title: Words
    found: str
    advice: Words | None = None


def examine_spark(settings: Settings) -> Iterator[Finding]:
    """Everything that a build on Spark needs of this machine and of the cluster; nothing with another engine."""
    if settings.engine != "spark":
        return
    yield _packages()
    yield _java()
    yield _master(settings.spark.master)
    yield _folder(settings.spark.folder or settings.layout.spark)


def examine_metastore(settings: Settings) -> Iterator[Finding]:
    """What naming the published marts in a metastore needs besides; nothing where none is set. What is wrong does not
    keep a run from publishing."""
    if settings.spark.metastore is None:
        return
    if settings.engine != "spark":
        yield _packages()
        yield _java()
    yield _metastore(settings.spark.metastore)


def _packages() -> Finding:
    title = ("Gói của Spark", "Packages of Spark")
    versions = {name: _version(name) for name in PACKAGES}
    found = ", ".join(f"{name} {version or '-'}" for name, version in versions.items())
    advice = (
        f'thiếu gói ({found}): `make spark` tạo môi trường có Spark, hoặc bỏ engine = "spark" và [spark] metastore',
        f"packages are missing ({found}): `make spark` makes an environment with Spark,"
        ' or leave out engine = "spark" and [spark] metastore',
    )
    return Finding("spark_packages", title, found, None if all(versions.values()) else advice)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _java() -> Finding:
    title = ("Java", "Java")
    release = java_release()
    found = "-" if release is None else str(release)
    advice = (
        f"cần Java {OLDEST_JAVA} trở lên, đang có: {found}; cài openjdk-17-jre-headless hoặc đặt JAVA_HOME",
        f"Java {OLDEST_JAVA} or later is needed, there is: {found}; install openjdk-17-jre-headless or set JAVA_HOME",
    )
    return Finding("java", title, found, None if release is not None and release >= OLDEST_JAVA else advice)


def java_command() -> str | None:
    """The Java that Spark would start: that of JAVA_HOME, else of PATH; None: there is none."""
    home = os.environ.get("JAVA_HOME")
    return str(Path(home, "bin", "java")) if home else shutil.which("java")


def java_release() -> int | None:
    """Release (17, 21, …) of the Java that Spark would start; None: there is none."""
    java = java_command()
    if java is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603  (asks the machine's own Java for its version)
            [java, "-version"], capture_output=True, text=True, timeout=_JAVA_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    told = re.search(r'version "(?:1\.)?(\d+)', done.stderr)
    return int(told[1]) if told else None


def _master(master: str) -> Finding:
    """Of a standalone cluster one of its masters must answer; others are known to their own clients only."""
    title = ("Máy chủ Spark", "Master of Spark")
    if not master.startswith(_STANDALONE):
        return Finding("spark_master", title, master)
    masters = master.removeprefix(_STANDALONE).split(",")
    advice = (
        f"không nối được tới {master}: hãy bật cụm máy, hoặc sửa [spark] master",
        f"{master} cannot be reached: start the cluster, or correct [spark] master",
    )
    return Finding("spark_master", title, master, None if any(map(_answers, masters)) else advice)


def _metastore(uris: str) -> Finding:
    """One of its addresses must answer."""
    title = ("Metastore", "Metastore")
    advice = (
        f"không nối được tới {uris}: hãy bật metastore, hoặc sửa [spark] metastore",
        f"{uris} cannot be reached: start the metastore, or correct [spark] metastore",
    )
    addresses = (uri.removeprefix(_THRIFT) for uri in uris.split(","))
    return Finding("metastore", title, uris, None if any(map(_answers, addresses)) else advice)


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=_ANSWER_SECONDS):
            return True
    except (OSError, ValueError):
        return False


def _folder(folder: Path) -> Finding:
    """It, or the nearest folder above it that is there, must be one that we may write to."""
    title = ("Thư mục chung với Spark", "Folder shared with Spark")
    folder = folder.expanduser()
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    advice = (
        f"không ghi được vào {there}: hãy cấp quyền ghi, hoặc sửa [spark] folder",
        f"{there} cannot be written to: give the right to, or correct [spark] folder",
    )
    writable = there.is_dir() and os.access(there, os.W_OK | os.X_OK)
    return Finding("spark_folder", title, str(folder), None if writable else advice)
