"""The calendar that a warehouse adds to the frozen seeds: `calendar.csv`, append-only, one line per change
(timeliness §2).

Here: reading and checking the file, adding to it, and what one revision comes to. `warehouse.build` hands that to dbt;
which row of which calendar wins is decided in dbt_project/models/intermediate/int_calendar.sql and nowhere else.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

import duckdb

from pipelines.bilingual import joined
from pipelines.clock import wall_clock
from pipelines.config import Settings
from pipelines.layout import DBT_PROJECT

COLUMNS = ("revision", "date", "kind", "name", "scope", "source", "added_at")
OFF, WORK, DEFAULT = "off", "work", "default"
KINDS = (OFF, WORK, DEFAULT)
COUNTRY = "VN"
YEARS = range(2000, 2101)  # portal-exports §4

#: Between the version of the rules and the number of the calendar's revision.
MARK = "+lich."
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_DAY_FIRST = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})")

_TABLES = """
create schema if not exists state;
create or replace table state.calendar_overrides (
    revision integer, date date, kind varchar, name varchar, scope varchar
);
create table if not exists state.calendar_revisions (revision integer, sha256 varchar)
"""


class CalendarError(Exception):
    """The calendar cannot be used or changed as asked. The message says where and what to do."""


@dataclass(frozen=True)
class Change:
    """One line of calendar.csv. `line`: its number in the file, the heading is line 1."""

    revision: int
    day: date
    kind: str
    name: str
    scope: str
    source: str = ""
    added_at: str = ""
    line: int = 0


@dataclass(frozen=True)
class Revision:
    """What a build goes by: the number, and the rows in force at it, one per (day, scope). 0: the seeds alone."""

    number: int
    changes: tuple[Change, ...]
    sha256: str

    @property
    def mark(self) -> str:
        """What it adds to definitions_version: nothing when there are no local rows."""
        return f"{MARK}{self.number}" if self.number else ""


def read(settings: Settings) -> list[Change]:
    """Every line of the warehouse's calendar.csv in its order; none when there is no file.

    People may edit it. Raises CalendarError naming line, column and what to do for everything that is wrong.
    """
    path = settings.layout.calendar
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return []
    except UnicodeDecodeError:
        raise CalendarError(
            f"{path}: không phải UTF-8; hãy lưu lại dạng CSV UTF-8, hoặc khôi phục từ bản sao lưu, rồi `dunghan run`"
            f" / {path}: is not UTF-8; save it as CSV UTF-8, or restore it from the backup, then `dunghan run`"
        ) from None
    return parse(text, str(path))


def parse(text: str, name: str = "calendar.csv") -> list[Change]:
    """The lines of such a file. Raises CalendarError with every problem at once; `name` is how it calls the file."""
    reader = csv.reader(io.StringIO(text))
    heading = [cell.strip().lower() for cell in next(reader, [])]
    if tuple(heading) != COLUMNS:
        wanted = ",".join(COLUMNS)
        raise CalendarError(
            f"{name}, dòng 1: dòng đầu phải là: {wanted}; hãy sửa hoặc khôi phục từ bản sao lưu, rồi `dunghan run`"
            f" / {name}, line 1: the heading must be: {wanted}; correct it or restore the file, then `dunghan run`"
        )
    changes: list[Change] = []
    problems: list[str] = []
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        found, change = _line([cell.strip() for cell in cells], reader.line_num, changes)
        where = f"{name}, dòng {reader.line_num} / {name}, line {reader.line_num}"
        problems += [joined([where, problem], ", ") for problem in found]
        if change is not None:
            changes.append(change)
    if problems:
        raise CalendarError("Lịch có chỗ sai / the calendar has mistakes:\n" + "\n".join(f"  {p}" for p in problems))
    return changes


def revision(settings: Settings) -> Revision:
    """The revision a build of these settings goes by: `calendar_revision`, else the latest. Raises CalendarError."""
    return at_revision(read(settings), settings.calendar_revision)


def at_revision(changes: Sequence[Change], number: int | None = None) -> Revision:
    """What the changes come to at a revision (None: the latest): of each (day, scope) the last line, unless withdrawn.

    Raises CalendarError when there is no such revision.
    """
    latest = changes[-1].revision if changes else 0
    number = latest if number is None else number
    if not 0 <= number <= latest:
        raise CalendarError(
            f"Lịch không có bản sửa {number}, mới nhất là {latest} / "
            f"the calendar has no revision {number}, the latest is {latest}"
        )
    used = [change for change in changes if change.revision <= number]
    last = {(change.day, change.scope): change for change in used}
    kept = sorted((c for c in last.values() if c.kind != DEFAULT), key=lambda c: (c.day, c.scope))
    lines = "\n".join(f"{c.revision},{c.day},{c.kind},{c.name},{c.scope}" for c in used)
    return Revision(number, tuple(kept), hashlib.sha256(lines.encode()).hexdigest())


def require_kept(settings: Settings, published: str) -> None:
    """What readers see goes by a revision that is still there, unless an earlier one is asked for.

    published: their definitions_version. The build file remembers the same, but may be made afresh. Raises
    CalendarError.
    """
    used, there = revision_in(published), revision(settings).number
    if settings.calendar_revision is None and used > there:
        raise CalendarError(
            f"calendar.csv: bản sửa {used} đã dùng để công bố nhưng nay không còn; hãy khôi phục tệp từ bản sao lưu, "
            "rồi `dunghan run`\n"
            f"calendar.csv: revision {used} was used for what is published and is gone; restore the file from the "
            "backup, then `dunghan run`"
        )


def revision_in(definitions_version: str) -> int:
    """The revision that a definitions_version names (see `Revision.mark`); 0: the seeds alone."""
    return int(definitions_version.partition(MARK)[2] or 0)


def write_tables(con: duckdb.DuckDBPyConnection, chosen: Revision, changes: Sequence[Change]) -> None:
    """Write the rows that dbt reads (`state.calendar_overrides`), for the build that is about to begin.

    What a revision said is remembered: published figures name it. Raises CalendarError when a line of a revision that a
    build has used was changed since; a calendar is changed by adding lines.
    """
    con.execute(_TABLES)
    for number, sha256 in con.execute("select revision, sha256 from state.calendar_revisions order by 1").fetchall():
        if number > (changes[-1].revision if changes else 0) or at_revision(changes, number).sha256 != sha256:
            raise CalendarError(
                f"calendar.csv: bản sửa {number} đã dùng để công bố nhưng nay khác trước; "
                "hãy trả các dòng cũ về như cũ và thêm dòng mới (`dunghan calendar add`)\n"
                f"calendar.csv: revision {number} was used for a build and says something else now; "
                "put the old lines back and add new ones (`dunghan calendar add`)"
            )
    if chosen.number:
        con.execute("delete from state.calendar_revisions where revision = ?", [chosen.number])
        con.execute("insert into state.calendar_revisions values (?, ?)", [chosen.number, chosen.sha256])
    for change in chosen.changes:
        con.execute(
            "insert into state.calendar_overrides values (?, ?, ?, ?, ?)",
            [change.revision, change.day, change.kind, change.name, change.scope],
        )


def add(settings: Settings, change: Change) -> Change:
    """Append one line as the next revision, atomically; `change.revision` and `line` are given here.

    The caller holds the run lock. Raises CalendarError when the change or the file is wrong.
    """
    before = read(settings)
    numbered = planned(before, change)
    path = settings.layout.calendar
    path.parent.mkdir(parents=True, exist_ok=True)
    old = path.read_bytes().decode("utf-8-sig") if path.exists() else ",".join(COLUMNS) + "\n"
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(_cells(numbered))
    text = old + ("" if old.endswith("\n") else "\n") + line.getvalue()
    parse(text, str(path))
    half = path.with_name(f".{path.name}.{os.getpid()}")
    with half.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
    return read(settings)[-1]


def planned(changes: Sequence[Change], change: Change) -> Change:
    """The change as it would stand in the file: the next revision. Raises CalendarError when it is not a valid line."""
    number = (changes[-1].revision if changes else 0) + 1
    numbered = Change(
        number, change.day, change.kind, change.name.strip(), change.scope, change.source.strip(), change.added_at
    )
    problems, _ = _line(_cells(numbered), 0, list(changes))
    if problems:
        raise CalendarError("\n".join(problems))
    return numbered


def parse_day(text: str) -> date:
    """A day as people type it: 2026-09-04, 04/09/2026. Day first, as in portal-exports §4. Raises CalendarError."""
    try:
        found = _day(text.strip())
    except ValueError:
        found = None
    if found is None:
        raise CalendarError(
            f"{text!r}: ngày viết như 2026-09-04 hoặc 04/09/2026 / {text!r}: a day is written 2026-09-04 or 04/09/2026"
        )
    return found


@cache
def provinces() -> frozenset[str]:
    """The level-1 codes."""
    with (DBT_PROJECT / "seeds" / "provinces.csv").open(encoding="utf-8", newline="") as file:
        return frozenset(row["code"] for row in csv.DictReader(file))


def _line(cells: Sequence[str], line: int, before: Sequence[Change]) -> tuple[list[str], Change | None]:
    """What is wrong with the cells of a line that follows `before`, and the change they mean if nothing is."""
    if len(cells) != len(COLUMNS):
        return [
            f'có {len(cells)} cột, cần {len(COLUMNS)} (tên có dấu phẩy phải đặt trong "…") / '
            f'has {len(cells)} columns instead of {len(COLUMNS)} (put a name with a comma in "…")'
        ], None
    number, day, kind, name, scope, source, added_at = cells
    last = before[-1].revision if before else 0
    problems = []
    revision_ok = number.isascii() and number.isdigit() and int(number) in (max(last, 1), last + 1)
    if not revision_ok:
        problems.append(
            f"revision: {number!r}; cần {last + 1}; đếm từ 1, không lùi"
            f" / revision: {number!r}; needs {last + 1}; counted from 1, never back"
        )
    try:
        found = _day(day)
    except ValueError:
        found = None
    if found is None:
        problems.append(
            f"date: {day!r}; ngày có thật trong 2000-2100, viết như 2026-09-04 / "
            f"date: {day!r}; a real day of 2000-2100, written 2026-09-04"
        )
    if kind not in KINDS:
        problems.append(
            f"kind: {kind!r}; off (nghỉ), work (làm bù), default (bỏ dòng trước) / "
            f"kind: {kind!r}; off, work, or default (withdraws a line)"
        )
    if kind in (OFF, WORK) and not name:
        problems.append("name: phải nói lý do, ví dụ Nghỉ hoán đổi / name: say why")
    if scope != COUNTRY and scope not in provinces():
        problems.append(
            f"scope: {scope!r}; VN hoặc mã cấp 1 như H39 / scope: {scope!r}; VN or a level-1 code such as H39"
        )
    if problems or found is None:
        return problems, None
    change = Change(int(number), found, kind, name, scope, source, added_at, line)
    earlier = [c for c in before if (c.day, c.scope) == (found, scope)]
    if earlier and earlier[-1].revision == change.revision:
        return [
            f"date: {day} ({scope}) đã có trong bản sửa {number}"
            f" / date: {day} ({scope}) stands in revision {number} already"
        ], None
    if kind == DEFAULT and (not earlier or earlier[-1].kind == DEFAULT):
        return [f"kind: {day} ({scope}) không có dòng nào để bỏ / kind: {day} ({scope}) has no line to withdraw"], None
    return [], change


def _day(text: str) -> date | None:
    """None when the text is no day; ValueError when there is no such day."""
    if _ISO_DAY.fullmatch(text):
        found = date.fromisoformat(text)
    elif day_first := _DAY_FIRST.fullmatch(text):
        day, month, year = map(int, day_first.groups())
        found = date(year, month, day)
    else:
        return None
    return found if found.year in YEARS else None


def _cells(change: Change) -> list[str]:
    return [
        str(change.revision),
        change.day.isoformat(),
        change.kind,
        change.name,
        change.scope,
        change.source,
        change.added_at or wall_clock().isoformat(),
    ]
