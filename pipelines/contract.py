"""The portal's contract as data: kinds, fields, lists of values, headings. No logic but the folding of names.

Source: portal-exports §3 (records), §9 (headings). A field or heading to add is one line here; readers and canonical
rows follow.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

TEXT = "VARCHAR"

#: TrangThaiHoSo (portal-exports §3). 9 and 10 are "done", 3, 7, 8 end a dossier otherwise.
STATUSES: dict[int, str] = {
    1: "Mới đăng ký",
    2: "Được tiếp nhận",
    3: "Không được tiếp nhận",
    4: "Đang xử lý",
    5: "Yêu cầu bổ sung giấy tờ",
    6: "Yêu cầu thực hiện nghĩa vụ tài chính",
    7: "Công dân yêu cầu rút hồ sơ",
    8: "Dừng xử lý",
    9: "Đã xử lý xong",
    10: "Đã trả kết quả",
}

#: What one-stop systems write for the statuses besides the words above. Only what means one status alone: a step that
#: may be several ("Trả kết quả", "Tạm dừng") is not here, and stays REJ_BAD_STATUS.
STATUS_WORDS: dict[int, tuple[str, ...]] = {
    1: ("Chờ tiếp nhận", "Đang chờ tiếp nhận", "Chưa tiếp nhận", "Mới nộp", "Hồ sơ mới đăng ký"),
    2: ("Đã tiếp nhận", "Đã được tiếp nhận", "Đã tiếp nhận hồ sơ", "Hồ sơ đã tiếp nhận", "Mới tiếp nhận"),
    3: ("Không tiếp nhận", "Từ chối", "Bị từ chối", "Đã từ chối", "Từ chối tiếp nhận", "Từ chối hồ sơ"),
    4: ("Đang giải quyết", "Đang thụ lý", "Đang thực hiện", "Hồ sơ đang xử lý", "Đang xử lý hồ sơ"),
    5: (
        "Yêu cầu bổ sung",
        "Yêu cầu bổ sung hồ sơ",
        "Chờ bổ sung",
        "Đang chờ bổ sung",
        "Chờ bổ sung hồ sơ",
        "Chờ bổ sung giấy tờ",
        "Cần bổ sung",
        "Cần bổ sung hồ sơ",
    ),
    6: (
        "Chờ thực hiện nghĩa vụ tài chính",
        "Đang chờ thực hiện nghĩa vụ tài chính",
        "Chờ nghĩa vụ tài chính",
        "Yêu cầu nghĩa vụ tài chính",
    ),
    7: ("Công dân rút hồ sơ", "Rút hồ sơ", "Yêu cầu rút hồ sơ", "Xin rút hồ sơ", "Đã rút hồ sơ", "Đã rút"),
    8: ("Đã dừng xử lý", "Dừng giải quyết", "Ngừng xử lý", "Dừng xử lý hồ sơ"),
    9: (
        "Xử lý xong",
        "Đã giải quyết",
        "Đã giải quyết xong",
        "Đã có kết quả",
        "Có kết quả",
        "Hoàn thành",
        "Đã hoàn thành",
        "Chờ trả kết quả",
    ),
    10: ("Đã trả kết quả cho công dân", "Đã trả công dân", "Đã trả kết quả hồ sơ"),
}

#: KenhThucHien (portal-exports §3).
CHANNELS: dict[str, str] = {"1": "Trực tiếp", "2": "Trực tuyến", "3": "Bưu chính công ích"}

CHANNEL_WORDS: dict[str, tuple[str, ...]] = {
    "1": ("Nộp trực tiếp", "Tiếp nhận trực tiếp", "Hồ sơ trực tiếp", "Tại bộ phận một cửa", "Tại một cửa"),
    "2": ("Nộp trực tuyến", "Tiếp nhận trực tuyến", "Hồ sơ trực tuyến", "Qua mạng", "Nộp qua mạng", "Online"),
    "3": (
        "BCCI",
        "Bưu chính",
        "Bưu điện",
        "Qua BCCI",
        "Qua bưu chính",
        "Qua bưu điện",
        "Qua bưu chính công ích",
        "Nộp qua bưu chính công ích",
        "Dịch vụ bưu chính công ích",
        "Qua dịch vụ bưu chính công ích",
    ),
}

#: LoaiDoiTuong (portal-exports §3).
APPLICANT_TYPES: dict[str, str] = {"1": "Công dân", "2": "Doanh nghiệp", "3": "Cơ quan nhà nước", "4": "Khác"}

#: "Tổ chức" is an organisation that is no enterprise: other. "Tổ chức, doanh nghiệp" may be either: not here, unknown.
APPLICANT_WORDS: dict[str, tuple[str, ...]] = {
    "1": ("Cá nhân", "Người dân"),
    "2": (),
    "3": ("Cơ quan hành chính nhà nước", "Cơ quan hành chính"),
    "4": ("Tổ chức", "Tổ chức khác", "Đối tượng khác"),
}

#: Words of yes and no in columns of `0`/`1`.
FLAG_WORDS: dict[str, tuple[str, ...]] = {"true": ("Có", "true", "yes"), "false": ("Không", "false", "no")}

#: DONVITINH of a procedure's statutory maximum (portal-exports §3) → unit of the lake.
LIMIT_UNITS: dict[str, str] = {"Giờ": "hour", "Ngày": "day", "Ngày làm việc": "working_day", "Tháng": "month"}

#: Identity number that senders put when they have none (portal-exports §8).
PLACEHOLDER_ID = "000000001"

#: Dates of a dossier whose invalid values reject the row (portal-exports §6 REJ_BAD_DATE).
DOSSIER_DATES = ("NgayNopHoSo", "NgayTiepNhan", "NgayHenTra", "NgayKetThucXuLy", "NgayTra", "NgayTuChoi")


@dataclass(frozen=True, eq=False)
class Kind:
    """One kind of export.

    structure: what is read of a record, as a DuckDB json_transform structure (name → type, {…} or [{…}]).
    dropped: names the contract knows and the warehouse never reads: personal data and free text.
    dropped_inside: the same for names inside lists, by where they stand (`TaiLieuNop[]`).
    aliases: other exact names of a field.
    dates: fields that are dates: in sheets a true number in such a column is a serial date.
    heading: fields without which a row of a sheet is no heading; `heading_more`: how many more it must name.
    document: a JSON object of this kind is one record even if it has a member `data`.
    """

    name: str
    table: str
    structure: dict[str, Any]
    dropped: tuple[str, ...] = ()
    dropped_inside: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    aliases: tuple[tuple[str, str], ...] = ()
    dates: tuple[str, ...] = ()
    heading: tuple[str, ...] = ()
    heading_more: int = 0
    document: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Every top-level name that the contract knows, contract spelling."""
        return (*self.structure, *self.dropped)


