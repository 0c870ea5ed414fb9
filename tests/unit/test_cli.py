"""The command line: languages, exit statuses, what is printed. Whole runs: tests/integration."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.cli import app
from pipelines.cli.messages import TEXTS, Texts
from pipelines.cli.output import Screen
from pipelines.clock import wall_clock
from pipelines.config import Settings
from pipelines.preflight import LITTLE_DISK_BYTES
from tests.support.small_build import AS_OF, build_marts, green_nightly_run, settings_in
from warehouse.build import plan_build
from warehouse.database import connect_build
from warehouse.lock import run_lock
from warehouse.publish import current, publish
from warehouse.status import percent

CLOCKS = f"timestamp '{AS_OF}' as as_of, null::timestamp as known_at, '1' as definitions_version"

#: The marts that the commands read, with figures a reader can check by heart.
MARTS = [
    f"""create or replace table marts.rpt_form_ii06 as
    select *, {CLOCKS} from (values
        ('dvcqg', 'calendar', '2024', 'H39.18', 30000, 3653, 0, 16000, 15000, 19, 2000, 23),
        ('dvcqg', 'calendar', '2024', 'H39.18.01', 653, 1000, 5, 89, 286, 0, 236, 0),
        ('dvcqg', 'calendar', '2024-05', 'H39.18', 7, 7, 7, 7, 7, 7, 7, 7),
        ('dvcqg', 'reporting', '2024', 'H39.18', 9, 9, 9, 9, 9, 9, 9, 9),
        ('motcua', 'calendar', '2024', 'H39.18', 0, 0, 0, 0, 0, 0, 0, 0)
    ) as t(source, scheme, period, agency_code, received_online, received_direct, carried_over,
        resolved_early, resolved_on_time, resolved_late, pending_in_time, pending_overdue)""",
    "alter table marts.rpt_form_ii06 add column period_from date default '2024-01-01'",
    "alter table marts.rpt_form_ii06 add column period_to date default '2024-05-31'",
    """alter table marts.rpt_form_ii06 add column received_total bigint""",
    """alter table marts.rpt_form_ii06 add column resolved_total bigint""",
    """update marts.rpt_form_ii06 set received_total = received_online + received_direct + carried_over,
        resolved_total = resolved_early + resolved_on_time + resolved_late""",
    f"""create or replace table marts.fct_dossiers as
    select 'dvcqg' as source, 'H39-' || range as dossier_code, 'H39.18' as agency_code, 1 as night,
        true as in_population,
        case when range < 2 then 'finished' when range = 2 then 'refused' else 'processing' end as state,
        timestamp '2024-03-01' as received_at, case when range < 2 then timestamp '2024-04-01' end as ended_at,
        range <> 3 as has_digitised_parts, 0 as digitised_files,
        case when range = 0 then 1 end as electronic_results, {CLOCKS}
    from range(5)""",
    f"""create or replace table marts.mart_load_ledger as
    select *, {CLOCKS} from (values
        ('dvcqg', 'dossiers', 'hoso_20240531.ndjson', timestamp '2024-05-31 23:59:59', 'loaded', null, 1200, 1197, 3),
        ('motcua', 'dossiers', 'hoso_20240530.csv', timestamp '2024-05-30 23:59:59', 'rejected',
            'REJ_FILE_SHIFTED', 0, 0, 0),
        ('dvcqg', 'dossiers', 'ban_sao_20240531.ndjson', timestamp '2024-05-31 23:59:59', 'duplicate', null, 0, 0, 0)
    ) as t(source, kind, file_name, exported_at, status, reason, rows_read, rows_accepted, rows_quarantined)""",
    "alter table marts.mart_load_ledger add column detail varchar",
    "alter table marts.mart_load_ledger add column file_path varchar",
    """alter table marts.mart_load_ledger add column drift varchar
        default '{"=Số biên lai": 1200, "Hạn chót": 7}'""",
    """alter table marts.mart_load_ledger add column notes varchar
        default '["bỏ qua trang \u201cBìa\u201d / sheet passed over", "hai"]'""",
    """alter table marts.mart_load_ledger add column parts varchar
        default '[{"name": "Tháng 1", "before": 0}, {"name": "Tháng 2", "before": 90}]'""",
    f"""create or replace table marts.mart_quarantine as
    select *, {CLOCKS} from (values
        ('dvcqg', 'dossiers', 'hoso_20240531.ndjson', 7, ['REJ_BAD_DATE'], '{{"NgayHenTra": "31/02/2024"}}'),
        ('dvcqg', 'dossiers', 'hoso_20240531.ndjson', 9, ['REJ_NO_CODE', 'REJ_BAD_STATUS'], null),
        ('dvcqg', 'dossiers', 'hoso_20240531.ndjson', 1001, ['REJ_BAD_DATE'], null)
    ) as t(source, kind, file_name, row_number, reasons, offending)""",
    "alter table marts.mart_quarantine add column agency_code varchar default '=HYPERLINK(1)'",
    "alter table marts.mart_quarantine add column dossier_code varchar",
    "alter table marts.mart_quarantine add column exported_at timestamp default '2024-05-31 23:59:59'",
    "alter table marts.mart_quarantine add column file_path varchar",
    f"""create or replace table marts.dim_rule as
    select rule_id, 'row' as level, 'reject' as severity,
        'Nghĩa ' || rule_id as message_vi, 'Meaning ' || rule_id as message_en,
        'Hãy sửa ' || rule_id as advice_vi, 'Mend ' || rule_id as advice_en, {CLOCKS}
    from (values ('REJ_BAD_DATE'), ('REJ_NO_CODE'), ('REJ_BAD_STATUS'), ('REJ_FILE_SHIFTED')) as t(rule_id)""",
]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A warehouse of its own, named by the environment as an operator would."""
    for name in list(os.environ):
        if name.startswith("DUNGHAN_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DUNGHAN_WAREHOUSE", str(tmp_path / "warehouse"))
    monkeypatch.setenv("DUNGHAN_DROP_ZONE", str(tmp_path / "inbox"))
    return settings_in(tmp_path)


