"""`dunghan explain` on warehouses landed and validated for real: the verdicts of the marts, and nothing but public
facts.

The build is left out: what dbt would have built is what the tests hold the pages against (worked examples, oracle).
"""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import astuple
from datetime import date, datetime
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest

from expectations.validation import validate
from pipelines.cli.explain_page import explanation
from pipelines.cli.output import Screen
from pipelines.config import Settings, load_settings
from pipelines.explain import Explanation, explain, explain_each
from pipelines.explain.story import Page, Step
from pipelines.landing.lake import Lake
from pipelines.landing.pipeline import land
from pipelines.portal.discovery import discover
from tests.oracle import drop_zone, random_exports
from tests.oracle.comparison import OVERRIDES
from tests.oracle.timeliness import Oracle
from tests.oracle.working_days import WorkCalendar
from tests.oracle.working_hours import steps
from warehouse.build import plan_build, record_green
from warehouse.compiled import compiled_models
from warehouse.database import connect_build
from warehouse.publish import publish
from warehouse.reading import NothingPublishedError

pytestmark = pytest.mark.integration

EXAMPLES = Path(__file__).parents[1] / "data" / "worked_examples"
SECOND = EXAMPLES.with_name("worked_examples_2")
KEY = "only-for-the-tests"
#: In the examples: nobody sent it; it lacks its reception.
BY_NAME = "TIEPNHAN/77"
UNKNOWN, REJECTED = "H39.18.25-240304-0009", "H39.18.25-240304-0033"
PERSONAL = ("ChuHoSo", "SoGiayToChuHoSo", "NguoiXuLy", "SoDienThoai", "Email", "TrichYeuHoSo")
HEAVY = ("dagster", "dlt", "dbt", "great_expectations", "pandas", "sqlalchemy")