def _texts(names: str) -> dict[str, Any]:
    return dict.fromkeys(names.split(), TEXT)


DOSSIERS = Kind(
    name="dossiers",
    table="dossiers",
    structure={
        **_texts(
            "MaHoSo MaTTHC TenTTHC MaLinhVuc TenLinhVuc KenhThucHien SoGiayToChuHoSo LoaiDoiTuong NgayNopHoSo"
            " NgayTiepNhan NgayHenTra NgayKetThucXuLy NgayTra NgayTuChoi TrangThaiHoSo HinhThuc DonViXuLy NoiNopHoSo"
            " HoSoCoThanhPhanSoHoa TaiKhoanDuocXacThucVoiVNeID DuocThanhToanTrucTuyen"
        ),
        "DinhDanhCHS": [_texts("SoDinhDanh")],
        "DSKetNoiCSDL": [_texts("MaCSDL")],
        "TaiLieuNop": [_texts("DuocSoHoa DuocTaiSuDung")],
        "DanhSachLePhi": [_texts("Gia")],
        "DanhSachHoSoBoSung": [_texts("NgayBoSung NgayTiepNhanBoSung NgayHenTraTruoc NgayHenTraMoi")],
        "DanhSachGiayToKetQua": [_texts("DuongDanTepTinKetQua")],
    },
    dropped=(
        "ChuHoSo",
        "MaDoiTuong",
        "Email",
        "Fax",
        "SoDienThoai",
        "ThongTinKhac",
        "TrichYeuHoSo",
        "GhiChu",
        "NguoiXuLy",
        "DiaChi",
    ),
    dropped_inside={
        "DinhDanhCHS[]": ("LoaiDinhDanh",),
        "TaiLieuNop[]": (
            *("TepDinhKemId", "TenTepDinhKem", "IsDeleted", "MaThanhPhanHoSo", "DuongDanTaiTepTin"),
            *("DuocLayTuKhoDMQG", "MaKetQuaThayThe"),
        ),
        "DanhSachLePhi[]": ("TenPhiLePhi", "MaPhiLePhi", "HinhThucThu", "LoaiPhiLePhi"),
        "DanhSachHoSoBoSung[]": (
            *("HoSoBoSungId", "NguoiYeuCauBoSung", "NoiDungBoSung", "NguoiTiepNhanBoSung", "ThongTinTiepNhan"),
            "TrangThaiBoSung",
        ),
        "DanhSachGiayToKetQua[]": ("TenGiayTo", "MaThanhPhanHoSo", "GiayToId", "MaGiayToKetQua"),
    },
    dates=DOSSIER_DATES,
    heading=("MaHoSo",),
    heading_more=3,
)

