"""Words of lists and workbooks, Vietnamese first, English second; numbers and days as people write them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pipelines.explain.words import day, moment
from pipelines.formats import Formats
from pipelines.serving.catalogue import Text

WORDS: dict[str, Text] = {
    key: Text(*words)
    for key, words in {
        # ---- lists: title, and what is in it ----
        "overdue": ("DANH SÁCH HỒ SƠ ĐANG QUÁ HẠN", "OVERDUE DOSSIERS"),
        "overdue.sheet": ("Đang quá hạn", "Overdue"),
        "overdue.what": (
            "Hồ sơ chưa giải quyết xong và đã quá hạn lúc chốt số liệu; quá hạn nhiều nhất ở trên.",
            "Dossiers not finished and past their deadline when the figures were closed; the most overdue come first.",
        ),
        "late": ("DANH SÁCH HỒ SƠ ĐÃ GIẢI QUYẾT QUÁ HẠN", "DOSSIERS RESOLVED LATE"),
        "late.sheet": ("Giải quyết quá hạn", "Resolved late"),
        "late.what": (
            "Hồ sơ đã giải quyết xong nhưng sau hạn; chậm nhiều nhất ở trên.",
            "Dossiers finished after their deadline; the latest come first.",
        ),
        "due-soon": ("DANH SÁCH HỒ SƠ SẮP ĐẾN HẠN", "DOSSIERS DUE SOON"),
        "due-soon.sheet": ("Sắp đến hạn", "Due soon"),
        "due-soon.what": (
            "Hồ sơ còn trong hạn, đến hạn trong 7 ngày làm việc tới; hạn gần nhất ở trên. Nếu không kịp thì gửi phiếu"
            " xin lỗi và hẹn lại chậm nhất vào ngày ghi ở cột “Xin lỗi chậm nhất”.",
            "Dossiers in time that fall due within 7 working days; the nearest due date first. If one cannot be done in"
            " time, the letter of apology must go by the day in column “Apologise by”.",
        ),
        "apologies": ("DANH SÁCH HỒ SƠ PHẢI XIN LỖI VÀ HẸN LẠI", "LETTERS OF APOLOGY THAT ARE DUE"),
        "apologies.sheet": ("Phải xin lỗi", "Apologies"),
        "apologies.what": (
            "Hồ sơ quá hạn mà dữ liệu chưa cho thấy lần hẹn lại nào, rồi đến hồ sơ trong hạn đã tới ngày cuối cùng được"
            " gửi phiếu xin lỗi và hẹn lại (một ngày trước ngày hẹn trả).",
            "Overdue dossiers for which the data show no new appointment, then those in time whose last day for the"
            " letter (one day before the due date) has come.",
        ),
        "waiting": ("DANH SÁCH HỒ SƠ CHỜ TIẾP NHẬN", "DOSSIERS WAITING FOR ACCEPTANCE"),
        "waiting.sheet": ("Chờ tiếp nhận", "Waiting"),
        "waiting.what": (
            "Hồ sơ đã nộp, chưa được tiếp nhận hay trả lời; chờ lâu nhất ở trên. Phải tiếp nhận hoặc trả lời trong"
            " 8 giờ làm việc. Ô trống: nguồn không cho biết thời điểm nộp.",
            "Dossiers submitted and neither accepted nor refused; the longest waiting first. They must be answered"
            " within 8 working hours. Empty: the source does not say when it was submitted.",
        ),
        "reappointed": ("DANH SÁCH HỒ SƠ ĐÃ HẸN LẠI", "RE-APPOINTED DOSSIERS"),
        "reappointed.sheet": ("Đã hẹn lại", "Re-appointed"),
        "reappointed.what": (
            "Hồ sơ có ngày hẹn trả bị dời muộn hơn mà không do công dân bổ sung giấy tờ. Mỗi hồ sơ chỉ được hẹn lại"
            " một lần. Quá hạn nhiều nhất so với ngày đã hứa ở trên.",
            "Dossiers whose due date was moved to a later day without papers from the citizen. Only one re-appointment"
            " is allowed. The most overdue by the promised date come first.",
        ),
        # ---- lines above a table ----
        "head.agency": ("Cơ quan", "Agency"),
        "head.every_agency": ("mọi cơ quan", "every agency"),
        "head.field": ("Lĩnh vực", "Field"),
        "head.rule_set": ("Bộ quy tắc", "Rule set"),
        "head.source": ("Nguồn dữ liệu", "Source"),
        "head.as_of": ("Chốt số liệu lúc", "Figures as of"),
        "head.known_at": ("Dữ liệu đến", "Known at"),
        "head.definitions": ("Định nghĩa chỉ tiêu", "Definitions"),
        "head.version": ("bản công bố", "published version"),
        "head.rows": ("Số hồ sơ", "Dossiers"),
        "head.rows_of": ("{shown} trên {all} (chỉ lấy các dòng đầu)", "{shown} of {all} (only the first ones)"),
        # ---- columns ----
        "no": ("STT", "No."),
        "dossier_code": ("Mã hồ sơ", "Dossier"),
        "agency_code": ("Mã cơ quan", "Agency code"),
        "agency_name": ("Cơ quan", "Agency"),
        "field_name": ("Lĩnh vực", "Field"),
        "procedure_code": ("Mã thủ tục", "Procedure code"),
        "procedure_name": ("Thủ tục", "Procedure"),
        "channel": ("Kênh thực hiện", "Channel"),
        "submitted_at": ("Nộp lúc", "Submitted"),
        "received_at": ("Ngày tiếp nhận", "Received"),
        "due_at": ("Ngày hẹn trả", "Due"),
        "effective_due": ("Hạn dùng để tính", "Deadline compared with"),
        "effective_end": ("Xong lúc", "Ended"),
        "ended_at": ("Kết thúc", "Ended"),
        "promised_at": ("Ngày đã hứa", "Promised"),
        "working_days_overdue": ("Quá hạn (ngày làm việc)", "Overdue (working days)"),
        "calendar_days_overdue": ("Quá hạn (ngày theo lịch)", "Overdue (calendar days)"),
        "working_days_left": ("Còn lại (ngày làm việc)", "Left (working days)"),
        "reappointments": ("Số lần hẹn lại", "Re-appointments"),
        "apology_missed": ("Chưa thấy hẹn lại", "No new appointment known"),
        "apology_by": ("Xin lỗi chậm nhất", "Apologise by"),
        "apology_due": ("Đã đến hạn xin lỗi", "Apology due"),
        "more_than_once": ("Hẹn lại quá một lần", "More than once"),
        "official_verdict": ("Kết luận theo bộ quy tắc", "Verdict of the rule set"),
        "promise_verdict": ("Kết luận theo lần hẹn đầu tiên", "Verdict by the first appointment"),
        "working_hours_waited": ("Đã chờ (giờ làm việc)", "Waited (working hours)"),
        "over_8_hours": ("Quá 8 giờ", "Over 8 hours"),
        "task": ("Việc phải làm", "What to do"),
        "state": ("Tình trạng", "State"),
        "reason": ("Lý do", "Reason"),
        "remark": ("Ghi chú của cơ quan", "The office's remark"),
        # ---- values ----
        "yes": ("có", "yes"),
        "no_value": ("–", "–"),
        "task.missed": (
            "Đã quá hạn mà chưa thấy hẹn lại: gửi ngay phiếu xin lỗi và hẹn lại.",
            "Overdue without a new appointment: send the letter of apology with the new date at once.",
        ),
        "task.today": (
            "Hôm nay là ngày cuối: nếu không kịp trả thì gửi phiếu xin lỗi và hẹn lại trong hôm nay.",
            "Today is the last day: if the result will not be ready, send the letter today.",
        ),
        "task.passed": (
            "Ngày cuối được gửi đã qua: nếu không kịp trả thì gửi ngay phiếu xin lỗi và hẹn lại.",
            "The last day for the letter has passed: if the result will not be ready, send it at once.",
        ),
        # ---- pages of a workbook ----
        "page": ("Trang &P/&N", "Page &P/&N"),
        "about": ("Giới thiệu", "About"),
        "about.mart": ("Bảng", "Mart"),
        "about.grain": ("Mỗi dòng là gì", "What a row is"),
        "about.rows": ("Số dòng", "Rows"),
        "about.period": ("Kỳ", "Period"),
        "about.all": ("tất cả", "all"),
        "about.heading": ("Tiêu đề cột", "Heading"),
        "about.column": ("Tên trong kho", "Name in the warehouse"),
        "about.meaning": ("Ý nghĩa", "Meaning"),
        "about.sheets": (
            "Một trang tính của Excel chứa nhiều nhất 1.048.576 dòng, nên số liệu nằm ở {n} trang tính liên tiếp.",
            "A sheet of Excel holds 1,048,576 rows at most, so the data continue over {n} sheets.",
        ),
        "about.cut": (
            "{n} ô có văn bản dài hơn 32.767 ký tự (giới hạn của Excel) và đã bị cắt; lấy đủ bằng .csv hoặc .parquet.",
            "{n} cells hold texts longer than Excel's 32,767 characters and were cut; .csv or .parquet have all.",
        ),
    }.items()
}


def word(lang: str, key: str, **values: Any) -> str:
    """One text in one language. Raises KeyError for a key that there is none of."""
    text = WORDS[key](lang)
    return text.format(**values) if values else text


def said(lang: str, value: Any) -> str:
    """A value as a person of this language reads it: 33.653, 12,5, 31/05/2024 17:00, có, –."""
    match value:
        case None:
            text = word(lang, "no_value")
        case bool():
            text = word(lang, "yes") if value else ""
        case int() | float():
            text = Formats(lang).number(value, 0 if isinstance(value, int) else 1)
        case datetime():
            text = moment(lang, value)
        case date():
            text = day(lang, value)
        case _:
            text = str(value)
    return text
