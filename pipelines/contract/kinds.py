"""The portal's contract as data (portal-exports §3): every kind of export and every field of it, declared once.

A field is one entry here, in the order of the lake's columns. Schemas, JSON structures, moments, the content hash,
headings, words for people, dbt sources, published columns and docs follow from it (`make docs` writes the files).
"""

from __future__ import annotations

from pipelines.contract.model import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    TEXT,
    TIMESTAMP,
    Entries,
    Field,
    Kind,
    Structure,
)

#: Columns that every row of the lake has first: where it comes from.
IDENTITY = (
    Field(
        column="landing_id",
        meaning=("Lần nạp đã ghi dòng này", "The landing that wrote the row"),
        validated=False,
    ),
    Field(column="source", meaning=("Hệ thống gửi dữ liệu: dvcqg, motcua, …", "System that sent it: dvcqg, motcua, …")),
)
ROW = (
    Field(
        column="file_sha256",
        meaning=(
            "SHA-256 của tệp; cùng source và row_number dẫn về đúng dòng gốc",
            "SHA-256 of the file's bytes; with source, kind and row_number it leads back to the original row",
        ),
    ),
    Field(
        column="row_number",
        type=BIGINT,
        meaning=("Số thứ tự dòng trong tệp", "Row in the file (portal-exports §6)"),
    ),
    Field(
        column="is_record",
        type=BOOLEAN,
        meaning=("Dòng là một bản ghi", "The row is a record"),
        validated=False,
    ),
)
BAD_VALUES = Field(
    column="bad_values",
    meaning=(
        "Giá trị không đọc được, đã che, văn bản JSON {trường: giá trị}",
        "Values that could not be read, masked, JSON text {field: value}",
    ),
    content=False,
    validated=False,
)
#: What the validation adds of the file to each of its rows.
FILE = (
    Field(column="file_name", meaning=("Tên tệp", "Base name of the file")),
    Field(column="file_path", meaning=("Đường dẫn trong thư mục nhận", "Path of the file relative to the drop zone")),
    Field(
        column="exported_at",
        type=TIMESTAMP,
        meaning=("Thời điểm kết xuất, giờ địa phương", "Moment of the export, local wall clock (portal-exports §1)"),
    ),
)
KIND = Field(
    column="kind",
    meaning=(
        "Loại kết xuất: dossiers, progress, procedures, agencies, portal_reports",
        "Kind of export: dossiers, progress, procedures, agencies, portal_reports",
    ),
)
DOSSIER_CODE = Field(
    column="dossier_code",
    portal="MaHoSo",
    meaning=(
        "Mã hồ sơ đã chuẩn hóa; duy nhất trong một nguồn",
        "Normalised dossier code (portal-exports §5); unique within a source",
    ),
    label=("Mã hồ sơ", "Dossier code"),
    headings=("mã hồ sơ", "số hồ sơ", "mã số hồ sơ", "mã hồ sơ hành chính", "số biên nhận", "mã biên nhận"),
)


def _dropped(portal: str, vi: str, en: str, *headings: str) -> Field:
    return Field(portal=portal, meaning=(vi, en), headings=headings, dropped=True)