PROGRESS = Kind(
    name="progress",
    table="events",
    structure=_texts(
        "MaHoSo NguoiXuLy ThoiDiemXuLy PhongBanXuLy NoiDungXuLy TrangThai NgayBatDau NgayKetThucTheoQuyDinh"
    ),
    dropped=("ChucDanh",),
    aliases=(("TrangThaiHoSo", "TrangThai"),),
    dates=("ThoiDiemXuLy", "NgayBatDau", "NgayKetThucTheoQuyDinh"),
    heading=("MaHoSo", "ThoiDiemXuLy", "TrangThai"),
)

PROCEDURES = Kind(
    name="procedures",
    table="procedures",
    structure={
        **_texts("MATTHC TENTTHC"),
        "LINHVUCTHUCHIEN": [_texts("MALINHVUC TENLINHVUC")],
        "CACHTHUCTHUCHIEN": [{**_texts("KENH"), "THOIGIAN": [_texts("THOIGIANGIAIQUYET DONVITINH")]}],
    },
    heading=("MATTHC",),
    heading_more=1,
)

#: portal-exports §3 has no record for agencies: both the portal's style and plain English column names are taken.
AGENCIES = Kind(
    name="agencies",
    table="agencies",
    structure=_texts("MaDonVi TenDonVi MaDonViCha CapDonVi HieuLucTu HieuLucDen MaDonViThayThe"),
    aliases=(
        ("code", "MaDonVi"),
        ("agency_code", "MaDonVi"),
        ("madinhdanh", "MaDonVi"),
        ("name", "TenDonVi"),
        ("agency_name", "TenDonVi"),
        ("parent_code", "MaDonViCha"),
        ("level", "CapDonVi"),
        ("valid_from", "HieuLucTu"),
        ("valid_to", "HieuLucDen"),
        ("successor_code", "MaDonViThayThe"),
    ),
    dates=("HieuLucTu", "HieuLucDen"),
    heading=("MaDonVi",),
    heading_more=1,
)

_DEPARTMENT = _texts(
    "departmentId departmentName departmentCode level totalReceived totalOnTime totalOverdue totalCompleted"
    " avgProcessingDays ratio totalScore totalMaxScore score maxScore scoreDelta"
)
_TREE: dict[str, Any] = {"parent": _DEPARTMENT, "children": [_DEPARTMENT]}

PORTAL_REPORTS = Kind(
    name="portal_reports",
    table="portal_reports",
    structure={"code": TEXT, "data": _TREE, **_TREE},
    dropped=("message", "status", "success", "timestamp"),
    document=True,
)

KINDS: dict[str, Kind] = {kind.name: kind for kind in (DOSSIERS, PROGRESS, PROCEDURES, AGENCIES, PORTAL_REPORTS)}

