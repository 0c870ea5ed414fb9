"""Workbooks and pages made to hurt (issue 3, 7): each ends in FileRejected, soon, and leaves the parent as it was."""

from __future__ import annotations

import io
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import psutil
import pytest

from pipelines.contract import DOSSIERS
from pipelines.portal.readers import FileRejected, confined
from pipelines.portal.readers.base import Content, FileFacts
from tests.support import workbooks
from tests.support.exports import read, seen
from tests.unit.test_readers_workbook import ROWS

pytestmark = pytest.mark.faults

SECONDS = 60
PARENT_MEMORY = 400 * 1024 * 1024


def cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def far_cell() -> bytes:
    """Two cells, at the ends of a sheet of 17 thousand million."""
    far = cell("XFD1048576", "a")
    return workbooks.xlsx_of(f'<row r="1">{cell("A1", "Mã hồ sơ")}</row><row r="1048576">{far}</row>')


def one_cell_of_a_gigabyte() -> bytes:
    """300 times smaller when packed."""
    return workbooks.xlsx_of(one_cell([b"a" * (1 << 20)] * 1024))


def one_row_below_the_ratio() -> bytes:
    """A gigabyte in one row that packs to a little more than a hundredth."""
    noise = random.Random(7).randbytes(100 * 1024).hex().encode()
    return workbooks.xlsx_of(one_cell([noise + b"a" * (9 << 20)] * 110))


def one_cell(text: list[bytes]) -> list[bytes]:
    return [b'<row r="1"><c r="A1" t="inlineStr"><is><t>', *text, b"</t></is></c></row>"]


def billion_laughs() -> bytes:
    entities = '<!ENTITY a0 "ha ha ha ha ha ha ha ha ha ha">' + "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)
    )
    strings = f'<?xml version="1.0"?><!DOCTYPE sst [{entities}]><sst><si><t>&a9;</t></si></sst>'
    return workbooks.xlsx_of('<row r="1"><c r="A1" t="s"><v>0</v></c></row>', strings)


def external_entity() -> bytes:
    strings = (
        '<?xml version="1.0"?><!DOCTYPE sst [<!ENTITY x SYSTEM "file:///etc/passwd">]><sst><si><t>&x;</t></si></sst>'
    )
    return workbooks.xlsx_of('<row r="1"><c r="A1" t="s"><v>0</v></c></row>', strings)


def repeated_ods() -> bytes:
    inner = '<table:table-cell table:number-columns-repeated="16384" office:value-type="string"><text:p>a</text:p>'
    row = f'<table:table-row table:number-rows-repeated="1048576">{inner}</table:table-cell></table:table-row>'
    return workbooks.ods_of(f'<table:table table:name="a">{row}</table:table>')


def lying_sizes() -> bytes:
    """A directory that says a sheet of a hundred megabytes has ten bytes."""
    data = bytearray(workbooks.xlsx_of([b" " * (1 << 20)] * 100))
    at = 0
    while (at := data.find(b"PK\x01\x02", at + 1)) > 0:
        data[at + 24 : at + 28] = (10).to_bytes(4, "little")
    return bytes(data)


def nested_html() -> bytes:
    return b"<table><tr><td>" * 200_000 + b"x"


def wide_html() -> bytes:
    return b"<html><table><tr>" + b"<td colspan=1000>x" * 200_000 + b"<tr>" + b"<td rowspan=65534>" * 100_000


def excel_xml_laughs() -> bytes:
    entities = '<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    return (
        f'<?xml version="1.0"?><!DOCTYPE Workbook [{entities}]><Workbook'
        ' xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet><Table><Row><Cell><Data>&a9;</Data></Cell>'
        "</Row></Table></Worksheet></Workbook>"
    ).encode()


HOSTILE: list[Callable[[], bytes]] = [
    far_cell, one_cell_of_a_gigabyte, one_row_below_the_ratio, billion_laughs, external_entity, repeated_ods,
    lying_sizes, nested_html, wide_html, excel_xml_laughs,
]  # fmt: skip


@pytest.mark.parametrize("make", HOSTILE)
def test_hostile_files_end_soon_and_small(make: Any, tmp_path: Path) -> None:
    content = make()
    before = psutil.Process().memory_info().rss
    file = seen(tmp_path, content, "dvcqg/dossiers/bang_20240601.xls")
    del content
    begun = time.monotonic()
    with pytest.raises(FileRejected) as caught:
        _exhaust(file)
    assert time.monotonic() - begun < SECONDS
    assert psutil.Process().memory_info().rss - before < PARENT_MEMORY
    assert "root:" not in caught.value.detail and "ha ha" not in caught.value.detail


def _exhaust(file: Any) -> int:
    from pipelines.portal.readers import open_reader

    return sum(batch.table.num_rows for batch in open_reader(file).batches())


@pytest.mark.parametrize("make", [workbooks.xlsx, workbooks.xls, workbooks.ods])
def test_truncated_and_damaged_workbooks(make: Any, tmp_path: Path) -> None:
    whole = make(ROWS)
    chance = random.Random(11)
    for case in range(25):
        damaged = bytearray(whole)
        if case % 2:
            del damaged[chance.randrange(1, len(damaged)) :]
        else:
            for _ in range(chance.randrange(1, 40)):
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            read(tmp_path, bytes(damaged))
        except FileRejected:
            continue