@pytest.fixture(scope="module")
def published_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with one published version; each test that asks for `published` gets a copy of it."""
    settings = settings_in(tmp_path_factory.mktemp("published"))
    plan = green_nightly_run(settings, 1)
    build_marts(settings, 1, extra=MARTS)
    publish(settings, plan)
    return settings.layout.root


@pytest.fixture
def published(settings: Settings, published_once: Path) -> Settings:
    shutil.copytree(published_once, settings.layout.root, symlinks=True, dirs_exist_ok=True)
    return settings


@pytest.fixture
def dunghan(capsys: pytest.CaptureFixture[str]) -> Any:
    """Call the command line in this process: (exit status, standard output, standard error)."""

    def call(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            app.main(words)
        said = capsys.readouterr()
        return int(end.value.code or 0), said.out, said.err

    return call


def without_spaces(text: str) -> str:
    return re.sub(r"\s+", " ", text)


# ---- words ----------------------------------------------------------------------------------------------------------


def test_every_text_is_in_both_languages_with_the_same_places() -> None:
    for key, (vietnamese, english) in TEXTS.items():
        assert vietnamese.strip(), key
        assert english.strip(), key
        places = [set(re.findall(r"{(\w+)}", text)) for text in (vietnamese, english)]
        assert places[0] == places[1], key


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_help_is_in_words(lang: str) -> None:
    root = app.command_in(lang)
    known = {text for pair in TEXTS.values() for text in pair}
    for command in (root, *root.commands.values()):
        assert command.help in known
        for parameter in command.params:
            assert parameter.help in known, (command.name, parameter.name)
    assert set(root.commands) >= {
        "run", "status", "ledger", "quarantine", "inspect", "sample", "publish", "rollback", "versions", "doctor",
        "config",
    }  # fmt: skip


def test_language_of_help(dunghan: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Sổ nạp" in dunghan("--help")[1]
    assert "The ledger" in dunghan("--lang", "en", "--help")[1]
    assert "The ledger" in dunghan("ledger", "--help", "--lang=en")[1]
    monkeypatch.setenv("DUNGHAN_LANG", "en")
    assert "The ledger" in dunghan("--help")[1]
    assert "Sổ nạp" in dunghan("--lang", "vi", "--help")[1]


@pytest.mark.parametrize(
    ("words", "moved"),
    [
        (["run", "--lang", "en"], ["--lang", "en", "run"]),
        (["run", "--warehouse=/w", "--force"], ["--warehouse=/w", "run", "--force"]),
        (["--lang", "en", "ledger", "--drop-zone", "s3://x"], ["--lang", "en", "--drop-zone", "s3://x", "ledger"]),
        (["rollback", "--", "--lang"], ["rollback", "--", "--lang"]),
        (["run", "--lang"], ["run", "--lang"]),
    ],
)  # fmt: skip
def test_global_options_may_stand_anywhere(words: list[str], moved: list[str]) -> None:
    assert app.hoisted(words) == moved


@pytest.mark.parametrize(
    ("lang", "value", "shown"),
    [
        ("vi", 33653, "33.653"),
        ("en", 33653, "33,653"),
        ("vi", Decimal("51.25"), "51,25 %"),
        ("en", Decimal("51.25"), "51.25%"),
        ("vi", None, "-"),
        ("vi", datetime(2024, 5, 31, 23, 59, 59), "2024-05-31 23:59:59"),
        ("en", ["A", "B"], "A, B"),
        ("vi", '=HYPERLINK("x")', '\'=HYPERLINK("x")'),
        ("vi", "+84", "'+84"),
        ("vi", "@SUM(A1)", "'@SUM(A1)"),
        ("vi", "-1+1", "'-1+1"),
        ("vi", "\t=1", "'\t=1"),
        ("vi", ["=A", "B"], "'=A, B"),
        ("vi", "-", "-"),
        ("vi", "a\x1b[2Jb\rc", "a [2Jb c"),
        ("vi", -5, "-5"),
    ],
)
def test_values_as_people_write_them(lang: str, value: Any, shown: str) -> None:
    assert Screen(lang).value(value) == shown


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        (16090, 31394, "51.25"),
        (15285, 31394, "48.69"),
        (1, 800, "0.13"),
        (0, 5, "0.00"),
        (5, 5, "100.00"),
        (0, 0, None),
    ],
)
def test_percent_rounds_half_up(part: int, whole: int, shown: str | None) -> None:
    assert percent(part, whole) == (None if shown is None else Decimal(shown))


# ---- reading what is published --------------------------------------------------------------------------------------


def test_status_before_anything(dunghan: Any, settings: Settings) -> None:
    status, out, _ = dunghan("status", "--warehouse", str(settings.layout.root / "nowhere"))
    assert status == 1
    assert "Chưa công bố" in out
    status, out, _ = dunghan("status", "--json")
    assert (status, json.loads(out)["published"]) == (1, None)
    assert not (settings.layout.root / "nowhere").exists()


def test_status_shows_the_figures_of_the_year(dunghan: Any, published: Settings) -> None:
    status, out, _ = dunghan("status")
    text = without_spaces(out)
    assert status == 0
    for words in (
        "Hồ sơ đã nhận 35.311 0",
        "trong đó trực tuyến 30.653 0",
        "kỳ trước chuyển qua 5 0",
        "Đã giải quyết 31.394 0",
        "trước hạn 16.089 (51,25 %) 0 (-)",
        "đúng hạn 15.286 (48,69 %) 0 (-)",
        "quá hạn 19 0",
        "trong hạn 2.236 0",
        "Đang giải quyết, quá hạn 23 0",
        # the refused one does not count; of four received three are digitised, of two finished one
        "Số hóa đầu vào 75,00 % -",
        "Số hóa đầu ra 50,00 % -",
    ):
        assert words in text, out
    assert "early 16,089 (51.25%)" in without_spaces(dunghan("--lang", "en", "status")[1])

    found = json.loads(dunghan("status", "--json")[1])
    assert found["published"]["as_of"] == AS_OF.isoformat()
    assert [row["source"] for row in found["figures"]] == ["dvcqg", "motcua"]
    assert found["figures"][0]["early_percent"] == 51.25
    assert found["figures"][1]["early_percent"] is None
    assert {row["status"]: row["files"] for row in found["ledger"]} == {"loaded": 1, "rejected": 1, "duplicate": 1}


LOOK_AT = """alter table marts.mart_load_ledger add column attention varchar[];
    alter table marts.mart_load_ledger add column attention_details varchar[];
    update marts.mart_load_ledger set file_path = source || '/' || kind || '/' || file_name;
    update marts.mart_load_ledger set attention = ['WRN_FILE_NEW_FIELDS', 'WRN_FILE_NO_DUE'],
        attention_details = ['WRN_FILE_NEW_FIELDS: lạ: Hạn chót', 'WRN_FILE_NO_DUE: 3 hồ sơ']
    where status = 'loaded'"""


@pytest.mark.integration
def test_status_and_ledger_show_what_must_be_looked_at(dunghan: Any, settings: Settings) -> None:
    plan = green_nightly_run(settings, 1)
    build_marts(settings, 1, extra=[*MARTS, *LOOK_AT.split(";")])
    publish(settings, plan)
    path = "dvcqg/dossiers/hoso_20240531.ndjson"
    assert json.loads(dunghan("status", "--json")[1])["attention"] == {
        path: [
            {"rule_id": "WRN_FILE_NEW_FIELDS", "detail": "lạ: Hạn chót"},
            {"rule_id": "WRN_FILE_NO_DUE", "detail": "3 hồ sơ"},
        ]
    }
    out = dunghan("status")[1]
    assert f"{path}: lạ: Hạn chót (WRN_FILE_NEW_FIELDS)" in out and f"{path}: 3 hồ sơ (WRN_FILE_NO_DUE)" in out
    assert "PHẢI XEM LẠI" in out and "dunghan inspect" in out, "and what to do"
    assert "ATTENTION" in dunghan("status", "--lang", "en")[1]
    assert out.count("WRN_FILE_NO_DUE") == 2, "once for the file, once for what it means"
    lines = [line for line in dunghan("ledger")[1].splitlines() if "✓" in line]
    assert len(lines) == 1 and "hoso_20240531.ndjson" in lines[0]
    assert "WRN_FILE_NO_DUE: 3 hồ sơ" in dunghan("ledger", "--file", "hoso_20240531")[1]


@pytest.mark.usefixtures("quick_dbt")
@pytest.mark.parametrize(
    ("record", "status", "reasons"),
    [
        ({"outcome": "published"}, 0, []),
        ({"outcome": "published", "notes": ["[digests.a] …"]}, 3, ["notes"]),
        ({"outcome": "failed", "problems": ["audit: …"]}, 1, ["last_run_failed"]),
        ({"outcome": "running"}, 1, ["last_run_killed"]),
    ],
)
def test_status_is_an_alarm(
    dunghan: Any, published: Settings, record: dict[str, Any], status: int, reasons: list[str]
) -> None:
    """For monitoring: 0 well, 3 needs a look, 1 not well."""
    whole = {"started": "2024-06-01T01:30:00", "finished": wall_clock().isoformat(), "files": [], **record}
    published.layout.last_run.write_text(json.dumps(whole))
    found, out, _ = dunghan("status", "--json")
    assert (found, json.loads(out)["health"]["reasons"]) == (status, reasons)
    assert dunghan("status")[0] == status
    assert (checks(dunghan)[1]["last_run"]["result"] == "fail") == (status == 1)


def test_a_warehouse_that_nobody_loads_is_an_alarm(
    dunghan: Any, published: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run with nothing new counts as a good one: what is published still holds."""
    manifest = (published.layout.published / "current" / "manifest.json").resolve()
    created = datetime.now(UTC) - timedelta(hours=40)
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"created_at": created.isoformat()}))
    status, out, _ = dunghan("status")
    assert status == 1
    assert "đã quá lâu chưa có lượt chạy tốt" in out
    assert "40 giờ trước" in out
    monkeypatch.setenv("DUNGHAN_STALE_HOURS", "48")
    assert dunghan("status")[0] == 0
    monkeypatch.delenv("DUNGHAN_STALE_HOURS")
    kept = {"outcome": "kept", "started": "-", "finished": wall_clock().isoformat(), "files": []}
    published.layout.last_run.write_text(json.dumps(kept))
    assert dunghan("status")[0] == 0


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (["quarantine", "--reason", "REJ_NO_COD"], "REJ_NO_CODE"),
        (["ledger", "--status", "reject"], "rejected"),
        (["ledger", "--source", "dvcgq"], "dvcqg"),
        (["distortions", "--month", "05/2024"], "2024-05"),
    ],
)
def test_words_that_do_not_exist_are_told_with_the_nearest(
    dunghan: Any, published: Settings, words: list[str], near: str
) -> None:
    status, out, err = dunghan(*words)
    assert status == 2
    assert near in err
    assert out == ""


