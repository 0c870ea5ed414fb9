"""The drop zone (portal-exports §1): where exports lie, when they were exported, what is new, what is left alone."""

from __future__ import annotations

import hashlib
import os
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import fsspec
import pytest

from pipelines.config import load_settings
from pipelines.portal.discovery import DropZoneError, ExportFile, Known, discover, exported_at, new_files, single
from tests.support.exports import put, zone

MTIME = datetime(2024, 7, 1, 12, 30, 15, 250_000)


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        ("hoso_20240605.json", "2024-06-05T23:59:59"),
        ("hoso_20240601T060000.ndjson", "2024-06-01T06:00:00"),
        ("20240601-0630.csv", "2024-06-01T06:30:00"),
        ("a_20240601_063015_b.csv", "2024-06-01T06:30:15"),
        ("a20241301_20240602.json", "2024-06-02T23:59:59"),
        ("99920240602x", "2024-06-02T23:59:59"),
        ("20240230_20240229.json", "2024-02-29T23:59:59"),
        ("20240601T2530.json", "2024-06-01T23:59:59"),
        ("20240601060000.json", "2024-06-01T23:59:59"),
        ("20240101_20240131.json", "2024-01-01T23:59:59"),
        ("20240601_12345.json", "2024-06-01T23:59:59"),
    ],
)
def test_export_moment_of_a_name(name: str, moment: Any) -> None:
    assert exported_at(name, MTIME) == (datetime.fromisoformat(moment), "name")


@pytest.mark.parametrize(
    "name", ["hoso.json", "hoso_2024-06-05.json", "19990101.json", "20241301.json", "hoso_240605.csv"]
)
def test_without_a_date_the_modification_time_counts(name: str) -> None:
    assert exported_at(name, MTIME) == (MTIME.replace(microsecond=0), "mtime")


def test_modification_times_are_local_wall_clock(tmp_path: Path) -> None:
    path = put(tmp_path, "[]", "dvcqg/dossiers/hoso.json")
    os.utime(path, (1_717_200_000, 1_717_200_000))  # 2024-06-01T00:00:00Z
    (file,) = discover(zone(tmp_path))
    assert (file.exported_at, file.exported_at_from) == (datetime(2024, 6, 1, 7), "mtime")


def test_places_and_fingerprints(tmp_path: Path) -> None:
    put(tmp_path, "[1]", "motcua/progress/2024/06/tiendo_20240602.json")
    put(tmp_path, "[2]", "dvcqg/dossiers/hoso_20240601.json")
    files = discover(zone(tmp_path))
    assert [(f.source, f.kind, f.file_path, f.file_name, f.outcome) for f in files] == [
        ("dvcqg", "dossiers", "dvcqg/dossiers/hoso_20240601.json", "hoso_20240601.json", "new"),
        ("motcua", "progress", "motcua/progress/2024/06/tiendo_20240602.json", "tiendo_20240602.json", "new"),
    ]
    assert [f.sha256 for f in files] == [hashlib.sha256(x).hexdigest() for x in (b"[2]", b"[1]")]
    assert [f.size for f in files] == [3, 3]


@pytest.mark.parametrize(
    "place", ["a.json", "dvcqg/a.json", "dvcqg/hoso/a.json", "DVCQG/dossiers/a.json", "đvc/dossiers/a.json"]
)
def test_a_file_in_the_wrong_place_is_told_not_lost(place: str, tmp_path: Path) -> None:
    put(tmp_path, "[]", place)
    (file,) = discover(zone(tmp_path))
    assert file.outcome == "unreadable" and file.sha256 and " / " in (file.detail or "")


def test_hidden_and_temporary_files_wait(tmp_path: Path) -> None:
    for name in (".a.json", "a.json.part", "a.tmp", "~$a.xlsx", "a.json~", ".git/a.json", "b.TMP"):
        put(tmp_path, "[]", f"dvcqg/dossiers/{name}")
    assert discover(zone(tmp_path)) == []


