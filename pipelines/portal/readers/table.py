"""What of a table below its heading is a row: text rows for the workbook, page and CSV readers (portal-exports §2).

Works on whole columns. Only rows without a usual code, or with one or two cells, are looked at one by one: empty rows,
repeated headings and banners, column numbers, group rows, totals, page numbers and footers are no rows; everything else
is one.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.bilingual import prefixed
from pipelines.contract import Kind, fold
from pipelines.masking import masked_name
from pipelines.portal.readers import headings
from pipelines.portal.readers.base import UNREADABLE, Attention, FileFacts, FileRejected, Positions
from pipelines.portal.readers.headings import Heading, Synonyms
from pipelines.portal.readers.looks import DOSSIER_CODE, DOSSIER_CODE_PATTERN
from pipelines.portal.readers.parts import PART_SKIPPED, Beginning
from pipelines.portal.text_rows import TextRows

NO_STATUS_NOTE = (
    "không có cột trạng thái: suy ra từ ngày trả, ngày kết thúc"
    " / no status column: derived from the dates of return and end"
)
Mask = npt.NDArray[np.bool_]

#: Stands in the cells of formulas whose value the file does not hold.
NOT_CALCULATED = "#CHUA-TINH!"

NO_DUE, LEGACY_TEXT, SWAPPED = "WRN_FILE_NO_DUE", "WRN_LEGACY_TEXT", "WRN_DAY_MONTH_SWAPPED"

_DUE = "NgayHenTra"
_AGENCY, _FIELD = "DonViXuLy", "TenLinhVuc"
#: Excel's serial dates are days since 1899-12-30, or in old workbooks of a Mac since 1904-01-01 (days from 1970).
EPOCH_1900, EPOCH_1904 = -25_569, -24_107
#: Serial dates from 2000-01-01 to before 2101-01-01 are dates (portal-exports §4): days from 1970.
_FIRST_DAY, _LAST_DAY = 10_957, 47_847
#: Rows looked at together once the columns have changed.
_PIECE = 256
#: Excel keeps 15 digits of a number.
_EXCEL_DIGITS = 15
#: As many row numbers as a note shows.
_SHOWN_ROWS = 10
_MAX_GROUP = 200
#: A row with more cells than this is no footer.
_FOOTER_CELLS = 4

_ORDINAL = re.compile(r"\(?(?:[ivxlcdm]+|\d{1,4}|[a-zđ]|\d{1,2}(?:\.\d{1,2})+)\)?\s*[.):/-]?", re.IGNORECASE)
_LEADING_ORDINAL = re.compile(r"^\(?(?:[IVXLCDM]+|\d{1,3}|[A-Za-z])\)?\s*[.):-]\s*(?=\D)")
_NUMBER = re.compile(r"[-+]?\d[\d.,\s]*%?|-|(?i:hồ sơ|hs)")
_DATE = re.compile(r"\b\d{1,2}[/-]\d{1,2}[/-]\d{4}\b|\b20\d{2}-\d{2}-\d{2}|\b20\d{12}\b")
_TIME = re.compile(r"\d{1,2}[:h]\d{2}")
#: Days of true dates and of written ones; so many different ones of each are needed to tell that they are exchanged.
_ISO_DAY, _WRITTEN_DAY, _ENOUGH_DAYS = re.compile(r"\d{4}-\d{2}-\d{2}"), re.compile(r"(\d{1,2})[/.-]\d"), 4
_SHOWING = 100
_TOTAL = re.compile(
    r"(?:tổng cộng|tổng số|tong cong|tong so)\b"
    r"|(?:tổng|cộng)(?:\s*[:(].*|[\s\d.,]*|\s+(?:hồ sơ|trang|nhóm|dồn|lĩnh vực|đơn vị|theo|mang sang)\b.*)$"
)
#: Folded texts that a footer begins with.
_FOOTER = re.compile(
    r"(?:nguoi|can bo|cong chuc|chuyen vien) (?:bao cao|lap|tong hop|kiem tra|ky)\b.*|lap bieu|noi nhan\b.*"
    r"|(?:\w+ )?(?:ky|ki) (?:va )?(?:ghi ro|ten|dong dau|so)\b.*|ghi ro ho ten"
    r"|(?:xac nhan cua )?(?:thu truong|lanh dao)(?: (?:don vi|co quan|phong|bo phan))?"
    r"|(?:(?:tm|kt|tl|tuq|q) (?:.* )?)?(?:pho )?(?:chu tich|giam doc|truong phong|chanh van phong|cuc truong)"
    r"|(?:tm|kt|tl|tuq) \w.*"
    r"|(?:.* )?ngay(?: \d{1,2})? thang(?: \d{1,2})? nam(?: \d{4})?"
)
#: Folded texts of a line that a printer puts on a page: its number, the moment, who printed.
_PAGE = re.compile(
    r"(?:trang|page)(?: so)? \d+(?: (?:(?:tren|of|tong so) )?\d+)?(?: trang)?|trang|page"
    r"|(?:in|xuat|ket xuat) (?:ngay|luc|vao)\b.*|(?:ngay|gio|thoi gian|thoi diem|ngay gio) (?:in|xuat|ket xuat)\b.*"
    r"|nguoi (?:in|xuat)\b.*|print(?:ed)? (?:date|time|on|at)\b.*"
)
_PAGE_NUMBER = re.compile(r"-\s*\d{1,4}\s*-|\d{1,4}\s*/\s*\d{1,4}")
_OF_PAGES = re.compile(r"\d{1,4}|/|of|trên|trang", re.IGNORECASE)
#: What spreadsheets show where a value could not be computed: never a code.
_ERROR = re.compile(r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!)|#+", re.IGNORECASE)
_FIELD_WORDS = ("tên lĩnh vực", "lĩnh vực")
_AGENCY_WORDS = (
    *("đơn vị", "tên đơn vị", "cơ quan", "tên cơ quan", "ubnd", "uỷ ban nhân dân", "ủy ban nhân dân", "sở", "phòng"),
    *("ban", "chi cục", "cục", "trung tâm", "văn phòng", "công an", "xã", "phường", "thị trấn", "thị xã", "huyện"),
    *("quận", "thành phố", "tp", "tỉnh", "đặc khu", "bộ phận", "chi nhánh", "bảo hiểm xã hội", "kho bạc"),
)
_LABEL = re.compile(
    r"^(?:(?:tên\s+)?lĩnh\s+vực\s*[:\-–]?"
    r"|(?:tên\s+)?(?:đơn vị|cơ quan|nhóm)(?:\s+(?:xử lý|giải quyết|tiếp nhận))?\s*[:\-–])\s*",
    re.IGNORECASE,
)
_COUNT = re.compile(
    r"\s*(?:[:\-–]\s*\d[\d.,]*(?:\s*(?:hồ sơ|hs))?"
    r"|[(\[]\s*\d[\d.,]*\s*(?:hồ sơ|hs)?\s*[)\]]|\b\d[\d.,]*\s*(?:hồ sơ|hs))\s*$",
    re.IGNORECASE,
)
#: A usual code: one word with a digit. Rows with any other are looked at one by one.
_USUAL_CODE = r"^[^\s#][^\s]*[0-9][^\s]*$"
_USUAL_LENGTH = 4
#: Less than this is too little for a row of a table that names four fields: looked at too.
_FEW_CELLS = 2

_UNCALCULATED = (
    "có công thức chưa được tính, hãy mở bằng phần mềm bảng tính rồi lưu lại"
    " / holds formulas without their values: open it in a spreadsheet and save it"
)

#: Rows that are none, by what they are, as a note names them.
_LEFT_OUT = {
    "numbered": ("dòng trống đánh số sẵn", "pre-numbered empty rows"),
    "heading": ("dòng tiêu đề lặp lại", "repeated heading rows"),
    "numbers": ("dòng số thứ tự cột", "rows of column numbers"),
    "group": ("dòng nhóm (tên đơn vị hoặc lĩnh vực)", "group rows (name of an agency or field)"),
    "page": ("dòng số trang, ngày in", "lines of page numbers and print dates"),
    "banner": ("dòng đầu biểu lặp lại", "repeated banner rows"),
    "total": ("dòng tổng cộng", "rows of totals"),
    "footer": ("dòng cuối biểu (ký tên, nơi nhận…)", "footer rows (signatures …)"),
}


@dataclass(frozen=True)
class Cells:
    """A stretch of a table, column by column.

    rows: number of each row within its part, rising. columns: text of each column, '' or null where empty; missing
    columns at the right are empty. numeric: column → which of its cells are true numbers (workbooks). is_record: rows
    that could be cut into cells at all; one that could not stays a row. Without it all could.
    """

    rows: Positions
    columns: Sequence[pa.Array]
    numeric: Mapping[int, Mask] = field(default_factory=dict)
    is_record: Mask | None = None

    def slice(self, start: int, end: int) -> Cells:
        """The rows start to end - 1."""
        return Cells(
            self.rows[start:end],
            [column.slice(start, end - start) for column in self.columns],
            {index: mask[start:end] for index, mask in self.numeric.items()},
            None if self.is_record is None else self.is_record[start:end],
        )

    def filter(self, kept: Mask) -> Cells:
        """The rows that are kept."""
        return Cells(
            self.rows[kept],
            [column.filter(pa.array(kept)) for column in self.columns],
            {index: mask[kept] for index, mask in self.numeric.items()},
            None if self.is_record is None else self.is_record[kept],
        )


@dataclass
class Table:
    """The rows of one table. Give it every stretch of it in order, then `finish`.

    name: of the part, for notes; '' when the file has one table. before: see base.Part. serials_from: days from 1970 to
    the day that serial dates count from; None where no cell is a true date or number. uncalculated: cells may be
    NOT_CALCULATED; in a column that is read they make the file unreadable. facts gets the heading at once,
    drift with the rows, notes and what needs attention at the end.
    """

    kind: Kind
    begins: Beginning
    synonyms: Synonyms
    facts: FileFacts
    name: str = ""
    before: int = 0
    serials_from: int | None = None
    uncalculated: bool = False
    heading: Heading = field(init=False)
    #: Rows that were left out, by what they are: how many, and the numbers of the first.
    left_out: Counter[str] = field(default_factory=Counter, init=False)
    _numbers: dict[str, list[int]] = field(default_factory=dict, init=False)
    _words: frozenset[str] = field(init=False)
    #: Fields of the headings that are in the facts.
    _told: list[list[str | None]] = field(init=False)
    #: Rows of a repeated heading, and the names of the group, that the row to come stands below.
    _run: list[tuple[int, list[str]]] = field(default_factory=list, init=False)
    _group: dict[str, str] = field(default_factory=dict, init=False)
    #: Cells of a repeated heading that was found to have the same columns as `heading`.
    _same: list[list[str]] = field(default_factory=list, init=False)
    _in_footer: bool = field(default=False, init=False)
    _rounded_codes: int = field(default=0, init=False)
    #: Codes of other dossiers in a column that is not read, because an earlier one is the code already.
    _codes_beside: int = field(default=0, init=False)
    #: Repeated headings with other columns so far.
    _turns: int = field(default=0, init=False)
    _without_due: Counter[str] = field(default_factory=Counter, init=False)
    _swap: _Swap = field(default_factory=lambda: _Swap(), init=False)  # noqa: PLW0108 - defined below

    def __post_init__(self) -> None:
        self.heading = self.begins.heading
        self._words = self.heading.words
        self._told = [_trimmed(self.heading.fields)]
        if self.begins.goes_on:
            self._note("không có tiêu đề, đọc tiếp theo tiêu đề trước / no heading, goes on with the one before")
        else:
            self.facts.headings.append((self.name, self.heading))
        for unknown in self.heading.unknown:
            self.facts.drift[masked_name(unknown)] += 0
        if self.heading.ambiguous:
            names = ", ".join(masked_name(name) for name in self.heading.ambiguous)
            self._note(
                f"cột trùng nghĩa với cột trước, không đọc: {names}"
                f" / columns that mean the same as an earlier one are not read: {names}"
            )
        if self.kind.name == "dossiers" and not self.heading.has_status:
            self._note(NO_STATUS_NOTE)

    def rows(self, cells: Cells) -> Iterator[TextRows]:
        """Text rows of a stretch, in order; several when a repeated heading has other columns. The heading and what
        stands above it are left out."""
        start = int(np.searchsorted(cells.rows, self.begins.heading.last_row, side="right"))
        rest = cells.slice(start, len(cells.rows))
        if (letters := self.begins.letters) is not None:
            rest = replace(rest, columns=[letters.column(column) for column in rest.columns])
        while size := len(rest.rows):
            # Where headings with other columns come again and again, what lies behind one is looked at anew each time.
            taken = min(size, _PIECE) if self._turns else size
            rows, left = self._stretch(rest.slice(0, taken))
            rest = rest.slice(taken - len(left.rows), size)
            if rows is not None:
                yield rows

    def leaves_out(self, number: int, texts: list[str]) -> bool:
        """Is a line that has too few cells for a row none: a page number, a repeated banner? It is counted then."""
        what = self._page_or_banner(texts)
        if what is not None:
            self._leave_out(what, number)
        return what is not None

    def finish(self) -> None:
        """Write the notes and what needs attention."""
        for what, text in _LEFT_OUT.items():
            if count := self.left_out[what]:
                numbers = ", ".join(map(str, self._numbers[what])) + (", …" if count > _SHOWN_ROWS else "")
                self._note(f"{text[0]}: {count} (dòng {numbers}) / {text[1]}: {count} (row {numbers})")
        if self._rounded_codes:
            self._note(
                f"mã là số từ {_EXCEL_DIGITS + 1} chữ số, Excel đã làm tròn: {self._rounded_codes}"
                f" / codes that are numbers of {_EXCEL_DIGITS + 1} digits or more, rounded by Excel:"
                f" {self._rounded_codes}"
            )

        if self._codes_beside:
            self._attention(
                PART_SKIPPED,
                f"{self._codes_beside} mã hồ sơ khác ở một cột bên phải (hai bảng đứng cạnh nhau?) không được đọc"
                f" / {self._codes_beside} other dossier codes in a column further right (two tables side by side?)"
                " are not read",
            )
        if self._without_due:
            rows = sum(self._without_due.values())
            unknown = ", ".join(dict.fromkeys(map(masked_name, filter(None, self._without_due)))) or "–"
            self._attention(
                NO_DUE,
                f"{rows} hồ sơ không có cột ngày hẹn trả; cột không rõ: {unknown}"
                f" / {rows} dossiers without a column of due dates; unknown columns: {unknown}",
            )
        if (letters := self.begins.letters) is not None:
            self._attention(
                LEGACY_TEXT,
                f"chữ kiểu {letters.name}, đã chuyển sang Unicode / letters of {letters.name}, converted to Unicode",
            )
        if (swapped := self._swap.detail) is not None:
            self._attention(SWAPPED, swapped)

    def _note(self, text: str) -> None:
        self.facts.notes.append(self._placed(text))

    def _attention(self, rule_id: str, text: str) -> None:
        self.facts.attention.append(Attention(rule_id, self._placed(text)))

    def _placed(self, text: str) -> str:
        return prefixed(f"{masked_name(self.name)}: ", text) if self.name else text

    # --- a stretch under one mapping ---------------------------------------------------------------------------------

    def _stretch(self, cells: Cells) -> tuple[TextRows | None, Cells]:
        """(rows, what is left): nothing is left, or what stands below a repeated heading with other columns."""
        heading, size = self.heading, len(cells.rows)
        count = sum((filled(column).astype(np.int32) for column in cells.columns), np.zeros(size, np.int32))
        kept = count > 0
        if cells.is_record is not None:
            kept |= ~cells.is_record
        special = (count > 0) & (~self._has_usual_code(cells) | (count <= _FEW_CELLS))
        usual_before = np.cumsum(kept & ~special)
        places = np.flatnonzero(special)
        groups, seen, end, errors = [(0, self._group)], 0, size, []
        lines = dict(zip(places.tolist(), _lines(cells, places), strict=True))
        for place, line in lines.items():
            if usual_before[place] > seen:
                seen, self._in_footer, self._run = int(usual_before[place]), False, []
            number = int(cells.rows[place])
            what = self._what(number, line)
            if what is None:
                errors += [place] * (
                    self._code_place < len(line) and _ERROR.fullmatch(line[self._code_place]) is not None
                )
                continue
            kept[place] = False
            self._leave_out(what, number)
            if what == "group":
                groups.append((place, self._group))
            elif what == "heading" and not self._goes_on(number + 1, lines.get(place + 1)) and self._other_heading():
                end = place + 1
                break
        if end == size and size and usual_before[-1] > seen:
            self._in_footer, self._run = False, []
        if errors:
            cells = _emptied(cells, self.heading.fields.index(self.kind.heading[0]), errors)
        rows = self._text_rows(cells.slice(0, end), kept[:end], groups, heading)
        return rows, cells.slice(end, size)

    def _has_usual_code(self, cells: Cells) -> Mask:
        place = self._code_place
        if place >= len(cells.columns):
            return np.zeros(len(cells.rows), dtype=bool)
        code = cells.columns[place]
        usual = pc.and_(
            pc.match_substring_regex(code, _USUAL_CODE), pc.greater_equal(pc.utf8_length(code), _USUAL_LENGTH)
        )
        return _mask(usual)

    @property
    def _code_place(self) -> int:
        return self.heading.fields.index(self.kind.heading[0])

    def _leave_out(self, what: str, number: int) -> None:
        self.left_out[what] += 1
        numbers = self._numbers.setdefault(what, [])
        if len(numbers) < _SHOWN_ROWS:
            numbers.append(number)

    def _text_rows(
        self, cells: Cells, kept: Mask, groups: list[tuple[int, dict[str, str]]], heading: Heading
    ) -> TextRows | None:
        total = int(kept.sum())
        if not total:
            return None
        for unknown in heading.unknown:
            self.facts.drift[masked_name(unknown)] += total
        if self.kind.name == "dossiers" and _DUE not in heading.fields:
            self._without_due.update(dict.fromkeys(heading.unknown, 0) | {"": total})
        if _trimmed(heading.fields) not in self._told:
            # Only now: the first row of a repeated heading of several rows may look like a heading of its own.
            self._told.append(_trimmed(heading.fields))
            self.facts.headings.append((self.name, heading))
        is_record = np.ones(len(kept), dtype=bool) if cells.is_record is None else cells.is_record
        columns: dict[str, Any] = {"row_number": pa.array(cells.rows + self.before, pa.int64()), "is_record": is_record}
        for place, name in enumerate(heading.fields):
            if name in self.kind.structure and place < len(cells.columns):
                numeric = cells.numeric.get(place)
                column = cells.columns[place]
                if self.serials_from is not None and name in self.kind.date_fields.values():
                    column = column if numeric is None else serial_dates(column, numeric, self.serials_from)
                    self._swap.look_at(name, column)
                if numeric is not None and name == self.kind.heading[0]:
                    self._rounded_codes += int(
                        _mask(pc.greater(pc.utf8_length(column), _EXCEL_DIGITS))[numeric & kept].sum()
                    )
                if self.uncalculated and pc.any(pc.equal(column, NOT_CALCULATED)).as_py():
                    raise FileRejected(UNREADABLE, f"{heading.columns[place].heading}: {_UNCALCULATED}")
                columns[name] = column
            elif name in self.kind.structure:
                columns[name] = pa.nulls(len(kept), pa.string())
        self._codes_beside += self._count_codes_beside(cells, heading)
        for name in (_AGENCY, _FIELD):
            if any(name in group for _, group in groups):
                columns[name] = _fill(
                    columns.get(name), [(place, group.get(name)) for place, group in groups], len(kept)
                )
        table = pa.table(columns)
        return TextRows(table if total == len(kept) else table.filter(pa.array(kept)))

    def _count_codes_beside(self, cells: Cells, heading: Heading) -> int:
        """Rows whose code stands again in a column of the same meaning, where it is another dossier's."""
        code, count = cells.columns[self._code_place], 0
        for place, column in enumerate(heading.columns[: len(cells.columns)]):
            if column.state == "ambiguous":
                other = cells.columns[place]
                coded = pc.match_substring_regex(other, f"^{DOSSIER_CODE_PATTERN}$")
                count += int(_mask(pc.and_(coded, pc.not_equal(other, pc.fill_null(code, "")))).sum())
        return count

    # --- one row that is not usual -----------------------------------------------------------------------------------

    def _what(self, number: int, line: list[str]) -> str | None:
        """What kind of no row this line is (a key of _LEFT_OUT), or None when it is a row."""
        cells = [(place, text) for place, text in enumerate(line) if text]
        texts = [text for _, text in cells]
        if self._repeats_heading(number, line, texts):
            self._in_footer = False
            self._run = [*self._run, (number, line)][-headings.MAX_HEIGHT :]
            return "heading"
        self._run = []
        if (plain := self._page_or_banner(texts) or _numbers_or_total(texts)) is not None:
            return plain
        if self._is_coded(line, texts):
            self._in_footer = False
            return None
        if self._is_footer(texts):
            self._in_footer = True
            return "footer"
        named = self._named_group(cells)
        if named is not None:
            self._group = self._group | named
            return "group"
        return "numbered" if all(self._state(place) == "ignored" for place, _ in cells) else None

    def _page_or_banner(self, texts: list[str]) -> str | None:
        folded = [fold(text) for text in texts] if 0 < len(texts) <= _FOOTER_CELLS else []
        first = next(iter(folded), None)
        if first is None or max(map(len, folded)) > _MAX_GROUP:
            return None
        if _PAGE.fullmatch(first) or _PAGE_NUMBER.fullmatch(texts[0]):
            rest = [
                text for text in texts[1:] if not (_OF_PAGES.fullmatch(text) or _DATE.search(text) or _TIME.match(text))
            ]
            if all(_PAGE.fullmatch(fold(text)) for text in rest) and (len(texts) > 1 or first not in ("trang", "page")):
                return "page"
        banner = all(text in self.begins.above for text in folded) and all(_sort(text) is None for text in texts)
        return "banner" if banner else None

    def _is_coded(self, line: list[str], texts: list[str]) -> bool:
        """Has the row a code? Below a footer, where people sign, it takes a full code, or a date besides."""
        code = line[self._code_place] if self._code_place < len(line) else ""
        certain = any(_DATE.match(text) for text in texts) or not self._in_footer
        return DOSSIER_CODE.fullmatch("".join(code.split())) is not None or (_is_code(code) and certain)

    def _is_footer(self, texts: list[str]) -> bool:
        """Does the row begin or continue a footer? Several cells with a date are a row that lacks its code."""
        if len(texts) > _FEW_CELLS and any(_DATE.match(text) for text in texts):
            return False
        begins = len(texts) <= _FOOTER_CELLS and any(_FOOTER.fullmatch(fold(text)) for text in texts)
        return self._in_footer or begins

    def _repeats_heading(self, number: int, line: list[str], texts: list[str]) -> bool:
        if any(sum(c.isdigit() for c in text) >= _USUAL_LENGTH for text in texts):
            return False
        if all(fold(text) in self._words for text in texts) and (len(texts) > 1 or bool(self._run)):
            return True
        enough = len(texts) >= len(self.kind.heading) + self.kind.heading_more
        return enough and headings.find(self.kind, [(number, line)], self.synonyms) is not None

    def _goes_on(self, number: int, line: list[str] | None) -> bool:
        """Is the line below a row of a repeated heading its next one? The first of several alone means other columns,
        so that only all of them are compared."""
        return line is not None and self._repeats_heading(number, line, [text for text in line if text])

    def _other_heading(self) -> bool:
        """Take over the columns of the repeated heading, if they differ."""
        lines = [line for _, line in self._run]
        if lines == self._same:
            return False
        found = headings.find(self.kind, self._run, self.synonyms)
        if found is None or _trimmed(found.fields) == _trimmed(self.heading.fields):
            self._same = lines
            return False
        self.heading, self._same = found, []
        self._turns += 1
        self._words |= found.words
        return True

    def _state(self, place: int) -> str:
        return self.heading.columns[place].state if place < len(self.heading.columns) else "empty"

    def _named_group(self, cells: list[tuple[int, str]]) -> dict[str, str] | None:
        """{field: name} when the cells are a group row: at most an ordinal, and a name where a merged row has it."""
        if _FIELD not in self.kind.structure or not 1 <= len(cells) <= 2:
            return None
        place, text = cells[-1]
        if len(cells) == 2 and (not _ORDINAL.fullmatch(cells[0][1]) or self._is_code_place_with_digits(cells[0])):
            return None
        if len(text) > _MAX_GROUP or sum(c.isalpha() for c in text) < 2 or "@" in text or _DATE.search(text):
            return None
        name = _LEADING_ORDINAL.sub("", text)
        column = self.heading.columns[place].field if place < len(self.heading.columns) else None
        sort = _sort(name)
        leading = (
            place in (self._first_place, self._code_place)
            or place < self._first_place
            or (len(cells) == 2 and place == cells[0][0] + 1)
        )
        if sort is None and leading and column not in self.kind.dropped:
            sort = _AGENCY if _FIELD in self.heading.fields and _AGENCY not in self.heading.fields else _FIELD
        name = _COUNT.sub("", _LABEL.sub("", name)).strip(" :-–\u00a0")
        return {sort: name} if sort and name and (leading or column == sort) else None

    def _is_code_place_with_digits(self, cell: tuple[int, str]) -> bool:
        return cell[0] == self._code_place and any(c.isdigit() for c in cell[1])

    @property
    def _first_place(self) -> int:
        return next(place for place, column in enumerate(self.heading.columns) if column.state != "ignored")


