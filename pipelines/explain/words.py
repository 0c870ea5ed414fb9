"""How an explanation is said: dates, values, reasons as sentences for a letter. Nothing is computed.

Every phrase stands once as (Vietnamese, English). A sentence is put together from what was received, what was promised,
what happened and what follows from it under one rule set; the rule itself is the reason that the SQL gave.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from pipelines.contract import DOSSIERS

LANGUAGES = ("vi", "en")
_END_OF_DAY = time(23, 59, 59)
_MINUTE, _HOUR, _DAY = 60, 3600, 86400

_PHRASES: dict[str, tuple[str, str]] = {
    "yes": ("có", "yes"),
    "no": ("không", "no"),
    "empty": ("(trống)", "(empty)"),
    "changed": ("đã đổi (không lưu danh tính)", "changed (identities are not kept)"),
    "open": ("chưa bổ sung", "open"),
    # ---- what was received and promised -------------------------------------------------------------------------
    "received": ("Hồ sơ {code} được tiếp nhận {received}", "Dossier {code} was received {received}"),
    "due": (", hẹn trả {due}", ", due {due}"),
    "promised": (", đã hứa trả kết quả {due}", ", promised {due}"),
    "no_due": (", không có ngày hẹn trả", ", without a due date"),
    "statutory": (
        ", không có ngày hẹn trả, thời hạn theo quy định của thủ tục là {amount} (đến {due})",
        ", without a due date, the procedure's statutory maximum being {amount} (until {due})",
    ),
    "no_statutory": (
        ", không có ngày hẹn trả và không rõ thời hạn theo quy định của thủ tục",
        ", without a due date or a known statutory maximum",
    ),
    # ---- what happened ------------------------------------------------------------------------------------------
    "finished": (", hoàn thành {ended}", ", finished {ended}"),
    "withdrawn": (", công dân rút hồ sơ {ended}", ", withdrawn by the citizen {ended}"),
    "stopped": (", dừng xử lý {ended}", ", stopped {ended}"),
    "refused": (", không được tiếp nhận giải quyết {ended}", ", refused {ended}"),
    "processing": (", tính đến {as_of} chưa hoàn thành", ", not finished by {as_of}"),
    "waiting_supplement": (
        ", tính đến {as_of} đang chờ công dân bổ sung giấy tờ (yêu cầu {since})",
        ", waiting by {as_of} for the citizen's papers (requested {since})",
    ),
    "waiting_fee": (
        ", tính đến {as_of} đang chờ công dân thực hiện nghĩa vụ tài chính (yêu cầu {since})",
        ", waiting by {as_of} for the citizen's payment (demanded {since})",
    ),
    "handed_over": (", kết quả đến tay công dân {handed_over}", ", handed over to the citizen {handed_over}"),
    "not_handed_over": (
        ", đã hoàn thành {ended} nhưng tính đến {as_of} chưa trả kết quả cho công dân",
        ", finished {ended} but not handed over by {as_of}",
    ),
    "less_pauses": (
        ", trừ {paused} chờ bổ sung giấy tờ thì tính đến {counted_to}",
        ", counted up to {counted_to} after {paused} of waiting for papers are taken off",
    ),
    "until_request": (", thời gian chỉ tính đến lúc yêu cầu bổ sung", ", counted only up to the request"),
    "many": (", đã yêu cầu bổ sung giấy tờ {requests} lần", ", papers having been requested {requests} times"),
    # ---- what follows -------------------------------------------------------------------------------------------
    "early": ("giải quyết trước hạn{days_early}", "resolved{days_early} early"),
    "on_time": ("giải quyết đúng hạn", "resolved on time"),
    "late": ("giải quyết quá hạn{overdue}", "resolved late{overdue}"),
    "in_time": ("đang giải quyết, trong hạn{days_left}", "pending, in time{days_left}"),
    "overdue": ("đang giải quyết, quá hạn{overdue}", "pending, overdue{overdue}"),
    "no_deadline": ("không có thời hạn để tính đúng hạn hay quá hạn", "there is no deadline to compare with"),
    "not_applicable": (
        "không áp dụng vì không có kết quả để trả",
        "not applicable, there being no result to hand over",
    ),
    "counted_on_time": ("tính là giải quyết đúng hạn", "counted as resolved on time"),
    "counted_in_time": ("vẫn tính là đang giải quyết, trong hạn", "still counted as pending, in time"),
    "handover_unknown": (
        "không kết luận được vì nguồn không cho biết ngày trả kết quả",
        "nothing can be concluded, as the source never says when the result was handed over",
    ),
    "counted_overdue": (
        "yêu cầu bổ sung từ hai lần nên tính là đang giải quyết, quá hạn",
        "counted as overdue for the repeated requests",
    ),
    "paused": ("thời hạn tạm dừng nên tính là trong hạn", "the clock is paused, so counted as in time"),
    "handed_early": ("trả kết quả trước hạn{days_early}", "handed over{days_early} early"),
    "handed_on_time": ("trả kết quả đúng hạn", "handed over on time"),
    "handed_late": ("trả kết quả quá hạn{overdue}", "handed over late{overdue}"),
    "hand_over_in_time": ("chưa đến hạn trả kết quả{days_left}", "the hand-over is not due yet{days_left}"),
    "hand_over_overdue": ("quá hạn trả kết quả{overdue}", "the hand-over is overdue{overdue}"),
    # ---- by which rules -----------------------------------------------------------------------------------------
    "form_ii06": (
        "theo Biểu số II.06 kèm Thông tư 01/2020/TT-VPCP (so ngày)",
        "by form II.06 of Thông tư 01/2020/TT-VPCP (days are compared)",
    ),
    "portal_766": (
        "theo Bộ chỉ số kèm Quyết định 766/QĐ-TTg (so giờ, trừ thời gian chờ bổ sung)",
        "by the index of Quyết định 766/QĐ-TTg (hours are compared, less waiting for papers)",
    ),
    "citizen_handover": (
        "tính theo lúc kết quả đến tay công dân (so giờ)",
        "as the citizen sees it (hours are compared, up to the hand-over)",
    ),
    "first_appointment": (
        "theo lần hẹn đầu tiên, chỉ dời khi công dân bổ sung giấy tờ (so ngày)",
        "by the first appointment, moved only when the citizen supplied papers (days are compared)",
    ),
    # ---- amounts ------------------------------------------------------------------------------------------------
    "working_days": ("{n} ngày làm việc", "{n} working days"),
    "days_off_only": ("{n} ngày (đều là ngày nghỉ)", "{n} days (none of them a working day)"),
    "days": ("{n} ngày", "{n} days"),
    "hours": ("{n} giờ", "{n} hours"),
    "minutes": ("{n} phút", "{n} minutes"),
    "seconds": ("{n} giây", "{n} seconds"),
    "months": ("{n} tháng", "{n} months"),
    "left": (", còn {amount}", ", {amount} left"),
}

#: What is not known, or is known and not used: id → sentence.
GAPS: dict[str, tuple[str, str]] = {
    "known_later": (
        "Các tệp kết xuất đến {known_at} chưa có hồ sơ này; tệp đầu tiên có hồ sơ được kết xuất {exported_at}.",
        "By {known_at} nothing was known of this dossier; the first export that has it was made {exported_at}.",
    ),
    "only_quarantined": (
        "Mọi dòng của hồ sơ này đều bị cách ly, nên hồ sơ không có trong số liệu; hãy sửa ở nguồn và kết xuất lại.",
        "Every row of this dossier was quarantined, so no figure counts it; correct the source and export again.",
    ),
    "events_only": (
        "Chỉ có tiến độ xử lý, chưa có bản ghi hồ sơ nào được nhận, nên hồ sơ không có trong số liệu.",
        "There are only progress events and no accepted record of the dossier, so no figure counts it.",
    ),
    "not_published": (
        "Hồ sơ đã được nạp nhưng chưa có trong bản công bố; lượt chạy sau sẽ có (`dunghan run`).",
        "The dossier was landed after the publication; the next run will have it (`dunghan run`).",
    ),
    "not_received": (
        "Hồ sơ không có ngày tiếp nhận nên không tính vào số liệu.",
        "The dossier has no day of reception, so no figure counts it.",
    ),
    "not_accepted": (
        "Hồ sơ mới đăng ký, chưa được tiếp nhận, nên chưa tính vào số liệu.",
        "The dossier is registered but not accepted yet, so no figure counts it.",
    ),
    "received_later": (
        "Hồ sơ được tiếp nhận {received_at}, sau thời điểm chốt số liệu, nên chưa tính.",
        "The dossier was received {received_at}, after the moment of closing, so it does not count yet.",
    ),
    "ends_later": (
        "Theo các tệp, hồ sơ kết thúc sau thời điểm chốt; tại thời điểm chốt hồ sơ vẫn đang giải quyết.",
        "The exports say that the dossier ended, but after the moment of closing; at that moment it was pending.",
    ),
    "refused": (
        "Hồ sơ không được tiếp nhận: chỉ Bộ chỉ số 766 tính hồ sơ này.",
        "The dossier was refused: only the index 766 counts it.",
    ),
    "no_due_date": ("Bản đang dùng không có ngày hẹn trả.", "The version in use has no due date."),
    "no_statutory_limit": (
        "Không danh mục thủ tục nào đã nạp cho biết thời hạn theo quy định của thủ tục này.",
        "No catalogue that was loaded has the statutory maximum of this procedure.",
    ),
    "no_events": (
        "Không có tiến độ xử lý nào được gửi; các mốc chỉ lấy từ bản ghi hồ sơ.",
        "No progress events were sent; every date is taken from the dossier's record.",
    ),
    "no_agency": ("Không rõ cơ quan giải quyết.", "The agency is not known."),
    "quarantined": (
        "Số dòng của hồ sơ này bị cách ly, không dùng: {rows}.",
        "Rows of this dossier that were quarantined and not used: {rows}.",
    ),
    "later": (
        "Số dòng thuộc tệp kết xuất sau {known_at}, không dùng ở đây: {rows} (sớm nhất {exported_at}).",
        "Rows of exports after {known_at}, not used here: {rows} (the first {exported_at}).",
    ),
    "waiting": (
        "Số dòng đã nạp nhưng chưa có trong bản công bố: {rows}; lượt chạy sau sẽ dùng.",
        "Rows that were landed after the publication: {rows}; the next run will use them.",
    ),
    "other_rules": (
        "Bản công bố được tính theo quy tắc cũ; trang này tính theo quy tắc hiện nay. Hãy chạy `dunghan run`.",
        "The publication was made by other rules than today's, by which this page is computed. Run `dunghan run`.",
    ),
}

#: What the office must do next: id → sentence. Letters of apology: NĐ 61/2018/NĐ-CP Art. 19(9).
DUTIES: dict[str, tuple[str, str]] = {
    "accept": (
        "Tiếp nhận hồ sơ, hoặc trả lời công dân vì sao chưa tiếp nhận, trong 8 giờ làm việc từ khi nộp.",
        "Accept the dossier, or tell the citizen why not, within 8 working hours of its submission.",
    ),
    "waiting_supplement": (
        "Chưa phải làm gì: đang chờ công dân bổ sung giấy tờ; nhận đủ thì hẹn lại ngày trả và giải quyết tiếp.",
        "Nothing for now: the citizen's papers are awaited; once they are complete, set the new date and go on.",
    ),
    "waiting_fee": (
        "Chưa phải làm gì: đang chờ công dân thực hiện nghĩa vụ tài chính.",
        "Nothing for now: the citizen's payment is awaited.",
    ),
    "appoint": (
        "Ghi ngày hẹn trả cho công dân: hồ sơ chưa có ngày hẹn.",
        "Give the citizen a due date: the dossier has none.",
    ),
    "settle": ("Giải quyết xong chậm nhất ngày {due}.", "Finish it by {due} at the latest."),
    "apologise": (
        "Nếu không kịp, gửi văn bản xin lỗi và hẹn lại ngày trả chậm nhất ngày {apology_by}.",
        "If that cannot be done, send the letter of apology with the new date by {apology_by} at the latest.",
    ),
    "apologise_late": (
        "Nếu không kịp, gửi ngay văn bản xin lỗi và hẹn lại ngày trả: thời hạn gửi (một ngày trước ngày hẹn) đã qua.",
        "If that cannot be done, send the letter of apology with the new date at once: the last day for it has passed.",
    ),
    "settle_now": ("Đã quá hạn: giải quyết xong ngay.", "It is overdue: finish it now."),
    "apologise_now": (
        "Gửi ngay văn bản xin lỗi và hẹn lại ngày trả: chưa thấy lần hẹn lại nào trong dữ liệu.",
        "Send the letter of apology with the new date at once: the data show no new appointment yet.",
    ),
    "no_more_appointments": (
        "Báo cáo lãnh đạo: ngày hẹn đã dời {n} lần mà không do công dân bổ sung giấy tờ; chỉ được hẹn lại một lần.",
        "Report it: the date was moved {n} times without papers from the citizen; only one re-appointment is allowed.",
    ),
    "hand_over": ("Trả kết quả cho công dân: đã có kết quả.", "Hand the result over to the citizen: it is ready."),
    "apologise_for_late": (
        "Gửi văn bản xin lỗi công dân vì giải quyết quá hạn, nếu chưa gửi.",
        "Send the citizen a letter of apology for the delay, if that was not done.",
    ),
}

_UNITS = {"hour": "hours", "day": "days", "working_day": "working_days", "month": "months"}

#: Rule sets that compare days as form_ii06 does, with another due date.
_BY_DATES = ("form_ii06", "first_appointment")

#: (rule set, reason) whose conclusion is not that of the verdict alone.
_CONCLUSIONS = {
    ("form_ii06", "WITHDRAWN", "on_time"): "counted_on_time",
    ("form_ii06", "NO_DUE_DATE", "on_time"): "counted_on_time",
    ("form_ii06", "NO_DUE_DATE", "in_time"): "counted_in_time",
    ("form_ii06", "STOPPED", "in_time"): "counted_in_time",
    ("form_ii06", "CLOCK_PAUSED", "in_time"): "paused",
    ("portal_766", "MANY_SUPPLEMENTS", "overdue"): "counted_overdue",
    ("citizen_handover", "NO_HANDOVER_DATE", "not_applicable"): "handover_unknown",
}
_HANDED = {
    "early": "handed_early",
    "on_time": "handed_on_time",
    "late": "handed_late",
    "in_time": "hand_over_in_time",
    "overdue": "hand_over_overdue",
}


def phrase(lang: str, key: str, **values: Any) -> str:
    """One phrase in one language. Raises KeyError for a key that there is none of."""
    text = _PHRASES[key][lang == "en"]
    return text.format(**values) if values else text


def gap(lang: str, gap_id: str, **values: Any) -> str:
    """What is not known, as a sentence. Moments among the values are put into words. KeyError: there is no such gap."""
    said = {k: on(lang, v) if isinstance(v, datetime) else v for k, v in values.items()}
    return GAPS[gap_id][lang == "en"].format(**said)


def duty(lang: str, duty_id: str, **values: Any) -> str:
    """What must be done, as a sentence. Days among the values are put into words. KeyError: there is no such duty."""
    said = {k: day(lang, v) if isinstance(v, date) else v for k, v in values.items()}
    return DUTIES[duty_id][lang == "en"].format(**said)


def field_name(lang: str, column: str) -> str:
    """What people call a column of a version: as the contract says, else its own name."""
    field = DOSSIERS.field(column)
    return field.name[lang == "en"] if field else column


def day(lang: str, value: date) -> str:
    """15/04/2024 in Vietnamese, 2024-04-15 in English."""
    return f"{value:%Y-%m-%d}" if lang == "en" else f"{value:%d/%m/%Y}"


def moment(lang: str, value: datetime) -> str:
    """For tables: the day alone where there is no time in it (portal-exports §4: a day's first or, for due dates,
    last second)."""
    if value.time() in (time.min, _END_OF_DAY):
        return day(lang, value)
    return f"{day(lang, value)} {_clock(value)}"


def on(lang: str, value: datetime, by_hours: bool = True) -> str:
    """For sentences: `ngày 15/04/2024`, `lúc 17:00 ngày 15/04/2024`, `hết ngày 15/04/2024`."""
    if not by_hours or value.time() == time.min:
        return f"on {day(lang, value)}" if lang == "en" else f"ngày {day(lang, value)}"
    if value.time() == _END_OF_DAY:
        return f"at the end of {day(lang, value)}" if lang == "en" else f"hết ngày {day(lang, value)}"
    clock = _clock(value)
    return f"at {clock} on {day(lang, value)}" if lang == "en" else f"lúc {clock} ngày {day(lang, value)}"


def duration(lang: str, seconds: int) -> str:
    """The two largest units: `2 ngày 3 giờ`, `15 phút`. Days of 24 hours."""
    parts = []
    for unit, size in (("days", _DAY), ("hours", _HOUR), ("minutes", _MINUTE), ("seconds", 1)):
        n, seconds = divmod(seconds, size)
        if n:
            parts.append(counted(lang, unit, n))
    return " ".join(parts[:2]) or counted(lang, "seconds", 0)


def hours(lang: str, seconds: int) -> str:
    """Working time: `3 giờ 20 phút`. Never in days, which would be taken for days of 24 hours."""
    whole, rest = divmod(round(seconds / _MINUTE), 60)
    parts = [counted(lang, unit, n) for unit, n in (("hours", whole), ("minutes", rest)) if n]
    return " ".join(parts) or counted(lang, "minutes", 0)


def counted(lang: str, unit: str, n: float) -> str:
    """`2 ngày làm việc`; English with the singular."""
    text = phrase(lang, unit, n=f"{n:g}" if lang == "en" else f"{n:g}".replace(".", ","))
    return text.removesuffix("s") if lang == "en" and n == 1 else text


def statutory(lang: str, amount: float | None, unit: str | None) -> str:
    """The statutory maximum: `3 ngày làm việc`; empty when there is none."""
    return counted(lang, _UNITS[unit], amount) if amount is not None and unit in _UNITS else ""


def value(lang: str, column: str, sent: Any, names: Mapping[str, Mapping[Any, tuple[str, str]]]) -> str:
    """A value of a version's column. names: of statuses and channels, by code, as (Vietnamese, English)."""
    coded = {"status": "statuses", "channel": "channels"}.get(column)
    if sent is None:
        return phrase(lang, "empty")
    if coded and sent in names[coded]:
        return f"{sent} {names[coded][sent][lang == 'en']}"
    match sent:
        case bool():
            text = phrase(lang, "yes" if sent else "no")
        case datetime():
            text = moment(lang, sent)
        case list():
            text = "; ".join(_round(lang, entry) for entry in sent) or phrase(lang, "empty")
        case _:
            text = str(sent)
    return text


