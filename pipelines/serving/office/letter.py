"""The letter of apology and re-appointment (phiếu xin lỗi và hẹn lại ngày trả kết quả; NĐ 61/2018 Art. 19(9)), drafted
from the explanation of a dossier. What the warehouse does not know (names, addresses, why it took longer) is left open.

An official paper, so always in Vietnamese. Below it stands what the office should know before it signs, not to be sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pipelines.config import Settings
from pipelines.explain import Explanation
from pipelines.explain.story import Page, Verdict
from pipelines.explain.words import counted, day
from pipelines.offers import offered
from pipelines.serving.asking import AskedWronglyError, known
from pipelines.serving.office.headings import headings

BLANK = "………………………"
_BLANK_LINE = "……………………………………………………………………………………………………"
_WIDTH = 92
#: The rule set by which an office is held to its dates.
_OFFICIAL = "form_ii06"


@dataclass(frozen=True)
class Letter:
    """A draft. texts: headings.py; paragraphs: of the letter; advice: for the office alone."""

    code: str
    agency: str
    texts: dict[str, str]
    paragraphs: list[str]
    advice: list[str]

    def document(self) -> dict[str, Any]:
        """Everything, for letter.typ."""
        return {
            "agency": self.agency, "texts": self.texts, "paragraphs": self.paragraphs, "advice": self.advice,
            "code": self.code, "advice_title": _ADVICE,
        }  # fmt: skip

    def text(self) -> str:
        """The letter as plain text, to be put into the office's own paper."""
        t = self.texts
        above = [
            f"{self.agency.upper()}",
            t["desk"],
            t["number"],
            "",
            *(text.center(_WIDTH).rstrip() for text in (t["nation"], t["motto"])),
            "",
            t["place_and_day"].rjust(_WIDTH),
            "",
            t["title"].center(_WIDTH).rstrip(),
            "",
            t["to"],
            t["address"],
            "",
        ]
        signed = [f"{t[key]:^40}".rjust(_WIDTH).rstrip() for key in ("signer", "sign")]
        advice = ["-" * _WIDTH, _ADVICE, *(f"- {line}" for line in self.advice), f"- {t['form']}."]
        return "\n".join([*above, *(f"{text}\n" for text in self.paragraphs), *signed, "", "", *advice]) + "\n"


_ADVICE = "PHẦN DÀNH CHO CƠ QUAN, KHÔNG GỬI CHO CÔNG DÂN"


def letter(settings: Settings, found: Explanation, source: str | None = None) -> Letter:
    """The draft for an explained dossier.

    Raises AskedWronglyError: no such dossier or source, no due date, or nothing to apologise for.
    """
    page = _page(found, source)
    head = page.head or {}
    verdict = next((verdict for verdict in page.verdicts if verdict.rule_set == _OFFICIAL), None)
    if verdict is None:
        raise AskedWronglyError("letter.not_counted", code=found.dossier_code)
    if head["due_at"] is None or page.promise is None:
        raise AskedWronglyError("letter.no_due_date", code=found.dossier_code)
    if head["ended_at"] is not None and verdict.verdict != "late":
        raise AskedWronglyError("letter.not_late", code=found.dossier_code)
    agency = str(head["agency_name"] or BLANK)
    return Letter(
        found.dossier_code,
        agency,
        headings(settings, "letter", found.as_of.date()),
        _paragraphs(found, page, verdict, agency),
        _advice(found, page, verdict),
    )


def _page(found: Explanation, source: str | None) -> Page:
    """The source's page; without one the page that has verdicts, of the source that sent most steps."""
    if not found.pages:
        near = sorted({str(row["dossier_code"]) for row in found.nearest})
        raise AskedWronglyError("letter.unknown", code=found.dossier_code, known=offered(found.dossier_code, near))
    if source is not None:
        source = known("source", source, [page.source for page in found.pages])
        return next(page for page in found.pages if page.source == source)
    return max(found.pages, key=lambda page: (bool(page.verdicts), len(page.events)))


