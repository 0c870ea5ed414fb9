"""calendar.csv of a warehouse: reading, checking, adding, revisions, and what a build makes of it."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from pipelines.config import Settings
from tests.support.small_build import AS_OF, green_nightly_run, settings_in, validate
from warehouse import calendar
from warehouse.build import BuildError, definitions_version, plan_build
from warehouse.calendar import CalendarError, Change
from warehouse.database import connect_build
from warehouse.lock import run_lock

HEADING = ",".join(calendar.COLUMNS)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


def text(*lines: str) -> str:
    return "\n".join((HEADING, *lines)) + "\n"


def added(settings: Settings, day: date, kind: str, name: str = "Nghỉ hoán đổi", scope: str = "VN") -> Change:
    with run_lock(settings):
        return calendar.add(settings, Change(0, day, kind, name, scope, "Công văn 1"))


def test_without_a_file_the_seeds_count(settings: Settings) -> None:
    assert calendar.read(settings) == []
    assert (calendar.revision(settings).number, calendar.revision(settings).mark) == (0, "")


def test_lines_are_appended_and_the_last_word_counts(settings: Settings) -> None:
    first = added(settings, date(2026, 9, 4), "off", 'Nghỉ, "hoán đổi"')
    added(settings, date(2026, 9, 5), "work", scope="H39")
    before = settings.layout.calendar.read_text(encoding="utf-8")
    added(settings, date(2026, 9, 4), "default", "")
    assert settings.layout.calendar.read_text(encoding="utf-8").startswith(before)
    assert (first.revision, first.line, first.name) == (1, 2, 'Nghỉ, "hoán đổi"')
    changes = calendar.read(settings)
    assert [(c.revision, c.kind, c.source) for c in changes] == [
        (1, "off", "Công văn 1"),
        (2, "work", "Công văn 1"),
        (3, "default", "Công văn 1"),
    ]
    assert all(datetime.fromisoformat(c.added_at) for c in changes)
    in_force = [{(c.day.day, c.kind, c.scope) for c in calendar.at_revision(changes, n).changes} for n in range(4)]
    assert in_force == [set(), {(4, "off", "VN")}, {(4, "off", "VN"), (5, "work", "H39")}, {(5, "work", "H39")}]


def test_one_revision_may_be_several_lines_by_hand() -> None:
    """A swap is one decision about two days; Excel adds a mark at the beginning and writes days its own way."""
    changes = calendar.parse(text("1,2026-09-04,off,Hoán đổi,VN,,", "", "1,12/9/2026,work,Làm bù,VN,,"))
    assert [(c.revision, c.day, c.line) for c in changes] == [(1, date(2026, 9, 4), 2), (1, date(2026, 9, 12), 4)]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("1,2026-09-04,off,Nghỉ,VN", "5 cột"),
        ("2,2026-09-04,off,Nghỉ,VN,,", "revision: '2'"),
        ("x,2026-09-04,off,Nghỉ,VN,,", "revision: 'x'"),
        ("1,2026-02-30,off,Nghỉ,VN,,", "date: '2026-02-30'"),
        ("1,1999-12-31,off,Nghỉ,VN,,", "date: '1999-12-31'"),
        ("1,2026-09-04,nghỉ,Nghỉ,VN,,", "kind: 'nghỉ'"),
        ("1,2026-09-04,off,,VN,,", "name:"),
        ("1,2026-09-04,off,Nghỉ,H39.18,,", "scope: 'H39.18'"),
        ("1,2026-09-04,default,,VN,,", "không có dòng nào để bỏ"),
    ],
)
def test_mistakes_are_named_with_their_line(line: str, told: str) -> None:
    with pytest.raises(CalendarError) as error:
        calendar.parse(text(line), "calendar.csv")
    assert "calendar.csv, dòng 2, " in str(error.value)
    assert told in str(error.value)


def test_every_mistake_at_once_and_the_heading() -> None:
    with pytest.raises(CalendarError) as error:
        calendar.parse(text("1,2026-09-04,off,Nghỉ,VN,,", "1,2026-09-04,work,Làm,VN,,", "0,x,y,,Z,,"))
    lines = str(error.value).splitlines()
    assert [line.split("line ")[1][0] for line in lines[1:]] == ["3", *"4444"]
    with pytest.raises(CalendarError, match="line 1"):
        calendar.parse("revision;date;kind\n")


def test_a_wrong_line_is_never_written(settings: Settings) -> None:
    added(settings, date(2026, 9, 4), "off")
    before = settings.layout.calendar.read_bytes()
    for change in (Change(0, date(2026, 9, 4), "off", "", "VN"), Change(0, date(2026, 9, 5), "default", "", "VN")):
        with pytest.raises(CalendarError), run_lock(settings):
            calendar.add(settings, change)
    assert settings.layout.calendar.read_bytes() == before
    assert [p.name for p in settings.layout.root.glob("*calendar*")] == ["calendar.csv"]


def test_a_new_revision_is_a_full_refresh_under_a_version_of_its_own(settings: Settings) -> None:
    nightly_run = green_nightly_run(settings, 1)
    assert nightly_run.definitions_version == definitions_version()
    added(settings, date(2026, 9, 4), "off")
    plan = plan_build(settings)
    assert (plan.full_refresh, plan.definitions_version) == (True, f"{definitions_version()}+lich.1")
    with connect_build(settings) as con:
        rows = con.execute("from state.calendar_overrides").fetchall()
        told = con.execute("select definitions_version from state.clock").fetchone()
    assert rows == [(1, date(2026, 9, 4), "off", "Nghỉ hoán đổi", "VN")]
    assert told == (plan.definitions_version,)
    earlier = plan_build(settings.model_copy(update={"calendar_revision": 0}))
    assert (earlier.definitions_version, earlier.fingerprint) == (
        nightly_run.definitions_version,
        nightly_run.fingerprint,
    )


def test_a_used_revision_cannot_be_rewritten(settings: Settings) -> None:
    validate(settings, (AS_OF.isoformat(), "loaded"))
    added(settings, date(2026, 9, 4), "off")
    plan_build(settings)
    path = settings.layout.calendar
    path.write_text(path.read_text(encoding="utf-8").replace("2026-09-04", "2026-09-03"), encoding="utf-8")
    with pytest.raises(CalendarError, match="1"):
        plan_build(settings)
    path.unlink()
    with pytest.raises(CalendarError):
        plan_build(settings)
    with connect_build(settings) as con:
        assert con.execute("select count(*) from state.builds").fetchone() == (1,), "no build began"


def test_an_unknown_revision_is_refused(settings: Settings) -> None:
    validate(settings, (AS_OF.isoformat(), "loaded"))
    with pytest.raises((BuildError, CalendarError), match="3"):
        plan_build(settings.model_copy(update={"calendar_revision": 3}))