def letter(lang: str, code: str, verdict: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    """The reason of a verdict as one sentence.

    verdict: a row of int_verdicts with days_early and days_left (working days between the end, or as_of, and the due
    date; null where it has no meaning). facts: the row of int_dossier_facts, with as_of and waiting_since.
    """
    rule_set = verdict["rule_set"]
    by_hours = rule_set not in _BY_DATES
    parts = {
        "code": code,
        "requests": verdict["requests"],
        "received": on(lang, facts["received_at"], by_hours),
        "as_of": _bare(on(lang, facts["as_of"], by_hours)),
        "due": verdict["effective_due"] and on(lang, verdict["effective_due"], by_hours),
        "ended": facts["ended_at"] and on(lang, facts["ended_at"], by_hours),
        "since": facts["waiting_since"] and on(lang, facts["waiting_since"], by_hours),
        "handed_over": facts["handed_over_at"] and on(lang, facts["handed_over_at"], by_hours),
        "counted_to": _bare(on(lang, verdict["effective_end"], by_hours)),
        "paused": duration(lang, verdict["paused_seconds"]),
        "amount": statutory(lang, facts["statutory_amount"], facts["statutory_unit"]),
        "overdue": _overdue(lang, verdict),
        "days_early": _days(lang, verdict["days_early"]),
        "days_left": _left(lang, verdict["days_left"]),
    }
    happened = "".join(phrase(lang, key, **parts) for key in _happened(verdict, facts))
    promised = phrase(lang, _promised(verdict, facts), **parts)
    conclusion = phrase(lang, _conclusion(verdict), **parts)
    return f"{phrase(lang, 'received', **parts)}{promised}{happened}: {conclusion}, {phrase(lang, rule_set)}."


def _promised(verdict: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    if verdict["rule_set"] == "first_appointment":
        # a promise stands also where the version used has lost its due date
        return "no_due" if verdict["effective_due"] is None else "promised"
    if facts["due_at"] is not None:
        return "due"
    if verdict["rule_set"] != "portal_766":
        return "no_due"
    return "no_statutory" if verdict["effective_due"] is None else "statutory"


def _happened(verdict: Mapping[str, Any], facts: Mapping[str, Any]) -> list[str]:
    """Phrases for the state, then for what the rule set makes of it."""
    state = facts["state"]
    if verdict["rule_set"] == "citizen_handover":
        if state == "finished" and verdict["reason"] != "NO_HANDOVER_DATE":
            return ["handed_over" if facts["handed_over_at"] is not None else "not_handed_over"]
        return [state]
    if verdict["rule_set"] in _BY_DATES:
        return [state]
    if verdict["reason"] == "MANY_SUPPLEMENTS":
        return [state, "many"]
    if facts["ended_at"] is None and facts["sole_open_request_at"] is not None:
        return [state, "until_request"]
    return [state, "less_pauses"] if verdict["paused_seconds"] else [state]


def _conclusion(verdict: Mapping[str, Any]) -> str:
    rules = "form_ii06" if verdict["rule_set"] in _BY_DATES else verdict["rule_set"]
    own = _CONCLUSIONS.get((rules, verdict["reason"], verdict["verdict"]))
    if own:
        return own
    if verdict["rule_set"] == "citizen_handover":
        return _HANDED.get(verdict["verdict"], verdict["verdict"])
    return str(verdict["verdict"])


def _overdue(lang: str, verdict: Mapping[str, Any]) -> str:
    """By how much, as the rule set measures it: working days, else days off only, else hours of the same day."""
    due, end = verdict["effective_due"], verdict["effective_end"]
    if verdict["working_days_overdue"]:
        amount = counted(lang, "working_days", verdict["working_days_overdue"])
    elif verdict["calendar_days_overdue"]:
        amount = counted(lang, "days_off_only", verdict["calendar_days_overdue"])
    elif due and end > due:
        amount = duration(lang, int((end - due).total_seconds()))
    else:
        return ""
    return f" by {amount}" if lang == "en" else f" {amount}"


def _bare(moment: str) -> str:
    """Without the English preposition, behind "by" and "up to"."""
    return moment.removeprefix("at ").removeprefix("on ")


def _left(lang: str, n: int | None) -> str:
    return "" if n is None else phrase(lang, "left", amount=counted(lang, "working_days", n))


def _days(lang: str, n: int | None) -> str:
    return " " + counted(lang, "working_days", n) if n else ""


def _round(lang: str, entry: Mapping[str, Any]) -> str:
    asked, answered = entry["requested_at"], entry["answered_at"]
    return (
        f"{moment(lang, asked) if asked else phrase(lang, 'empty')} → "
        f"{moment(lang, answered) if answered else phrase(lang, 'open')}"
    )


def _clock(value: datetime) -> str:
    return f"{value:%H:%M:%S}" if value.second else f"{value:%H:%M}"
