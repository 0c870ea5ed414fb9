"""Reading a published version: which one, opened the one way, with the macros of reading.sql."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import duckdb

from pipelines.config import Settings
from warehouse.database import connect
from warehouse.publish import Publication, sound, versions


class NothingPublishedError(Exception):
    """There is no published version to read. The message says what to do."""


class NationalVersionError(Exception):
    """What is asked for is made of one province's version. The message says what to do."""

    def __init__(self, publication: Publication) -> None:
        super().__init__(
            f"Bản {publication.version} là bản toàn quốc: lệnh này dùng cho kho của một tỉnh, hãy đọc bằng công cụ BI"
            f" / version {publication.version} is a national one: this command is for a province's, use BI tools"
        )


def require_province(publication: Publication) -> None:
    """Raise NationalVersionError when the version is of many provinces: their keys alone do not tell its rows apart."""
    if publication.is_national:
        raise NationalVersionError(publication)


def published_now(settings: Settings) -> Publication:
    """What readers see now. Raises NothingPublishedError, PublicationDamagedError."""
    published = sound(settings)
    if published is None:
        raise NothingPublishedError(
            "Chưa có bản công bố nào; hãy chạy `dunghan run` / Nothing is published yet; run `dunghan run`"
        )
    return published


def published_as(settings: Settings, version: str) -> Publication:
    """The version of that name. Raises NothingPublishedError."""
    for found in versions(settings):
        if found.version == version:
            return found
    raise NothingPublishedError(
        f"Không có bản {version}; xem `dunghan versions` / No version {version}; see `dunghan versions`"
    )


def made_before(settings: Settings, publication: Publication) -> list[Publication]:
    """Versions that were made before this one, the newest first."""
    return [found for found in versions(settings) if found.created_at < publication.created_at]


@contextlib.contextmanager
def marts_of(settings: Settings, publication: Publication) -> Iterator[duckdb.DuckDBPyConnection]:
    """The marts of a province's version, in schema `marts`, read-only. Raises NationalVersionError."""
    require_province(publication)
    with connect(settings, publication.database, read_only=True) as con:
        con.execute(_macros())
        yield con


@cache
def _macros() -> str:
    return Path(__file__).with_name("reading.sql").read_text(encoding="utf-8")
