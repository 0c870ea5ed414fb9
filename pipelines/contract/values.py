"""Lists of values of the portal (portal-exports §3), and the words that one-stop systems write for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.contract.names import fold


def _syllables(text: str) -> frozenset[str]:
    return frozenset(text.split())


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

#: Folded syllables that words for statuses begin with, and that they are made of: only such words are shown of a
#: column of statuses (portal-exports §2).
STATUS_BEGINNINGS = _syllables("""
    bi bo cho chua chuyen con da dang den dung duoc gia giai het hoan huy ket khong moi ngung phe qua rut sap som tam
    tiep tra tre trinh trong truoc tu xu yeu
""")
STATUS_VOCABULARY = STATUS_BEGINNINGS | _syllables("""
    ban bao bo cao cau cham chi chinh co cong dan dich don duyet giay gui gio han hanh hen ho hoi hop ke khai khi ky
    lai le li luu ly mat ngay nghia nguoi nhan nop pha phai phan phi phong qua quan quyet sau so sua sung tai thanh
    them thi thoi thu thuc tin to toan vao vi viec vu xac xet xong xuat
""")

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

#: Names of systems in words for a channel: written with capitals, and no person's.
CHANNEL_SYSTEMS = ("Zalo", "VNeID", "BCCI", "DVC", "DVCQG", "VNPost", "Internet", "Email", "Website", "App")

#: LoaiDoiTuong (portal-exports §3).
APPLICANT_TYPES: dict[str, str] = {"1": "Công dân", "2": "Doanh nghiệp", "3": "Cơ quan nhà nước", "4": "Khác"}

#: "Tổ chức" is an organisation that is no enterprise: other. "Tổ chức, doanh nghiệp" may be either: not here, unknown.
APPLICANT_WORDS: dict[str, tuple[str, ...]] = {
    "1": ("Cá nhân", "Người dân"),
    "2": (),
    "3": ("Cơ quan hành chính nhà nước", "Cơ quan hành chính"),
    "4": ("Tổ chức", "Tổ chức khác", "Đối tượng khác"),
}

#: Folded syllables that words for channels and applicants are made of, besides those of the known ones.
LIST_VOCABULARY = _syllables(
    " ".join(
        fold(word) for several in (CHANNEL_WORDS, APPLICANT_WORDS) for words_ in several.values() for word in words_
    )
) | _syllables("""
    bang ca co cong dan dien dich doanh gui hanh khac kiosk mang mot nghiep nha nhan nop nuoc qua quyen tai tai thu tin
    tiep to trang truc truyen tu tuyen ung uy vu web
""")

#: Words of yes and no in columns of `0`/`1`.
FLAG_WORDS: dict[str, tuple[str, ...]] = {"true": ("Có", "true", "yes"), "false": ("Không", "false", "no")}

#: DONVITINH of a procedure's statutory maximum (portal-exports §3) → unit of the lake.
LIMIT_UNITS: dict[str, str] = {"Giờ": "hour", "Ngày": "day", "Ngày làm việc": "working_day", "Tháng": "month"}

#: Stands for the code of an agency that nobody knows.
UNKNOWN_AGENCY = "unknown"

#: Identity number that senders put when they have none (portal-exports §8).
PLACEHOLDER_ID = "000000001"


def words(names: Mapping[Any, str], others: Mapping[Any, tuple[str, ...]]) -> dict[str, str]:
    """Folded word → code, of a list of values and of the other words for them."""
    table = {fold(name): str(code) for code, name in names.items()}
    return table | {fold(word): str(code) for code, several in others.items() for word in several}


def code_names(portal: str) -> Mapping[Any, str]:
    """Code → name of the list that a portal field has; any field but these two has statuses."""
    return {"KenhThucHien": CHANNELS, "LoaiDoiTuong": APPLICANT_TYPES}.get(portal, STATUSES)


def known_words(portal: str) -> dict[str, str]:
    """Folded word → code of the same list."""
    others = {"KenhThucHien": CHANNEL_WORDS, "LoaiDoiTuong": APPLICANT_WORDS}.get(portal, STATUS_WORDS)
    return words(code_names(portal), others)


#: Portal field whose words can be mapped → (the map that its macro looks into, its codes).
WORD_FIELDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "TrangThaiHoSo": ("status_words", tuple(map(str, STATUSES))),
    "KenhThucHien": ("channel_words", tuple(CHANNELS)),
    "LoaiDoiTuong": ("applicant_words", tuple(APPLICANT_TYPES)),
}
