"""What lies in the drop zone and is new (portal-exports §1): place, fingerprint, export moment. Reads bytes only to
hash them."""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import re
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, NamedTuple

import fsspec
from fsspec.core import url_to_fs

from pipelines.clock import to_local
from pipelines.config import Settings
from pipelines.contract import KINDS
from pipelines.masking import has_person, masked
from pipelines.portal.privacy import load_key

log = logging.getLogger("dunghan.discovery")

UNKNOWN = "unknown"
#: Outcome of a path that could not be opened and is no longer there: nothing more is to be said of it.
GONE = "gone"
_NOT_REGULAR = "không phải tệp thường, không mở / not a regular file, not opened"
#: Key of a listing's entry: why it must not be opened.
_PROBLEM = "dunghan_problem"
_CHUNK = 4 * 1024 * 1024
_SOURCE = re.compile(r"[a-z0-9_]+")
_STAMP = re.compile(r"(20\d{6})(?:[T_-](\d{6}|\d{4})(?!\d))?")
_TEMPORARY = (".part", ".tmp", ".crdownload", ".filepart", ".swp", "~")


#: First and last day of exported_at, both included.
Days = tuple[date, date]


class DropZoneError(Exception):
    """The drop zone cannot be listed. The message says which one and what to do."""


class NotAFileError(OSError):
    """What was named is a pipe, a socket, a device or a folder: opening it could wait for ever."""

    def __init__(self, path: Path) -> None:
        super().__init__(errno.EINVAL, _NOT_REGULAR, str(path))

    def __str__(self) -> str:
        return f"{self.filename}: {self.strerror}"


@dataclass(frozen=True)
class ExportFile:
    """One new observation of a file.

    path: where fsspec opens it; file_path: relative to the drop zone. mtime and exported_at are local wall clock.
    sha256 is None when the file could not be read. outcome: `new` (to be read), `duplicate`, `unreadable` (then detail
    says why), `gone`.
    """

    fs: fsspec.AbstractFileSystem
    path: str
    file_path: str
    source: str
    kind: str
    size: int
    mtime: datetime
    exported_at: datetime
    exported_at_from: str
    sha256: str | None = None
    outcome: str = "new"
    detail: str | None = None

    @property
    def file_name(self) -> str:
        return PurePosixPath(self.file_path).name

    def open(self) -> BinaryIO:
        """The raw bytes. Raises OSError."""
        return self.fs.open(self.path, "rb")

    def changed(self) -> bool:
        """Is the file no longer the one that was fingerprinted (still being written, replaced, gone)?"""
        try:
            self.fs.invalidate_cache()
            info = self.fs.info(self.path)
        except OSError:
            return True
        return (int(info["size"] or 0), _mtime(info)) != (self.size, self.mtime)


class Unopened(NamedTuple):
    """The latest observation of a path, when it could not be opened. Moments: local wall clock."""

    source: str
    kind: str
    size: int
    mtime: datetime
    exported_at: datetime
    exported_at_from: str


@dataclass(frozen=True)
class Known:
    """What the lake knows already.

    observations: (file_path, size, mtime) of files that were hashed; contents: (source, kind, sha256) landed;
    complaints: (file_path, detail) of paths whose latest observation could not be hashed, to be told once. unopened:
    file_path → that observation, also of what went wrong while it was read, to be taken back when the path is gone.
    """

    observations: frozenset[tuple[str, int, datetime]] = frozenset()
    contents: frozenset[tuple[str, str, str]] = frozenset()
    complaints: frozenset[tuple[str, str | None]] = frozenset()
    unopened: Mapping[str, Unopened] = field(default_factory=dict)

    def has(self, file: ExportFile) -> bool:
        """Nothing about the file is news: it was hashed before, or the same was said of its path."""
        if file.outcome == GONE:
            return file.file_path not in self.unopened
        if (file.file_path, file.size, file.mtime) in self.observations:
            return True
        return file.sha256 is None and (file.file_path, file.detail) in self.complaints


