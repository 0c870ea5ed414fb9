"""What the search and the round trip through every shape have found, each as small as it could be made."""

from __future__ import annotations

import unicodedata

import duckdb

from pipelines.contract import DOSSIERS
from pipelines.portal.canonical import Canonicaliser, Portion
from pipelines.portal.privacy import PrivacyKey
from pipelines.portal.readers import open_reader
from tests.fuzz.examine import file_of

HEADING = "MaHoSo;TenTTHC;NgayTiepNhan;TrangThaiHoSo\n"


def bad_values(text: str) -> list[str | None]:
    canonical = Canonicaliser(duckdb.connect(config={"threads": 1}), DOSSIERS, PrivacyKey.of(b"test"))
    batches = list(open_reader(file_of(text.encode(), "dossiers")).batches())
    return canonical.convert([Portion(batch) for batch in batches])[0].rows.column("bad_values").to_pylist()


def test_a_masked_value_does_not_depend_on_the_unicode_form() -> None:
    """A letter with combining marks is one letter: the quarantine says the same of NFD text."""
    text = HEADING + "H39.18-240102-0001;Khai sinh;20240102080000;đang xử lý nhưng chưa xong\n"
    composed = bad_values(text)
    assert composed == ['{"TrangThaiHoSo":"xxxx xx xx xxxxx xxxx xxxx"}']
    assert bad_values(unicodedata.normalize("NFD", text)) == composed


def test_the_first_row_of_a_repeated_heading_is_no_drift() -> None:
    """The name that stands over several columns is a heading of its own for a moment, of no row at all."""
    upper = "".join(f"<td rowspan=2>{name}</td>" for name in ("Số hồ sơ", "Tên thủ tục", "Trạng thái", "Đơn vị xử lý"))
    heading = (
        f"<tr>{upper}<td colspan=2>Thời gian giải quyết</td></tr><tr><td>Ngày tiếp nhận</td><td>Ngày hẹn trả</td></tr>"
    )
    row = "<tr><td>H39.18-240102-{n:04}</td><td>Khai sinh</td><td>4</td><td>UBND</td><td>02/01/2024</td><td></td></tr>"
    page = f"<table>{heading}{row.format(n=1)}{heading}{row.format(n=2)}</table>"
    reader = open_reader(file_of(page.encode(), "dossiers"))
    assert [number for batch in reader.batches() for number in batch.table.column("row_number").to_pylist()] == [3, 6]
    assert not reader.facts.drift
