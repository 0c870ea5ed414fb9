"""Random drop zones full of what real senders do (portal-exports §8) and of moments where a rule could go either way.

`generate(seed, dossiers)` is deterministic. Times are drawn from a pool of awkward moments (due date to the second,
midnights, ends of periods, the moments at which figures are closed) as often as from nowhere in particular. All people
are invented.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

Record = dict[str, Any]
Pair = tuple[datetime, datetime | None]
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)

SOURCES = ("dvcqg", "motcua")
AGENCIES = ("H39.18.25", "H39.18.26", "H39.18", "H39.7.132", "H40.19", "000.25.18.H39", "000.00.19.H40", "H57")
ENVELOPES = ("H39.18.25", "000.00.19.H47", " h40.19", "", None)
FIELDS = (("G15-TP01", "Hộ tịch"), ("G15-DD02", "Đất đai"), ("G15-XD03", "Xây dựng"), ("", ""))
PROCEDURES = (*(f"{n % 2 + 1}.{n:06}" for n in range(1001, 1009)), "1.001190", "1.500000")
UNKNOWN_PROCEDURES = ("2.999999", "", "TS_lop1.000.00.00.H22")
AMOUNTS = ("1", "2", "3", "6", "7", "8", "10", "0.5", "1.1", "2.5")
UNITS = {"Giờ": 0.125, "Ngày": 1.0, "Ngày làm việc": 1.4, "Tháng": 30.0}
UNITS_OF_OFFICES = ("Bộ phận một cửa", "Phòng Tư pháp", "Bộ phận một cửa", "Lãnh đạo", "")
TET = (date(2024, 2, 8), date(2024, 2, 15), date(2024, 5, 4), date(2025, 1, 25), date(2025, 4, 26), date(2025, 5, 2))


@dataclass
class DropZoneFiles:
    """Files by path relative to the root; `mtimes` for those whose name tells no date."""

    files: dict[str, bytes] = field(default_factory=dict)
    mtimes: dict[str, datetime] = field(default_factory=dict)
    pairs: list[Pair] = field(default_factory=list)

    def write(self, root: Path, only: Callable[[str], bool] = lambda path: True) -> None:
        """Puts the files (those that `only` picks) under `root`."""
        for path, data in self.files.items():
            if not only(path):
                continue
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            if path in self.mtimes:
                stamp = (self.mtimes[path] - timedelta(hours=7) - datetime(1970, 1, 1)).total_seconds()
                os.utime(target, (stamp, stamp))


def generate(seed: int, dossiers: int = 300, whole_bad_files: bool = True) -> DropZoneFiles:
    """A drop zone of two sources with about so many dossiers, and pairs (as_of, known_at) worth asking for."""
    return _World(Random(seed), dossiers, whole_bad_files).build()


@dataclass
class _Life:
    """One dossier as its sender knows it: dated steps, each with the record that an export after it shows."""

    source: str
    steps: list[tuple[datetime, Record]]


class _World:
    def __init__(self, rng: Random, dossiers: int, whole_bad_files: bool) -> None:
        self.rng = rng
        self.count = dossiers
        self.whole_bad_files = whole_bad_files
        self.begin = datetime.combine(rng.choice((date(2023, 11, 20), date(2024, 3, 4), date(2024, 12, 10))), time())
        self.end = self.begin + timedelta(days=rng.choice((90, 150, 210)))
        self.zone = DropZoneFiles()
        self.exports = {source: self._export_moments() for source in SOURCES}
        self.awkward = self._awkward_moments()
        self.zone.pairs = self._pairs()
        self.events: dict[str, list[tuple[datetime, Record]]] = {source: [] for source in SOURCES}

    # Moments ------------------------------------------------------------------------------------

    def _export_moments(self) -> list[datetime]:
        days = (self.end - self.begin).days
        moments = [self.end + timedelta(days=self.rng.randint(0, 30))]
        for _ in range(self.rng.randint(3, 7)):
            day = self.begin + timedelta(days=self.rng.randint(5, days + 20))
            clock = self.rng.choice((time(23, 59, 59), time(6), time(22, 0, 1), time(0)))
            moments.append(datetime.combine(day.date(), clock))
        return sorted(set(moments))

    def _awkward_moments(self) -> list[datetime]:
        found = [m for moments in self.exports.values() for m in moments]
        first = date(self.begin.year, self.begin.month, 1)
        for months in range(12):
            month = _months_later(first, months)
            for day in (month, month + timedelta(14)):
                midnight = datetime.combine(day, time())
                found += [midnight, midnight - SECOND]
        found += [datetime.combine(day, time(23, 59, 59)) for day in TET]
        return found

    def _pairs(self) -> list[Pair]:
        known = sorted(m for moments in self.exports.values() for m in moments)
        middle = known[len(known) // 2]
        ends = [m for m in self.awkward if self.begin + timedelta(40) < m < self.end and m.time() == time(23, 59, 59)]
        noon = datetime.combine(self._any_time().date(), time(12, 0, 0))
        return [
            (self.end + timedelta(days=40), None),
            (self.rng.choice(ends), None),
            (self.rng.choice(ends), middle),
            (max(noon, self.begin + timedelta(20)), known[-1]),
        ]

    def _any_time(self) -> datetime:
        span = int((self.end - self.begin).total_seconds())
        return self.begin + timedelta(seconds=self.rng.randint(0, span))

    def _near(self, *anchors: datetime | None) -> datetime:
        """A time at, next to, or some days from an anchor; or an awkward moment; or any time."""
        usable = [a for a in anchors if a]
        pick = self.rng.random()
        if usable and pick < 0.75:
            base = self.rng.choice(usable)
            how = self.rng.randint(0, 6)
            if how == 0:
                return base
            if how == 1:
                return base + self.rng.choice((-SECOND, SECOND))
            if how == 2:
                return datetime.combine(base.date(), self.rng.choice((time(), time(23, 59, 59))))
            if how == 3:
                return base + self.rng.choice((-1, 1)) * DAY
            moved = base + timedelta(days=self.rng.randint(-2, 25), minutes=self.rng.randint(-300, 300))
            return moved.replace(second=0) if how < 6 else moved
        return (
            self.rng.choice((*self.awkward, *(pair[0] for pair in self.zone.pairs))) if pick < 0.9 else self._any_time()
        )

    # Lives --------------------------------------------------------------------------------------

    def build(self) -> DropZoneFiles:
        self._catalogues()
        lives = [self._life(n) for n in range(self.count)]
        for source in SOURCES:
            own = [life for life in lives if life.source == source]
            for at in self.exports[source]:
                self._export(source, at, own)
            self._progress(source)
        self._odd_files()
        return self.zone

    def _code(self, number: int, received: datetime) -> str:
        pick = self.rng.random()
        if pick < 0.04:
            return self.rng.choice((f"HS/{number}", f"BN-{number:05}", f"TTHC.{number}"))
        day = received.strftime("%y%m%d") if pick < 0.97 else "240101"
        tail = f"{number:04}" if pick < 0.9 else f"{number + 10000:05}" if pick < 0.95 else f"{number + 100000:06}"
        return f"{self.rng.choice(AGENCIES)}-{day}-{tail}"

    def _life(self, number: int) -> _Life:
        rng = self.rng
        received = rng.choice(self.awkward) if rng.random() < 0.2 else self._any_time()
        if rng.random() < 0.004:
            received = received.replace(year=received.year - 2, day=1)
        source = SOURCES[number % 7 == 0]
        due = None if rng.random() < 0.2 else self._near(received + timedelta(days=rng.randint(0, 30)))
        if due and rng.random() < 0.01:
            due = datetime(2099, 12, 31, 17)
        target = due or received + timedelta(hours=rng.choice((1.1, 2.5, 8)))
        field_code, field_name = rng.choice(FIELDS)
        if number % 5 == 0:
            # as one-stop systems have it: the name alone, in any spelling
            field_code, field_name = "", field_name.upper() if number % 2 else field_name
        base: Record = {
            "MaHoSo": self._code(number, received),
            "MaTTHC": self._procedure_code(),
            "TenTTHC": "Thủ tục thử nghiệm",
            "MaLinhVuc": field_code,
            "TenLinhVuc": field_name,
            "KenhThucHien": rng.choice(("1", "2", "2", "3", "", 1, None, "9")),
            "ChuHoSo": "Nguyễn Văn Mẫu",
            "SoGiayToChuHoSo": f"07900{number:07}",
            "LoaiDoiTuong": rng.choice(("1", "2")),
            "TrangThaiHoSo": rng.choice(("1", "2", "4")),
            "NgayTiepNhan": received,
            "NgayHenTra": due,
            "NgayKetThucXuLy": None,
            "NgayTra": None,
            "NgayTuChoi": None,
            "DanhSachHoSoBoSung": [],
        }
        steps = [(received, base)]
        with_list = rng.random() < 0.4
        for _ in range(rng.choice((0, 1, 1, 2, 3, 4, 5))):
            at, record = self._step(steps[-1][1], received, steps[-1][0], target, with_list)
            steps.append((at, record))
        life = _Life(source, steps)
        if number % 13 == 0:
            # the other system knows some events of it; they must not leak into this source
            self._tell_events(_Life(SOURCES[source == SOURCES[0]], steps), received, target)
        if rng.random() < 0.6:
            self._tell_events(life, received, target)
        return life

    def _procedure_code(self) -> str:
        code = self.rng.choice((*PROCEDURES, *PROCEDURES, *UNKNOWN_PROCEDURES))
        if code in PROCEDURES and self.rng.random() < 0.3:
            return code + ".000.00.00.H39"
        return code

    def _step(
        self, before: Record, received: datetime, last: datetime, target: datetime, with_list: bool
    ) -> tuple[datetime, Record]:
        rng = self.rng
        at = target if rng.random() < 0.15 else self._near(last, target)
        record = dict(before)
        status = rng.choice((2, 4, 4, 5, 5, 5, 6, 6, 7, 8, 3, 9, 9, 9, 10, 10, 10, 10))
        if before["TrangThaiHoSo"] in (9, "9") and rng.random() < 0.3:
            status = 10
        record["TrangThaiHoSo"] = rng.choice((str(status), status))
        if status in (7, 8, 9, 10, 3) and rng.random() < 0.6:
            record["NgayKetThucXuLy"] = received - DAY if rng.random() < 0.05 else at
        elif status in (2, 4, 5, 6) and rng.random() < 0.8:
            record["NgayKetThucXuLy"] = None
        if status == 10 and rng.random() < 0.7:
            record["NgayTra"] = received - timedelta(hours=1) if rng.random() < 0.05 else self._near(at, target)
        if status == 3 and rng.random() < 0.6:
            record["NgayTuChoi"] = at
        if rng.random() < 0.12:
            record["NgayHenTra"] = None if rng.random() < 0.2 else self._near(target, at, received)
        if with_list and rng.random() < 0.6:
            record["DanhSachHoSoBoSung"] = [
                self._supplement(n, received, at, record["NgayHenTra"]) for n in range(rng.choice((0, 1, 1, 1, 2, 3)))
            ]
        if rng.random() < 0.03:
            record["NgayTiepNhan"] = self._near(received)
        if rng.random() < 0.03:
            record["MaLinhVuc"], record["TenLinhVuc"] = rng.choice(FIELDS)
        if rng.random() < 0.03:
            record["KenhThucHien"] = rng.choice(("1", "2", "3"))
        if rng.random() < 0.1:
            record["DanhSachLePhi"] = [{"TenPhiLePhi": "Lệ phí", "Gia": str(rng.choice((0, 5000, 150000)))}]
        return max(at, last), record

    def _supplement(self, number: int, received: datetime, at: datetime, due: datetime | None) -> Record:
        rng = self.rng
        asked = received - SECOND if rng.random() < 0.08 else self._near(received, at)
        answered = None if rng.random() < 0.3 else asked + timedelta(seconds=rng.randint(0, 10 * 86400))
        if answered and rng.random() < 0.1:
            answered = asked - DAY
        if answered and rng.random() < 0.15:
            answered = rng.choice((rng.choice(self.awkward), self._near(at)))
        written = self._write_moment(asked)
        if rng.random() < 0.04:
            written = rng.choice(("", "hôm qua"))
        lot = _lot(number, asked, answered)
        before = due - timedelta(hours=lot % 200 - 20) if due and lot % 3 == 0 else None
        after = due if lot % 4 == 0 else None
        return {
            "HoSoBoSungId": number,
            "NgayBoSung": written,
            "NgayTiepNhanBoSung": self._write_moment(answered),
            "NgayHenTraTruoc": f"{before:%Y%m%d%H%M%S}" if before else "",
            "NgayHenTraMoi": f"{after:%Y%m%d%H%M%S}" if after else "",
        }

    def _tell_events(self, life: _Life, received: datetime, target: datetime) -> None:
        """Progress events of a life: runs of one status, ties in time, steps left out, steps that never were."""
        rng = self.rng
        code = life.steps[0][1]["MaHoSo"]
        told = self.events[life.source]
        at = received
        for moment, record in life.steps:
            if rng.random() < 0.75:
                at = moment if rng.random() < 0.7 else at
                for repeat in range(rng.choice((1, 1, 1, 2, 3))):
                    told.append((at, self._event(code, at, record["TrangThaiHoSo"], repeat)))
                    if rng.random() < 0.5:
                        at = self._near(at, target)
        while rng.random() < 0.25:
            stray = self._near(received, target)
            told.append((stray, self._event(code, stray, rng.choice((4, 5, 5, 9, 10, 6, 7, 8)), 0)))

    def _event(self, code: str, at: datetime, status: Any, repeat: int) -> Record:
        lot = _lot(code, at, status)
        return {
            "MaHoSo": self._write_code(code),
            "NguoiXuLy": f"Cán bộ mẫu {self.rng.randint(1, 5)}",
            "ChucDanh": "",
            "ThoiDiemXuLy": at,
            "PhongBanXuLy": UNITS_OF_OFFICES[lot % len(UNITS_OF_OFFICES)],
            "NgayKetThucTheoQuyDinh": "" if lot % 3 else f"{at + timedelta(hours=lot % 50):%Y%m%d%H%M%S}",
            "NoiDungXuLy": self.rng.choice(("Xử lý", f"Lần {repeat}", "")),
            "TrangThai": status,
        }

    # Writing ------------------------------------------------------------------------------------

    def _write_code(self, code: str) -> str:
        pick = self.rng.random()
        if pick < 0.03:
            return f"  {code.lower()} "
        if pick < 0.06:
            return code.replace("-", "–")
        return code.replace("-", "\u200b-") if pick < 0.07 else code

    def _write_moment(self, at: datetime | None, end_of_day: bool = False) -> Any:
        return write_moment(self.rng, at, end_of_day)

    def _written(self, record: Record) -> Record:
        row = {
            name: self._write_moment(value, end_of_day=name == "NgayHenTra") if name.startswith("Ngay") else value
            for name, value in record.items()
        }
        if received := record["NgayTiepNhan"]:
            lot = _lot(record["MaHoSo"])
            row["NgayNopHoSo"] = "" if lot % 3 == 0 else f"{received - timedelta(hours=lot % 90):%Y%m%d%H%M%S}"
        row["MaHoSo"] = self._write_code(row["MaHoSo"])
        if row["MaTTHC"] == "1.500000" and self.rng.random() < 0.5:
            row["MaTTHC"] = "1.5"  # the same code after Excel has had it
        if self.rng.random() < 0.05:
            row["MaHoSo".lower()] = row.pop("MaHoSo")
        if self.rng.random() < 0.03:
            row["TruongLa"] = "x"
        return row

    def _export(self, source: str, at: datetime, lives: list[_Life]) -> None:
        rng = self.rng
        share = rng.choice((1.0, 0.6, 0.3))
        rows = []
        for life in lives:
            known = [
                record for moment, record in life.steps if moment <= at + timedelta(days=rng.choice((0, 0, 0, 30)))
            ]
            if known and rng.random() < share:
                rows.append(self._written(known[-1]))
                if rng.random() < 0.03:
                    rows.append(self._written(rng.choice(known)))
        parts = rng.choice((1, 1, 2, 3))
        for part in range(parts):
            chosen = rows[part::parts]
            if part and rows:
                chosen = chosen + [dict(rng.choice(rows)) for _ in range(3)]
            for _ in range(rng.randint(0, 4)):
                chosen.insert(rng.randint(0, len(chosen)), self._bad_row())
            self._put(source, "dossiers", at, f"p{part}", self._shape(chosen, csv_too=True))

    def _bad_row(self) -> Any:
        rng = self.rng
        row: Record = {
            "MaHoSo": f"H39.18.25-240304-{rng.randint(7000, 9999)}",
            "NgayTiepNhan": "20240304083000",
            "TrangThaiHoSo": "4",
        }
        kinds: list[Record] = [
            {"MaHoSo": rng.choice(("", "  ", None, "\u200b"))},
            {"MaHoSo": "H39.18.25-240304-" + "0" * 40},
            {"TrangThaiHoSo": rng.choice(("", "0", "11", "abc", None, "-1", 99))},
            {"NgayTiepNhan": rng.choice(("", None, "00000000"))},
            {
                "NgayTiepNhan": rng.choice(
                    ("20240230083000", "32/01/2024", "04/03/24", "2024-13-01", "19991231", "hôm nay")
                )
            },
            {
                rng.choice(("NgayHenTra", "NgayTra", "NgayTuChoi", "NgayNopHoSo")): rng.choice(
                    ("20240304250000", "x", "31/02/2024")
                )
            },
            {"MaHoSo": "", "TrangThaiHoSo": "12", "NgayTiepNhan": "20240230"},
            {"TrangThaiHoSo": "3", "NgayTiepNhan": "", "NgayTuChoi": "4.3.2024"},
        ]
        return rng.choice(("chuỗi", 7, ["a"])) if rng.random() < 0.15 else row | rng.choice(kinds)

    def _shape(self, rows: list[Any], csv_too: bool) -> tuple[str, bytes]:
        """(extension, bytes) of the rows in one of the shapes of portal-exports §2."""
        rng = self.rng
        pick = rng.random()
        if csv_too and pick < 0.25:
            return self._csv([row for row in rows if isinstance(row, dict)])
        if pick < 0.55 and len(rows) > 1:
            lines = [json.dumps(row, ensure_ascii=False) for row in rows]
            if isinstance(rows[0], dict):
                for extra in rng.choice(([], [""], ['{"MaHoSo": "H39', ""])):
                    lines.insert(rng.randint(1, len(lines)), extra)
                return "ndjson", ("\n".join(lines) + "\n").encode()
        if pick < 0.75:
            envelope = {
                "session": "s",
                "madonvi": rng.choice(ENVELOPES),
                "service": "DongBoHoSoMC",
                "isUpdating": "False",
            }
            data = json.dumps(envelope | {"data": rows}, ensure_ascii=False, indent=1).encode()
        else:
            data = json.dumps(rows, ensure_ascii=False).encode()
        return ("json.gz", gzip.compress(data, mtime=0)) if rng.random() < 0.1 else ("json", data)

    def _csv(self, rows: list[Record]) -> tuple[str, bytes]:
        rng = self.rng
        names = [
            "MaHoSo",
            "MaTTHC",
            "TenTTHC",
            "MaLinhVuc",
            "TenLinhVuc",
            "KenhThucHien",
            "SoGiayToChuHoSo",
            "LoaiDoiTuong",
        ]
        names += ["NgayTiepNhan", "NgayHenTra", "NgayKetThucXuLy", "NgayTra", "NgayTuChoi"]
        names += ["TrangThaiHoSo"] if rng.random() < 0.8 else []
        sink = io.StringIO()
        writer = csv.writer(sink, delimiter=rng.choice(",;\t|"), lineterminator=rng.choice(("\n", "\r\n")))
        writer.writerow(names)
        for row in rows:
            spelled = {name.lower(): value for name, value in row.items()}
            cells = [spelled.get(name.lower()) for name in names]
            writer.writerow([*cells, "thừa"] if rng.random() < 0.01 else cells)
            if rng.random() < 0.01:
                sink.write("\n")
        return "csv", sink.getvalue().encode(rng.choice(("utf-8", "utf-8-sig", "utf-16")))

    def _put(self, source: str, kind: str, at: datetime, tag: str, shaped: tuple[str, bytes]) -> None:
        rng = self.rng
        extension, data = shaped
        if at.time() == time(23, 59, 59):
            stamp = at.strftime("%Y%m%d")
        else:
            ways = ["%Y%m%dT%H%M%S", "%Y%m%d_%H%M%S"] + (["%Y%m%d-%H%M"] if at.second == 0 else [])
            stamp = at.strftime(rng.choice(ways))
        folder = f"{source}/{kind}" + rng.choice(("", "", f"/{at:%Y}/{at:%m}"))
        path = f"{folder}/{kind}-{tag}_{stamp}.{extension}"
        self.zone.files[path] = data
        if rng.random() < 0.1:
            later = self.rng.choice((at + DAY, at - timedelta(days=3)))
            self.zone.files[f"{source}/{kind}/copy-{tag}_{later:%Y%m%dT%H%M%S}.{extension}"] = data

    def _progress(self, source: str) -> None:
        rng = self.rng
        told = self.events[source]
        for at in self.exports[source]:
            share = rng.choice((1.0, 0.5))
            rows: list[Any] = []
            for moment, event in told:
                if moment <= at + DAY and rng.random() < share:
                    rows.append(event | {"ThoiDiemXuLy": self._write_moment(event["ThoiDiemXuLy"])})
            rng.shuffle(rows)
            for _ in range(rng.randint(0, 3)):
                rows.insert(rng.randint(0, len(rows)), self._bad_event())
            if rows:
                self._put(source, "progress", at, "e", self._shape(rows, csv_too=False))

    def _bad_event(self) -> Record:
        row = {"MaHoSo": "H39.18.25-240304-0001", "ThoiDiemXuLy": "20240304083000", "TrangThai": "4", "NguoiXuLy": "x"}
        return row | self.rng.choice(
            ({"MaHoSo": ""}, {"ThoiDiemXuLy": ""}, {"ThoiDiemXuLy": "20240231"}, {"TrangThai": "0"})
        )

    def _catalogues(self) -> None:
        for source in SOURCES:
            for at in self.exports[source][:: self.rng.choice((2, 3))]:
                rows: list[Any] = [self._procedure(code) for code in PROCEDURES if self.rng.random() < 0.5]
                rows.append({"MATTHC": "", "TENTTHC": "không mã"})
                self._put(source, "procedures", at - timedelta(days=30), "t", self._shape(rows, csv_too=False))

    def _procedure(self, code: str) -> Record:
        """Limits with different weights, so that the largest is never a matter of taste."""
        rng = self.rng
        ways: dict[str, list[Record]] = {}
        weights: set[float] = set()
        if code == PROCEDURES[0]:  # six working days outweigh seven days
            ways["1"] = [
                {"THOIGIANGIAIQUYET": "7", "DONVITINH": "Ngày"},
                {"THOIGIANGIAIQUYET": "6", "DONVITINH": "Ngày làm việc"},
            ]
            weights = {7.0, 8.4}
        hours = ("1.1", "2.5", "8")
        units = ["Giờ"] if rng.random() < 0.3 else list(UNITS)
        for _ in range(rng.randint(1, 4)):
            unit = rng.choice(units)
            amount = rng.choice(hours if len(units) == 1 else AMOUNTS[:2] if unit == "Tháng" else AMOUNTS)
            weight = round(float(amount) * UNITS[unit], 6)
            if weight not in weights:
                weights.add(weight)
                term = {"THOIGIANGIAIQUYET": amount, "DONVITINH": unit}
                ways.setdefault(rng.choice(("1", "2", "3")), []).append(term)
        return {
            "MATTHC": code,
            "TENTTHC": f"Thủ tục {code}",
            "LINHVUCTHUCHIEN": [{"MALINHVUC": "G15-TP01", "TENLINHVUC": "Hộ tịch"}],
            "CACHTHUCTHUCHIEN": [{"KENH": channel, "THOIGIAN": terms} for channel, terms in ways.items()],
        }

    def _odd_files(self) -> None:
        """A file without a date in its name, files without rows, and files that are rejected as a whole."""
        files = self.zone.files
        row = {"MaHoSo": "H39.18.25-240304-0001", "NgayTiepNhan": "20240304083000", "TrangThaiHoSo": "2"}
        files["dvcqg/dossiers/khong-ngay.json"] = json.dumps([row]).encode()
        self.zone.mtimes["dvcqg/dossiers/khong-ngay.json"] = self.begin + timedelta(days=7, hours=3)
        files[f"dvcqg/dossiers/rong_{self.end:%Y%m%d}.json"] = b"[]"
        if not self.whole_bad_files:
            return
        files["dvcqg/dossiers/trong_20240102.json"] = b""
        files["dvcqg/dossiers/cut_20240103.json"] = json.dumps([row] * 5).encode()[:-40]
        files["motcua/dossiers/no-heading_20240104.csv"] = b"A;B;C;D\n1;2;3;4\n5;6;7;8\n"
        bad = [row | {"TrangThaiHoSo": "77", "MaHoSo": f"H39.18.25-240304-{n:04}"} for n in range(15)]
        good = [row | {"MaHoSo": f"H39.18.25-240304-{n:04}"} for n in range(15, 25)]
        files["motcua/dossiers/mostly-bad_20240105.json"] = json.dumps(bad + good).encode()
        shifted = [row | {"MaHoSo": f"H39.18.25-240304-{n:04}", "NgayHenTra": "Nguyễn Văn Mẫu"} for n in range(25)]
        files["motcua/dossiers/shifted_20240106.json"] = json.dumps(shifted).encode()


def _lot(*of: Any) -> int:
    """A number drawn by what it is for: a draw more changes nothing else of a world."""
    return zlib.crc32(repr(of).encode())


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)


def write_moment(rng: Random, at: datetime | None, end_of_day: bool = False) -> Any:
    """The time in one of the accepted ways that say exactly this second (portal-exports §4)."""
    if at is None:
        return rng.choice(("", None, "", "00000000000000"))
    ways = ["%Y%m%d%H%M%S"] * 4 + [
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%dT%H:%M:%S",
        "%d/%m/%Y %H:%M:%S",
        "%H:%M:%S %d-%m-%Y",
    ]
    if at.second == 0:
        ways += ["%Y%m%d%H%M", "%Y-%m-%dT%H:%M", "%d/%m/%Y %H:%M", "%H:%M %d/%m/%Y"]
    if at.time() == (time(23, 59, 59) if end_of_day else time()):
        ways += ["%Y%m%d", "%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y"] * 3
    pick = rng.random()
    if pick < 0.06:
        hours = rng.choice((0, 0, 9, -5))
        shifted = at - timedelta(hours=7) + timedelta(hours=hours)
        zone = rng.choice(("Z", "+00:00")) if hours == 0 else f"{'-' if hours < 0 else '+'}{abs(hours):02}:00"
        return shifted.isoformat(sep=rng.choice(("T", " "))) + zone
    if pick < 0.1:
        return f"{at.day}/{at.month}/{at.year} {at.hour}:{at:%M:%S}"
    written = at.strftime(rng.choice(ways))
    return int(written) if pick > 0.95 and written.isdecimal() else written