def _sort(name: str) -> str | None:
    """Does a group's name say that it is a field or an agency? Its words count with their marks, if it has any."""
    text = unicodedata.normalize("NFC", name).lower()
    for words, sort in ((_FIELD_WORDS, _FIELD), (_AGENCY_WORDS, _AGENCY)):
        for word in words:
            start = fold(word) if text.isascii() else word
            if text.startswith(start) and not text[len(start) : len(start) + 1].isalpha():
                return sort
    return None


def _is_code(text: str) -> bool:
    """One word with a digit."""
    return any(c.isdigit() for c in text) and not any(c.isspace() for c in text)


def _numbers_or_total(texts: list[str]) -> str | None:
    if headings.is_column_numbers(texts):
        return "numbers"
    return "total" if _is_total(texts) else None


def _is_total(texts: list[str]) -> bool:
    """`Tổng cộng` and the like, after at most an ordinal, and then nothing but numbers."""
    skipped = 1 if len(texts) > 1 and _ORDINAL.fullmatch(texts[0]) else 0
    first, rest = texts[skipped], texts[skipped + 1 :]
    total = _TOTAL.match(" ".join(unicodedata.normalize("NFC", first).lower().split()))
    return total is not None and all(_NUMBER.fullmatch(text) for text in rest)


def _trimmed(fields: Sequence[str | None]) -> list[str | None]:
    """The fields without the unread columns at the right."""
    last = max((index for index, name in enumerate(fields) if name), default=-1)
    return list(fields[: last + 1])