#: Vietnamese headings of sheets (portal-exports §9) → field. Contract names are headings too; see `heading_field`.
HEADINGS: dict[str, tuple[str, ...]] = {
    "MaHoSo": ("mã hồ sơ", "số hồ sơ", "mã số hồ sơ", "mã hồ sơ hành chính"),
    "TenTTHC": ("tên thủ tục hành chính", "tên thủ tục", "thủ tục", "tên tthc", "loại hồ sơ"),
    "MaTTHC": ("mã thủ tục", "mã tthc"),
    "TenLinhVuc": ("lĩnh vực", "tên lĩnh vực"),
    "ChuHoSo": ("chủ hồ sơ", "người nộp", "họ tên người nộp", "chủ sử dụng"),
    "NgayNopHoSo": ("ngày nộp", "ngày nộp hồ sơ"),
    "NgayTiepNhan": ("ngày tiếp nhận", "ngày nhận", "ngày tiếp nhận hồ sơ"),
    "NgayHenTra": (
        "ngày hẹn trả",
        "hẹn trả",
        "ngày hẹn",
        "hạn trả",
        "hạn giải quyết",
        "hẹn kết quả",
        "ngày hẹn trả kết quả",
    ),
    "NgayKetThucXuLy": ("ngày kết thúc xử lý", "ngày có kết quả", "ngày hoàn thành"),
    "NgayTra": ("ngày trả", "ngày trả kết quả", "ngày trả công dân"),
    "TrangThaiHoSo": ("trạng thái", "tình trạng", "trạng thái hồ sơ"),
    "DonViXuLy": ("đơn vị xử lý", "đơn vị giải quyết", "đơn vị tiếp nhận", "cơ quan xử lý"),
    "KenhThucHien": ("hình thức tiếp nhận", "hình thức nộp hồ sơ", "kênh"),
    "NguoiXuLy": ("cán bộ thụ lý", "cán bộ đang xử lý", "người tiếp nhận", "người nhận"),
    "SoDienThoai": ("số điện thoại", "sđt"),
    "SoGiayToChuHoSo": ("số cmnd", "số cccd", "số giấy tờ"),
    "DiaChi": ("địa chỉ",),
}

#: Headings that are known and say nothing (portal-exports §9): no field, no drift.
IGNORED_HEADINGS = ("stt", "tt", "ghi chú", "nội dung hồ sơ")


def fold(text: str) -> str:
    """Comparison form of a Vietnamese name (portal-exports §9): NFC, lower case, no diacritics (đ→d), no
    punctuation, one space."""
    decomposed = unicodedata.normalize("NFD", unicodedata.normalize("NFC", text).lower().replace("đ", "d"))
    letters = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in letters).split())


@cache
def spellings(kind: Kind) -> dict[str, str]:
    """Lower-case name or alias → contract name, for the case-insensitive match of portal-exports §3."""
    return {alias.lower(): field for alias, field in kind.aliases} | {name.lower(): name for name in kind.names}


@cache
def table_fields() -> dict[str, str]:
    """Lower-case name or alias → contract name, of every kind that comes as a table: what headings may mean."""
    found: dict[str, str] = {}
    for kind in KINDS.values():
        if kind.heading:
            found = spellings(kind) | found
    return found


def words(names: Mapping[Any, str], others: Mapping[Any, tuple[str, ...]]) -> dict[str, str]:
    """Folded word → code, of a list of values and of the other words for them."""
    table = {fold(name): str(code) for code, name in names.items()}
    return table | {fold(word): str(code) for code, several in others.items() for word in several}


@cache
def folded_headings(kind: Kind) -> dict[str, str | None]:
    """Folded heading → contract name, or None when it is known and says nothing."""
    known = spellings(kind)
    table: dict[str, str | None] = {fold(text): None for text in IGNORED_HEADINGS}
    for named, headings in HEADINGS.items():
        if named.lower() in known:
            table |= {fold(heading): known[named.lower()] for heading in headings}
    return table | {fold(name): field for name, field in known.items()}


def heading_field(kind: Kind, heading: str, synonyms: Mapping[str, str]) -> tuple[bool, str | None]:
    """What a heading of a sheet means for `kind`: (is it known, contract name or None when known and ignored).

    synonyms: folded heading → contract name that the source uses besides; they win over the contract's own. An empty
    name: the heading is known and says nothing. A name that this kind does not have changes nothing for it.
    """
    text = heading.strip().lstrip("\ufeff")
    folded = fold(text)
    if synonyms.get(folded) == "":
        return True, None
    own = spellings(kind).get(synonyms.get(folded, "").lower())
    exact = own or spellings(kind).get(text.lower())
    if exact is not None:
        return True, exact
    return folded in folded_headings(kind), folded_headings(kind).get(folded)