DOSSIERS = Kind(
    name="dossiers",
    table="dossiers",
    meaning=("Hồ sơ", "dossiers"),
    code="dossier_code",
    heading=("MaHoSo",),
    heading_more=3,
    fields=(
        DOSSIER_CODE,
        Field(
            column="envelope_agency",
            meaning=("Cơ quan ghi ở đầu tệp, dạng mới", "Agency of the file's envelope, canonical"),
            label=("Đơn vị gửi", "Sending agency"),
            content=False,
        ),
        Field(
            column="agency_code",
            meaning=(
                "Mã định danh cơ quan, dạng mới; unknown khi không biết",
                "Canonical agency code (portal-exports §5); unknown when there is none",
            ),
            label=("Mã cơ quan", "Agency code"),
            published="subject",
        ),
        Field(
            column="code_date",
            type=DATE,
            meaning=("Ngày ghi trong mã hồ sơ", "Date inside the dossier code"),
            content=False,
        ),
        Field(
            column="code_form",
            meaning=("Dạng của mã hồ sơ: old, new, other", "Form of the dossier code: old, new, other"),
            content=False,
        ),
        Field(
            column="sequence_digits",
            type=INTEGER,
            meaning=("Số chữ số của số thứ tự trong mã", "Digits of the sequence number in the dossier code"),
            content=False,
        ),
        Field(
            column="procedure_code",
            portal="MaTTHC",
            meaning=("Mã thủ tục", "National code of the procedure, as sent"),
            label=("Mã thủ tục", "Procedure code"),
            headings=("mã thủ tục", "mã tthc"),
            published="subject",
        ),
        Field(
            column="procedure_key",
            meaning=(
                "Tám ký tự đầu của mã thủ tục, như nhau ở mọi địa phương",
                "First eight characters of the procedure code, the same in every province",
            ),
            label=("Mã thủ tục rút gọn", "Procedure key"),
            content=False,
            published="subject",
        ),
        Field(
            column="procedure_padded",
            type=BOOLEAN,
            meaning=(
                "Mã thủ tục bị Excel cắt số 0 và đã được bù",
                "The code had lost its zeros in Excel and was padded",
            ),
            label=("Mã thủ tục được bù số 0", "Procedure code padded"),
            content=False,
        ),
        Field(
            column="procedure_name",
            portal="TenTTHC",
            reads="kept_name",
            meaning=("Tên thủ tục", "Name of the procedure"),
            label=("Tên thủ tục", "Procedure"),
            headings=("tên thủ tục hành chính", "tên thủ tục", "thủ tục", "tên tthc", "loại hồ sơ"),
            published="subject",
        ),
        Field(
            column="field_code",
            portal="MaLinhVuc",
            reads="kept_code",
            meaning=(
                "Mã lĩnh vực; chỉ có tên thì lấy mã của tên đó trong danh mục, không thì tên viết không dấu;"
                " unknown khi thiếu cả hai",
                "Code of the field of administration; without one the catalogue's for its name, or the name without"
                " diacritics; unknown when there is neither",
            ),
            label=("Mã lĩnh vực", "Field code"),
            published="subject",
        ),
        Field(
            column="field_name",
            portal="TenLinhVuc",
            reads="kept_name",
            meaning=("Tên lĩnh vực", "Name of the field of administration"),
            label=("Lĩnh vực", "Field"),
            headings=("lĩnh vực", "tên lĩnh vực"),
            published="subject",
        ),
        Field(
            column="channel",
            portal="KenhThucHien",
            reads="channel_code",
            meaning=(
                "Kênh thực hiện: 1 trực tiếp, 2 trực tuyến, 3 bưu chính công ích, unknown",
                "Channel: 1 direct, 2 online, 3 public post, unknown",
            ),
            label=("Kênh thực hiện", "Channel"),
            headings=(
                *("hình thức tiếp nhận", "hình thức nộp hồ sơ", "kênh", "kênh tiếp nhận", "kênh nộp"),
                "phương thức tiếp nhận",
            ),
            published="subject",
        ),
        Field(
            column="applicant_type",
            portal="LoaiDoiTuong",
            reads="applicant_code",
            meaning=(
                "Đối tượng: 1 công dân, 2 doanh nghiệp, 3 cơ quan nhà nước, 4 khác",
                "Applicant: 1 citizen, 2 enterprise, 3 state body, 4 other",
            ),
            label=("Loại đối tượng nộp", "Type of applicant"),
            published="subject",
        ),
        Field(
            column="submitted_at",
            type=TIMESTAMP,
            portal="NgayNopHoSo",
            reads="moment",
            meaning=("Ngày nộp", "Submitted (NgayNopHoSo)"),
            label=("Ngày nộp", "Submitted"),
            headings=("ngày nộp", "ngày nộp hồ sơ"),
            published="times",
        ),
        Field(
            column="received_at",
            type=TIMESTAMP,
            portal="NgayTiepNhan",
            reads="moment",
            meaning=("Ngày tiếp nhận: bắt đầu tính thời hạn", "Received: the clock starts (NgayTiepNhan)"),
            label=("Ngày tiếp nhận", "Received"),
            headings=("ngày tiếp nhận", "ngày nhận", "ngày tiếp nhận hồ sơ"),
            published="times",
        ),
        Field(
            column="due_at",
            type=TIMESTAMP,
            portal="NgayHenTra",
            reads="moment_by_end_of_day",
            meaning=("Hẹn trả kết quả; có thể trống", "Appointment for the result (NgayHenTra); may be empty"),
            label=("Ngày hẹn trả", "Due"),
            headings=(
                *("ngày hẹn trả", "hẹn trả", "ngày hẹn", "hạn trả", "hạn xử lý", "hạn giải quyết", "hẹn kết quả"),
                "ngày hẹn trả kết quả",
            ),
            published="times",
        ),
        Field(
            column="finished_at",
            type=TIMESTAMP,
            portal="NgayKetThucXuLy",
            reads="moment",
            meaning=("Kết thúc xử lý, như nguồn gửi", "Processing ended (NgayKetThucXuLy)"),
            label=("Ngày kết thúc xử lý", "Finished"),
            headings=("ngày kết thúc xử lý", "ngày có kết quả", "ngày hoàn thành"),
            published="times",
        ),
        Field(
            column="returned_at",
            type=TIMESTAMP,
            portal="NgayTra",
            reads="moment",
            meaning=("Trả kết quả, như nguồn gửi", "Result handed over (NgayTra)"),
            label=("Ngày trả kết quả", "Returned"),
            headings=("ngày trả", "ngày trả kết quả", "ngày trả công dân"),
            published="times",
        ),
        Field(
            column="refused_at",
            type=TIMESTAMP,
            portal="NgayTuChoi",
            reads="moment",
            meaning=("Từ chối, như nguồn gửi", "Refused (NgayTuChoi)"),
            label=("Ngày từ chối", "Refused"),
            published="times",
        ),
        Field(
            column="status",
            type=INTEGER,
            portal="TrangThaiHoSo",
            reads="status_code",
            meaning=("Trạng thái 1..10, tên ở dim_status", "Status 1..10, named in dim_status"),
            label=("Trạng thái", "Status"),
            headings=("trạng thái", "tình trạng", "trạng thái hồ sơ"),
            published="status",
        ),
        Field(
            column="return_method",
            portal="HinhThuc",
            reads="short_code",
            meaning=("Hình thức trả kết quả (HinhThuc): 0 hoặc 1", "How the result is returned (HinhThuc): 0 or 1"),
            label=("Hình thức trả kết quả", "Way of return"),
        ),
        Field(
            column="agency_name",
            portal="DonViXuLy",
            reads="kept_name",
            meaning=("Tên cơ quan như nguồn gửi; không chắc chắn", "Name of the agency as sent; not reliable"),
            label=("Đơn vị xử lý", "Agency"),
            headings=("đơn vị xử lý", "đơn vị giải quyết", "đơn vị tiếp nhận", "cơ quan xử lý"),
        ),
        Field(
            column="submitted_via",
            portal="NoiNopHoSo",
            reads="short_code",
            meaning=(
                "Nơi nộp: 1 Cổng Dịch vụ công quốc gia, 2 hệ thống địa phương",
                "Submitted on: 1 national portal, 2 local system",
            ),
            label=("Nơi nộp", "Submitted through"),
        ),
        Field(
            column="has_digitised_parts",
            type=BOOLEAN,
            portal="HoSoCoThanhPhanSoHoa",
            reads="flag",
            meaning=("Có thành phần hồ sơ được số hóa", "Parts of the dossier are digitised"),
            label=("Có thành phần hồ sơ được số hóa", "Has digitised parts"),
            published="further",
        ),
        Field(
            column="vneid_verified",
            type=BOOLEAN,
            portal="TaiKhoanDuocXacThucVoiVNeID",
            reads="flag",
            meaning=("Tài khoản đã xác thực với VNeID", "The account was verified by VNeID"),
            label=("Xác thực VNeID", "Verified with VNeID"),
        ),
        Field(
            column="online_payment",
            portal="DuocThanhToanTrucTuyen",
            reads="short_code",
            meaning=(
                "Thanh toán trực tuyến: 1 trên Cổng, 2 cổng địa phương, 0 hoặc 3 không",
                "Online payment: 1 portal, 2 local gateway, 0 or 3 none",
            ),
            label=("Thanh toán trực tuyến", "Paid online"),
        ),
        Field(
            column="connected_databases",
            portal="DSKetNoiCSDL",
            members="MaCSDL",
            meaning=("Các cơ sở dữ liệu đã kết nối", "Databases that were consulted"),
            label=("Cơ sở dữ liệu đã kết nối", "Connected databases"),
        ),
        Field(
            column="submitted_files",
            type=INTEGER,
            portal="TaiLieuNop",
            members="DuocSoHoa DuocTaiSuDung DuocLayTuKhoDMQG",
            dropped_inside=(
                (
                    "TaiLieuNop[]",
                    "TepDinhKemId TenTepDinhKem IsDeleted MaThanhPhanHoSo DuongDanTaiTepTin MaKetQuaThayThe",
                ),
            ),
            meaning=("Số tài liệu nộp", "Number of files submitted"),
            label=("Số giấy tờ nộp", "Papers submitted"),
            published="further",
        ),
        Field(
            column="digitised_files",
            type=INTEGER,
            meaning=("Số tài liệu được số hóa", "Number of submitted files that were digitised"),
            label=("Số giấy tờ đã số hóa", "Papers digitised"),
            published="further",
        ),
        Field(
            column="reused_files",
            type=INTEGER,
            meaning=("Số tài liệu được tái sử dụng", "Number of submitted files that were reused"),
            label=("Số giấy tờ tái sử dụng", "Papers reused"),
            published="further",
        ),
        Field(
            column="reused_from_store_files",
            type=INTEGER,
            late=True,
            meaning=(
                "Số tài liệu lấy từ kho dữ liệu trên Cổng quốc gia (DuocLayTuKhoDMQG)",
                "Number of submitted files taken from the national data store (DuocLayTuKhoDMQG)",
            ),
            label=("Số giấy tờ lấy từ kho dữ liệu", "Papers from the data store"),
            published="further",
        ),
        Field(
            column="fee_count",
            type=INTEGER,
            portal="DanhSachLePhi",
            members="Gia",
            dropped_inside=(("DanhSachLePhi[]", "TenPhiLePhi MaPhiLePhi HinhThucThu LoaiPhiLePhi"),),
            meaning=("Số khoản phí, lệ phí", "Number of fees"),
        ),
        Field(
            column="fee_total",
            type=BIGINT,
            meaning=("Tổng phí, lệ phí (đồng)", "Sum of the fees in đồng"),
            label=("Tổng phí, lệ phí (đồng)", "Fees (đồng)"),
        ),
        Field(
            column="supplements",
            portal="DanhSachHoSoBoSung",
            members="NgayBoSung NgayTiepNhanBoSung NgayHenTraTruoc NgayHenTraMoi",
            dropped_inside=(
                (
                    "DanhSachHoSoBoSung[]",
                    "HoSoBoSungId NguoiYeuCauBoSung NoiDungBoSung NguoiTiepNhanBoSung ThongTinTiepNhan TrangThaiBoSung",
                ),
            ),
            meaning=(
                "Các lần yêu cầu bổ sung giấy tờ, danh sách JSON",
                "Rounds of asking for missing papers, JSON list",
            ),
            label=("Các lần yêu cầu bổ sung", "Requests for papers"),
            entries=Entries(
                table="supplements",
                key="dossier_code",
                meaning=("Các lần yêu cầu bổ sung giấy tờ", "rounds of asking for missing papers"),
                fields=(
                    Field(
                        column="requested_at",
                        type=TIMESTAMP,
                        portal="NgayBoSung",
                        reads="moment",
                        meaning=("Ngày yêu cầu bổ sung", "Papers asked for (NgayBoSung)"),
                    ),
                    Field(
                        column="answered_at",
                        type=TIMESTAMP,
                        portal="NgayTiepNhanBoSung",
                        reads="moment",
                        meaning=("Ngày nhận giấy tờ bổ sung", "Papers received (NgayTiepNhanBoSung)"),
                    ),
                    Field(
                        column="due_before",
                        type=TIMESTAMP,
                        portal="NgayHenTraTruoc",
                        reads="moment_by_end_of_day",
                        meaning=("Ngày hẹn trả trước khi yêu cầu", "Due date before the request"),
                    ),
                    Field(
                        column="due_after",
                        type=TIMESTAMP,
                        portal="NgayHenTraMoi",
                        reads="moment_by_end_of_day",
                        meaning=("Ngày hẹn trả sau khi yêu cầu", "Due date after the request"),
                    ),
                ),
            ),
            validated=False,
        ),
        Field(
            column="supplement_count",
            type=INTEGER,
            meaning=(
                "Số mục trong danh sách yêu cầu bổ sung; 0 = danh sách trống",
                "Entries in the list of supplement requests; 0 = the list is empty",
            ),
            label=("Số lần yêu cầu bổ sung", "Number of requests for papers"),
            content=False,
        ),
        Field(
            column="result_documents",
            type=INTEGER,
            portal="DanhSachGiayToKetQua",
            members="DuongDanTepTinKetQua",
            dropped_inside=(("DanhSachGiayToKetQua[]", "TenGiayTo MaThanhPhanHoSo GiayToId MaGiayToKetQua"),),
            meaning=("Số giấy tờ kết quả", "Number of result documents"),
            label=("Số giấy tờ kết quả", "Result documents"),
            published="further",
        ),
        Field(
            column="electronic_results",
            type=INTEGER,
            meaning=("Số kết quả có tệp điện tử", "Number of result documents with an electronic file"),
            label=("Kết quả điện tử", "Electronic results"),
            published="further",
        ),
        Field(
            column="applicant_key",
            portal="SoGiayToChuHoSo",
            meaning=(
                "Khóa (HMAC) của số giấy tờ người nộp: cùng người cùng khóa, không suy ngược ra số được",
                "HMAC of the applicant's identity number: the same person has the same key, and it cannot be turned"
                " back",
            ),
            label=("Người nộp", "Applicant"),
            headings=("số cmnd", "số cccd", "số giấy tờ"),
            personal=True,
            published="subject",
        ),
        Field(
            column="placeholder_id",
            type=BOOLEAN,
            meaning=("Số giấy tờ là số giả 000000001", "The identity number is the placeholder 000000001"),
            label=("Số giấy tờ giữ chỗ (000000001)", "Placeholder identity"),
        ),
        Field(
            column="placeholder_date",
            type=BOOLEAN,
            meaning=(
                "Một ngày là giá trị thay cho ô trống của phần mềm (01/01/1900, 01/01/0001, …)",
                "A date is the value that a platform writes for none (1900-01-01, 0001-01-01, …)",
            ),
            content=False,
        ),
        Field(
            column="content_hash",
            meaning=(
                "MD5 của mọi trường nội dung: cùng giá trị là cùng nội dung",
                "MD5 of every kept canonical field: equal hash, equal business content (timeliness §1)",
            ),
            content=False,
        ),
        BAD_VALUES,
        Field(
            portal="DinhDanhCHS",
            members="SoDinhDanh",
            dropped_inside=(("DinhDanhCHS[]", "LoaiDinhDanh"),),
            meaning=("Định danh chủ hồ sơ (chỉ giữ khóa)", "Identities (kept as a key)"),
        ),
        _dropped("ChuHoSo", "Chủ hồ sơ", "Applicant", "chủ hồ sơ", "người nộp", "họ tên người nộp", "chủ sử dụng"),
        _dropped("MaDoiTuong", "Mã đối tượng", "Applicant's code"),
        _dropped("Email", "Thư điện tử", "E-mail"),
        _dropped("Fax", "Fax", "Fax"),
        _dropped("SoDienThoai", "Số điện thoại", "Telephone", "số điện thoại", "sđt"),
        _dropped("ThongTinKhac", "Thông tin khác", "Other information"),
        _dropped("TrichYeuHoSo", "Trích yếu hồ sơ", "Summary of the dossier"),
        _dropped("GhiChu", "Ghi chú", "Note"),
        _dropped(
            *("NguoiXuLy", "Cán bộ xử lý", "Officer"),
            *("cán bộ thụ lý", "cán bộ đang xử lý", "người tiếp nhận", "người nhận"),
        ),
        _dropped("DiaChi", "Địa chỉ", "Address", "địa chỉ"),
    ),
)

