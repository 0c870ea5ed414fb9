"""Which published versions of provinces a roll-up takes: found, looked through, and refused with every reason at once.

Of a version only its manifest and its Parquet are read, so that a province may send just these.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import fsspec

from pipelines.bilingual import one_language
from pipelines.files import sha256_of
from pipelines.layout import DBT_PROJECT
from pipelines.progress import Progress
from pipelines.serving import catalogue
from pipelines.sql import literal, open_duckdb
from warehouse.build import definitions_version
from warehouse.publish import PROVINCES

MANIFEST = "manifest.json"
#: Of which province a manifest is, when it does not say so itself.
_NAMED = re.compile(r"(?P<code>\w+)=(?P<place>.+)", re.DOTALL)


class RollupRefusedError(Exception):
    """The versions cannot be rolled up together. The message has every reason, each with who differs."""

    def __init__(self, problems: Sequence[str]) -> None:
        head = "Không lập được bản toàn quốc, không có gì thay đổi: / No national version, nothing was changed:"
        self.problems = list(problems)
        super().__init__("\n".join([head, *(f"  {line}" for problem in problems for line in problem.split("\n"))]))


@dataclass(frozen=True)
class Province:
    """One published version of one province. folder: a local one with its Parquet. place: as it was given."""

    code: str
    place: str
    folder: Path
    manifest: dict[str, Any]

    @property
    def version(self) -> str:
        return str(self.manifest["version"])

    @property
    def as_of(self) -> datetime:
        """Moment at which its figures are closed, local wall clock."""
        return datetime.fromisoformat(self.manifest["as_of"])

    @property
    def known_at(self) -> datetime | None:
        """Only exports up to this moment count; None = all."""
        known = self.manifest["known_at"]
        return datetime.fromisoformat(known) if known else None

    @property
    def definitions_version(self) -> str:
        """Version of its rules, with the revision of a calendar of its own: 2.0+lich.3."""
        return str(self.manifest["definitions_version"])

    @property
    def rules(self) -> str:
        """Version of its rules alone: 2.0."""
        return self.definitions_version.partition("+")[0]

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"{self.code} ({self.version})"

    def parquet(self, mart: str) -> Path:
        return self.folder / "parquet" / f"{mart}.parquet"


def find_provinces(
    given: Sequence[str], marts: Iterable[str], scratch: Path, progress: Progress | None = None
) -> list[Province]:
    """The versions that are meant, ordered by code, after everything that is needed of them was looked through.

    given: manifests, folders of a version or published folders; local paths or fsspec URLs; `H39=` in front of one
    whose manifest does not name its province. marts: what will be read. scratch: a folder for copies of what is not
    local. Raises RollupRefusedError.
    """
    say = progress or (lambda _: None)
    found, problems = [], []
    for number, text in enumerate(given, 1):
        try:
            found.append(_find(text, list(marts), scratch / str(number)))
        except RollupRefusedError as refused:
            problems += refused.problems
    problems += [*_twice(found), *_disagreements(found)]
    for number, province in enumerate(found, 1):
        say(f"{province.name} ({number}/{len(found)})")
        problems += _wrong_files(province, marts)
    if problems:
        raise RollupRefusedError(problems)
    return sorted(found, key=lambda province: province.code)


@cache
def province_names() -> dict[str, str]:
    """Level-1 code → name of every province there is or was (seeds/provinces.csv)."""
    with (DBT_PROJECT / "seeds" / "provinces.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: row["name"] for row in csv.DictReader(file)}


def _find(text: str, marts: list[str], scratch: Path) -> Province:
    """The version that one argument means. Raises RollupRefusedError."""
    named = _NAMED.fullmatch(text)
    given_code = named["code"] if named and named["code"].upper() in province_names() else None
    place = named["place"] if named and given_code else text
    folder = _copied(place, marts, scratch) if "://" in place else _local(place)
    manifest = _manifest(place, folder)
    if PROVINCES in manifest:
        raise _refused(place, "là bản toàn quốc, không phải của một tỉnh", "is a national version, not a province's")
    stated = manifest.get("province")
    code = (given_code or stated or "").upper()
    if code not in province_names():
        raise _refused(
            place,
            "không cho biết là tỉnh nào: đặt DUNGHAN_PROVINCE ở tỉnh đó, hoặc viết mã trước đường dẫn, ví dụ H39=…",
            "does not say which province it is: set DUNGHAN_PROVINCE there, or write its code in front, e.g. H39=…",
        )
    if stated and stated != code:
        raise _refused(place, f"là của {stated}, không phải {code}", f"is {stated}'s, not {code}'s")
    return Province(code, place, folder, manifest)


def _local(place: str) -> Path:
    """The folder of the version. A published folder is looked at once: what is published meanwhile is another one."""
    path = Path(place).expanduser()
    for manifest in (path, path / MANIFEST, path / "published" / MANIFEST):
        if manifest.is_file() and manifest.name == MANIFEST:
            return manifest.resolve().parent
    raise _refused(place, f"không có {MANIFEST}", f"there is no {MANIFEST}")


def _copied(place: str, marts: list[str], scratch: Path) -> Path:
    """A copy of manifest and Parquet of a version that is somewhere else. Raises RollupRefusedError."""
    try:
        files, root = fsspec.url_to_fs(place)
        root = root.rstrip("/").removesuffix(f"/{MANIFEST}")
        (scratch / "parquet").mkdir(parents=True)
        for name in (MANIFEST, *(f"parquet/{mart}.parquet" for mart in marts)):
            files.get_file(f"{root}/{name}", str(scratch / name))
    except FileNotFoundError as error:
        raise _refused(place, "thiếu tệp", "a file is missing") from error
    except (OSError, ValueError, ImportError) as error:
        reason = type(error).__name__
        raise _refused(place, f"không đọc được ({reason})", f"cannot be read ({reason})") from error
    return scratch


def _manifest(place: str, folder: Path) -> dict[str, Any]:
    """The manifest of a version, with what a roll-up reads of it. Raises RollupRefusedError."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        datetime.fromisoformat(manifest["as_of"])
        _ = manifest["version"], manifest["known_at"], manifest["definitions_version"]
        _ = [(mart["parquet"]["sha256"], mart["parquet"]["bytes"]) for mart in manifest["marts"].values()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _refused(place, f"{MANIFEST} hỏng hoặc thiếu mục", f"{MANIFEST} is damaged or lacks entries") from error
    return manifest


def _twice(found: Sequence[Province]) -> list[str]:
    """Provinces that were given more than once, and versions that were given for two provinces."""
    problems = []
    for code, same in _grouped(found, lambda province: province.code).items():
        if len(same) > 1:
            places = ", ".join(f"{province.place} ({province.version})" for province in same)
            problems.append(f"{code}: tỉnh này có hai lần: {places} / {code}: this province is there twice: {places}")
    for same in _grouped(found, lambda province: str(province.folder)).values():
        codes = ", ".join(sorted({province.code for province in same}))
        if "," in codes:
            where = same[0].place
            problems.append(f"{where}: một bản cho nhiều tỉnh: {codes} / {where}: one version for several: {codes}")
    return problems


def _disagreements(found: Sequence[Province]) -> list[str]:
    """Where the versions are not of one definition, one day, one extent."""
    own = definitions_version()
    problems = [
        *_differ(found, ("ngày chốt số liệu (as_of)", "the day of as_of"), lambda one: one.as_of.date().isoformat()),
        *_differ(found, ("giới hạn known_at", "known_at"), lambda one: str(one.manifest["known_at"] or "-")),
        *_differ(found, ("phiên bản định nghĩa", "the definitions version"), lambda one: one.rules),
    ]
    others = sorted({province.rules for province in found} - {own})
    if others and not any("definitions" in problem for problem in problems):
        problems.append(
            f"định nghĩa của các tỉnh là {others[0]}, của chương trình này là {own}: hãy dùng cùng một bản phần mềm"
            f" / the provinces' definitions are {others[0]}, those of this release {own}: use the same release"
        )
    return problems


def _differ(found: Sequence[Province], what: tuple[str, str], value: Callable[[Province], str]) -> list[str]:
    groups = _grouped(found, value)
    if len(groups) < 2:
        return []
    who = "; ".join(f"{key}: {', '.join(one.code for one in same)}" for key, same in sorted(groups.items()))
    again = "`dunghan restate --as-of …`" if "as_of" in what[1] else "`dunghan run`"
    return [
        f"các tỉnh không cùng {what[0]} ({who}); tỉnh khác lập lại bằng {again}"
        f" / the provinces differ in {what[1]} ({who}); let those that differ make another with {again}"
    ]


def _grouped(found: Iterable[Province], key: Callable[[Province], str]) -> dict[str, list[Province]]:
    groups: dict[str, list[Province]] = {}
    for province in found:
        groups.setdefault(key(province), []).append(province)
    return groups


def _wrong_files(province: Province, marts: Iterable[str]) -> list[str]:
    """What is wrong with the Parquet of a version: missing, not what was published, or of another shape."""
    problems = []
    with open_duckdb() as con:
        for mart in marts:
            entry = province.manifest["marts"].get(mart)
            wrong = _wrong_mart(con, province, mart, entry)
            if wrong:
                vi, en = (f"{province.name}, {mart}.parquet: {one_language(wrong, lang)}" for lang in ("vi", "en"))
                problems.append(f"{vi} / {en}")
    return problems


def _wrong_mart(con: duckdb.DuckDBPyConnection, province: Province, mart: str, entry: dict[str, Any] | None) -> str:
    """What is wrong with one mart, in both languages; empty when nothing is."""
    path = province.parquet(mart)
    if entry is None:
        return "bản công bố chưa có bảng này, tỉnh cần nâng cấp / an older version without it, upgrade there"
    if not path.is_file():
        return "thiếu tệp / the file is missing"
    if path.stat().st_size != entry["parquet"]["bytes"] or sha256_of(path) != entry["parquet"]["sha256"]:
        return "không đúng tệp đã công bố (SHA-256 khác) / is not what was published (another SHA-256)"
    try:
        described = con.execute(f"describe select * from read_parquet({literal(path)})").fetchall()
    except duckdb.Error:
        return "tệp hỏng, không đọc được / the file is damaged and cannot be read"
    there = {str(name): str(kind).lower() for name, kind, *_ in described}
    expected = {column.name: column.type for column in catalogue.marts()[mart].columns.values()}
    differing = ", ".join(sorted(dict(there.items() ^ expected.items())))
    if differing:
        return f"cột khác bản phần mềm này: {differing} / columns differ from this release: {differing}"
    return ""


def _refused(place: str, vi: str, en: str) -> RollupRefusedError:
    return RollupRefusedError([f"{place}: {vi} / {place}: {en}"])