def test_files_that_still_change_wait(tmp_path: Path) -> None:
    settled = put(tmp_path, "[1]", "dvcqg/dossiers/a_20240601.json")
    put(tmp_path, "[2]", "dvcqg/dossiers/b_20240601.json")
    os.utime(settled, (time.time() - 120, time.time() - 120))
    files = discover(zone(tmp_path).model_copy(update={"settle_seconds": 60}))
    assert [f.file_name for f in files] == ["a_20240601.json"]


def test_what_is_known_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "[1]", "dvcqg/dossiers/a_20240601.json")
    settings = zone(tmp_path)
    (first,) = discover(settings)
    known = Known(frozenset({(first.file_path, first.size, first.mtime)}), frozenset())
    assert discover(settings, known) == []
    touched = put(tmp_path, "[1]", "dvcqg/dossiers/a_20240601.json")
    os.utime(touched, (1_800_000_000, 1_800_000_000))
    assert [f.file_path for f in discover(settings, known)] == [first.file_path]


def test_duplicates_are_marked_within_and_across_runs_per_source_and_kind(tmp_path: Path) -> None:
    put(tmp_path, "[1]", "dvcqg/dossiers/b_20240603.json")
    put(tmp_path, "[1]", "dvcqg/dossiers/a_20240602.json")
    put(tmp_path, "[1]", "dvcqg/progress/a_20240601.json")
    put(tmp_path, "[1]", "motcua/dossiers/a_20240601.json")
    settings = zone(tmp_path)
    files = discover(settings)
    assert {f.file_path: f.outcome for f in files} == {
        "dvcqg/dossiers/a_20240602.json": "new",
        "dvcqg/dossiers/b_20240603.json": "duplicate",
        "dvcqg/progress/a_20240601.json": "new",
        "motcua/dossiers/a_20240601.json": "new",
    }
    known = Known(contents=frozenset({("dvcqg", "dossiers", files[0].sha256 or "")}))
    assert [f.outcome for f in discover(settings, known) if (f.source, f.kind) == ("dvcqg", "dossiers")] == [
        "duplicate"
    ] * 2
    # A part of a listing: without the first file its copy is the one to read.
    rest = [f for f in files if f.file_path != "dvcqg/dossiers/a_20240602.json"]
    assert {f.outcome for f in new_files(rest, Known())} == {"new"}


def test_links_are_followed_inside_the_drop_zone_only(tmp_path: Path) -> None:
    inside = put(tmp_path, "[1]", "dvcqg/dossiers/a_20240601.json")
    secret = tmp_path / "secret_20240601.json"
    secret.write_text("[2]")
    folder = inside.parent
    (folder / "b_20240602.json").symlink_to(inside)
    (folder / "c_20240603.json").symlink_to(secret)
    (folder / "d_20240604.json").symlink_to(tmp_path / "nowhere")
    (folder / "e").symlink_to(tmp_path, target_is_directory=True)
    files = {file.file_name: file for file in discover(zone(tmp_path))}
    assert {name: file.outcome for name, file in files.items()} == {
        "a_20240601.json": "new",
        "b_20240602.json": "duplicate",
        "c_20240603.json": "unreadable",
        "d_20240604.json": "unreadable",
        "e": "unreadable",
    }
    assert not files["b_20240602.json"].changed()
    for name in ("c_20240603.json", "d_20240604.json", "e"):
        assert files[name].sha256 is None and "link" in (files[name].detail or "")
        assert files[name].size == (folder / name).lstat().st_size, "nothing of the target is told"