PROGRESS = Kind(
    name="progress",
    table="events",
    meaning=("Tiến độ xử lý", "processing events"),
    code="dossier_code",
    aliases=(("TrangThaiHoSo", "TrangThai"),),
    heading=("MaHoSo", "ThoiDiemXuLy", "TrangThai"),
    fields=(
        DOSSIER_CODE,
        Field(
            column="event_at",
            type=TIMESTAMP,
            portal="ThoiDiemXuLy",
            reads="moment",
            meaning=("Thời điểm xử lý", "Moment of the processing step (ThoiDiemXuLy)"),
        ),
        Field(
            column="status",
            type=INTEGER,
            portal="TrangThai",
            reads="status_code",
            meaning=("Trạng thái 1..10", "Status 1..10 (portal-exports §3)"),
            label=("Trạng thái", "Status"),
        ),
        Field(
            column="unit_name",
            portal="PhongBanXuLy",
            reads="kept_name",
            meaning=("Phòng ban xử lý", "Unit that processed (PhongBanXuLy)"),
        ),
        Field(
            column="officer_key",
            portal="NguoiXuLy",
            meaning=(
                "Khóa (HMAC) của cán bộ xử lý (hoặc tên, nếu cấu hình cho phép)",
                "HMAC of the officer's name, or the name if the configuration says so (portal-exports §7)",
            ),
            label=("Cán bộ xử lý (chỉ giữ khóa)", "Officer (kept as a key)"),
            personal=True,
        ),
        Field(
            column="event_key",
            portal="NoiDungXuLy",
            meaning=(
                "Khóa của bước xử lý: HMAC của mã, thời điểm, trạng thái, cán bộ và nội dung",
                "Identity of the event: HMAC of code, time, status, officer and content",
            ),
            label=("Nội dung xử lý (không giữ)", "Text of the event (not kept)"),
        ),
        Field(
            column="started_at",
            type=TIMESTAMP,
            portal="NgayBatDau",
            reads="moment",
            meaning=("Ngày bắt đầu", "Start of the step (NgayBatDau)"),
        ),
        Field(
            column="due_at",
            type=TIMESTAMP,
            portal="NgayKetThucTheoQuyDinh",
            reads="moment_by_end_of_day",
            meaning=("Ngày phải xong theo quy định", "End of the step by the rules (NgayKetThucTheoQuyDinh)"),
        ),
        BAD_VALUES,
        _dropped("ChucDanh", "Chức danh", "Title of the officer"),
    ),
)

