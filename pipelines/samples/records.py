"""What the portal would send: the fields of a dossier or event record at one export, as SQL over table `lives`.

Invented personal data is made here, on the way into the file, and nowhere stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import duckdb

from pipelines.samples import catalogues
from pipelines.samples.catalogues import OTHER_LIMITS, Procedure
from pipelines.samples.fields import Field, literal, scalars
from pipelines.samples.plan import Agency, Plan
from pipelines.samples.shapes import SHAPES, json_line
from pipelines.samples.spec import SampleSpec
from pipelines.samples.story import Dice, at

PLACEHOLDER_ID = "000000001"
DOSSIER_SERVICE, EVENT_SERVICE = "DongBoHoSoMC", "CapNhatTienDoHoSoMC"
#: Who signs the reports.
SIGNERS = ("Hồ Thị Lập Biểu", "Ngô Văn Ký Thay")
NATURAL_BYTES = 1_500  # average size of an unpadded record, measured
FILLER = "Hồ sơ có thêm giấy tờ kèm theo bản giấy, đã đối chiếu với bản chính. "


def set_lists(con: duckdb.DuckDBPyConnection, plan: Plan) -> None:
    """Names as list variables."""
    people = {"surname": catalogues.SURNAMES, "middle": catalogues.MIDDLE_NAMES, "given": catalogues.GIVEN_NAMES}
    lists: dict[str, Sequence[str | int]] = {
        "agency_code": [agency.code for agency in plan.agencies],
        "agency_old_code": [agency.old_code for agency in plan.agencies],
        "agency_name": [agency.name for agency in plan.agencies],
        "agency_place": [agency.place for agency in plan.agencies],
        "procedure_code": [procedure.code for procedure in plan.procedures],
        "procedure_name": [procedure.name for procedure in plan.procedures],
        "procedure_fee": [procedure.fee for procedure in plan.procedures],
        "field_code": [procedure.field_code for procedure in plan.procedures],
        "field_name": [procedure.field_name for procedure in plan.procedures],
        "street": catalogues.STREETS,
        **{name: [pair[0] for pair in pairs] for name, pairs in people.items()},
        **{f"{name}_ascii": [pair[1] for pair in pairs] for name, pairs in people.items()},
    }
    for name, values in lists.items():
        entries = ", ".join(literal(value) if isinstance(value, str) else str(value) for value in values)
        con.execute(f"set variable {name} = [{entries}]")


class People:
    """SQL of invented personal data, all of it a function of column `i` (or of agency and desk, for officers)."""

    def __init__(self, spec: SampleSpec) -> None:
        self.dice = Dice(spec.seed)
        # Fewer people than dossiers: some apply several times.
        self.person = f"(({self.dice.number('person')}) % {max(1, spec.dossiers * 7 // 10)}::ubigint)::bigint"
        self.name = self._full_name(self.person, "")
        self.email = f"{self._full_name(self.person, '_ascii', '')} || {self.person} || '@example.com'"
        self.id_number = (
            f"'099' || lpad((({self.person} * 387420489 + {spec.seed % 10**9}) % 1000000000)::varchar, 9, '0')"
        )
        self.phone = f"'059' || lpad((({self.person} * 1234577 + {spec.seed % 10**7}) % 10000000)::varchar, 7, '0')"
        self.address = (
            f"'số ' || ({self.person} % 397 + 1) || ', ' || {self._pick('street', f'({self.person} // 397)')}"
            f" || ', ' || {at('agency_place', 'agency')}"
        )

    def officer(self, desk: str) -> str:
        """Name of the officer at a desk (0..4) of the dossier's agency."""
        return self._full_name(f"(100003 + agency * 5 + {desk})", "")

    def _full_name(self, number: str, suffix: str, between: str = " ") -> str:
        """A pseudo-random name of person `number`: 14 × 13 × 30 names, so namesakes occur, as they do."""
        draw = f"(hash({number}) >> 1)::bigint"
        sizes = {
            "surname": len(catalogues.SURNAMES),
            "middle": len(catalogues.MIDDLE_NAMES),
            "given": len(catalogues.GIVEN_NAMES),
        }
        parts, divisor = [], 1
        for name, size in sizes.items():
            parts.append(at(f"{name}{suffix}", f"({draw} // {divisor} % {size})"))
            divisor *= size
        return f" || '{between}' || ".join(parts) if between else " || ".join(parts)

    @staticmethod
    def _pick(name: str, number: str) -> str:
        return at(name, f"({number} % len(getvariable('{name}')))")