def test_a_filter_that_matches_nothing_says_so(dunghan: Any, published: Settings) -> None:
    status, out, _ = dunghan("ledger", "--file", "khong-co-tep-nay")
    assert status == 0
    assert "Không có" in out


def test_status_of_a_version_without_attention(dunghan: Any, published: Settings) -> None:
    assert json.loads(dunghan("status", "--json")[1])["attention"] == {}
    assert "PHẢI XEM LẠI" not in dunghan("status")[1]


def test_status_works_while_a_run_is_on(dunghan: Any, published: Settings) -> None:
    with run_lock(published), connect_build(published):
        status, out, _ = dunghan("status")
    assert status == 0
    assert f"pid {os.getpid()}" in out


def test_ledger(dunghan: Any, published: Settings) -> None:
    rows = json.loads(dunghan("ledger", "--json")[1])
    assert [row["file_name"] for row in rows][-1] == "hoso_20240530.csv", "newest export first"
    assert [row["file_name"] for row in json.loads(dunghan("ledger", "--json", "--source", "motcua")[1])] == [
        "hoso_20240530.csv"
    ]
    assert len(json.loads(dunghan("ledger", "--json", "--status", "loaded")[1])) == 1
    assert len(json.loads(dunghan("ledger", "--json", "--limit", "2")[1])) == 2
    out = dunghan("ledger")[1]
    assert "bị loại" in out
    assert "1.200" in out and "1.197" not in out
    assert "1.197" in dunghan("ledger", "--wide")[1]
    assert dunghan("ledger", "--csv")[1].startswith("source,kind,file_name,")
    assert "--limit 0" not in out
    assert "--limit 0" in dunghan("ledger", "--limit", "2")[1]