def warehouse_of(inbox: Path, folder: Path) -> Settings:
    """Landed, validated, and published with the marts that explain reads: the ledger, and the codes to be near to."""
    settings = load_settings(drop_zone=str(inbox), warehouse=folder, threads=2, privacy_key=KEY)
    settings.layout.create()
    land(settings, discover(settings, Lake(settings).known()))
    assert not validate(settings).failed
    plan = plan_build(settings)
    with connect_build(settings) as con:
        con.execute("create schema marts; create table marts.mart_load_ledger as from validated.files")
        con.execute("create table marts.fct_dossiers as select distinct source, dossier_code from validated.dossiers")
    record_green(settings, plan)
    publish(settings, plan)
    return settings


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The worked examples, and of a second system an archive with two members and a catalogue of agencies."""
    folder = tmp_path_factory.mktemp("examples")
    shutil.copytree(EXAMPLES / "inbox", folder / "inbox")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        for member, codes in (("xa.json", ("0001", "0002")), ("huyen.json", ("0003",))):
            packed.writestr(member, json.dumps([pending(f"H39.18.25-240304-{n}") for n in codes]))
    catalogue = [
        {"MaDonVi": "H39.18.25", "TenDonVi": "UBND xã Tân Tập"},
        {"MaDonVi": "H39.18.26", "TenDonVi": "Xã Khác"},
    ]
    files = {
        "dossiers/goi_20240602T060000.zip": archive.getvalue(),
        "dossiers/le_20240602T070000.json": json.dumps([pending(BY_NAME, DonViXuLy="UBND xã Tân Tập")]).encode(),
        "agencies/donvi_20240101.json": json.dumps(catalogue).encode(),
    }
    for name, content in files.items():
        place = folder / "inbox" / "motcua" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    settings = warehouse_of(folder / "inbox", folder / "warehouse")
    compiled_models(settings)
    return settings


def pending(code: str, **more: str) -> dict[str, str]:
    return {"MaHoSo": code, "NgayTiepNhan": "20240304083000", "TrangThaiHoSo": "4", **more}


def at(settings: Settings, as_of: str | datetime, known_at: str | datetime | None = None) -> Settings:
    moments = [datetime.fromisoformat(m) if isinstance(m, str) and m else m or None for m in (as_of, known_at)]
    return settings.model_copy(update=dict(zip(("as_of", "known_at"), moments, strict=True)))


def printed(found: Explanation, lang: str, capsys: pytest.CaptureFixture[str]) -> str:
    """The page as a terminal shows it, lines joined."""
    explanation(Screen(lang), found)
    return capsys.readouterr().out


def expected_rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "expected_verdicts.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


CODES = sorted({row["dossier_code"] for row in expected_rows(EXAMPLES)})
PAIRS = sorted({(row["as_of"], row["known_at"]) for row in expected_rows(EXAMPLES)})


def as_told(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else "" if value is None else str(value)


@pytest.mark.parametrize("pair", PAIRS)
def test_the_verdicts_are_those_of_the_worked_examples(examples: Settings, pair: tuple[str, str]) -> None:
    hold_verdicts(examples, EXAMPLES, pair)


@pytest.fixture(scope="module")
def second_examples(examples: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = warehouse_of(SECOND / "inbox", tmp_path_factory.mktemp("second"))
    take_compiled(examples, settings)
    return settings


@pytest.mark.parametrize("pair", sorted({(row["as_of"], row["known_at"]) for row in expected_rows(SECOND)}))
def test_the_verdicts_are_those_of_the_second_examples(second_examples: Settings, pair: tuple[str, str]) -> None:
    hold_verdicts(second_examples, SECOND, pair)


def of_second(settings: Settings, number: int, moment: str = "2024-04-30T23:59:59") -> Page:
    (page,) = explain(at(settings, moment), f"H39.18.25-240304-{number:04}").pages
    return page


def test_a_promise_and_what_moved_it(second_examples: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """Re-appointed twice; moved for an answered supplement; a round that tells both dates; never moved."""
    twice, supplied, told, still = (of_second(second_examples, n).promise for n in (103, 104, 107, 105))
    assert twice
    assert (twice.first, twice.promised_at, twice.reappointments) == (*[datetime(2024, 3, 15, 17)] * 2, 2)
    assert [(move.due_at.day, move.later, move.justified) for move in twice.moves] == [
        (22, True, False),
        (5, True, False),
    ]
    assert supplied
    assert (supplied.first, supplied.promised_at) == (datetime(2024, 3, 15, 17), datetime(2024, 3, 21, 17))
    assert [(move.justified, move.answered_at) for move in supplied.moves] == [(True, datetime(2024, 3, 12, 9))]
    assert told
    assert (told.first, told.promised_at, told.reappointments) == (
        datetime(2024, 3, 18, 17),
        datetime(2024, 3, 29, 17),
        0,
    )
    assert still
    assert (still.first, still.moves) == (still.promised_at, [])
    page = printed(explain(second_examples, "H39.18.25-240304-0103"), "vi", capsys)
    assert "hẹn lại, không do công dân bổ sung giấy tờ" in page
    assert "số lần hẹn lại: 2" in page


def test_what_the_office_must_do_next(second_examples: Settings) -> None:
    """By state, and never to hand over what was handed over on a day that nobody told."""

    def duties(number: int, moment: str) -> list[tuple[str, date | None]]:
        return [(duty.id, duty.by) for duty in of_second(second_examples, number, moment).duties]

    end = "2024-04-30T23:59:59"
    assert duties(103, end) == [("hand_over", None)]
    assert duties(105, end) == []
    assert duties(109, end) == [("settle_now", None), ("apologise_now", None)]
    assert duties(110, end) == [("accept", None)]
    assert duties(103, "2024-04-02T12:00:00") == [
        ("settle", date(2024, 4, 5)),
        ("apologise", date(2024, 4, 4)),
    ]
    assert duties(103, "2024-04-03T12:00:00")[1] == ("apologise", date(2024, 4, 4))
    assert duties(109, "2024-04-01T12:00:00") == [("settle", date(2024, 4, 1)), ("apologise_late", None)]


def take_compiled(made: Settings, settings: Settings) -> None:
    """What dbt compiled for one warehouse is the same for another, and takes a minute."""
    for file in made.layout.dbt_target.glob("compiled-*.json"):
        shutil.copy2(file, settings.layout.dbt_target)


def hold_verdicts(settings: Settings, folder: Path, pair: tuple[str, str]) -> None:
    """Every expected row at the pair, and no other; sentences and counted days say the same as the columns."""
    rows = expected_rows(folder)
    columns = [name for name in rows[0] if name not in ("as_of", "known_at", "note")]
    expected = {
        (row["dossier_code"], row["rule_set"]): tuple(row[c] for c in columns[2:])
        for row in rows
        if (row["as_of"], row["known_at"]) == pair
    }
    actual = {}
    codes = sorted({row["dossier_code"] for row in rows})
    for found in explain_each(at(settings, *pair), codes, source="dvcqg"):
        for page in found.pages:
            for verdict in page.verdicts:
                told = {**vars(verdict), "state": page.head and page.head["state"]}
                actual[found.dossier_code, verdict.rule_set] = tuple(as_told(told[c]) for c in columns[2:])
                days = verdict.overdue_days
                assert (days.working_days if days else 0) == verdict.working_days_overdue
                assert (days.calendar_days if days else 0) == verdict.calendar_days_overdue
                for sentence in (verdict.sentence_vi, verdict.sentence_en):
                    assert sentence.endswith(".")
                    assert found.dossier_code in sentence
                    assert "None" not in sentence
                if verdict.working_days_overdue:
                    assert f" {verdict.working_days_overdue} ngày làm việc" in verdict.sentence_vi
            if page.until_end and page.verdicts[0].rule_set == "form_ii06":
                span = page.until_end
                assert span.calendar_days == span.working_days + span.weekend_days + len(span.days_off)
    assert actual == expected


@pytest.mark.slow
def test_a_random_history_at_every_pair(examples: Settings, tmp_path: Path) -> None:
    """Some dossiers of a drop zone full of distortions: verdicts, promises and steps are the oracle's, every accepted
    row is told, and the working days between any two days are those of the holidays package."""
    files = random_exports.generate(seed=61, dossiers=250)
    files.write(tmp_path / "inbox")
    settings = warehouse_of(tmp_path / "inbox", tmp_path / "warehouse")
    take_compiled(examples, settings)
    zone, calendar = drop_zone.read(tmp_path / "inbox"), WorkCalendar(OVERRIDES)
    codes = Random(7).sample(sorted({row.dossier_code for row in zone.dossiers}), 40)
    for as_of, known_at in files.pairs[:3]:
        oracle = Oracle(zone, calendar, as_of, known_at)
        wanted = {(v.source, v.dossier_code, v.rule_set): v for v in oracle.verdicts() if v.dossier_code in codes}
        assert len(wanted) > 60
        walked = steps(oracle)
        for found in explain_each(at(settings, as_of, known_at), codes):
            for page in found.pages:
                for verdict in page.verdicts:
                    right = vars(wanted.pop((page.source, found.dossier_code, verdict.rule_set)))
                    told = {**vars(verdict), "state": page.head and page.head["state"]}
                    assert right == {**{name: told.get(name) for name in right}, **identity(right)}
                facts = oracle.facts.get((page.source, found.dossier_code))
                kept = (page.promise.promised_at, page.promise.reappointments) if page.promise else (None, 0)
                assert kept == (astuple(facts.promise) if facts else (None, 0))
                assert [steps_told(step) for step in page.steps] == [
                    (s.event.unit_name or None, s.event.status, s.event.event_at, s.left_at, s.working_seconds)
                    for key, s in walked.items()
                    if key[:2] == (page.source, found.dossier_code)
                ]
                for span in (page.until_due, page.until_end):
                    assert span is None or span.working_days == calendar.wd(span.after, span.upto)
                accepted = [
                    row
                    for row in zone.dossiers
                    if (row.source, row.dossier_code) == (page.source, found.dossier_code)
                    and (known_at is None or row.place.exported_at <= known_at)
                ]
                rows = sum(1 + version.unchanged_rows + version.superseded_rows for version in page.versions)
                assert rows == len(accepted)
        assert not wanted


def steps_told(step: Step) -> tuple[Any, ...]:
    return (step.unit, step.status, step.entered_at, step.left_at, step.working_seconds)


def identity(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("source", "dossier_code")}


def test_nothing_is_written_and_nobody_is_named(examples: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(examples.layout.root)
    pages = explain_each(examples, [*CODES, UNKNOWN, REJECTED])
    told = "".join(json.dumps(found.document(), ensure_ascii=False, default=str) for found in pages)
    told += "".join(printed(found, lang, capsys) for found in pages for lang in ("vi", "en"))
    assert contents(examples.layout.root) == before
    assert "hoso_20240601T060000.ndjson" in told
    assert not [value for value in personal_values(Path(examples.drop_zone)) if value in told]
    with duckdb.connect() as con:
        keys = con.execute(f"select distinct applicant_key from {Lake(examples).rows('dossiers')}").fetchall()
    assert len(keys) > 1
    assert not [key for (key,) in keys if key and key in told]


def contents(root: Path) -> dict[str, tuple[int, int]]:
    return {str(p): (p.lstat().st_size, p.lstat().st_mtime_ns) for p in root.rglob("*") if not p.is_dir()}


def personal_values(inbox: Path) -> set[str]:
    """What stands in personal fields of the exports, as JSON texts."""
    pattern = re.compile(rf'"(?:{"|".join(PERSONAL)})": "([^"]{{6,}})"')
    found = {value for path in inbox.rglob("*.*json") for value in pattern.findall(path.read_text(encoding="utf-8"))}
    assert len(found) > 1
    return found


def test_a_code_as_people_type_it(examples: Settings) -> None:
    told = explain(examples, " h39.18.25 – 240304-0001\u200b")
    assert told.dossier_code == "H39.18.25-240304-0001"
    assert [page.source for page in told.pages] == ["dvcqg", "motcua"]
    only = explain(examples, told.dossier_code, source="motcua")
    assert [page.source for page in only.pages] == ["motcua"]


def test_nobody_sent_the_code(examples: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    found = explain(examples, UNKNOWN)
    assert not found.pages
    near = [row["dossier_code"] for row in found.nearest]
    assert 0 < len(near) <= 5
    assert all(code[:-2] == UNKNOWN[:-2] for code in near)
    # the same agency, old form
    other_form = explain(examples, "000.25.18.H39-240304-0001")
    assert other_form.nearest[0]["dossier_code"] == "H39.18.25-240304-0001"
    assert explain(examples, "H39.18.25-250304-0001").nearest[0]["dossier_code"] == "H39.18.25-240304-0001"
    assert explain(examples, "ZZZZZZZZZZZZ").nearest == []
    assert explain(examples, "' or true --").nearest == []
    assert explain(examples, " \u200b ").nearest == []
    (elsewhere, *_) = explain(examples, BY_NAME, source="dvcqg").nearest
    assert elsewhere == {"source": "motcua", "dossier_code": BY_NAME}
    assert UNKNOWN in printed_complaint(found, capsys)


def printed_complaint(found: Explanation, capsys: pytest.CaptureFixture[str]) -> str:
    explanation(Screen("vi"), found)
    return capsys.readouterr().err


def gaps(found: Explanation) -> set[str]:
    return {gap.id for page in found.pages for gap in page.gaps}


def test_rows_that_were_turned_away(examples: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    found = explain(examples, REJECTED)
    (page,) = found.pages
    assert (page.situation, page.head, page.verdicts) == ("only_quarantined", None, [])
    assert [(row.place.row, row.reasons) for row in page.quarantined] == [(33, ["REJ_NO_RECEPTION"])]
    assert {"only_quarantined", "quarantined"} <= gaps(found)
    assert "Thiếu ngày tiếp nhận" in printed(found, "vi", capsys)
    assert "No day of reception" in printed(found, "en", capsys)


def test_what_was_not_known_or_not_there_yet(examples: Settings) -> None:
    code = "H39.18.25-240304-0001"
    early = explain(at(examples, "2024-04-01T00:00:00", "2024-04-01T00:00:00"), code, source="dvcqg")
    assert (early.pages[0].situation, early.pages[0].versions) == ("known_later", [])
    assert gaps(early) == {"known_later"}
    before = explain(at(examples, "2024-03-01T23:59:59"), code, source="dvcqg")
    assert (before.pages[0].situation, before.pages[0].verdicts) == ("not_in_population", [])
    assert "received_later" in gaps(before)
    between = explain(at(examples, "2024-04-30T23:59:59", "2024-04-30T23:59:59"), code, source="dvcqg")
    assert "later" in gaps(between)


def test_versions_tell_what_changed_and_where(examples: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    found = explain(examples, "H39.18.25-240304-0003", source="dvcqg")
    first, second = found.pages[0].versions
    assert (first.place.file_name, first.place.part, first.changes) == ("dongbo_20240420T220000.json", None, [])
    assert second.used
    assert {"status": (4, 10)}.items() <= {c.field: (c.old, c.new) for c in second.changes}.items()
    assert "4 Đang xử lý → 10 Đã trả kết quả" in printed(found, "vi", capsys)
    parts = explain(examples, "H39.18.25-240304-0003", source="motcua").pages[0].versions[0].place
    assert (parts.file_name, parts.part, parts.row) == ("goi_20240602T060000.zip", "huyen.json", 1)


def test_days_left_out_name_their_row(examples: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """30 April and 1 May are holidays, 29 April was swapped with Saturday 4 May."""
    found = explain(at(examples, "2024-05-31T23:59:59"), "H39.18.25-240304-0012", source="dvcqg")
    span = found.pages[0].until_end
    assert span is not None
    assert {str(day.day) for day in span.days_off} == {"2024-04-18", "2024-04-29", "2024-04-30", "2024-05-01"}
    assert [(str(day.day), day.origin) for day in span.make_up_days] == [("2024-05-04", "holidays")]
    assert "làm bù 04/05/2024" in printed(found, "vi", capsys)


def test_an_agency_known_by_its_name_only(examples: Settings) -> None:
    """The models match the name with the catalogue's, so all of that has to be gathered."""
    head = explain(examples, BY_NAME).pages[0].head
    assert head is not None
    assert (head["agency_code"], head["agency_name"]) == ("H39.18.25", "UBND xã Tân Tập")