def stamp(moment: str) -> str:
    """yyyyMMddHHmmss of a moment in seconds; empty when null."""
    return f"coalesce(strftime(make_timestamp(({moment}) * 1000000), '%Y%m%d%H%M%S'), '')"


def day_stamp(moment: str) -> str:
    return f"strftime(make_timestamp({moment} * 1000000), '%y%m%d')"


def dossier_code(spec: SampleSpec) -> str:
    """Code as sent: new or old form; five made-up digits when so distorted (one to one with the sequence: unique)."""
    old = Dice(spec.seed).chance("old_code", spec.old_codes)
    agency = f"case when {old} then {at('agency_old_code', 'agency')} else {at('agency_code', 'agency')} end"
    made_up = "lpad(((sequence * 7919 + 31337) % 100000)::varchar, 5, '0')"
    tail = f"case when d_synthetic_code then {made_up} else lpad(sequence::varchar, 4, '0') end"
    # a code of the office's own tells no agency
    prefix = f"case when l_agency_differs then 'MC' || i else {agency} end"
    return f"{prefix} || '-' || {day_stamp('received_at')} || '-' || {tail}"


def procedure_code(spec: SampleSpec) -> str:
    province = spec.agency.split(".")[0]
    long_form = Dice(spec.seed).chance("long_procedure_code", 0.7)
    return (
        f"case when d_local_procedure then 'TS_lop1.000.00.00.{province}' else {at('procedure_code', 'procedure')}"
        f" || case when {long_form} then '.000.00.00.{province}' else '' end end"
    )


def channel(spec: SampleSpec) -> str:
    """KenhThucHien as sent; empty counts as direct."""
    dice = Dice(spec.seed)
    return f"""case when {dice.chance("online", 0.44)} then '2' when {dice.chance("post", 0.04)} then '3'
        when {dice.chance("empty", 0.02)} then '' else '1' end"""


def status_at(cut: int) -> str:
    """Status (integer) as the sender shows it at `cut` (seconds, exclusive)."""
    return f"""case fate when 'not_accepted' then 1 when 'refused' then case when end_at < {cut} then 3 else 2 end
        else case
        when wrong_from < {cut} and wrong_to >= {cut} then 9
        when returned_at < {cut} then 10
        when end_at < {cut} then case fate when 'withdrawn' then 7 when 'stopped' then 8 else 9 end
        when fee_at < {cut} then 6
        when asked_again_at < {cut} and answered_again_at >= {cut} then 5
        when asked_at < {cut} and coalesce(answered_at >= {cut}, true) then 5
        when started_at < {cut} then 4 else 2 end end"""


def due_at(cut: int) -> str:
    """Appointment (seconds or null) as the sender shows it at `cut`."""
    return f"""case when no_due or fate = 'not_accepted' then null
        when rewritten_at >= {cut} then due_rewritten
        when due_before is not null and answered_at >= {cut} then due_before else due_at end"""