def _lines(cells: Cells, places: Positions) -> list[list[str]]:
    """The rows at these places as lists of trimmed text."""
    taken = [column.take(pa.array(places)).to_pylist() for column in cells.columns]
    return [[(text or "").strip() for text in line] for line in zip(*taken, strict=True)]


def _emptied(cells: Cells, place: int, rows: list[int]) -> Cells:
    """The cells without the texts of one column in these rows."""
    mask = np.zeros(len(cells.rows), bool)
    mask[rows] = True
    columns = list(cells.columns)
    columns[place] = pc.if_else(pa.array(mask), "", columns[place])
    return replace(cells, columns=columns)


class _Swap:
    """Day and month exchanged by a spreadsheet of another country (portal-exports §8): what it took for a month became
    a true date, and only the other dates stayed text."""

    def __init__(self) -> None:
        #: Column → its true days and its written ones; None when they are as they should be.
        self._days: dict[str, tuple[set[str], set[str]] | None] = {}

    def look_at(self, name: str, column: pa.Array) -> None:
        """A stretch of a column of dates, true ones as ISO text."""
        days = self._days.setdefault(name, (set(), set()))
        # The first rows show it, nearly always.
        for stretch in (column.slice(0, _SHOWING), column.slice(_SHOWING)):
            if days is not None:
                days = self._days[name] = _days(stretch, days)

    @property
    def detail(self) -> str | None:
        """What was found, None when nothing was."""
        mixed = [days for days in self._days.values() if days is not None and all(days)]
        true, written = (len({day for days in mixed for day in days[place]}) for place in (0, 1))
        if min(true, written) < _ENOUGH_DAYS:
            return None
        return (
            f"{true} ngày kiểu ngày đều có ngày ≤ 12, {written} ngày dạng chữ đều có ngày ≥ 13: phần mềm đã đổi chỗ"
            f" ngày và tháng, hãy xuất lại / {true} true dates all with day ≤ 12 beside {written} written ones all with"
            " day ≥ 13: a spreadsheet exchanged day and month, export it again"
        )