def _paragraphs(found: Explanation, page: Page, verdict: Verdict, agency: str) -> list[str]:
    head, promise = page.head or {}, page.promise
    assert promise is not None
    is_bad = verdict.verdict in ("late", "overdue")
    promised = promise.first if promise.reappointments else head["due_at"]
    procedure = head["procedure_name"] or BLANK
    received = (
        f"Ngày {_long(head['received_at'])}, {agency} tiếp nhận hồ sơ đề nghị giải quyết thủ tục “{procedure}”"
        f" của Ông/Bà (Tổ chức); mã hồ sơ: {found.dossier_code}."
    )
    again = f"; đã hẹn lại: {_appointment(head['due_at'])}" if promised != head["due_at"] and is_bad else ""
    appointed = f"Thời gian hẹn trả kết quả: {_appointment(promised)}{again}."
    late = f", quá hạn {_days(verdict)}" if is_bad else ""
    if head["ended_at"] is not None:
        state = f"Đến ngày {_long(head['ended_at'])} hồ sơ mới được giải quyết xong{late} so với ngày đã hẹn."
    elif late:
        state = f"Tuy nhiên, tính đến ngày {_long(found.as_of)}, {agency} chưa trả kết quả cho Ông/Bà (Tổ chức){late}."
    else:
        state = f"Tuy nhiên, {agency} chưa thể trả kết quả cho Ông/Bà (Tổ chức) đúng thời gian đã hẹn."
    reason = f"Lý do: {_BLANK_LINE}"
    sorry = f"Sự chậm trễ này đã gây phiền hà cho Ông/Bà (Tổ chức). {agency} xin lỗi Ông/Bà (Tổ chức)"
    if head["ended_at"] is not None:
        end = f"{sorry} và mong nhận được sự thông cảm./."
        return [received, appointed, state, reason, end]
    end = f"{sorry} và sẽ trả kết quả giải quyết hồ sơ vào {_new_date(found, page)}."
    return [received, appointed, state, reason, end, "Mong nhận được sự thông cảm của Ông/Bà (Tổ chức)./."]


def _new_date(found: Explanation, page: Page) -> str:
    """The date that the data already show as the new one, if it is still to come; otherwise a place for it."""
    due: datetime = (page.head or {})["due_at"]
    known_already = page.promise is not None and page.promise.reappointments > 0 and due > found.as_of
    return _appointment(due) if known_already else "…… giờ ……, ngày …… tháng …… năm ………"


def _advice(found: Explanation, page: Page, verdict: Verdict) -> list[str]:
    """What the data say, and what must be done."""
    promise = page.promise
    assert promise is not None
    moved = [
        f"Ngày hẹn đã dời từ {day('vi', move.due_before)} sang {day('vi', move.due_at)}, không do công dân bổ sung"
        " giấy tờ."
        for move in promise.moves
        if move.later and not move.justified
    ]
    open_step = next((step for step in page.steps if step.left_at is None and step.unit), None)
    where = [f"Hồ sơ đang ở: {open_step.unit}, từ {day('vi', open_step.entered_at)}."] if open_step else []
    return [
        verdict.sentence_vi,
        *moved,
        *where,
        *(duty.sentence_vi for duty in page.duties),
        f"Số liệu chốt lúc {found.as_of:%H:%M} ngày {day('vi', found.as_of)}, nguồn {page.source},"
        f" bản {found.version}.",
        "Điền vào chỗ “……”: người nhận, địa chỉ, lý do, ngày trả mới; kho dữ liệu không có những thông tin này.",
    ]


def _days(verdict: Verdict) -> str:
    """By how much: working days, or days when none of them was worked."""
    if verdict.working_days_overdue:
        return counted("vi", "working_days", verdict.working_days_overdue)
    return counted("vi", "days", verdict.calendar_days_overdue)


def _long(moment: date) -> str:
    """05 tháng 04 năm 2024, as papers write it behind “ngày”."""
    return f"{moment:%d} tháng {moment:%m} năm {moment:%Y}"


def _appointment(moment: datetime) -> str:
    """17 giờ 00, ngày …; the day alone where the appointment has no clock."""
    if (moment.hour, moment.minute, moment.second) in ((0, 0, 0), (23, 59, 59)):
        return f"ngày {_long(moment)}"
    return f"{moment:%H} giờ {moment:%M}, ngày {_long(moment)}"