PROCEDURES = Kind(
    name="procedures",
    table="procedures",
    meaning=("Danh mục thủ tục hành chính", "the catalogue of procedures"),
    code="procedure_code",
    heading=("MATTHC",),
    heading_more=1,
    fields=(
        Field(
            column="procedure_code",
            portal="MATTHC",
            meaning=("Mã thủ tục", "National code of the procedure, as sent"),
        ),
        Field(
            column="procedure_key",
            meaning=(
                "Tám ký tự đầu của mã thủ tục",
                "First eight characters of the procedure code (portal-exports §5)",
            ),
        ),
        Field(
            column="procedure_name",
            portal="TENTTHC",
            reads="kept_name",
            meaning=("Tên thủ tục", "Name of the procedure"),
        ),
        Field(
            column="field_code",
            portal="LINHVUCTHUCHIEN",
            members="MALINHVUC TENLINHVUC",
            meaning=("Mã lĩnh vực", "Code of the field of administration"),
            label=("Lĩnh vực", "Fields"),
        ),
        Field(column="field_name", meaning=("Tên lĩnh vực", "Name of the field of administration")),
        Field(
            column="limits",
            portal="CACHTHUCTHUCHIEN",
            members={
                "KENH": TEXT,
                "THOIGIAN": [{"THOIGIANGIAIQUYET": TEXT, "DONVITINH": TEXT, "PHILEPHI": [{"SOTIEN": TEXT}]}],
            },
            dropped_inside=(("CACHTHUCTHUCHIEN[].THOIGIAN[].PHILEPHI[]", "MAPHILEPHI TENPHILEPHI DONVI MOTA"),),
            meaning=("Cách thức và thời hạn giải quyết, danh sách JSON", "Channels and statutory limits, JSON list"),
            label=("Cách thức và thời hạn", "Channels and limits"),
            entries=Entries(
                table="procedure_limits",
                key="procedure_key",
                meaning=("Thời hạn giải quyết theo quy định", "statutory limits of procedures"),
                of_file=("exported_at", "file_name"),
                fields=(
                    Field(
                        column="channel",
                        meaning=(
                            "Kênh thực hiện: 1 trực tiếp, 2 trực tuyến, 3 bưu chính công ích, unknown",
                            "Channel: 1 direct, 2 online, 3 public post, unknown",
                        ),
                    ),
                    Field(
                        column="amount",
                        type=DOUBLE,
                        meaning=("Thời hạn, có thể lẻ", "Amount of the statutory maximum, may be a fraction"),
                    ),
                    Field(
                        column="unit",
                        meaning=(
                            "Đơn vị của thời hạn: hour giờ, day ngày, working_day ngày làm việc, month tháng",
                            "Unit of the statutory maximum: hour, day, working_day, month",
                        ),
                    ),
                ),
            ),
            validated=False,
        ),
        Field(
            column="has_fee",
            type=BOOLEAN,
            meaning=(
                "Thủ tục có phí, lệ phí khác 0; trống khi danh mục không nói đến phí",
                "Some fee of the procedure is not 0 (PHILEPHI); null when the catalogue says nothing of fees",
            ),
        ),
        BAD_VALUES,
    ),
)

