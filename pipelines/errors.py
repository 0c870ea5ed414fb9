"""What may be shown of an error: what is wrong with disk or files in one sentence with the command, our own message, a
masked foreign one, and where it happened. Never a value of a row.

Messages of libraries may hold what they choke on (portal-exports §7); those of this project hold no personal data.
"""

from __future__ import annotations

import errno
import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.layout import REPOSITORY
from pipelines.masking import masked_foreign

MESSAGE_LENGTH = 2000

_OWN_PACKAGES = ("pipelines", "expectations", "warehouse")


@dataclass(frozen=True)
class Fault:
    """Something wrong with the machine or with a file of ours, however a library words it.

    numbers: of an OSError. words: what libraries that raise something else say. text: Vietnamese / English.
    """

    numbers: frozenset[int]
    words: re.Pattern[str]
    text: str


DISK_FULL = Fault(
    frozenset({errno.ENOSPC, errno.EDQUOT}),
    re.compile(r"No space left on device|disk is full|Disk quota exceeded|\bErrno 28\b|failed to offload data block"),
    "ổ đĩa đầy: hãy dọn chỗ (`dunghan doctor` nói cần bao nhiêu), rồi chạy lại `dunghan run`"
    " / the disk is full: make room (`dunghan doctor` says how much), then `dunghan run` again",
)
NOT_ALLOWED = Fault(
    frozenset({errno.EACCES, errno.EPERM, errno.EROFS}),
    re.compile(r"Permission denied|Read-only file system|readonly database"),
    "không có quyền ghi hoặc đọc trong kho: hãy cấp quyền cho người chạy (`dunghan doctor`), rồi `dunghan run`"
    " / no right to write or read in the warehouse: give it to who runs this (`dunghan doctor`), then `dunghan run`",
)
DISK_BROKEN = Fault(
    frozenset({errno.EIO}),
    re.compile(r"Input/output error|disk I/O error"),
    "ổ đĩa báo lỗi đọc ghi: hãy kiểm tra hoặc thay ổ đĩa, rồi `dunghan doctor --deep`"
    " / the disk reports read or write errors: check or replace it, then `dunghan doctor --deep`",
)
DAMAGED_DUCKDB = Fault(
    frozenset(),
    re.compile(
        r"Corrupt (?:database|WAL)|not a valid DuckDB|[Cc]hecksum .*does not match|replaying WAL"
        r"|Failed to (?:read|load) .*block|SerializationException|Serialization Error|database has been invalidated"
        r"|INTERNAL Error|could not read enough bytes|Could not read .*(?:header|bytes)"
    ),
    "một tệp DuckDB bị hỏng: `dunghan doctor --deep` cho biết tệp nào và phải làm gì"
    " / a DuckDB file is damaged: `dunghan doctor --deep` says which and what to do",
)
DAMAGED_PARQUET = Fault(
    frozenset(),
    re.compile(r"magic bytes|too small to be a Parquet file|TProtocol|(?i:zstd|snappy) .*(?:fail|corrupt)"),
    "một tệp Parquet bị hỏng: `dunghan doctor --deep` cho biết tệp nào và phải làm gì"
    " / a Parquet file is damaged: `dunghan doctor --deep` says which and what to do",
)
DAMAGED_SQLITE = Fault(
    frozenset(),
    re.compile(r"disk image is malformed|file is not a database|no such table|unsupported file format"),
    "sổ ghi của Dagster bị hỏng; số liệu không dựa vào nó: `dunghan run` để nó sang bên và ghi sổ mới"
    " / Dagster's storage is damaged; no figure depends on it: `dunghan run` puts it aside and begins another",
)
FAULTS = (DISK_FULL, NOT_ALLOWED, DISK_BROKEN, DAMAGED_SQLITE, DAMAGED_DUCKDB, DAMAGED_PARQUET)


def chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from, as Python would print them."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def fault_of(error: BaseException) -> Fault | None:
    """What is wrong with disk or files, when the error or what it came from is such a one.

    An error of our own says it better itself, unless its class has `repeats`: then what it came from tells more.
    """
    if is_own(error) and not getattr(error, "repeats", False):
        return None
    links = list(chain(error))
    for fault in FAULTS:
        for link in links:
            if isinstance(link, OSError) and link.errno in fault.numbers:
                return fault
            if not isinstance(link, FileNotFoundError) and _says(link, fault):
                return fault
    return None


def _says(error: BaseException, fault: Fault) -> bool:
    """Does a library say so? Of our own errors only those that repeat what somebody else said."""
    foreign = not is_own(error) or getattr(error, "repeats", False)
    return foreign and fault.words.search(f"{type(error).__name__}: {error}") is not None


def is_own(error: BaseException) -> bool:
    """Whether the error is one of ours, whose message says what happened and what to do."""
    return type(error).__module__.partition(".")[0] in _OWN_PACKAGES


def safe_text(error: BaseException) -> str:
    """What is wrong with disk or files, else the message, masked unless it is one of our own."""
    fault = fault_of(error)
    if fault is not None:
        return fault.text
    text = str(error) or type(error).__name__
    if not is_own(error):
        text = f"{type(error).__name__}: {masked_foreign(text)}"
    return text if len(text) <= MESSAGE_LENGTH else text[:MESSAGE_LENGTH] + " …"


def places(error: BaseException) -> list[str]:
    """Where it happened, outermost first: our own lines, then the innermost foreign one. No source text, no values."""
    frames = traceback.extract_tb(error.__traceback__)
    root = f"{REPOSITORY}/"
    own = [frame for frame in frames if frame.filename.startswith(root) and "site-packages" not in frame.filename]
    shown = [*own, frames[-1]] if frames and frames[-1] not in own else own
    return [f"{frame.filename.removeprefix(root)}:{frame.lineno} {frame.name}" for frame in shown]


def kind_and_place(error: BaseException) -> str:
    """Type of an error and its innermost line, for a remark on a file."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} {frames[-1].name}:{frames[-1].lineno}" if frames else type(error).__name__