def discover(settings: Settings, known: Known | None = None, days: Days | None = None) -> list[ExportFile]:
    """New observations in the drop zone, in (exported_at, file_path) order; what was seen before costs one listing
    entry.

    A content that is known, or comes earlier in the same list, is a `duplicate`; a file at a place where it cannot be
    understood, or that cannot be opened, is `unreadable`. What is no file of this drop zone (a link out of it, a pipe,
    a name that is no UTF-8) is `unreadable` too and never opened. What could not be opened before and is no longer
    there is `gone`. Hidden and temporary files, files changed less than
    `settle_seconds` ago or while they were hashed, are left for later. days: only files exported on these days, first
    and last included. Raises DropZoneError when the drop zone is not there.
    """
    known = known or Known()
    observations = []
    for seen, is_file in _unseen(settings, known, days):
        file = _fingerprint(seen) if is_file else seen
        if file.sha256 is not None and file.changed():
            log.info("%s: đang được ghi, để lại lần sau / being written, left for the next run", file.file_path)
            continue
        observations.append(file)
    return new_files(sorted(observations, key=lambda f: (f.exported_at, f.file_path)), known)


def unseen(settings: Settings, known: Known, days: Days | None = None) -> list[ExportFile]:
    """What `discover` would look at, without opening any file: fast, but a duplicate is not told from a new file, and
    what cannot be opened is looked at every time."""
    return [file for file, is_file in _unseen(settings, known, days) if is_file or not known.has(file)]


def _unseen(settings: Settings, known: Known, days: Days | None) -> Iterator[tuple[ExportFile, bool]]:
    """(observation without fingerprint, is it a file that may be opened) of what is new and settled, or gone."""
    fs, root = _open_root(settings.drop_zone)
    youngest = _local(time.time()) - timedelta(seconds=settings.settle_seconds)
    listed = set()
    digest = _Digest(settings)
    for info in _listing(fs, root):
        file = _observed(fs, info["name"][len(root) :].lstrip("/"), info, digest)
        listed.add(file.file_path)
        if (file.file_path, file.size, file.mtime) in known.observations:
            continue
        if days is not None and not days[0] <= file.exported_at.date() <= days[1]:
            continue
        if settings.settle_seconds and file.mtime > youngest:
            log.info("%s: còn đang được ghi, để lại lần sau / still settling, left for the next run", file.file_path)
            continue
        yield file, not info.get(_PROBLEM)
    for path, last in known.unopened.items():
        if path not in listed and (days is None or days[0] <= last.exported_at.date() <= days[1]):
            yield ExportFile(fs, f"{root}/{path}", path, **last._asdict(), outcome=GONE), False