#: portal-exports §3 has no record for agencies: both the portal's style and plain English column names are taken.
AGENCIES = Kind(
    name="agencies",
    table="agencies",
    meaning=("Danh mục cơ quan", "agencies"),
    code="agency_code",
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
    heading=("MaDonVi",),
    heading_more=1,
    fields=(
        Field(
            column="agency_code",
            portal="MaDonVi",
            meaning=("Mã định danh cơ quan, dạng mới", "Canonical agency code (portal-exports §5)"),
            label=("Mã đơn vị", "Agency code"),
        ),
        Field(
            column="agency_name",
            portal="TenDonVi",
            reads="kept_name",
            meaning=("Tên cơ quan", "Name of the agency"),
        ),
        Field(
            column="parent_code",
            portal="MaDonViCha",
            reads="kept_agency_code",
            meaning=("Cơ quan cấp trên", "Agency above it"),
        ),
        Field(column="level", portal="CapDonVi", reads="kept_name", meaning=("Cấp, như nguồn gửi", "Level as sent")),
        Field(
            column="valid_from",
            type=DATE,
            portal="HieuLucTu",
            reads="moment",
            meaning=("Ngày đầu tiên có cơ quan; trống = từ trước", "First day the agency exists; null = always"),
        ),
        Field(
            column="valid_to",
            type=DATE,
            portal="HieuLucDen",
            reads="moment",
            meaning=("Ngày cuối cùng có cơ quan; trống = vẫn còn", "Last day the agency exists; null = still does"),
        ),
        Field(
            column="successor_code",
            portal="MaDonViThayThe",
            reads="kept_agency_code",
            meaning=("Cơ quan thay thế", "Agency that took over"),
        ),
        BAD_VALUES,
    ),
)


