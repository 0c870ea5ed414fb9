"""A small drop zone of two systems in which the engines could read something otherwise. All people are invented.

`motcua` sends dossiers, no catalogue, and names its agencies only: one name is that of two agencies. `dvcqg` and
`dvcqg_moi` send catalogues, whose maxima differ. One province has a day off of its own.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

AS_OF = "2024-04-30T23:59:59"
_PROCEDURES = {"1.001193": ("Thủ tục đăng ký khai sinh", "G15-TP01", "Hộ tịch"), "2.000815": ("Chứng thực", "", "")}
_NAMES = ("UBND xã Đông Thạnh", "Uỷ ban nhân dân xã Tân Lập - huyện Cần Giuộc", "UBND xã Tân Lập", "Chưa rõ", "")


def write(inbox: Path, warehouse: Path) -> None:
    """The exports below `inbox`, the day off in `warehouse`/calendar.csv."""
    for source, day, days in (("dvcqg", "20240101", "20"), ("dvcqg_moi", "20240201", "5")):
        _put(inbox, f"{source}/procedures/tthc_{day}.json", [_procedure(code, days) for code in _PROCEDURES])
    agencies = {
        "H39.18.24": "UBND xã Đông Thạnh",
        "H39.18.30": "UBND xã Tân Lập",
        "H53.7.1": "UBND xã Tân Lập",
    }
    _put(
        inbox,
        "dvcqg/agencies/donvi_20240101.json",
        [{"MaDonVi": code, "TenDonVi": name, "CapDonVi": "COMMUNE"} for code, name in agencies.items()],
    )
    for source in ("motcua", "dvcqg"):
        for export in ("20240315", "20240410", "20240430"):
            rows = [_dossier(source, number, export) for number in range(1, 61)]
            _put(inbox, f"{source}/dossiers/hoso_{export}.json", [row for row in rows if row])
    warehouse.mkdir(parents=True, exist_ok=True)
    (warehouse / "calendar.csv").write_text(
        "revision,date,kind,name,scope,source,added_at\n1,2024-03-06,off,Nghỉ của tỉnh,H39,,2024-03-01T08:00:00\n",
        encoding="utf-8",
    )


def _procedure(code: str, days: str) -> dict[str, Any]:
    name, field, field_name = _PROCEDURES[code]
    return {
        "MATTHC": code,
        "TENTTHC": name,
        "LINHVUCTHUCHIEN": [{"MALINHVUC": field, "TENLINHVUC": field_name}] if field else [],
        "CACHTHUCTHUCHIEN": [
            {"KENH": "1", "THOIGIAN": [{"THOIGIANGIAIQUYET": days, "DONVITINH": "Ngày làm việc"}]},
            {"KENH": "2", "THOIGIAN": [{"THOIGIANGIAIQUYET": "8", "DONVITINH": "Giờ"}]},
        ],
    }


def _dossier(source: str, number: int, export: str) -> dict[str, Any] | None:
    """Dossier `number` as an export shows it; None: it was not there yet. Statuses, due dates and supplements vary."""
    day = 1 + number % 28
    received = f"202403{day:02}083000"
    if received[:8] > export:
        return None
    code = list(_PROCEDURES)[number % 2]
    ended = number % 3 == 0 and export >= "20240410"
    row: dict[str, Any] = {
        "MaHoSo": f"H39.18.{24 + number % 3}-24{3:02}{day:02}-{number:04}"
        if source == "dvcqg" or number % 4 == 0
        else f"MC{number:04}",
        "MaTTHC": code,
        "TenTTHC": _PROCEDURES[code][0],
        "TenLinhVuc": ("Hộ tịch", "Chứng thực", "")[number % 3],
        "KenhThucHien": str(1 + number % 3),
        "ChuHoSo": "Nguyễn Văn A",
        "LoaiDoiTuong": "1",
        "DonViXuLy": _NAMES[number % len(_NAMES)],
        "NgayTiepNhan": received,
        "TrangThaiHoSo": ("10" if number % 2 else "9") if ended else ("2", "4", "5")[number % 3 - 1],
    }
    if number % 4:
        row["NgayHenTra"] = f"2024{4 if export >= '20240410' and number % 7 == 0 else 3:02}{min(day + 5, 28):02}170000"
    if ended:
        row["NgayKetThucXuLy"] = f"202404{1 + number % 9:02}1{number % 6}0000"
        if number % 2:
            row["NgayTra"] = f"202404{2 + number % 8:02}160000"
    if number % 5 == 0:
        row["DanhSachHoSoBoSung"] = [
            {
                "NgayBoSung": f"202403{min(day + 1, 28):02}100000",
                "NgayTiepNhanBoSung": f"202403{min(day + 2, 29):02}090000",
                "NgayHenTraTruoc": row.get("NgayHenTra", ""),
                "NgayHenTraMoi": "20240402170000",
            }
        ]
    return row


def _put(inbox: Path, path: str, rows: list[dict[str, Any]]) -> None:
    place = inbox / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