@pytest.mark.parametrize(
    ("streams", "said"),
    [
        (["EncryptionInfo", "EncryptedPackage"], "mật khẩu"),
        (["WordDocument", "1Table"], "Word"),
        (["PowerPoint Document"], "PowerPoint"),
        (["Workbook"], "hỏng"),
    ],
)
def test_other_ole2_files(streams: Any, said: Any, tmp_path: Path) -> None:
    with pytest.raises(FileRejected, match=said):
        read(tmp_path, workbooks.ole2(dict.fromkeys(streams, b"\x09\x08\x10\x00")))


def test_encrypted_biff(tmp_path: Path) -> None:
    data = workbooks.xls(ROWS)
    # The record after the first BOF becomes FILEPASS.
    at = data.index(b"\x09\x08\x10\x00")
    after = at + 4 + 16
    with pytest.raises(FileRejected, match="mật khẩu"):
        read(tmp_path, data[:after] + b"\x2f\x00" + data[after + 2 :])


def test_encrypted_members(tmp_path: Path) -> None:
    data = bytearray(workbooks.xlsx(ROWS))
    at = 0
    while (at := data.find(b"PK\x01\x02", at + 1)) > 0:
        data[at + 8] |= 1
    with pytest.raises(FileRejected, match="mật khẩu"):
        read(tmp_path, bytes(data))


def test_a_worker_that_dies_or_hangs_costs_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = workbooks.xlsx(ROWS)
    rows, _ = read(tmp_path, good)
    (worker,) = confined._idle
    os.kill(worker._process.pid, signal.SIGSTOP)
    monkeypatch.setattr(confined, "SECONDS_BASE", 1.0)
    with pytest.raises(FileRejected, match="time limit"):
        read(tmp_path, good)
    monkeypatch.undo()
    assert read(tmp_path, good)[0] == rows
    (worker,) = confined._idle
    worker._process.kill()
    worker._process.wait()
    assert read(tmp_path, good)[0] == rows


def test_one_worker_reads_many_files(tmp_path: Path) -> None:
    good, bad = workbooks.xlsx(ROWS), workbooks.xlsx([["a"]])
    read(tmp_path, good)
    (worker,) = confined._idle
    for content in (bad, good, good):
        try:
            read(tmp_path, content)
        except FileRejected as fault:
            assert fault.reason == "REJ_FILE_NO_HEADING"
    assert confined._idle == [worker]


def test_a_reader_that_is_left_takes_its_process_along(tmp_path: Path) -> None:
    from pipelines.portal.readers import open_reader

    confined._end_idle()
    others = set(psutil.Process().children())
    batches = open_reader(seen(tmp_path, workbooks.xlsx(ROWS))).batches()
    assert isinstance(batches, Generator)
    next(batches)
    assert len(set(psutil.Process().children()) - others) == 1
    batches.close()
    assert not confined._idle and not set(psutil.Process().children()) - others


@pytest.mark.parametrize("how", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_no_process_outlives_its_parent(how: signal.Signals, tmp_path: Path) -> None:
    path = seen(tmp_path, workbooks.xlsx(ROWS)).path
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from pipelines.contract import DOSSIERS\n"
        "from pipelines.portal.readers import workbook\n"
        "from pipelines.portal.readers.base import Content\n"
        "batches = workbook.open_workbook(Content.of(lambda: open(sys.argv[1], 'rb')), DOSSIERS, {}).batches()\n"
        "next(batches)\n"
        "print('reading', flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, path], stdout=subprocess.PIPE, cwd=Path.cwd()) as parent:
        assert parent.stdout and parent.stdout.readline() == b"reading\n"
        children = psutil.Process(parent.pid).children()
        assert len(children) == 1
        parent.send_signal(how)
        parent.wait()
        _, alive = psutil.wait_procs(children, timeout=10)
        assert not alive


def test_the_child_knows_no_key_and_leaves_no_core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUNGHAN_PRIVACY_KEY", "x" * 64)
    worker = confined._Worker()
    try:
        assert not any(name.startswith("DUNGHAN_") for name in psutil.Process(worker._process.pid).environ())
    finally:
        worker.end()
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY


def test_a_stored_bomb_inside_counts_too(tmp_path: Path) -> None:
    content = workbooks.packed({"[Content_Types].xml": "", "xl/workbook.xml": "a" * 9_000_000})
    with pytest.raises(FileRejected, match="100"):
        read(tmp_path, content)


def test_whatever_the_process_ends_by_is_a_rejected_file(tmp_path: Path) -> None:
    content = Content(lambda: io.BytesIO(b"a"), b"a", True)
    reader = confined.ConfinedReader("no_such_reader", content, DOSSIERS, {}, FileFacts(""))
    with pytest.raises(FileRejected, match="too large or corrupt"):
        list(reader.batches())