def single(path: Path, source: str, kind: str) -> ExportFile:
    """A file anywhere on this machine, as if it lay in the drop zone; without a fingerprint. Raises OSError, which
    is NotAFileError for a pipe and the like."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise NotAFileError(path)
    info = _stat(path) | {"name": str(path.resolve())}
    return _observed(fsspec.filesystem("file"), f"{source}/{kind}/{path.name}", info, lambda _: "")


def exported_at(file_name: str, mtime: datetime) -> tuple[datetime, str]:
    """Export moment of a file (portal-exports §1) and where it comes from (`name` or `mtime`).

    The first `20yyMMdd` that is a real date, with `HHmm[ss]` after an optional T, _ or -; a date alone means 23:59:59.
    Digits after the date that are no time of day are not one: the date alone counts.
    """
    for start in range(len(file_name)):
        found = _STAMP.match(file_name, start)
        day = _parse(found.group(1), "%Y%m%d") if found else None
        if found is None or day is None:
            continue
        clock = (found.group(2) or "").ljust(6, "0")
        moment = _parse(found.group(1) + clock, "%Y%m%d%H%M%S") if found.group(2) else None
        return moment or day + timedelta(hours=23, minutes=59, seconds=59), "name"
    return mtime.replace(microsecond=0), "mtime"


def _parse(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form)
    except ValueError:
        return None


def _open_root(url: str) -> tuple[fsspec.AbstractFileSystem, str]:
    try:
        fs, root = url_to_fs(url)
        there = fs.isdir(root)
    except (OSError, ValueError, ImportError) as error:
        raise DropZoneError(
            f"DUNGHAN_DROP_ZONE {url}: không mở được ({type(error).__name__})"
            f" / DUNGHAN_DROP_ZONE {url}: cannot be opened ({type(error).__name__})"
        ) from error
    if not there:
        raise DropZoneError(
            f"DUNGHAN_DROP_ZONE {url}: không có thư mục này, hãy tạo hoặc sửa cấu hình"
            f" / DUNGHAN_DROP_ZONE {url}: there is no such folder, create it or mend the configuration"
        )
    return fs, str(root).rstrip("/")


def _listing(fs: fsspec.AbstractFileSystem, root: str) -> Iterator[dict[str, Any]]:
    """Files below root. A link is followed to a file inside the drop zone, never out of it; what must not be opened
    comes with the reason under `_PROBLEM`, and with the size and time of the entry itself."""
    fs.invalidate_cache()
    options: dict[str, Any] = {"on_error": _report_folder} if "file" in _protocols(fs) else {}
    inside = os.path.realpath(root) if options else root
    for path, entry in sorted(fs.find(root, detail=True, **options).items()):
        relative = path[len(root) :].lstrip("/")
        if any(_is_hidden(part) for part in relative.split("/")):
            continue
        yield entry | _examined(path, entry, inside) | {"name": path}


def _examined(path: str, entry: dict[str, Any], inside: str) -> dict[str, Any]:
    """What is to be said of an entry besides what the listing says."""
    if _shown(path) != path:
        problem = "tên tệp không phải UTF-8, hãy đổi tên / the file name is not UTF-8, rename it"
    elif entry.get("islink"):
        target = Path(os.path.realpath(path))
        if str(target).startswith(inside + os.sep) and target.is_file():
            return _stat(target)
        problem = (
            "liên kết ra ngoài vùng nhận hoặc không tới tệp nào, không mở"
            " / a link out of the drop zone or to no file, not opened"
        )
    elif entry["type"] != "file":
        problem = _NOT_REGULAR
    else:
        return {}
    return {_PROBLEM: problem} | (_stat(Path(path), follow_links=False) if "islink" in entry else {})


def _shown(path: str) -> str:
    """The path as text that can be stored: bytes of a name that are no UTF-8 become `\\xNN`."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _protocols(fs: fsspec.AbstractFileSystem) -> tuple[str, ...]:
    return (fs.protocol,) if isinstance(fs.protocol, str) else tuple(fs.protocol)


def _report_folder(error: OSError) -> None:
    log.error("%s: không mở được thư mục / cannot open the folder (%s)", masked(str(error.filename)), error.strerror)


def _stat(path: Path, *, follow_links: bool = True) -> dict[str, Any]:
    status = path.stat(follow_symlinks=follow_links)
    return {"size": status.st_size, "mtime": status.st_mtime}


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "~$")) or name.lower().endswith(_TEMPORARY)


def _local(epoch: float) -> datetime:
    return to_local(datetime.fromtimestamp(epoch, UTC))


def _mtime(info: dict[str, Any]) -> datetime:
    """Modification time in local wall clock, from whatever the file system calls it."""
    for name in ("mtime", "LastModified", "last_modified", "modified", "updated", "created"):
        value = info.get(name)
        if isinstance(value, datetime):
            return to_local(value)
        if isinstance(value, int | float):
            return _local(value)
    return datetime(1970, 1, 1)