def test_ledger_tells_what_was_remarked_of_a_file(dunghan: Any, published: Settings) -> None:
    (row,) = json.loads(dunghan("ledger", "--json", "--file", "hoso_20240531")[1])
    assert row["drift"] == {"=Số biên lai": 1200, "Hạn chót": 7}
    assert [part["name"] for part in row["parts"]] == ["Tháng 1", "Tháng 2"] and len(row["notes"]) == 2
    out = dunghan("ledger", "--file", "hoso_20240531")[1]
    for words in ("Tháng 1, Tháng 2", "Hạn chót (7)", "Số biên lai (1.200)", "bỏ qua trang “Bìa”"):
        assert words in out
    assert "hoso_20240530" not in out
    assert "Unknown fields (rows)" in dunghan("ledger", "--file", "hoso_20240531", "--lang", "en")[1]
    assert "Hạn chót" not in dunghan("ledger")[1]


def test_quarantine_says_where_why_and_what_to_do(dunghan: Any, published: Settings) -> None:
    status, out, _ = dunghan("quarantine")
    assert status == 0
    for words in (
        "hoso_20240531.ndjson",
        "1001",
        "31/02/2024",
        "Nghĩa REJ_BAD_DATE",
        "Hãy sửa REJ_FILE_SHIFTED",
        "hoso_20240530.csv",
    ):
        assert words in out
    assert "1.001" not in out, "a row number is not an amount"
    assert "Mend REJ_NO_CODE" in dunghan("quarantine", "--lang", "en")[1]

    found = json.loads(dunghan("quarantine", "--json", "--reason", "REJ_BAD_STATUS")[1])
    assert ([row["row_number"] for row in found["rows"]], found["files"]) == ([9], [])
    assert set(found["rules"]) == {"REJ_NO_CODE", "REJ_BAD_STATUS"}
    found = json.loads(dunghan("quarantine", "--json", "--file", "20240530")[1])
    assert (found["rows"], [file["reason"] for file in found["files"]]) == ([], ["REJ_FILE_SHIFTED"])
    assert "Không có dòng" in dunghan("quarantine", "--file", "nothing")[1]


