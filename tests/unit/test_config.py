"""Settings: who wins, what is refused, how it is told."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from pipelines.config import CONFIG_FILE, ConfigurationError, Settings, load_settings, origins


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without dunghan.toml and an environment without DUNGHAN_*."""
    import os

    for name in list(os.environ):
        if name.startswith("DUNGHAN_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_flags_win_over_environment_over_file(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (elsewhere / CONFIG_FILE).write_text('lang = "en"\nthreads = 5\nkeep_versions = 9\n')
    monkeypatch.setenv("DUNGHAN_THREADS", "4")
    monkeypatch.setenv("DUNGHAN_KEEP_VERSIONS", "8")
    settings = load_settings(keep_versions=6, drop_zone=None)
    assert (settings.lang, settings.threads, settings.keep_versions) == ("en", 4, 6)
    assert settings.drop_zone, "a flag that was not given changes nothing"


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("2024-05-31T23:59:59", datetime(2024, 5, 31, 23, 59, 59)),
        ("2024-05-31 22:00", datetime(2024, 5, 31, 22)),
        ("2024-05-31T22:00:01.75", datetime(2024, 5, 31, 22, 0, 1)),
        # portal-exports §1: a date alone means the end of that day
        ("2024-05-31", datetime(2024, 5, 31, 23, 59, 59)),
        (" 2024-05-31 ", datetime(2024, 5, 31, 23, 59, 59)),
        ("", None),
    ],
)
def test_moments(given: str, meant: datetime | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUNGHAN_KNOWN_AT", given)
    settings = load_settings(as_of=given)
    assert settings.as_of == meant
    assert settings.known_at == meant


def test_every_problem_is_told_at_once_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {
        "DUNGHAN_AS_OF": "31/05/2024",
        "DUNGHAN_KNOWN_AT": "2024-06-01T00:00:00Z",
        "DUNGHAN_PRIVACY_KEY": "tooshort-secret",
        "DUNGHAN_THREADS": "0",
        "DUNGHAN_KEEP_VERSIONS": "many",
        "DUNGHAN_MEMORY_LIMIT": "lots",
        "DUNGHAN_ALERT_SHARE": "2",
        "DUNGHAN_LANG": "fr",
    }
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as told:
        load_settings()
    message = str(told.value)
    assert [name for name in wrong if name not in message] == []
    assert "không phải thời điểm" in message
    assert "16 characters" in message
    assert "tooshort" not in message


def test_file_problems_are_told(elsewhere: Path) -> None:
    (elsewhere / CONFIG_FILE).write_text('drop_zoen = "/srv/exports"\n')
    with pytest.raises(ConfigurationError, match="drop_zoen"):
        load_settings()
    (elsewhere / CONFIG_FILE).write_text("lang = vi")
    with pytest.raises(ConfigurationError, match=CONFIG_FILE):
        load_settings()


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUNGHAN_PRIVACY_KEY", "a-very-secret-key-of-the-province")
    assert "very-secret" not in repr(load_settings()) + str(load_settings().model_dump())


def test_everything_lies_in_the_warehouse(elsewhere: Path) -> None:
    layout = load_settings(warehouse="somewhere/else").layout
    assert layout.root == elsewhere / "somewhere" / "else"
    assert not layout.root.exists(), "asking for settings makes no folders"
    layout.create()
    assert layout.keys.stat().st_mode & 0o777 == 0o700
    properties = [name for name, value in vars(type(layout)).items() if isinstance(value, property)]
    assert all(getattr(layout, name).is_relative_to(layout.root) for name in properties)


def test_headings_of_sources(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (elsewhere / CONFIG_FILE).write_text(
        '[headings.motcua]\n"Số biên nhận" = "mahoso"\n"Ký hiệu" = ""\n"Hạn" = "NgayTra"\n'
        '[headings."*"]\n"HẠN" = "NgayHenTra"\n'
    )
    settings = load_settings()
    assert settings.synonyms("motcua") == {"so bien nhan": "MaHoSo", "ky hieu": "", "han": "NgayTra"}
    assert settings.synonyms("dvcqg") == {"han": "NgayHenTra"}
    monkeypatch.setenv("DUNGHAN_HEADINGS", '{"dvcqg": {"Mã số": "MaHoSo"}}')
    assert load_settings().synonyms("dvcqg")["ma so"] == "MaHoSo"
    assert load_settings(headings={}).synonyms("khac") in ({}, {"han": "NgayHenTra"})


def test_wrong_headings_are_all_told(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {
        "Một Cửa": {"Số": "MaHoSo"},
        "motcua": {
            "Biên nhận": "MaHoSoo",
            "Ngày": "NgayTiepNhann",
            "!!!": "MaHoSo",
            "Hẹn": "NgayHenTra",
            "HEN": "NgayTra",
        },
    }
    with pytest.raises(ConfigurationError) as told:
        load_settings(headings=wrong)
    message = str(told.value)
    assert "DUNGHAN_HEADINGS" in message
    for words in ("headings.Một Cửa", "MaHoSoo", "NgayTiepNhann", "near: MaHoSo", "NgayTiepNhan", '"!!!"', '"HEN"'):
        assert words in message
    monkeypatch.setenv("DUNGHAN_HEADINGS", "{not json 0912345678")
    with pytest.raises(ConfigurationError, match="JSON") as unread:
        load_settings()
    assert "0912345678" not in str(unread.value)


def test_one_file_whatever_the_working_folder(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Named, else of the environment, else of the working folder; relative folders are relative to the file."""
    (elsewhere / "a").mkdir()
    (elsewhere / "a" / "cua-tinh.toml").write_text('warehouse = "kho"\ndrop_zone = "s3://nhan/tep"\nthreads = 3\n')
    (elsewhere / CONFIG_FILE).write_text("threads = 4\n")
    named = load_settings(config=elsewhere / "a" / "cua-tinh.toml")
    assert (named.threads, named.warehouse, named.drop_zone) == (3, elsewhere / "a" / "kho", "s3://nhan/tep")
    assert load_settings().threads == 4
    monkeypatch.setenv("DUNGHAN_CONFIG", str(elsewhere / "a" / "cua-tinh.toml"))
    assert load_settings().threads == 3
    monkeypatch.chdir("/")
    assert load_settings().warehouse == elsewhere / "a" / "kho"
    monkeypatch.setenv("DUNGHAN_CONFIG", str(elsewhere / "khong-co.toml"))
    with pytest.raises(ConfigurationError, match="Không có tệp cấu hình"):
        load_settings()


def test_where_a_setting_comes_from(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (elsewhere / CONFIG_FILE).write_text('threads = 4\nlang = "en"\n')
    monkeypatch.setenv("DUNGHAN_LANG", "vi")
    found = origins({"memory_limit": "1GB", "drop_zone": None})
    assert [found[name] for name in ("memory_limit", "lang", "threads", "drop_zone")] == [
        *("flag", "environment", "file", "default"),
    ]


@pytest.mark.parametrize("cron", ["25 99 * * *", "* * * *", "@daily", "mỗi đêm"])
def test_a_cron_that_never_comes_is_refused(cron: str) -> None:
    with pytest.raises(ConfigurationError, match="năm trường cron"):
        load_settings(nightly_cron=cron)


def test_every_setting_is_told_in_both_languages() -> None:
    for name, field in Settings.model_fields.items():
        assert str(field.description).count(" / ") >= 1, name
