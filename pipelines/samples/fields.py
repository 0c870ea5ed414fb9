"""A field of a sample's records as SQL, and how people write its name and values in tables of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipelines.contract import CHANNELS, STATUSES

Kind = Literal["text", "free", "json"]


@dataclass(frozen=True)
class Field:
    """One field of a record: portal name, SQL giving its text, and how the text must be treated.

    `text` holds nothing that needs escaping, `free` may, `json` is JSON already (lists; not in tables).
    """

    name: str
    sql: str
    kind: Kind = "text"


def literal(text: str) -> str:
    """`text` as an SQL string, line breaks included."""
    escaped = text.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n").replace("\r", "\\r")
    return f"e'{escaped}'" if escaped != text else f"'{text}'"


def scalars(fields: Sequence[Field]) -> list[Field]:
    """The fields that a table can hold."""
    return [field for field in fields if field.kind != "json"]


#: Field → heading in tables made for people (portal-exports §9); a field that is not here stands under its contract
#: name.
HEADINGS = {
    "MaHoSo": "Số hồ sơ",
    "MaTTHC": "Mã thủ tục",
    "TenTTHC": "Tên thủ tục hành chính",
    "TenLinhVuc": "Lĩnh vực",
    "KenhThucHien": "Hình thức tiếp nhận",
    "ChuHoSo": "Chủ hồ sơ",
    "SoGiayToChuHoSo": "Số CCCD",
    "SoDienThoai": "Số điện thoại",
    "ThongTinKhac": "Địa chỉ",
    "TrichYeuHoSo": "Nội dung hồ sơ",
    "GhiChu": "Ghi chú",
    "NgayNopHoSo": "Ngày nộp hồ sơ",
    "NgayTiepNhan": "Ngày tiếp nhận",
    "NgayHenTra": "Ngày hẹn trả kết quả",
    "NgayKetThucXuLy": "Ngày kết thúc xử lý",
    "NgayTra": "Ngày trả kết quả",
    "TrangThaiHoSo": "Trạng thái",
    "TrangThai": "Trạng thái",
    "DonViXuLy": "Đơn vị xử lý",
    "NguoiXuLy": "Cán bộ thụ lý",
}
_STATUSES, _CHANNELS = tuple(STATUSES.values()), tuple(CHANNELS.values())
#: Fields whose numbers people write as words; entry n - 1 is the word for n.
WORDS = {"TrangThaiHoSo": _STATUSES, "TrangThai": _STATUSES, "KenhThucHien": _CHANNELS}
#: Fields that hold one digit, which a spreadsheet takes for a number.
DIGITS = ("LoaiDoiTuong", "HinhThuc", "NoiNopHoSo", "HoSoCoThanhPhanSoHoa", "DuocThanhToanTrucTuyen")


def is_date(field: str) -> bool:
    return field.startswith(("Ngay", "ThoiDiem"))


def moment(stamp: str) -> str:
    """TIMESTAMP of a good yyyyMMddHHmmss; null for anything else, which stays as it was written."""
    return f"case when regexp_full_match({stamp}, '20[0-9]{{12}}') then try_strptime({stamp}, '%Y%m%d%H%M%S') end"


def day_first(stamp: str) -> str:
    """A moment as people write it."""
    return f"coalesce(strftime({moment(stamp)}, '%d/%m/%Y %H:%M:%S'), {stamp})"


def in_words(name: str, value: str) -> str:
    """Status or channel in words; a number that is neither stays."""
    cases = " ".join(f"when '{number}' then '{word}'" for number, word in enumerate(WORDS[name], 1))
    return f"case {value} {cases} else {value} end"


def for_people(field: Field) -> Field:
    """The field with its heading and values as people write them in text."""
    name = HEADINGS.get(field.name, field.name)
    if is_date(field.name):
        return Field(name, day_first(field.sql), field.kind)
    if field.name in WORDS:
        return Field(name, in_words(field.name, field.sql), field.kind)
    return Field(name, field.sql, field.kind)