#: What the fields of tables mean, for people: (Vietnamese, English). A field without an entry is told by its name.
MEANINGS: dict[str, tuple[str, str]] = {
    "MaHoSo": ("mã hồ sơ", "dossier code"),
    "MaTTHC": ("mã thủ tục", "procedure code"),
    "TenTTHC": ("tên thủ tục", "procedure name"),
    "MaLinhVuc": ("mã lĩnh vực", "field code"),
    "TenLinhVuc": ("tên lĩnh vực", "field name"),
    "KenhThucHien": ("hình thức nộp", "channel"),
    "LoaiDoiTuong": ("loại đối tượng nộp", "applicant type"),
    "NgayNopHoSo": ("ngày nộp", "submitted at"),
    "NgayTiepNhan": ("ngày tiếp nhận", "received at"),
    "NgayHenTra": ("ngày hẹn trả", "due at"),
    "NgayKetThucXuLy": ("ngày kết thúc xử lý", "finished at"),
    "NgayTra": ("ngày trả kết quả", "returned at"),
    "NgayTuChoi": ("ngày từ chối", "refused at"),
    "TrangThaiHoSo": ("trạng thái", "status"),
    "HinhThuc": ("hình thức trả", "return method"),
    "DonViXuLy": ("đơn vị xử lý", "agency name"),
    "NoiNopHoSo": ("nơi nộp", "submitted via"),
    "HoSoCoThanhPhanSoHoa": ("có thành phần số hóa", "has digitised parts"),
    "TaiKhoanDuocXacThucVoiVNeID": ("đã xác thực VNeID", "verified by VNeID"),
    "DuocThanhToanTrucTuyen": ("thanh toán trực tuyến", "online payment"),
    "SoGiayToChuHoSo": ("số giấy tờ (chỉ giữ khóa)", "identity number (kept as a key)"),
    "DinhDanhCHS": ("định danh chủ hồ sơ (chỉ giữ khóa)", "identities (kept as a key)"),
    "DSKetNoiCSDL": ("cơ sở dữ liệu kết nối", "connected databases"),
    "TaiLieuNop": ("tài liệu nộp (chỉ đếm)", "submitted files (counted)"),
    "DanhSachLePhi": ("phí, lệ phí", "fees"),
    "DanhSachHoSoBoSung": ("các lần bổ sung", "rounds of supplements"),
    "DanhSachGiayToKetQua": ("giấy tờ kết quả (chỉ đếm)", "result documents (counted)"),
    "ChuHoSo": ("chủ hồ sơ", "applicant"),
    "NguoiXuLy": ("cán bộ xử lý (chỉ giữ khóa)", "officer (kept as a key)"),
    "SoDienThoai": ("số điện thoại", "telephone"),
    "DiaChi": ("địa chỉ", "address"),
    "Email": ("thư điện tử", "e-mail"),
    "ThoiDiemXuLy": ("thời điểm xử lý", "time of the event"),
    "PhongBanXuLy": ("phòng ban xử lý", "unit"),
    "NoiDungXuLy": ("nội dung xử lý (không giữ)", "text of the event (not kept)"),
    "TrangThai": ("trạng thái", "status"),
    "NgayBatDau": ("ngày bắt đầu", "started at"),
    "NgayKetThucTheoQuyDinh": ("ngày phải xong", "due at"),
    "MATTHC": ("mã thủ tục", "procedure code"),
    "TENTTHC": ("tên thủ tục", "procedure name"),
    "LINHVUCTHUCHIEN": ("lĩnh vực", "fields"),
    "CACHTHUCTHUCHIEN": ("cách thức và thời hạn", "channels and limits"),
    "MaDonVi": ("mã đơn vị", "agency code"),
    "TenDonVi": ("tên đơn vị", "agency name"),
    "MaDonViCha": ("mã đơn vị cấp trên", "parent agency"),
    "CapDonVi": ("cấp", "level"),
    "HieuLucTu": ("hiệu lực từ", "valid from"),
    "HieuLucDen": ("hiệu lực đến", "valid to"),
    "MaDonViThayThe": ("đơn vị thay thế", "successor"),
}
