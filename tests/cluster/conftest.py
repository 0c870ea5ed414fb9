"""What holds for all tests of Spark: without its packages, or without Java, they are skipped and say so."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from pipelines.preflight_spark import OLDEST_JAVA, PACKAGES, java_release
from tests.cluster.standalone import Standalone
from tests.support.command import KEY


@pytest.fixture(scope="session", autouse=True)
def spark_is_here() -> None:
    for package in PACKAGES:
        pytest.importorskip(package.replace("dbt-spark", "dbt.adapters.spark"), reason=f"no {package}: make cluster")
    # Warehouses that are held side by side: keys of people depend on it.
    os.environ["DUNGHAN_PRIVACY_KEY"] = KEY
    release = java_release()
    if release is None or release < OLDEST_JAVA:
        pytest.skip(f"no Java {OLDEST_JAVA} on this machine")


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standalone]:
    """A master and two workers on loopback, for all tests that do not kill one."""
    with Standalone(tmp_path_factory.mktemp("cluster"), workers=2) as started:
        yield started