class _Digest:
    """Ten digits of the HMAC of a name; the key is only looked for when the first name needs one."""

    def __init__(self, settings: Settings) -> None:
        self._key = cache(lambda: load_key(settings))

    def __call__(self, name: str) -> str:
        return f"~{self._key().of_text(name)[:10]}"


def _without_people(relative: str, digest: Callable[[str], str]) -> str:
    """The path, with what looks like a person's name or number in a part of it masked (portal-exports §7); the digest
    behind keeps two such names apart. Folder and SHA-256 lead to the file."""
    return "/".join(_masked_part(part, digest) if has_person(part) else part for part in relative.split("/"))


def _masked_part(part: str, digest: Callable[[str], str]) -> str:
    stem, dot, suffix = masked(part).partition(".")
    return f"{stem}{digest(part)}{dot}{suffix}"


def _observed(
    fs: fsspec.AbstractFileSystem, place: str, info: dict[str, Any], digest: Callable[[str], str]
) -> ExportFile:
    """The file that the listing tells of. place: its path relative to the drop zone."""
    written = _shown(place)
    relative = _without_people(written, digest)
    source, kind, misplaced = _place(relative)
    problem = info.get(_PROBLEM) or misplaced
    mtime = _mtime(info)
    moment, origin = exported_at(PurePosixPath(written).name, mtime)
    return ExportFile(
        fs=fs,
        path=info["name"],
        file_path=relative,
        source=source,
        kind=kind,
        size=int(info["size"] or 0),
        mtime=mtime,
        exported_at=moment,
        exported_at_from=origin,
        outcome="unreadable" if problem else "new",
        detail=problem,
    )


def _place(relative: str) -> tuple[str, str, str | None]:
    """(source, kind, what is wrong with the place) of a path relative to the drop zone."""
    parts = relative.split("/")
    source = parts[0] if len(parts) > 1 else UNKNOWN
    kind = parts[1] if len(parts) > 2 else UNKNOWN
    where = f"<source>/<{'|'.join(KINDS)}>/…"
    if len(parts) < 3:
        return source, kind, f"nằm sai chỗ, phải ở {where} / in the wrong place, it belongs in {where}"
    if not _SOURCE.fullmatch(source):
        return (
            source,
            kind,
            (
                "tên nguồn chỉ gồm a-z, 0-9, _ và không phải tên hay số của một người"
                " / a source is named with a-z, 0-9, _ only and not after a person"
            ),
        )
    if kind not in KINDS:
        short = kind[:40]
        problem = f"không có loại '{short}', phải ở {where} / there is no kind '{short}', it belongs in {where}"
        return source, kind, problem
    return source, kind, None


def _fingerprint(file: ExportFile) -> ExportFile:
    """The file with its SHA-256; `unreadable` without one when it cannot be opened, to be tried again next time."""
    digest = hashlib.sha256()
    try:
        with file.open() as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        why = error.strerror or type(error).__name__
        detail = f"không đọc được tệp ({why}), sẽ thử lại / cannot read the file ({why}), will try again"
        return replace(file, outcome="unreadable", detail=detail)
    return replace(file, sha256=digest.hexdigest())


def new_files(files: Iterable[ExportFile], known: Known) -> list[ExportFile]:
    """What the lake does not know yet of `files`, in their order. The one place that decides what is known and what is
    a duplicate: of every (source, kind, sha256) only the first that the lake does not hold is new (or unreadable),
    whatever the files were marked before, for a part of a listing may be landed alone.
    """
    found = []
    seen = set(known.contents)
    for file in files:
        if known.has(file):
            continue
        identity = (file.source, file.kind, file.sha256 or "")
        if file.outcome == GONE:
            outcome = GONE
        elif file.sha256 is None or identity not in seen:
            outcome = "unreadable" if file.detail else "new"
        else:
            outcome = "duplicate"
        seen.add(identity)
        found.append(file if file.outcome == outcome else replace(file, outcome=outcome))
    return found