def _tree(department: Structure) -> Structure:
    """A document of the portal: one department and those below it, at the top or under `data`."""
    tree = {"parent": department, "children": [department]}
    return {"code": TEXT, "data": tree, **tree}


def _said(column: str, type_: str, portal: str, vi: str, en: str, *also: str) -> Field:
    reads = "whole_number" if type_ == BIGINT else "decimal_figure"
    return Field(column=column, type=type_, portal=portal, reads=reads, meaning=(vi, en), also=also)


PORTAL_REPORTS = Kind(
    name="portal_reports",
    table="portal_reports",
    meaning=("Số liệu do chính cổng công bố", "the portal's own figures"),
    shape=_tree,
    dropped_around=("message", "status", "success", "timestamp"),
    fields=(
        Field(
            column="department_id",
            portal="departmentId",
            meaning=("Mã của đơn vị trong cổng", "Identity of the department in the portal"),
        ),
        Field(column="department_name", portal="departmentName", meaning=("Tên đơn vị", "Name of the department")),
        Field(
            column="department_code",
            portal="departmentCode",
            meaning=("Mã định danh đơn vị (H44)", "Code of the department (H44)"),
        ),
        Field(column="level", portal="level", meaning=("Cấp, như cổng ghi", "Level as sent")),
        _said("total_received", BIGINT, "totalReceived", "Số hồ sơ tiếp nhận", "Dossiers received, as the portal says"),
        _said(
            *("total_on_time", BIGINT, "totalOnTime", "Số hồ sơ đúng hạn, kể cả đang giải quyết trong hạn"),
            "Dossiers on time, pending in time included, as the portal says",
        ),
        _said("total_overdue", BIGINT, "totalOverdue", "Số hồ sơ quá hạn", "Dossiers overdue, as the portal says"),
        _said(
            *("total_completed", BIGINT, "totalCompleted", "Số hồ sơ đã giải quyết"),
            "Dossiers completed, as the portal says",
        ),
        _said(
            *("avg_processing_days", DOUBLE, "avgProcessingDays", "Số ngày giải quyết trung bình"),
            "Average days of processing, as the portal says",
        ),
        _said("ratio", DOUBLE, "ratio", "Tỷ lệ đúng hạn (phần trăm)", "Per cent on time, as the portal says"),
        _said("score", DOUBLE, "score", "Điểm", "Points, as the portal says", "totalScore"),
        _said("max_score", DOUBLE, "maxScore", "Điểm tối đa", "Points possible", "totalMaxScore"),
        _said("score_delta", DOUBLE, "scoreDelta", "Mức thay đổi điểm", "Change of the points"),
        Field(
            column="is_parent",
            type=BOOLEAN,
            meaning=("Dòng là đơn vị đứng đầu cây", "The row is the parent of the tree"),
        ),
        BAD_VALUES,
    ),
)