def test_what_looks_like_a_formula_stays_text_in_the_parquet(published: Settings) -> None:
    with duckdb.connect() as con:
        marts = published.layout.published / "parquet" / "mart_quarantine.parquet"
        found = con.execute(f"select distinct agency_code, typeof(agency_code) from '{marts}'").fetchall()
    assert found == [("=HYPERLINK(1)", "VARCHAR")]


@pytest.mark.integration
def test_versions_publish_rollback(dunghan: Any, published: Settings) -> None:
    first = current(published)
    assert first is not None
    plan = plan_build(published)
    status, _, err = dunghan("publish")
    assert status == 1
    assert "dunghan run" in err, "a build that began may have touched any table"
    build_marts(published, 2, extra=MARTS)
    publish(published, plan)
    found = json.loads(dunghan("versions", "--json")[1])
    assert [(entry["version"] == first.version, entry["current"]) for entry in found] == [(False, True), (True, False)]
    assert first.version in dunghan("versions")[1]
    assert dunghan("rollback")[0] == 0
    now = current(published)
    assert now is not None
    assert now.version == first.version
    status, _, err = dunghan("rollback", "20010101T000000-unknown")
    assert status == 1
    assert first.version in err


# ---- exit statuses --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["ledger"], ["quarantine"], ["rollback"], ["publish"]])
def test_nothing_published_is_one_clear_line(dunghan: Any, settings: Settings, words: list[str]) -> None:
    status, out, err = dunghan(*words)
    assert (status, out) == (1, "")
    assert "Traceback" not in err
    assert err.strip()