def test_what_is_no_file_is_told_and_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = put(tmp_path, "[1]", "dvcqg/dossiers/a_20240601.json").parent
    os.mkfifo(folder / "f_20240605.json")
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("g_20240606.json")
        Path(os.fsdecode(b"h\xf4s\xf5_20240607.json")).write_text("[2]")
        files = discover(zone(tmp_path))
    assert [(f.file_name, f.outcome, f.sha256 is None) for f in files] == [
        ("a_20240601.json", "new", False),
        ("f_20240605.json", "unreadable", True),
        ("g_20240606.json", "unreadable", True),
        ("h\\xf4s\\xf5_20240607.json", "unreadable", True),
    ]
    assert all(" / " in (f.detail or "") for f in files[1:])
    complaints = frozenset((f.file_path, f.detail) for f in files[1:])
    assert [f.outcome for f in discover(zone(tmp_path), Known(complaints=complaints))] == ["new"]
    others = frozenset((f.file_path, "khác / other") for f in files[1:])
    assert len(discover(zone(tmp_path), Known(complaints=others))) == 4


def test_a_file_that_grows_while_it_is_hashed_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path, "[1", "dvcqg/dossiers/a_20240601.json")
    put(tmp_path, "[2]", "dvcqg/dossiers/b_20240602.json")
    plain = ExportFile.open

    def growing(self: ExportFile) -> BinaryIO:
        with path.open("a") as more:
            more.write(",2" if self.path == str(path) else "")
        return plain(self)

    monkeypatch.setattr(ExportFile, "open", growing)
    assert [f.file_name for f in discover(zone(tmp_path))] == ["b_20240602.json"]


def test_a_single_file_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "hồ sơ_20240601.json"
    path.write_text("[1]")
    file = single(path, "dvcqg", "dossiers")
    assert (file.source, file.kind, file.file_name, file.size) == ("dvcqg", "dossiers", path.name, 3)
    assert (file.outcome, file.sha256, file.exported_at) == ("new", None, datetime(2024, 6, 1, 23, 59, 59))
    with file.open() as stream:
        assert stream.read() == b"[1]"
    assert not file.changed()
    with pytest.raises(FileNotFoundError):
        single(tmp_path / "nowhere", "dvcqg", "dossiers")


def test_a_file_that_cannot_be_opened_is_told_and_has_no_fingerprint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path, "[1]", "dvcqg/dossiers/a_20240601.json")
    path.chmod(0)
    if os.access(path, os.R_OK):  # the tests run as root, whom no mode stops: the disk refuses instead
        from pipelines.portal import discovery

        def refuse(_: ExportFile) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(discovery.ExportFile, "open", refuse)
    (file,) = discover(zone(tmp_path))
    assert (file.outcome, file.sha256) == ("unreadable", None)
    assert "Permission denied" in (file.detail or "")


def test_a_file_that_changes_after_discovery_is_noticed(tmp_path: Path) -> None:
    path = put(tmp_path, "[1]", "dvcqg/dossiers/a_20240601.json")
    (file,) = discover(zone(tmp_path))
    assert not file.changed()
    path.write_text("[1, 2]")
    assert file.changed()
    path.unlink()
    assert file.changed()


def test_without_a_drop_zone_the_message_says_which(tmp_path: Path) -> None:
    with pytest.raises(DropZoneError, match="nowhere"):
        discover(load_settings(drop_zone=str(tmp_path / "nowhere"), warehouse=tmp_path / "w"))
    with pytest.raises(DropZoneError, match="gopher"):
        discover(load_settings(drop_zone="gopher://x/y", warehouse=tmp_path / "w"))


def test_any_fsspec_store_is_a_drop_zone(tmp_path: Path) -> None:
    store = fsspec.filesystem("memory")
    store.pipe("/vung-nhan/dvcqg/dossiers/hoso_20240601.json", b"[1]")
    try:
        (file,) = discover(load_settings(drop_zone="memory://vung-nhan", warehouse=tmp_path / "w"))
        assert (file.file_path, file.sha256) == (
            "dvcqg/dossiers/hoso_20240601.json",
            hashlib.sha256(b"[1]").hexdigest(),
        )
        assert abs(file.mtime - (datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=7))) < timedelta(minutes=5)
        assert not file.changed()
    finally:
        store.rm("/vung-nhan", recursive=True)