def _days(column: pa.Array, known: tuple[set[str], set[str]]) -> tuple[set[str], set[str]] | None:
    """The days known and those of the column; None when one of them shows that nothing was exchanged."""
    texts = pc.unique(pc.utf8_slice_codeunits(column, 0, 10)).to_pylist()
    true = {text for text in texts if text and _ISO_DAY.fullmatch(text)}
    written = {text: int(match[1]) for text in texts if text and (match := _WRITTEN_DAY.match(text))}
    if any(day[8:] > "12" for day in true) or any(day <= 12 for day in written.values()):
        return None
    return known[0] | true, known[1] | set(written)


def filled(column: pa.Array) -> Mask:
    """Which cells hold more than white space."""
    return _mask(pc.and_(pc.greater(pc.binary_length(column), 0), pc.invert(pc.utf8_is_space(column))))


def _mask(values: Any) -> Mask:
    """Booleans with nulls as numpy, null as False."""
    mask: Mask = pc.fill_null(values, False).to_numpy(zero_copy_only=False)
    return mask


def _fill(column: Any, groups: list[tuple[int, str | None]], size: int) -> Any:
    """The column with the group's name in its empty cells; a group holds for the rows from its place on."""
    starts = np.array([place for place, _ in groups])
    index = np.searchsorted(starts, np.arange(size), side="right") - 1
    names = pa.array([name for _, name in groups], pa.string()).take(pa.array(index))
    return names if column is None else pc.if_else(pa.array(filled(column)), column, names)


def serial_dates(column: pa.Array, numeric: Mask, epoch: int = EPOCH_1900) -> pa.Array:
    """True numbers of a date column: Excel's serial dates 2000–2100 as ISO text (portal-exports §4), other numbers
    as they are."""
    days = np.full(len(column), np.nan)
    days[numeric] = pc.cast(column.filter(pa.array(numeric)), pa.float64()).to_numpy(zero_copy_only=False) + epoch
    dates = (days >= _FIRST_DAY) & (days < _LAST_DAY)
    if not dates.any():
        return column
    seconds = np.rint(days[dates] * 86_400).astype("int64")
    return pc.replace_with_mask(column, pa.array(dates), iso_texts(seconds))


def iso_texts(seconds: Positions) -> pa.Array:
    """ISO text of seconds since 1970; a moment at midnight is a date without a time."""
    # Casting is ten times as fast as strftime, and writes a space instead of the T.
    texts = pc.binary_replace_slice(pc.cast(pa.array(seconds, pa.timestamp("s")), pa.string()), 10, 11, "T")
    midnight = seconds % 86_400 == 0
    return pc.if_else(pa.array(midnight), pc.utf8_slice_codeunits(texts, 0, 10), texts) if midnight.any() else texts
