"""Personal data (portal-exports §7): the HMAC is Python's, the key file is private and stays, masks let nothing
through."""

from __future__ import annotations

import hashlib
import hmac
import stat
import threading
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations import catalogue as catalogue_module
from pipelines.config import load_settings
from pipelines.portal.privacy import PrivacyKey, PrivacyKeyError, load_key
from pipelines.portal.sql import load_macros
from tests.support.properties import examples


def ask(expression: str, value: str | None, key: PrivacyKey | None = None) -> Any:
    con = connection()
    for variable in ("hmac_ipad", "hmac_opad"):
        con.execute(f"reset variable {variable}")
    if key:
        key.register_key(con)
    return con.execute(f"select {expression} from (select $v::varchar as v)", {"v": value}).fetchall()[0][0]


@cache
def connection() -> duckdb.DuckDBPyConnection:
    """One for all: loading the macros takes time."""
    con = duckdb.connect(config={"threads": 1})
    load_macros(con)
    return con


@settings(max_examples=examples(60))
@given(key=st.binary(min_size=1, max_size=100), text=st.text(max_size=50))
def test_hmac_is_the_standard_one(key: bytes, text: str) -> None:
    expected = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    assert ask("hmac(v)", text, PrivacyKey.of(key)) == expected


def test_no_identity_has_no_key() -> None:
    assert ask("hmac(v)", None, PrivacyKey.of(b"x")) is None


def test_without_the_key_nothing_is_hashed() -> None:
    with pytest.raises(duckdb.Error):
        ask("hmac(v)", "001099000123")


def test_the_key_shows_nowhere() -> None:
    assert "36" not in repr(PrivacyKey.of(b"0123456789abcdef")) and "123" not in repr(
        PrivacyKey.of(b"0123456789abcdef")
    )


def test_the_key_file_is_private_and_stays(tmp_path: Path) -> None:
    settings = load_settings(warehouse=tmp_path / "w")
    first = load_key(settings)
    path = settings.layout.privacy_key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert len(path.read_text().strip()) == 64
    assert load_key(settings) == first
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_processes_that_start_together_share_one_key(tmp_path: Path) -> None:
    settings = load_settings(warehouse=tmp_path / "w")
    keys: list[PrivacyKey] = []
    threads = [threading.Thread(target=lambda: keys.append(load_key(settings))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8 and set(keys) == {load_key(settings)}


def test_the_configured_key_wins_and_makes_no_file(tmp_path: Path) -> None:
    settings = load_settings(warehouse=tmp_path / "w", privacy_key="một khóa đủ dài nhé")
    assert load_key(settings) == PrivacyKey.of("một khóa đủ dài nhé".encode())
    assert not settings.layout.privacy_key.exists()


def test_a_damaged_key_file_is_not_replaced(tmp_path: Path) -> None:
    settings = load_settings(warehouse=tmp_path / "w")
    load_key(settings)
    settings.layout.privacy_key.write_text("ngắn")
    with pytest.raises(PrivacyKeyError, match=r"privacy\.key"):
        load_key(settings)
    assert settings.layout.privacy_key.read_text() == "ngắn"


@pytest.mark.parametrize(
    "shown", ["20240230083000", "32/01/2024", "2024-13-01T08:30:00Z", "8:61 4/3/2024", "11", "-1", "4/3/24"]
)
def test_dates_and_short_numbers_stay_readable(shown: str) -> None:
    assert ask("mask(v)", shown) == shown


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ("Nguyễn Văn A", "xxxxxx xxx x"),
        ("079000000001", "############"),
        ("0912.345.678", "####.###.###"),
        ("0912 345 678", "#### ### ###"),
        ("a@b.vn", "xxx.xx"),
        ("Nguyễn Văn A sinh 04/03/1979", "xxxxxx xxx x xxxx ##/##/####"),
        ("202402300830", "############"),
    ],
)
def test_what_could_be_a_person_is_masked(value: Any, masked: str) -> None:
    assert ask("mask(v)", value) == masked


@settings(max_examples=examples(100))
@given(st.text(min_size=1, max_size=80))
def test_a_mask_holds_no_letter_and_no_long_number(value: str) -> None:
    masked = ask("mask(v)", value)
    assert len(masked) <= 40
    assert {c for c in masked if c.isalpha()} <= {"x", "T", "Z"}
    assert not any(9 <= len(run) <= 13 for run in "".join(c if c.isdigit() else " " for c in masked).split())


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("Thủ tục đăng ký khai sinh", "Thủ tục đăng ký khai sinh"),
        ("Cấp lại theo Nghị định 123/2015/NĐ-CP", "Cấp lại theo Nghị định 123/2015/NĐ-CP"),
        ("Ông A 079000000001", "Ông A #"),
        ("gọi 0912 345 678 nhé", "gọi # nhé"),
        ("thư a.b@c.vn", "thư @"),
    ],
)
def test_names_that_are_kept_lose_numbers_of_people(value: Any, kept: str) -> None:
    assert ask("redact(v)", value) == kept


def test_codes_stay_and_others_are_told_apart_without_being_shown() -> None:
    key = PrivacyKey.of(b"k" * 20)
    for code in ("H39.18.25-240304-0001", "2024/15", "HS-ĐT_12", "X" * 49 + "1", "HS,12/2024"):
        assert ask("mask_code(v)", code, key) == code
    person, other = (ask("mask_code(v)", name, key) for name in ("NGUYỄNVĂNA", "NGUYỄNVĂNB"))
    assert person.startswith("XXXXXXXXXX~") and other.startswith("XXXXXXXXXX~") and person != other
    assert ask("mask_code(v)", None, key) is None


@pytest.mark.parametrize(
    "code",
    [
        "H39.18-240426-9014HỒNGỌCDŨNG0598273911",
        "0912345678",
        "HS-079012345678",
        "A84912345678",
        "NGUYỄNVĂNA12",
        "X" * 60 + "1",
    ],
)
def test_codes_that_another_column_ran_into_are_masked(code: str) -> None:
    assert "~" in ask("mask_code(v)", code, PrivacyKey.of(b"k" * 20))


@pytest.mark.parametrize("length", [5, 39, 40, 41, 50, 51, 80])
def test_a_masked_code_is_too_long_only_if_the_code_was(length: int) -> None:
    assert (len(ask("mask_code(v)", "N" * length, PrivacyKey.of(b"k" * 20))) > 50) == (length > 50)


def test_the_longest_code_is_the_rule_catalogues() -> None:
    """The portal cannot import the validation; the number stands in both, so it must be the same."""
    catalogue = Path(catalogue_module.__file__).with_name("rules.yml").read_text(encoding="utf-8")
    assert "dossiers: length(dossier_code) > 50\n" in catalogue