KINDS: dict[str, Kind] = {kind.name: kind for kind in (DOSSIERS, PROGRESS, PROCEDURES, AGENCIES, PORTAL_REPORTS)}

#: Columns of names, which may be people's where a unit is named after one: the configuration can drop them.
NAME_COLUMNS = frozenset(f.column for kind in KINDS.values() for f in kind.columns if f.column.endswith("_name"))

#: The lake's ledger: one row per observation of a file.
FILES = (
    *IDENTITY,
    KIND,
    FILE[0],
    FILE[1],
    Field(column="file_size", type=BIGINT, meaning=("Cỡ tệp, byte", "Size in bytes")),
    Field(column="file_mtime", type=TIMESTAMP, meaning=("Lúc tệp được sửa", "Modification time")),
    ROW[0],
    FILE[2],
    Field(
        column="exported_at_from",
        meaning=("exported_at lấy từ đâu: name hay mtime", "Where exported_at comes from: name or mtime"),
    ),
    Field(column="outcome", meaning=("read, duplicate, unreadable hoặc gone", "read, duplicate, unreadable or gone")),
    Field(column="reason", meaning=("Mã REJ_FILE_… của tệp bị loại", "REJ_FILE_… of a rejected file")),
    Field(
        column="detail",
        meaning=("Tệp sai ở đâu, đã che dữ liệu cá nhân", "What is wrong with the file, personal data masked"),
    ),
    Field(column="format", meaning=("Định dạng nhận ra được", "Format and variant that was recognised")),
    Field(column="rows_read", type=BIGINT, meaning=("Số dòng đọc được", "Rows read from the file")),
    Field(
        column="drift",
        meaning=(
            "Trường lạ và số dòng có chúng, văn bản JSON",
            "Unknown fields and in how many rows they came, JSON text",
        ),
    ),
    Field(column="notes", meaning=("Ghi chú của phần đọc tệp, văn bản JSON", "Remarks of the reader, JSON text")),
    Field(
        column="parts",
        meaning=(
            "Các trang tính hoặc tệp con đã đọc, danh sách JSON {name, before}",
            "Sheets or archive members that rows were read from, JSON text list of {name, before}",
        ),
    ),
    Field(
        column="attention",
        meaning=(
            "Điều phải xem lại ở tệp, danh sách JSON {rule_id, detail}",
            "What somebody must look at in the file, JSON text list of {rule_id, detail}",
        ),
    ),
    Field(column="reader", meaning=("Phiên bản của phần đọc tệp", "Fingerprint of the readers that had it in hand")),
    Field(column="seen_at", type=TIMESTAMP, meaning=("Lúc tệp được thấy", "When the file was seen")),
)