def test_the_calendar_is_that_of_the_publication(examples: Settings) -> None:
    code, moment = "H39.18.25-240304-0012", "2024-03-29T23:59:59"
    examples.layout.calendar.write_text(
        "revision,date,kind,name,scope,source,added_at\n1,2024-03-25,off,Nghỉ hoán đổi,H39,,2024-06-10T08:00:00\n"
    )
    try:
        published = explain(at(examples, moment), code, source="dvcqg").pages[0].until_end
        asked = at(examples, moment).model_copy(update={"calendar_revision": 1})
        changed = explain(asked, code, source="dvcqg").pages[0].until_end
    finally:
        examples.layout.calendar.unlink()
    assert published is not None
    assert changed is not None
    assert (published.days_off, published.working_days) == ([], changed.working_days + 1)
    assert [(day.name, day.origin, day.scope) for day in changed.days_off] == [("Nghỉ hoán đổi", "calendar", "H39")]


def test_the_command(examples: Settings, tmp_path: Path) -> None:
    """One JSON document, exit status 1 for a code that nobody sent, and no slow library for either."""
    code = (
        "import sys, json\nfrom pipelines.cli import main\n"
        "try: main(sys.argv[1:])\nexcept SystemExit as end: status = end.code\n"
        f"print(status or 0, [name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )

    def command(*words: str) -> tuple[str, str]:
        where = ["--warehouse", str(examples.layout.root), "--drop-zone", examples.drop_zone]
        done = subprocess.run(
            [sys.executable, "-c", code, "explain", *words, *where],
            capture_output=True,
            text=True,
            check=False,
            cwd=Path(__file__).parents[2],
        )
        return done.stdout, done.stderr.strip().splitlines()[-1]

    out, status = command("H39.18.25-240304-0003", "--json", "--as-of", "2024-05-31", "--source", "dvcqg")
    document = json.loads(out)
    assert status == "0 []"
    assert (document["as_of"], document["pages"][0]["verdicts"][0]["verdict"]) == ("2024-05-31T23:59:59", "late")
    assert command(UNKNOWN)[1] == "1 []"


def test_nothing_is_published(tmp_path: Path) -> None:
    with pytest.raises(NothingPublishedError):
        explain(load_settings(drop_zone=str(tmp_path), warehouse=tmp_path / "warehouse"), UNKNOWN)
