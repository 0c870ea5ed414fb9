"""What stops a run before it starts: everything at once, nothing begun."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from pipelines.config import ConfigurationError, Settings, load_settings
from pipelines.preflight import require_sound


def settings_of(folder: Path, drop_zone: str | None = None, warehouse: str = "kho") -> Settings:
    (folder / "nhan").mkdir(exist_ok=True)
    return load_settings(drop_zone=str(folder / (drop_zone or "nhan")), warehouse=folder / warehouse)


def test_a_sound_installation_starts_and_makes_nothing(tmp_path: Path) -> None:
    require_sound(settings_of(tmp_path))
    assert not (tmp_path / "kho").exists()


def test_a_folder_of_its_own_in_the_warehouse_is_no_harm(tmp_path: Path) -> None:
    (tmp_path / "kho" / "inbox").mkdir(parents=True)
    require_sound(settings_of(tmp_path, "kho/inbox"))


@pytest.mark.parametrize("drop_zone", [".", "kho", "kho/published", "kho/lake/raw"])
def test_what_the_warehouse_writes_is_never_loaded(tmp_path: Path, drop_zone: str) -> None:
    (tmp_path / "kho" / "lake" / "raw").mkdir(parents=True)
    (tmp_path / "kho" / "published").mkdir()
    with pytest.raises(ConfigurationError, match="trùng với kho"):
        require_sound(settings_of(tmp_path, drop_zone))


def test_a_drop_zone_one_level_off_is_told(tmp_path: Path) -> None:
    (tmp_path / "nhan" / "inbox" / "dvcqg" / "dossiers").mkdir(parents=True)
    for wrong in ("nhan", "nhan/inbox/dvcqg"):
        with pytest.raises(ConfigurationError, match=f"còn {tmp_path / 'nhan' / 'inbox'} thì có: hãy sửa `drop_zone`"):
            require_sound(settings_of(tmp_path, wrong))
    require_sound(settings_of(tmp_path, "nhan/inbox"))


def test_every_problem_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kho").write_text("a file, not a folder")
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9 - 10**6, 10**6))
    with pytest.raises(ConfigurationError) as told:
        require_sound(settings_of(tmp_path, "chua-co"))
    text = str(told.value)
    assert "không có thư mục nhận tệp" in text
    assert f"không ghi được vào {tmp_path / 'kho'}" in text
    assert "còn 1 MB, cần ít nhất 1000 MB" in text