def dossier_fields(spec: SampleSpec, cut: int, touches: str = "0") -> list[Field]:
    """The record of service DongBoHoSoMC as exported at `cut`. `touches`: SQL, how often an office corrected it."""
    dice, people = Dice(spec.seed), People(spec)
    wrong = f"coalesce(wrong_from < {cut} and wrong_to >= {cut}, false)"
    shown = lambda moment: stamp(f"case when {moment} < {cut} then {moment} end")  # noqa: E731
    ended = "fate in ('early', 'on_time', 'late', 'withdrawn', 'stopped')"
    documents = f"(1 + {dice.below('documents', 3)})"
    online = dice.chance("online", 0.44)
    identity = f"case when d_placeholder_id then '{PLACEHOLDER_ID}' else {people.id_number} end"
    # Without lists the number stands in its own column always.
    flat = spec.flat or SHAPES[spec.shape].table
    listed = "false" if flat else dice.chance("identity_in_list", 0.2)
    waited = f"(120 + {dice.below('submitted', 600)} * case when {online} then 60 else 1 end)"
    submitted = f"received_at - case when d_submitted_is_received then 0 else {waited} end"
    finished = f"case when {wrong} then wrong_from when {ended} and end_at < {cut} then end_at end"
    suffix = f"case {dice.below('suffix', 4)} when 0 then ' - Bộ phận một cửa' when 1 then ' ' else '' end"
    # where the name must tell the agency, it stands alone
    suffix = f"case when l_agency_differs then '' else {suffix} end"
    verified = f"d_constant_flags or ({online} and {dice.chance('vneid', 0.8)})"
    id_list = "'[' || " + json_line([Field("LoaiDinhDanh", "'CCCD'"), Field("SoDinhDanh", identity)]) + " || ']'"
    supplements = f"case when {wrong} or d_empty_supplements then '[]' else {_supplements(cut, people)} end"
    digitised = f"case when {dice.chance('digitised', spec.digitised_input)} then '1' else '0' end"
    filler = literal(
        (FILLER * (max(0, spec.bytes_per_dossier - NATURAL_BYTES) // len(FILLER.encode()) + 1))[: _filler_letters(spec)]
    )
    name, phone, procedure = people.name, people.phone, at("procedure_name", "procedure")
    fields = [
        Field("MaHoSo", dossier_code(spec)),
        Field("MaTTHC", procedure_code(spec)),
        Field("TenTTHC", procedure, "free"),
        Field("MaLinhVuc", at("field_code", "procedure")),
        Field("TenLinhVuc", at("field_name", "procedure"), "free"),
        Field("KenhThucHien", channel(spec)),
        Field("ChuHoSo", name),
        Field("SoGiayToChuHoSo", f"case when {listed} then '' else {identity} end"),
        Field("LoaiDoiTuong", f"case when {dice.chance('enterprise', 0.06)} then '2' else '1' end"),
        Field("Email", f"case when {online} then {people.email} else '' end"),
        Field("Fax", "''"),
        Field("SoDienThoai", phone),
        Field("ThongTinKhac", f"'Địa chỉ: ' || {people.address}", "free"),
        Field("TrichYeuHoSo", f"'Hồ sơ của \"' || {name} || '\", điện thoại ' || {phone}", "free"),
        Field("GhiChu", filler, "free"),
        Field("NgayNopHoSo", stamp(submitted)),
        Field("NgayTiepNhan", f"case when fate = 'not_accepted' then '' else {stamp('received_at')} end"),
        Field("NgayHenTra", stamp(due_at(cut))),
        Field("NgayKetThucXuLy", stamp(finished)),
        Field("NgayTra", shown("returned_at")),
        Field("NgayTuChoi", f"case when fate = 'refused' then {shown('end_at')} else '' end"),
        Field("TrangThaiHoSo", f"({status_at(cut)})::varchar"),
        Field("HinhThuc", f"(({dice.below('return_method', 2)} + ({touches})) % 2)::varchar"),
        Field("DonViXuLy", f"{at('agency_name', 'agency')} || {suffix}"),
        Field("NoiNopHoSo", f"case when d_constant_flags then '1' when {online} then '1' else '2' end"),
        Field("HoSoCoThanhPhanSoHoa", digitised),
        Field("TaiKhoanDuocXacThucVoiVNeID", f"case when {verified} then '1' else '0' end"),
        Field("DuocThanhToanTrucTuyen", f"case when {online} and {dice.chance('payment', 0.6)} then '1' else '0' end"),
        Field("DinhDanhCHS", f"case when {listed} then {id_list} else '[]' end", "json"),
        Field("DSKetNoiCSDL", """'[{"MaCSDL": "CSDLDC"}]'""", "json"),
        Field("TaiLieuNop", _documents(documents, digitised, people), "json"),
        Field("DanhSachLePhi", _fees(), "json"),
        Field("DanhSachHoSoBoSung", supplements, "json"),
        Field("DanhSachGiayToKetQua", _results(cut, spec, dice), "json"),
    ]  # fmt: skip
    return scalars(fields) if flat else fields


def _filler_letters(spec: SampleSpec) -> int:
    return max(0, spec.bytes_per_dossier - NATURAL_BYTES) * len(FILLER) // len(FILLER.encode())


def _documents(number: str, digitised: str, people: People) -> str:
    first = json_line(
        [
            Field("TenTepDinhKem", f"'Đơn của ' || {people.name} || '.pdf'"),
            Field("DuongDanTaiTepTin", "'https://example.com/hs/' || i"),
            Field("DuocSoHoa", digitised),
            Field("DuocTaiSuDung", "'0'"),
            Field("DuocLayTuKhoDMQG", f"case when {people.dice.chance('from_store', 0.2)} then '1' else '0' end"),
        ]
    )
    more = json_line([Field("DuocSoHoa", digitised), Field("DuocTaiSuDung", "'1'")])
    return f"'[' || {first} || repeat(', ' || {more}, {number} - 1) || ']'"


def _fees() -> str:
    fee = at("procedure_fee", "procedure")
    one = json_line(
        [
            Field("TenPhiLePhi", "'Lệ phí'"),
            Field("MaPhiLePhi", "'LP01'"),
            Field("HinhThucThu", "'1'"),
            Field("Gia", f"{fee}::varchar"),
            Field("LoaiPhiLePhi", "'1'"),
        ]
    )
    return f"case when {fee} = 0 then '[]' else '[' || {one} || ']' end"


def _supplements(cut: int, people: People) -> str:
    def entry(number: int, asked: str, answered: str, due_before: str) -> str:
        seen = f"coalesce({answered} < {cut}, false)"
        shown = lambda moment: stamp(f"case when {seen} and not no_due then {moment} end")  # noqa: E731
        return json_line(
            [
                Field("HoSoBoSungId", f"i || '-{number}'"),
                Field("NguoiYeuCauBoSung", people.officer("1")),
                Field("NoiDungBoSung", f"'Bổ sung giấy tờ của ' || {people.name}"),
                Field("NgayBoSung", stamp(asked)),
                Field("NgayTiepNhanBoSung", stamp(f"case when {seen} then {answered} end")),
                Field("TrangThaiBoSung", f"case when {seen} then '1' else '0' end"),
                Field("NgayHenTraTruoc", stamp(f"case when not no_due then {due_before} end")),
                Field("NgayHenTraMoi", shown("due_at")),
            ]
        )

    first = entry(1, "asked_at", "answered_at", "coalesce(due_before, due_at)")
    again = entry(2, "asked_again_at", "answered_again_at", "due_at")
    return f"""case when asked_at < {cut}
        then '[' || {first} || case when asked_again_at < {cut} then ', ' || {again} else '' end || ']' else '[]' end"""


def _results(cut: int, spec: SampleSpec, dice: Dice) -> str:
    electronic = dice.chance("electronic", spec.digitised_output)
    link = f"case when {electronic} then 'https://example.com/kq/' || i || '.pdf' else '' end"
    one = json_line(
        [
            Field("TenGiayTo", "'Kết quả giải quyết'"),
            Field("GiayToId", "i::varchar"),
            Field("DuongDanTepTinKetQua", link),
        ]
    )
    return f"case when fate in ('early', 'on_time', 'late') and end_at < {cut} then '[' || {one} || ']' else '[]' end"


def with_unknown_field(fields: list[Field], people: People) -> list[Field]:
    """The same record with a field that the contract does not know, holding an address."""
    return [*fields, Field("DiaChiLienHe", people.address, "free")]


def override(fields: list[Field], **changes: str) -> list[Field]:
    """The same record with other SQL for some fields."""
    assert set(changes) <= {field.name for field in fields}
    return [replace(field, sql=changes[field.name]) if field.name in changes else field for field in fields]


def events_query(after: int, cut: int) -> str:
    """Rows (columns of lives, e) of the events with after <= time < cut; e = {moment, status, text, desk}."""
    kinds = [
        ("received_at", "2", "Tiếp nhận hồ sơ", 0),
        ("case when d_no_due_done_event then received_at end", "9", "Hồ sơ không có ngày hẹn trả", 0),
        ("started_at", "4", "Chuyển hồ sơ đến bộ phận chuyên môn", 1),
        ("asked_at", "5", "Yêu cầu bổ sung giấy tờ", 1),
        ("answered_at", "4", "Đã nhận giấy tờ bổ sung, tiếp tục xử lý", 2),
        ("asked_again_at", "5", "Yêu cầu bổ sung giấy tờ lần 2", 1),
        ("answered_again_at", "4", "Đã nhận giấy tờ bổ sung lần 2, tiếp tục xử lý", 2),
        ("fee_at", "6", "Yêu cầu thực hiện nghĩa vụ tài chính", 3),
        (
            "end_at",
            "case fate when 'withdrawn' then 7 when 'stopped' then 8 when 'refused' then 3 else 9 end",
            "Cập nhật kết quả xử lý",
            4,
        ),
        ("returned_at", "10", "Trả kết quả cho công dân", 0),
    ]
    structs = ", ".join(
        f"{{moment: {moment}, status: {status}, text: '{text}', desk: {desk}}}" for moment, status, text, desk in kinds
    )
    return f"""
        select *
        from (select *, unnest([{structs}]) as e from lives where kind < 3 and has_events and received_at < {cut})
        where e.moment >= {after} and e.moment < {cut}
    """


def event_fields(spec: SampleSpec) -> list[Field]:
    """The record of service CapNhatTienDoHoSoMC, over rows of events_query."""
    people = People(spec)
    return [
        Field("MaHoSo", dossier_code(spec)),
        Field("NguoiXuLy", people.officer("e.desk")),
        Field("ChucDanh", "case e.desk when 0 then 'Cán bộ một cửa' when 4 then 'Lãnh đạo' else 'Chuyên viên' end"),
        Field("ThoiDiemXuLy", stamp("e.moment")),
        Field("PhongBanXuLy", "case e.desk when 0 then 'Bộ phận một cửa' else 'Bộ phận chuyên môn' end"),
        Field(
            "NoiDungXuLy", f"e.text || case when e.desk = 1 then ' của ông/bà ' || {people.name} else '' end", "free"
        ),
        Field("TrangThai", "e.status::varchar"),
        Field("NgayBatDau", stamp("e.moment")),
        Field("NgayKetThucTheoQuyDinh", f"case when no_due then '' else {stamp('due_at')} end"),
    ]


def procedure_record(procedure: Procedure) -> dict[str, object]:
    """The record of service LayThuTuc."""
    amount, unit = OTHER_LIMITS.get(procedure.code, procedure.limit)
    fees = [{"SOTIEN": str(procedure.fee)}]
    limit = [{"THOIGIANGIAIQUYET": amount, "DONVITINH": unit, "PHILEPHI": fees}]
    return {
        "MATTHC": procedure.code,
        "TENTTHC": procedure.name,
        "LINHVUCTHUCHIEN": [{"MALINHVUC": procedure.field_code, "TENLINHVUC": procedure.field_name}],
        "CACHTHUCTHUCHIEN": [{"KENH": channel, "THOIGIAN": limit} for channel in ("1", "2", "3")],
    }


def agency_record(agency: Agency) -> dict[str, object]:
    """One row of the agencies catalogue."""
    return {
        "MaDonVi": agency.code,
        "TenDonVi": agency.name,
        "MaDonViCha": agency.parent or "",
        "CapDonVi": agency.level.upper(),
        "HieuLucTu": "20100101",
        "HieuLucDen": "",
        "MaDonViThayThe": "",
    }
