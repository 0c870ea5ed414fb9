"""Reads a drop zone: files and moments (portal-exports §1), JSON and CSV shapes (portal-exports §2), rows and rules
(portal-exports §3, §6), the ledger."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from tests.oracle import dates, values
from tests.oracle.dates import BadValueError
from tests.oracle.values import is_missing, moment_or_none, text

KINDS = ("dossiers", "progress", "procedures", "agencies", "portal_reports")
DATES = {
    "NgayNopHoSo": "submitted_at",
    "NgayTiepNhan": "received_at",
    "NgayHenTra": "due_at",
    "NgayKetThucXuLy": "finished_at",
    "NgayTra": "returned_at",
    "NgayTuChoi": "refused_at",
}
UNITS = {"giờ": "hour", "ngày": "day", "ngày làm việc": "working_day", "tháng": "month"}
DOSSIER_FIELDS = frozenset(
    """
    MaHoSo MaTTHC TenTTHC MaLinhVuc TenLinhVuc KenhThucHien ChuHoSo SoGiayToChuHoSo DinhDanhCHS MaDoiTuong Email Fax
    SoDienThoai ThongTinKhac TrichYeuHoSo GhiChu LoaiDoiTuong NgayNopHoSo NgayTiepNhan NgayHenTra NgayKetThucXuLy
    NgayTra NgayTuChoi TrangThaiHoSo HinhThuc DonViXuLy NoiNopHoSo HoSoCoThanhPhanSoHoa TaiKhoanDuocXacThucVoiVNeID
    DuocThanhToanTrucTuyen DSKetNoiCSDL TaiLieuNop DanhSachLePhi DanhSachHoSoBoSung DanhSachGiayToKetQua
    """.lower().split()
)


class RejectedFileError(Exception):
    """A whole file that is rejected; the argument is its reason."""


@dataclass(frozen=True, order=True)
class Place:
    """Where a row stood. Its order is the order of history (timeliness §1)."""

    exported_at: datetime
    file_name: str
    row_number: int


@dataclass(frozen=True)
class Supplement:
    requested_at: datetime | None
    answered_at: datetime | None
    due_before: datetime | None
    due_after: datetime | None


@dataclass(frozen=True)
class Content:
    """Business content of a dossier row: every canonical field that is kept (portal-exports §3), after parsing."""

    procedure_code: str
    procedure_name: str
    field_code: str
    field_name: str
    channel: str
    applicant_type: str
    submitted_at: datetime | None
    received_at: datetime | None
    due_at: datetime | None
    finished_at: datetime | None
    returned_at: datetime | None
    refused_at: datetime | None
    status: int
    return_method: str
    agency_name: str
    submitted_via: str
    has_digitised_parts: str
    vneid_verified: str
    online_payment: str
    connected_databases: tuple[str, ...]
    documents: tuple[int, int, int]
    fees: tuple[int, int]
    supplements: tuple[Supplement, ...]
    results: tuple[int, int]
    identity: str


@dataclass(frozen=True)
class DossierRow:
    source: str
    dossier_code: str
    agency_code: str
    place: Place
    content: Content
    procedure_padded: bool = False


@dataclass(frozen=True)
class Event:
    """One progress event at its first appearance."""

    source: str
    dossier_code: str
    event_at: datetime
    status: int
    identity: tuple[str, ...]
    place: Place
    unit_name: str = ""
    norm_end: datetime | None = None


@dataclass(frozen=True)
class Limit:
    channel: str
    amount: Fraction
    unit: str


@dataclass(frozen=True)
class Procedure:
    """fields: (name, code) of its field of administration, where it has both."""

    source: str
    key: str
    place: Place
    limits: tuple[Limit, ...]
    fields: tuple[tuple[str, str], ...] = ()


@dataclass
class LedgerLine:
    source: str
    kind: str
    file_name: str
    file_path: str
    sha256: str
    exported_at: datetime
    exported_at_from: str
    status: str = "loaded"
    reason: str | None = None
    rows_read: int = 0
    rows_accepted: int = 0
    rows_quarantined: int = 0


@dataclass(frozen=True)
class Rejected:
    """A quarantined row and every reason that applies."""

    source: str
    kind: str
    file_name: str
    row_number: int
    reasons: tuple[str, ...]


@dataclass
class DropZone:
    """Everything that the rules let through, and the accounting of all the rest."""

    dossiers: list[DossierRow] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    procedures: list[Procedure] = field(default_factory=list)
    ledger: list[LedgerLine] = field(default_factory=list)
    quarantine: list[Rejected] = field(default_factory=list)


def read(root: Path) -> DropZone:
    """The whole drop zone. Of files with the same bytes the earliest moment is loaded, the others are duplicates."""
    zone = DropZone()
    seen: set[tuple[str, str, str]] = set()
    for line, path in sorted(_observations(root), key=lambda pair: (pair[0].exported_at, pair[0].file_path)):
        zone.ledger.append(line)
        identity = (line.source, line.kind, line.sha256)
        if identity in seen:
            line.status = "duplicate"
            continue
        seen.add(identity)
        _load(zone, line, path.read_bytes())
    zone.events = _first_appearances(zone.events)
    return zone


def _observations(root: Path) -> Iterator[tuple[LedgerLine, Path]]:
    for path in root.rglob("*"):
        parts = path.relative_to(root).parts
        if not path.is_file() or len(parts) < 3 or parts[1] not in KINDS or not re.fullmatch("[a-z0-9_]+", parts[0]):
            continue
        at, origin = exported_at(path.name, path.stat().st_mtime)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        yield LedgerLine(parts[0], parts[1], path.name, "/".join(parts), digest, at, origin), path


def exported_at(name: str, mtime: float) -> tuple[datetime, str]:
    """The export moment and where it was found (`name` or `mtime`), portal-exports §1. More digits than six are no
    time of day."""
    for found in re.finditer(r"(?=(20\d{2})(\d{2})(\d{2})(?:[T_-](\d{6}|\d{4})(?!\d))?)", name):
        year, month, day, clock = found.groups()
        try:
            at = date(int(year), int(month), int(day))
        except ValueError:
            continue
        try:
            hms = (
                datetime.strptime(clock, "%H%M%S" if len(clock) == 6 else "%H%M").time() if clock else dates.END_OF_DAY
            )
        except ValueError:
            hms = dates.END_OF_DAY
        return datetime.combine(at, hms), "name"
    return datetime(1970, 1, 1) + timedelta(seconds=int(mtime)) + dates.LOCAL, "mtime"


# Shapes (portal-exports §2) -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class RawRow:
    number: int
    record: dict[str, Any] | None
    envelope: str = ""


def raw_rows(data: bytes) -> list[RawRow]:
    """Rows of a JSON or CSV file. Raises RejectedFileError."""
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError) as error:
            raise RejectedFileError("REJ_FILE_UNREADABLE") from error
    content = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    if not content.strip():
        raise RejectedFileError("REJ_FILE_UNREADABLE")
    return _json_rows(content) if content.lstrip()[0] in "[{" else _csv_rows(content)


def _json_rows(content: str) -> list[RawRow]:
    try:
        whole = json.loads(content)
    except json.JSONDecodeError as error:
        rows = _ndjson_rows(content)
        if content.lstrip()[0] == "[" or not any(row.record for row in rows):
            raise RejectedFileError("REJ_FILE_UNREADABLE") from error
        return rows
    envelope = ""
    if isinstance(whole, dict) and isinstance(whole.get("data"), list):
        whole, envelope = whole["data"], text(whole.get("madonvi"))
    records = whole if isinstance(whole, list) else [whole]
    return [RawRow(n, record if isinstance(record, dict) else None, envelope) for n, record in enumerate(records, 1)]


def _ndjson_rows(content: str) -> list[RawRow]:
    rows = []
    for number, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            record = None
        rows.append(RawRow(number, record if isinstance(record, dict) else None))
    return rows


def _csv_rows(content: str) -> list[RawRow]:
    heading, *lines = content.splitlines()
    delimiter = max(",;\t|", key=heading.count)
    names = [name.strip() for name in next(csv.reader([heading], delimiter=delimiter))]
    known = [name.lower() for name in names if name.lower() in DOSSIER_FIELDS]
    if "mahoso" not in known or len(known) < 4:
        raise RejectedFileError("REJ_FILE_NO_HEADING")
    rows = []
    for number, line in enumerate(lines, 2):
        if not line.strip():
            continue
        cells = next(csv.reader(io.StringIO(line), delimiter=delimiter))
        rows.append(
            RawRow(number, _with_status(dict(zip(names, cells, strict=True))) if len(cells) == len(names) else None)
        )
    return rows


def _with_status(cells: dict[str, Any]) -> dict[str, Any]:
    """A sheet without a status column (portal-exports §9)."""
    record = Record(cells)
    if "TrangThaiHoSo" in record:
        return cells
    return cells | {"TrangThaiHoSo": "10" if record.text("NgayTra") else "9" if record.text("NgayKetThucXuLy") else "4"}


# Rules (portal-exports §6) ------------------------------------------------------------------------------------


class Record:
    """Fields of one object by their exact names, then without regard to case (portal-exports §3)."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self._exact = raw
        self._lower = {name.lower(): value for name, value in raw.items()}

    def __getitem__(self, name: str) -> Any:
        return self._exact[name] if name in self._exact else self._lower.get(name.lower())

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._lower

    def text(self, name: str) -> str:
        return text(self[name])

    def items(self, name: str) -> list[Record]:
        """A list of objects; anything else is an empty list."""
        value = self[name]
        return [Record(item) for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _load(zone: DropZone, line: LedgerLine, data: bytes) -> None:
    accepted: list[Any] = []
    rejected: list[Rejected] = []
    try:
        rows = raw_rows(data)
        line.rows_read = len(rows)
        for row in rows:
            reasons, made = _validate(line, row)
            if reasons:
                rejected.append(Rejected(line.source, line.kind, line.file_name, row.number, tuple(sorted(reasons))))
            else:
                accepted.append(made)
        _validate_file(line, rows, len(rejected))
    except RejectedFileError as error:
        line.status, line.reason = "rejected", str(error)
        line.rows_quarantined = line.rows_read
        return
    line.rows_accepted, line.rows_quarantined = len(accepted), len(rejected)
    zone.quarantine += rejected
    target: dict[str, list[Any]] = {"dossiers": zone.dossiers, "progress": zone.events, "procedures": zone.procedures}
    target.get(line.kind, []).extend(accepted)


def _validate_file(line: LedgerLine, rows: list[RawRow], rejected: int) -> None:
    if line.kind == "dossiers":
        for name in DATES:
            filled = [row.record for row in rows if row.record and not is_missing(Record(row.record)[name])]
            if len(filled) >= 20 and not any(moment_or_none(Record(r)[name]) for r in filled):
                raise RejectedFileError("REJ_FILE_SHIFTED")
    if len(rows) >= 20 and rejected * 2 > len(rows):
        raise RejectedFileError("REJ_FILE_MOSTLY_BAD")


def _validate(line: LedgerLine, row: RawRow) -> tuple[list[str], Any]:
    """Reasons against a row, and what it becomes when there are none."""
    if row.record is None:
        return ["REJ_NOT_A_RECORD"], None
    record = Record(row.record)
    place = Place(line.exported_at, line.file_name, row.number)
    if line.kind == "dossiers":
        return _dossier(line.source, place, record, row.envelope)
    if line.kind == "progress":
        return _event(line.source, place, record)
    if line.kind == "procedures":
        return _procedure(line.source, place, record)
    return [], None


def _code_reasons(dossier_code: str) -> list[str]:
    if not dossier_code:
        return ["REJ_NO_CODE"]
    return ["REJ_CODE_TOO_LONG"] if len(dossier_code) > 50 else []


def _dossier(source: str, place: Place, record: Record, envelope: str) -> tuple[list[str], DossierRow | None]:
    dossier_code = values.code(record["MaHoSo"])
    reasons = _code_reasons(dossier_code)
    status = values.status(record["TrangThaiHoSo"])
    if status is None:
        reasons.append("REJ_BAD_STATUS")
    dates: dict[str, datetime | None] = {}
    bad = set()
    for name, canonical in DATES.items():
        try:
            dates[canonical] = values.moment(record[name], end_of_day=name == "NgayHenTra")
        except BadValueError:
            bad.add(name)
    if bad:
        reasons.append("REJ_BAD_DATE")
    if "NgayTiepNhan" not in bad and dates["received_at"] is None and status not in (1, 3):
        reasons.append("REJ_NO_RECEPTION")
    if reasons or status is None:
        return reasons, None
    content = _content(record, status, dates)
    padded = content.procedure_code != values.code(record["MaTTHC"])
    agency_code = values.agency_of(dossier_code, envelope)
    return [], DossierRow(source, dossier_code, agency_code, place, content, padded)


def _content(record: Record, status: int, dates: dict[str, datetime | None]) -> Content:
    channel = record.text("KenhThucHien") or "1"
    documents = record.items("TaiLieuNop")
    fees = record.items("DanhSachLePhi")
    results = record.items("DanhSachGiayToKetQua")
    identities = [record.text("SoGiayToChuHoSo"), *(i.text("SoDinhDanh") for i in record.items("DinhDanhCHS")[:1])]
    return Content(
        procedure_code=values.procedure(record["MaTTHC"]),
        procedure_name=record.text("TenTTHC"),
        field_code=record.text("MaLinhVuc"),
        field_name=record.text("TenLinhVuc"),
        channel=channel if channel in ("1", "2", "3") else "unknown",
        applicant_type=record.text("LoaiDoiTuong"),
        status=status,
        return_method=record.text("HinhThuc"),
        agency_name=record.text("DonViXuLy"),
        submitted_via=record.text("NoiNopHoSo"),
        has_digitised_parts=record.text("HoSoCoThanhPhanSoHoa"),
        vneid_verified=record.text("TaiKhoanDuocXacThucVoiVNeID"),
        online_payment=record.text("DuocThanhToanTrucTuyen"),
        connected_databases=tuple(d.text("MaCSDL") for d in record.items("DSKetNoiCSDL")),
        documents=(len(documents), _yes(documents, "DuocSoHoa"), _yes(documents, "DuocTaiSuDung")),
        fees=(len(fees), sum(values.whole(fee["Gia"]) for fee in fees)),
        supplements=tuple(
            Supplement(
                moment_or_none(s["NgayBoSung"]),
                moment_or_none(s["NgayTiepNhanBoSung"]),
                moment_or_none(s["NgayHenTraTruoc"], end_of_day=True),
                moment_or_none(s["NgayHenTraMoi"], end_of_day=True),
            )
            for s in record.items("DanhSachHoSoBoSung")
        ),
        results=(len(results), sum(bool(r.text("DuongDanTepTinKetQua")) for r in results)),
        identity=next((i for i in identities if i), ""),
        **{name: dates[name] for name in DATES.values()},
    )


def _yes(items: list[Record], name: str) -> int:
    return sum(item.text(name).lower() in ("1", "true") for item in items)


def _event(source: str, place: Place, record: Record) -> tuple[list[str], Event | None]:
    dossier_code = values.code(record["MaHoSo"])
    reasons = _code_reasons(dossier_code)
    status = values.status(record["TrangThai"])
    at = moment_or_none(record["ThoiDiemXuLy"])
    if status is None:
        reasons.append("REJ_BAD_STATUS")
    if at is None:
        reasons.append("REJ_BAD_DATE")
    if reasons or status is None or at is None:
        return reasons, None
    identity = (record.text("NguoiXuLy"), record.text("NoiDungXuLy"))
    norm_end = moment_or_none(record["NgayKetThucTheoQuyDinh"], end_of_day=True)
    return [], Event(source, dossier_code, at, status, identity, place, record.text("PhongBanXuLy"), norm_end)


def _first_appearances(events: list[Event]) -> list[Event]:
    """Identical events are one (portal-exports §3), standing where it was seen first."""
    first: dict[tuple[Any, ...], Event] = {}
    for event in sorted(events, key=lambda e: e.place):
        first.setdefault((event.source, event.dossier_code, event.event_at, event.status, event.identity), event)
    return list(first.values())


def _procedure(source: str, place: Place, record: Record) -> tuple[list[str], Procedure | None]:
    key = values.procedure_key(values.procedure(record["MATTHC"]))
    if key is None:
        return ["REJ_NO_CODE"], None
    limits = tuple(
        Limit(way.text("KENH"), Fraction(amount), UNITS[unit])
        for way in record.items("CACHTHUCTHUCHIEN")
        for term in way.items("THOIGIAN")
        if re.fullmatch(r"\d+(\.\d+)?", amount := term.text("THOIGIANGIAIQUYET"))
        and (unit := " ".join(term.text("DONVITINH").lower().split())) in UNITS
    )
    fields = tuple(
        (values.folded(name), code)
        for item in list(record.items("LINHVUCTHUCHIEN"))[:1]
        if (name := item.text("TENLINHVUC")) and (code := item.text("MALINHVUC"))
    )
    return [], Procedure(source, key, place, limits, fields)
