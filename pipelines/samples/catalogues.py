"""Names the samples are made of: procedures, agencies, and syllables for invented people. Data only, no generation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["commune", "district", "province"]
LEVELS: tuple[Level, ...] = ("commune", "district", "province")


@dataclass(frozen=True)
class Procedure:
    """One administrative procedure. `days`: working days until the appointment (0: same day); `limit`: as published."""

    level: Level
    code: str
    name: str
    field_code: str
    field_name: str
    days: int
    limit: tuple[str, str]
    fee: int
    weight: int


def _working_days(days: int) -> tuple[str, str]:
    return (str(days), "Ngày làm việc") if days else ("8", "Giờ")


def _procedures(level: Level, field: tuple[str, str], *rows: tuple[str, str, int, int, int]) -> list[Procedure]:
    """rows: (code, name, working days, fee in đồng, weight)."""
    return [
        Procedure(level, code, name, *field, days, _working_days(days), fee, weight)
        for code, name, days, fee, weight in rows
    ]


CIVIL_STATUS = ("G15-TP01", "Hộ tịch")
NOTARISATION = ("G15-TP03", "Chứng thực")
LAND = ("G13-TN01", "Đất đai")
PROTECTION = ("G11-LD02", "Bảo trợ xã hội")
MERIT = ("G11-LD01", "Người có công")
BUSINESS = ("G09-KH01", "Thành lập và hoạt động của hộ kinh doanh")
BUILDING = ("G17-XD01", "Hoạt động xây dựng")
EDUCATION = ("G05-GD01", "Giáo dục và Đào tạo")
TRANSPORT = ("G06-GT01", "Đường bộ")
INVESTMENT = ("G09-KH02", "Đầu tư")

PROCEDURES: list[Procedure] = [
    *_procedures(
        "commune",
        NOTARISATION,
        ("2.000815", "Chứng thực bản sao từ bản chính giấy tờ, văn bản", 0, 2_000, 330),
        ("2.000884", "Chứng thực chữ ký trong các giấy tờ, văn bản", 0, 10_000, 110),
        (
            "2.001035",
            "Chứng thực hợp đồng, giao dịch liên quan đến tài sản là động sản, quyền sử dụng đất, nhà ở",
            2,
            50_000,
            40,
        ),
        ("2.001406", "Chứng thực văn bản thỏa thuận phân chia di sản", 2, 50_000, 12),
    ),
    *_procedures(
        "commune",
        CIVIL_STATUS,
        ("1.001193", "Thủ tục đăng ký khai sinh", 1, 0, 90),
        ("1.000656", "Thủ tục đăng ký khai tử", 1, 0, 40),
        ("1.000894", "Thủ tục đăng ký kết hôn", 1, 0, 45),
        ("1.004873", "Thủ tục cấp Giấy xác nhận tình trạng hôn nhân", 3, 15_000, 60),
        ("1.004859", "Thủ tục thay đổi, cải chính, bổ sung hộ tịch", 3, 15_000, 25),
        ("1.004884", "Thủ tục đăng ký lại khai sinh", 5, 8_000, 15),
        ("2.000635", "Cấp bản sao trích lục hộ tịch, bản sao giấy khai sinh", 0, 8_000, 120),
        ("1.001022", "Thủ tục đăng ký nhận cha, mẹ, con", 3, 15_000, 6),
    ),
    *_procedures(
        "commune",
        PROTECTION,
        ("1.001699", "Xác định, xác định lại mức độ khuyết tật và cấp Giấy xác nhận khuyết tật", 20, 0, 18),
        ("1.001731", "Hỗ trợ chi phí mai táng cho đối tượng bảo trợ xã hội", 5, 0, 14),
        ("1.001776", "Thực hiện, điều chỉnh, thôi hưởng trợ cấp xã hội hàng tháng", 15, 0, 25),
    ),
    *_procedures(
        "commune",
        LAND,
        ("1.003554", "Hòa giải tranh chấp đất đai (cấp xã)", 30, 0, 10),
        ("1.012753", "Xác nhận nguồn gốc, hiện trạng sử dụng đất", 12, 0, 30),
    ),
    *_procedures(
        "commune",
        MERIT,
        ("1.010833", "Cấp giấy xác nhận thân nhân của người có công", 7, 0, 10),
    ),
    *_procedures(
        "district",
        LAND,
        ("2.000889", "Đăng ký biến động do chuyển nhượng, tặng cho, thừa kế quyền sử dụng đất", 10, 50_000, 230),
        ("1.003003", "Đăng ký và cấp Giấy chứng nhận quyền sử dụng đất lần đầu", 20, 100_000, 50),
        ("1.004227", "Đăng ký biến động do thay đổi thông tin về người được cấp Giấy chứng nhận", 10, 28_000, 70),
        ("1.004238", "Xóa đăng ký biện pháp bảo đảm bằng quyền sử dụng đất", 1, 20_000, 120),
        ("1.004583", "Đăng ký thế chấp bằng quyền sử dụng đất", 1, 80_000, 130),
        ("2.000983", "Chuyển mục đích sử dụng đất của hộ gia đình, cá nhân", 15, 0, 60),
        ("1.004193", "Tách thửa hoặc hợp thửa đất", 20, 50_000, 55),
        ("1.004267", "Cấp lại Giấy chứng nhận quyền sử dụng đất do bị mất", 30, 50_000, 12),
    ),
    *_procedures(
        "district",
        BUSINESS,
        ("1.001612", "Đăng ký thành lập hộ kinh doanh", 3, 100_000, 75),
        ("2.000720", "Đăng ký thay đổi nội dung đăng ký hộ kinh doanh", 3, 50_000, 25),
        ("2.000575", "Chấm dứt hoạt động hộ kinh doanh", 3, 0, 20),
    ),
    *_procedures(
        "district",
        BUILDING,
        ("1.009994", "Cấp giấy phép xây dựng mới đối với nhà ở riêng lẻ", 15, 75_000, 45),
        ("1.009997", "Điều chỉnh giấy phép xây dựng đối với nhà ở riêng lẻ", 15, 15_000, 8),
    ),
    *_procedures(
        "district",
        NOTARISATION,
        ("2.000843", "Chứng thực bản sao từ bản chính do cơ quan nước ngoài cấp", 0, 2_000, 60),
        ("2.000992", "Chứng thực chữ ký người dịch", 0, 10_000, 12),
    ),
    *_procedures(
        "district",
        CIVIL_STATUS,
        ("2.000528", "Thủ tục đăng ký khai sinh có yếu tố nước ngoài", 1, 75_000, 10),
        ("1.001766", "Thủ tục thay đổi, cải chính hộ tịch cho người từ đủ 14 tuổi", 3, 28_000, 14),
    ),
    *_procedures(
        "district",
        EDUCATION,
        ("1.005099", "Chuyển trường đối với học sinh tiểu học", 3, 0, 20),
        ("2.002481", "Chuyển trường đối với học sinh trung học cơ sở", 3, 0, 14),
    ),
    *_procedures(
        "province",
        TRANSPORT,
        ("1.002809", "Đổi Giấy phép lái xe do ngành Giao thông vận tải cấp", 5, 115_000, 420),
        ("1.002796", "Cấp lại Giấy phép lái xe", 0, 115_000, 120),
        ("1.000703", "Cấp Giấy phép kinh doanh vận tải bằng xe ô tô", 5, 200_000, 60),
    ),
    *_procedures(
        "province",
        LAND,
        ("1.004257", "Giao đất, cho thuê đất không thông qua đấu giá", 20, 0, 60),
        ("2.001761", "Đăng ký biến động quyền sử dụng đất của tổ chức", 10, 0, 90),
    ),
    *_procedures(
        "province",
        INVESTMENT,
        ("1.009645", "Chấp thuận chủ trương đầu tư của Ủy ban nhân dân cấp tỉnh", 30, 0, 50),
        ("2.001610", "Đăng ký thành lập doanh nghiệp tư nhân", 3, 50_000, 200),
    ),
]

#: Fields of administration besides those above, for samples with as many procedures as a province has.
MORE_FIELDS = (
    ("G01-NV01", "Tổ chức phi chính phủ"),
    ("G01-NV02", "Thi đua - Khen thưởng"),
    ("G01-NV03", "Tôn giáo Chính phủ"),
    ("G02-CT01", "Lưu thông hàng hóa trong nước"),
    ("G02-CT02", "An toàn thực phẩm"),
    ("G02-CT03", "Xúc tiến thương mại"),
    ("G03-NN01", "Trồng trọt"),
    ("G03-NN02", "Chăn nuôi"),
    ("G03-NN03", "Thú y"),
    ("G03-NN04", "Thủy lợi"),
    ("G03-NN05", "Thủy sản"),
    ("G03-NN06", "Lâm nghiệp"),
    ("G04-VH01", "Di sản văn hóa"),
    ("G04-VH02", "Thể dục thể thao"),
    ("G04-VH03", "Du lịch"),
    ("G04-VH04", "Gia đình"),
    ("G07-TT01", "Xuất bản, in và phát hành"),
    ("G07-TT02", "Báo chí"),
    ("G08-KC01", "Hoạt động khoa học và công nghệ"),
    ("G10-YT01", "Khám bệnh, chữa bệnh"),
    ("G10-YT02", "Dược phẩm"),
    ("G12-MT01", "Môi trường"),
)
_ACTS = ("Cấp", "Cấp lại", "Gia hạn", "Điều chỉnh", "Thu hồi", "Thẩm định", "Công nhận", "Chấm dứt")
_PAPERS = (
    "giấy phép hoạt động",
    "giấy chứng nhận đủ điều kiện",
    "chứng chỉ hành nghề",
    "văn bản chấp thuận",
    "quyết định phê duyệt hồ sơ, đề án",
)
#: Half of a province's procedures are its departments' own.
_LEVEL_OF_MORE: tuple[Level, ...] = ("province", "district", "province", "commune")
_DAYS = (0, 1, 2, 3, 3, 5, 5, 7, 10, 10, 15, 15, 20, 30)


def procedures(number: int) -> list[Procedure]:
    """PROCEDURES, and invented ones until there are so many: the n-th most frequent of a level takes about 1/n of
    what the first takes (Zipf)."""
    fields = sorted({(p.field_code, p.field_name) for p in PROCEDURES}) + list(MORE_FIELDS)
    found = list(PROCEDURES)
    first = {level: max(p.weight for p in PROCEDURES if p.level == level) for level in LEVELS}
    rank = {level: sum(p.level == level for p in PROCEDURES) for level in LEVELS}
    for n in range(number - len(PROCEDURES)):
        level = _LEVEL_OF_MORE[n % len(_LEVEL_OF_MORE)]
        rank[level] += 1
        act, paper = _ACTS[n % len(_ACTS)], _PAPERS[n // len(_ACTS) % len(_PAPERS)]
        field = fields[n % len(fields)]
        name = f"{act} {paper} trong lĩnh vực {field[1]}, trường hợp {n // 40 + 1}"
        row = (f"3.{n:06}", name, _DAYS[n % len(_DAYS)], n % 5 * 50_000, max(1, first[level] // rank[level]))
        found += _procedures(level, field, row)
    return found


# Limits that the catalogue states in another unit than working days; (procedure code, amount, unit).
OTHER_LIMITS: dict[str, tuple[str, str]] = {
    "1.004267": ("2", "Tháng"),
    "1.003554": ("45", "Ngày"),
    "1.004257": ("30", "Ngày"),
}

PROVINCE_NAMES = {"H39": "Long An"}

# Districts of H39 in code order from H39.11; other provinces get names put together from PLACE_SYLLABLES.
DISTRICTS = (
    "thành phố Tân An",
    "thị xã Kiến Tường",
    "huyện Bến Lức",
    "huyện Cần Đước",
    "huyện Châu Thành",
    "huyện Đức Hòa",
    "huyện Đức Huệ",
    "huyện Cần Giuộc",
    "huyện Mộc Hóa",
    "huyện Tân Hưng",
    "huyện Tân Thạnh",
    "huyện Tân Trụ",
    "huyện Thạnh Hóa",
    "huyện Thủ Thừa",
    "huyện Vĩnh Hưng",
)
FIRST_DISTRICT = 11
# Communes of Cần Giuộc (H39.18) in code order from H39.18.11.
COMMUNES = (
    "thị trấn Cần Giuộc",
    "xã Phước Lý",
    "xã Long Thượng",
    "xã Long Hậu",
    "xã Phước Hậu",
    "xã Mỹ Lộc",
    "xã Phước Lại",
    "xã Phước Lâm",
    "xã Thuận Thành",
    "xã Phước Vĩnh Tây",
    "xã Phước Vĩnh Đông",
    "xã Long An",
    "xã Long Phụng",
    "xã Đông Thạnh",
    "xã Tân Tập",
)
FIRST_COMMUNE = 11
DEPARTMENTS = (
    "Sở Giao thông vận tải",
    "Sở Tài nguyên và Môi trường",
    "Sở Kế hoạch và Đầu tư",
    "Sở Xây dựng",
    "Sở Tư pháp",
    "Sở Y tế",
)
PLACE_SYLLABLES = (
    ("Phước", "Tân", "Long", "Bình", "Hòa", "Mỹ", "Thạnh"),
    ("Lợi", "Thành", "Phú", "An", "Hưng", "Đông", "Tây", "Trung"),
)


def _names(text: str) -> tuple[tuple[str, str], ...]:
    pairs = (word.split(":") for word in text.split())
    return tuple((name, letters) for name, letters in pairs)


# Invented people. Every name has its letters for an e-mail address beside it.
SURNAMES = _names(
    """
    Nguyễn:nguyen Trần:tran Lê:le Phạm:pham Huỳnh:huynh Võ:vo Đặng:dang Bùi:bui Đỗ:do Hồ:ho Ngô:ngo Dương:duong
    Lý:ly Phan:phan
    """
)
MIDDLE_NAMES = _names(
    """
    Văn:van Thị:thi Hoàng:hoang Minh:minh Ngọc:ngoc Thanh:thanh Quốc:quoc Kim:kim Đức:duc Mỹ:my Hữu:huu Xuân:xuan
    Gia:gia
    """
)
GIVEN_NAMES = _names(
    """
    Anh:anh Bảo:bao Châu:chau Dũng:dung Giang:giang Hạnh:hanh Hùng:hung Khánh:khanh Lan:lan Loan:loan Mai:mai
    Nam:nam Nga:nga Nhung:nhung Phúc:phuc Phượng:phuong Quân:quan Quyên:quyen Sơn:son Tâm:tam Thảo:thao
    Thắng:thang Trang:trang Trinh:trinh Tuấn:tuan Tuyết:tuyet Uyên:uyen Vinh:vinh Như:nhu Yến:yen
    """
)
STREETS = (
    "Nguyễn An Ninh",
    "Quốc lộ 50",
    "Đường tỉnh 835",
    "Hãn Thanh Liêm",
    "Nguyễn Thị Bảy",
    "Trương Bỉnh",
    "Ấp Tân Thành",
)
