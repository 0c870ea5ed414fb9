"""Commands `calendar list|add` and `distortions`: what they print and refuse. What a change does: tests/integration."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from pipelines.cli import app, main
from pipelines.config import Settings
from tests.support.small_build import AS_OF, build_marts, green_nightly_run, settings_in
from warehouse.publish import publish

CLOCKS = f"timestamp '{AS_OF}' as as_of, null::timestamp as known_at, '1' as definitions_version"
MARTS = [
    f"""create table marts.mart_distortions as
    select *, {CLOCKS} from (values
        ('dvcqg', 'H39.18', 'bulk_closing', '2024-05', 240, 0.5::double, ['H39.18-240501-0001', 'H39.18-240501-0002']),
        ('dvcqg', 'H39.18.25', 'synthetic_code', '2024-05', 3, 0.25::double, ['H39.18.25-240501-12345']),
        ('dvcqg', 'H40', 'synthetic_code', '2024-04', 1, 1.0::double, ['H40-240401-12345'])
    ) as t(source, agency_code, distortion, month, dossiers, share, examples)""",
    f"""create table marts.dim_distortion as
    select distortion, 'Tên ' || distortion as title_vi, 'Title ' || distortion as title_en,
        'Nghĩa' as meaning_vi, 'Meaning' as meaning_en, 'Hỏi' as ask_vi, 'Ask' as ask_en, {CLOCKS}
    from (values ('bulk_closing'), ('synthetic_code')) as t(distortion)""",
    f"""create table marts.dim_agency as
    select 'H39.18' as agency_code, 'UBND huyện' as name, true as is_latest, {CLOCKS}""",
]

Dunghan = Callable[..., tuple[int, str, str]]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in list(os.environ):
        if name.startswith("DUNGHAN_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DUNGHAN_WAREHOUSE", str(tmp_path / "warehouse"))
    return settings_in(tmp_path)


@pytest.fixture
def dunghan(capsys: pytest.CaptureFixture[str]) -> Dunghan:
    def call(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main(words)
        told = capsys.readouterr()
        return int(end.value.code or 0), told.out, told.err

    return call


def test_the_calendar_of_a_warehouse_is_listed(dunghan: Dunghan, settings: Settings) -> None:
    assert "chưa thêm gì" in dunghan("calendar", "list")[1]
    settings.layout.calendar.write_text(
        "revision,date,kind,name,scope,source,added_at\n"
        "1,2026-09-04,off,Nghỉ hoán đổi,VN,Công văn 1,2026-08-01T08:00:00\n"
        "2,2026-09-04,default,,VN,,\n"
        "3,12/09/2026,work,Làm bù,H39,,\n",
        encoding="utf-8",
    )
    code, out, _ = dunghan("calendar", "list", "--json")
    rows = json.loads(out)
    assert code == 0
    assert [(row["revision"], row["day"], row["in_force"]) for row in rows] == [
        (1, "2026-09-04", False),
        (2, "2026-09-04", False),
        (3, "2026-09-12", True),
    ]
    assert "Công văn 1" in dunghan("calendar", "list")[1]
    assert "withdrawn" in dunghan("calendar", "list", "--lang", "en")[1]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("2026-09-31", "off", "Nghỉ"), "2026-09-31"),
        (("2026-09-04", "holiday", "Nghỉ"), "kind"),
        (("2026-09-04", "off"), "name"),
        (("2026-09-04", "off", "Nghỉ", "--scope", "H99"), "scope"),
        (("2026-09-04", "default"), "không có dòng nào để bỏ"),
    ],
)
def test_a_wrong_day_is_refused_before_anything_is_asked(
    dunghan: Dunghan, settings: Settings, words: tuple[str, ...], told: str
) -> None:
    code, _, err = dunghan("calendar", "add", *words, "--yes")
    assert code == 1
    assert told in err
    assert not settings.layout.calendar.exists()


@pytest.mark.integration  # doctor starts dbt
def test_a_mistake_in_the_file_is_told_with_its_line(dunghan: Dunghan, settings: Settings) -> None:
    settings.layout.calendar.write_text("revision,date,kind,name,scope,source,added_at\n1,x,off,Nghỉ,VN,,\n", "utf-8")
    code, _, err = dunghan("calendar", "list")
    assert code == 1
    assert "dòng 2, date: 'x'" in err and "line 2" not in err
    checks = {check["name"]: check for check in json.loads(dunghan("doctor", "--json")[1])}
    assert checks["calendar"]["result"] == "fail"
    assert "line 2" in checks["calendar"]["found"]


def test_months_are_typed_as_months(dunghan: Dunghan, settings: Settings) -> None:
    assert dunghan("calendar", "show", "2026-13")[0] == 2


def test_help_of_the_group_is_in_words(dunghan: Dunghan, settings: Settings) -> None:
    assert "help." not in dunghan("calendar", "add", "--help", "--lang", "en")[1]


def test_distortions_with_what_they_mean_and_whom_to_ask(dunghan: Dunghan, settings: Settings) -> None:
    plan = green_nightly_run(settings, 1)
    build_marts(settings, 1, extra=MARTS)
    publish(settings, plan)
    _, out, _ = dunghan("distortions")
    assert ("240" in out, "50,00 %" in out, "Hỏi" in out, "H39.18 UBND huyện" in out) == (True, True, True, True)
    rows = json.loads(dunghan("distortions", "--json", "--agency", "H39.18")[1])
    assert [(row["agency_code"], row["dossiers"]) for row in rows] == [("H39.18", 240), ("H39.18.25", 3)]
    assert [r["agency_code"] for r in json.loads(dunghan("distortions", "--json", "--month", "2024-04")[1])] == ["H40"]
    assert "Title bulk_closing" in dunghan("distortions", "--lang", "en", "--limit", "1")[1]
    assert "Không thấy" in dunghan("distortions", "--month", "2023-01")[1]


def test_every_command_stands_in_one_group_of_the_help() -> None:
    grouped = [name for names in app.GROUPS.values() for name in names]
    root: Any = typer.main.get_command(app.app)
    assert sorted(grouped) == sorted(root.commands)


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_help_speaks_one_language(lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["ledger"], ["backfill"], ["run"]):
        with pytest.raises(SystemExit):
            app.main(["--lang", lang, *words, "--help"])
        told = capsys.readouterr().out
        other = ("default:", "required", "int range", "<bool>", "Options") if lang == "vi" else ("mặc định", "Tùy chọn")
        assert not [word for word in other if word in told], told
