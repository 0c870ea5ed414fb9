"""Files nobody can open (portal-exports §2): the run goes on without them and says so, and removing them heals."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import duckdb
import pytest

from pipelines.config import Settings
from pipelines.inspection import inspect_path
from pipelines.orchestration.runner import LOOK_AT_INPUT, PUBLISHED, run_nightly
from pipelines.portal.discovery import ExportFile, NotAFileError
from tests.support.exports import put, zone

pytestmark = pytest.mark.integration

GOOD, GOOD_TOO = "good_20240601.json", "good_too_20240602.json"
PIPE, SOCKET, LINK, VANISHED, CLOSED = (
    f"{name}_20240601.json" for name in ("pipe", "socket", "link", "gone", "closed")
)
#: Bytes that are no UTF-8, and how the ledger shows them.
ODD, ODD_SHOWN = os.fsdecode(b"h\xf4s\xf5_20240601.json"), "h\\xf4s\\xf5_20240601.json"


def dossiers(first: int, last: int) -> str:
    return json.dumps(
        [
            {
                "MaHoSo": f"H39.18.25-240520-{number:04}",
                "NgayTiepNhan": "20240520083000",
                "NgayHenTra": "20240524170000",
                "NgayKetThucXuLy": "20240523100000",
                "NgayTra": "20240523150000",
                "TrangThaiHoSo": "10",
            }
            for number in range(first, last + 1)
        ]
    )


def asked(settings: Settings, query: str) -> list[tuple]:
    with duckdb.connect(str(settings.layout.published / "dunghan.duckdb"), read_only=True) as con:
        return con.execute(query).fetchall()


def complaints(settings: Settings) -> dict[str, str]:
    """file name → what the published ledger says of what could not be opened."""
    query = "select file_name, detail from marts.mart_load_ledger where reason = 'REJ_FILE_UNREADABLE'"
    return dict(asked(settings, f"{query} and status = 'rejected' and rows_read = 0 and file_sha256 is null"))


def vanishing(plain: Callable[[ExportFile], BinaryIO]) -> Callable[[ExportFile], BinaryIO]:
    """Opening a file that somebody takes away just then."""

    def opened(file: ExportFile) -> BinaryIO:
        if file.file_name == VANISHED:
            Path(file.path).unlink()
        return plain(file)

    return opened


def test_the_rest_is_published_and_removing_them_heals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = zone(tmp_path)
    folder = put(tmp_path, dossiers(1, 3), f"dvcqg/dossiers/{GOOD}").parent
    secret = tmp_path / "secret.json"
    secret.write_text(dossiers(90, 99))
    os.mkfifo(folder / PIPE)
    (folder / LINK).symlink_to(secret)
    for name, text in ((ODD, dossiers(7, 7)), (VANISHED, dossiers(8, 8)), (CLOSED, dossiers(9, 9))):
        (folder / name).write_text(text)
    there = {PIPE, SOCKET, LINK, ODD_SHOWN, VANISHED}
    if os.geteuid() == 0:
        (folder / CLOSED).unlink()  # nothing is closed to root; see the test below
    else:
        (folder / CLOSED).chmod(0)
        there.add(CLOSED)
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as server, monkeypatch.context() as opening:
        server.bind(SOCKET)
        opening.setattr(ExportFile, "open", vanishing(ExportFile.open))
        first = run_nightly(settings)

    assert (first.exit_code, first.problems) == (LOOK_AT_INPUT, [])
    told = complaints(settings)
    assert set(told) == there and all(" / " in detail for detail in told.values())
    assert asked(settings, "select count(*) from marts.fct_dossiers") == [(3,)]
    assert asked(settings, "select count from marts.mart_quality where rule_id = 'REJ_FILE_UNREADABLE'") == [
        (len(there),)
    ]

    # What is gone is taken back at once, what stays is said until it goes, and neither holds up the next files.
    put(tmp_path, dossiers(4, 5), f"dvcqg/dossiers/{GOOD_TOO}")
    assert run_nightly(settings).exit_code == PUBLISHED
    assert set(complaints(settings)) == there - {VANISHED}

    for path in list(folder.iterdir()):
        if path.name not in (GOOD, GOOD_TOO):
            path.unlink()
    healed = run_nightly(settings)
    assert (healed.exit_code, healed.problems) == (PUBLISHED, [])
    assert healed.version != first.version and complaints(settings) == {}
    assert asked(settings, "select file_name, status from marts.mart_load_ledger order by 1") == [
        (GOOD, "loaded"),
        (GOOD_TOO, "loaded"),
    ]
    assert asked(settings, "select * from marts.mart_quality where unit = 'file'") == []
    assert asked(settings, "select count(*) from marts.fct_dossiers") == [(5,)]
    assert run_nightly(settings).version == healed.version, "nothing is new"


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_file_closed_to_this_user(tmp_path: Path) -> None:
    settings = zone(tmp_path)
    put(tmp_path, dossiers(1, 3), f"dvcqg/dossiers/{GOOD}")
    closed = put(tmp_path, dossiers(9, 9), f"dvcqg/dossiers/{CLOSED}")
    closed.chmod(0)
    assert run_nightly(settings).exit_code == LOOK_AT_INPUT and set(complaints(settings)) == {CLOSED}
    closed.chmod(0o644)
    assert run_nightly(settings).exit_code == PUBLISHED and complaints(settings) == {}


def test_inspect_refuses_a_pipe_at_once(tmp_path: Path) -> None:
    folder = put(tmp_path, dossiers(1, 1), f"dvcqg/dossiers/{GOOD}").parent
    os.mkfifo(folder / PIPE)
    with pytest.raises(NotAFileError, match="not a regular file"):
        list(inspect_path(zone(tmp_path), folder / PIPE, kind=None, source=None, rows=0))