def test_wrong_settings_end_with_2_and_name_them_all(
    dunghan: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUNGHAN_THREADS", "none")
    status, _, err = dunghan("run", "--as-of", "yesterday", "--known-at", "2024-06-01T00:00:00+07:00")
    assert status == 2
    assert [name for name in ("THREADS", "AS_OF", "KNOWN_AT") if name not in err] == []
    assert not settings.layout.last_run.exists()


@pytest.mark.parametrize(
    "words", [["frobnicate"], ["run", "--frob"], ["ledger", "--limit", "-1"], ["status", "--lang", "fr"]]
)
def test_wrong_usage_ends_with_2(dunghan: Any, settings: Settings, words: list[str]) -> None:
    assert dunghan(*words)[0] == 2


@pytest.mark.integration  # starts Dagster
def test_a_held_lock_is_told(dunghan: Any, published: Settings) -> None:
    Path(published.drop_zone).mkdir(exist_ok=True)
    with run_lock(published):
        for words in (["run"], ["publish"], ["rollback"]):
            status, _, err = dunghan(*words)
            assert status == 1
            assert f"pid {os.getpid()}" in err


def test_foreign_errors_show_no_values_and_no_traceback(
    dunghan: Any, published: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError("could not convert 'Nguyễn Văn A' 038123456789")

    monkeypatch.setattr("warehouse.status.status", fail)
    status, _, err = dunghan("status")
    assert status == 1
    assert "ValueError" in err
    assert "Traceback" not in err
    assert "Nguyễn" not in err
    assert "038123456789" not in err


# ---- sample, config, doctor -----------------------------------------------------------------------------------------


@pytest.mark.integration
def test_sample_fills_an_empty_drop_zone_only(dunghan: Any, settings: Settings) -> None:
    status, out, _ = dunghan("sample", "--dossiers", "40", "--seed", "7")
    assert status == 0, out
    inbox = Path(settings.drop_zone)
    assert list((inbox / "dvcqg" / "dossiers").iterdir())
    before = sorted(path for path in inbox.parent.rglob("*"))
    status, _, err = dunghan("sample", "--dossiers", "40")
    assert status == 2
    assert str(inbox) in err
    assert sorted(path for path in inbox.parent.rglob("*")) == before
    assert dunghan("sample", str(inbox.parent / "other"), "--dossiers", "40")[0] == 0
    assert (inbox.parent / "other" / "truth").is_dir()
    status, _, err = dunghan("sample", str(inbox.parent / "third"), "--bad", "REJ_UNHEARD=1", "--shape", "scroll")
    assert status == 1
    assert "REJ_UNHEARD" in err


def test_config_hides_secrets(dunghan: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUNGHAN_PRIVACY_KEY", "a-very-secret-key-of-the-province")
    monkeypatch.setenv("DUNGHAN_WEBHOOK_URL", "https://hooks.example/secret-token")
    for words in (["config"], ["config", "--json"]):
        status, out, _ = dunghan(*words)
        assert status == 0
        assert "very-secret" not in out
        assert "secret-token" not in out
        assert settings.drop_zone in out


def checks(dunghan: Any) -> tuple[int, dict[str, dict[str, str]]]:
    status, out, _ = dunghan("doctor", "--json")
    return status, {check["name"]: check for check in json.loads(out)}


@pytest.fixture
def quick_dbt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parsing the dbt project takes seconds and is asked for once, by its own test."""
    monkeypatch.setattr("pipelines.doctor._dbt", lambda settings: iter(()))


@pytest.mark.usefixtures("quick_dbt")
def test_doctor_on_nothing_and_on_a_good_warehouse(dunghan: Any, settings: Settings) -> None:
    status, found = checks(dunghan)
    assert status == 1
    assert [name for name, check in found.items() if check["result"] == "fail"] == ["drop_zone"]
    assert all(check["advice"] for check in found.values() if check["result"] != "ok")
    folder = Path(settings.drop_zone, "dvcqg", "dossiers")
    folder.mkdir(parents=True)
    status, found = checks(dunghan)
    assert status == 0
    (folder.parent / "hoso").mkdir()
    status, found = checks(dunghan)
    assert (status, found["drop_zone"]["result"]) == (0, "warn")
    assert "hoso" in found["drop_zone"]["found"]


@pytest.mark.usefixtures("quick_dbt")
def test_doctor_sees_what_is_wrong(dunghan: Any, published: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(published.drop_zone, "dvcqg", "dossiers").mkdir(parents=True)
    key = published.layout.privacy_key
    key.write_text("a key of forty characters, more or less\n")
    key.chmod(0o644)
    status, found = checks(dunghan)
    assert (status, found["privacy_key"]["result"]) == (1, "fail")
    assert "0644" in found["privacy_key"]["found"]
    key.chmod(0o600)
    status, found = checks(dunghan)
    assert (status, found["privacy_key"]["result"], found["published"]["result"]) == (0, "ok", "ok")
    published.layout.key_fingerprint.write_text("0" * 64 + "\n")
    assert checks(dunghan)[1]["privacy_key"]["result"] == "fail"
    published.layout.key_fingerprint.unlink()

    (published.layout.published / ".publishing-20240531T235959-20240601T000000000000Z").mkdir()
    monkeypatch.setenv("DUNGHAN_DROPZONE", "/srv/exports")
    status, found = checks(dunghan)
    assert (found["leftovers"]["result"], found["settings"]["result"]) == ("warn", "warn")
    assert "DUNGHAN_DROPZONE" in found["settings"]["found"]

    now = current(published)
    assert now is not None
    broken = (now.folder / "dunghan.duckdb").resolve()
    broken.chmod(0o644)
    broken.write_bytes(b"not a database")
    status, found = checks(dunghan)
    assert (status, found["published"]["result"]) == (1, "fail")
    assert "rollback" in found["published"]["advice"]


@pytest.mark.usefixtures("quick_dbt")
def test_doctor_wants_room_and_a_clock(dunghan: Any, published: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    real = shutil.disk_usage(published.layout.root)
    monkeypatch.setattr("shutil.disk_usage", lambda _: real._replace(free=LITTLE_DISK_BYTES - 1))
    monkeypatch.setattr("pipelines.clock.wall_clock", lambda: datetime(2020, 1, 1))
    found = checks(dunghan)[1]
    assert (found["disk"]["result"], found["time"]["result"]) == ("fail", "warn")


def test_doctor_tells_wrong_settings(dunghan: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUNGHAN_KEEP_VERSIONS", "0")
    status, found = checks(dunghan)
    assert (status, found["settings"]["result"]) == (1, "fail")
    assert "KEEP_VERSIONS" in found["settings"]["found"]


# ---- the process ----------------------------------------------------------------------------------------------------

HEAVY = ("dagster", "dlt", "dbt", "great_expectations", "duckdb", "pyarrow", "numpy")


@pytest.mark.integration
@pytest.mark.parametrize("words", [["--help"], ["config"], ["run", "--help"]])
def test_starting_is_quick(settings: Settings, words: list[str]) -> None:
    """Measured by what is imported, not by a clock on a busy machine."""
    code = (
        "import sys\nfrom pipelines.cli import main\n"
        "try: main(sys.argv[1:])\nexcept SystemExit as end: assert not end.code\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "[]"


@pytest.mark.integration
def test_the_installed_command(settings: Settings) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("dunghan"), "--version"], capture_output=True, text=True, check=True
    )
    assert re.fullmatch(r"dunghan \d+\.\d+\.\d+\n", done.stdout)


def test_texts_refuse_unknown_keys() -> None:
    with pytest.raises(KeyError):
        Texts("vi")("no.such.text")
