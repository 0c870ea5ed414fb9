"""Sentences of `dunghan explain`: every reason has one in both languages, with its dates and numbers and no holes."""

from __future__ import annotations

import csv
import re
from datetime import date, datetime
from typing import Any

import pytest

from pipelines.cli.messages import TEXTS
from pipelines.explain import words
from pipelines.explain.story import gap
from pipelines.layout import DBT_PROJECT

CODE = "H39.18-240401-0012"
RECEIVED, DUE = datetime(2024, 4, 1, 8, 30), datetime(2024, 4, 15, 17)

FACTS: dict[str, Any] = {
    "received_at": RECEIVED,
    "due_at": DUE,
    "ended_at": None,
    "handed_over_at": None,
    "sole_open_request_at": None,
    "state": "processing",
    "statutory_amount": None,
    "statutory_unit": None,
    "as_of": datetime(2024, 5, 31, 23, 59, 59),
    "waiting_since": None,
}
VERDICT: dict[str, Any] = {
    "effective_end": datetime(2024, 5, 31, 23, 59, 59),
    "effective_due": DUE,
    "requests": 0,
    "paused_seconds": 0,
    "calendar_days_overdue": 0,
    "working_days_overdue": 0,
    "days_early": None,
    "days_left": None,
}


def finished(at: datetime, **more: Any) -> dict[str, Any]:
    return {"state": "finished", "ended_at": at, **more}


def case(rule_set: str, reason: str, verdict: str, **facts: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The row of int_verdicts and the facts; names of VERDICT among `facts` go to the verdict."""
    own = {name: facts.pop(name) for name in list(facts) if name in VERDICT}
    return {**VERDICT, "rule_set": rule_set, "reason": reason, "verdict": verdict, **own}, {**FACTS, **facts}


#: Every (rule set, reason) that the rules can give (dbt_project/seeds/reasons.csv), and what its sentence must say.
CASES: list[tuple[tuple[dict[str, Any], dict[str, Any]], str]] = [
    (
        case("form_ii06", "WITHDRAWN", "on_time", state="withdrawn", ended_at=datetime(2024, 4, 9, 9)),
        "rút hồ sơ ngày 09/04/2024",
    ),
    (
        case(
            "form_ii06", "NO_DUE_DATE", "on_time", **finished(datetime(2024, 4, 9, 9)), due_at=None, effective_due=None
        ),
        "không có ngày hẹn trả",
    ),
    (
        case("form_ii06", "NO_DUE_DATE", "in_time", due_at=None, effective_due=None),
        "vẫn tính là đang giải quyết, trong hạn",
    ),
    (
        case("form_ii06", "BEFORE_DUE_DATE", "early", **finished(datetime(2024, 4, 12, 9)), days_early=1),
        "trước hạn 1 ngày làm việc",
    ),
    (case("form_ii06", "ON_DUE_DATE", "on_time", **finished(DUE)), "giải quyết đúng hạn"),
    (
        case(
            "form_ii06",
            "AFTER_DUE_DATE",
            "late",
            **finished(datetime(2024, 4, 17, 9)),
            working_days_overdue=2,
            calendar_days_overdue=2,
        ),
        "Hồ sơ H39.18-240401-0012 được tiếp nhận ngày 01/04/2024, hẹn trả ngày 15/04/2024, hoàn thành ngày 17/04/2024: "
        "giải quyết quá hạn 2 ngày làm việc, theo Biểu số II.06",
    ),
    (
        case("form_ii06", "STOPPED", "in_time", state="stopped", ended_at=datetime(2024, 4, 9)),
        "dừng xử lý ngày 09/04/2024",
    ),
    (
        case(
            "form_ii06", "CLOCK_PAUSED", "in_time", state="waiting_supplement", waiting_since=datetime(2024, 4, 9, 10)
        ),
        "yêu cầu ngày 09/04/2024",
    ),
    (
        case("form_ii06", "CLOCK_PAUSED", "in_time", state="waiting_fee", waiting_since=datetime(2024, 4, 9, 10)),
        "nghĩa vụ tài chính",
    ),
    (
        case("form_ii06", "PAST_DUE_DATE", "overdue", working_days_overdue=31, calendar_days_overdue=46),
        "quá hạn 31 ngày làm việc",
    ),
    (case("form_ii06", "BEFORE_DUE", "in_time", days_left=3), "còn 3 ngày làm việc"),
    (
        case(
            "portal_766",
            "MANY_SUPPLEMENTS",
            "overdue",
            state="waiting_supplement",
            waiting_since=datetime(2024, 4, 9, 10),
            requests=3,
        ),
        "đã yêu cầu bổ sung giấy tờ 3 lần: yêu cầu bổ sung từ hai lần nên tính là đang giải quyết, quá hạn",
    ),
    (
        case("portal_766", "WITHIN_DUE", "on_time", **finished(DUE), paused_seconds=97200),
        "trừ 1 ngày 3 giờ chờ bổ sung giấy tờ",
    ),
    (case("portal_766", "WITHIN_DUE", "in_time", sole_open_request_at=RECEIVED), "chỉ tính đến lúc yêu cầu bổ sung"),
    (
        case(
            "portal_766",
            "PAST_DUE",
            "late",
            **finished(datetime(2024, 4, 15, 17, 15)),
            effective_end=datetime(2024, 4, 15, 17, 15),
        ),
        "quá hạn 15 phút",
    ),
    (
        case("portal_766", "PAST_DUE", "overdue", calendar_days_overdue=2, effective_end=datetime(2024, 4, 17, 9)),
        "quá hạn 2 ngày (đều là ngày nghỉ)",
    ),
    (
        case(
            "portal_766",
            "WITHIN_STATUTORY",
            "on_time",
            **finished(DUE),
            due_at=None,
            statutory_amount=2.5,
            statutory_unit="working_day",
        ),
        "thời hạn theo quy định của thủ tục là 2,5 ngày làm việc (đến lúc 17:00 ngày 15/04/2024)",
    ),
    (
        case("portal_766", "PAST_STATUTORY", "overdue", due_at=None, statutory_amount=1.0, statutory_unit="month"),
        "1 tháng",
    ),
    (case("portal_766", "NO_DEADLINE", "no_deadline", due_at=None, effective_due=None), "không rõ thời hạn"),
    (case("citizen_handover", "NOT_APPLICABLE", "not_applicable", state="stopped", ended_at=DUE), "không áp dụng"),
    (case("citizen_handover", "NO_DUE_DATE", "no_deadline", due_at=None, effective_due=None), "không có ngày hẹn trả"),
    (
        case(
            "citizen_handover", "BEFORE_DUE_DATE", "early", **finished(RECEIVED, handed_over_at=RECEIVED), days_early=9
        ),
        "trước hạn 9 ngày",
    ),
    (case("citizen_handover", "WITHIN_DUE", "on_time", **finished(DUE, handed_over_at=DUE)), "trả kết quả đúng hạn"),
    (case("citizen_handover", "WITHIN_DUE", "in_time", **finished(DUE)), "chưa trả kết quả cho công dân"),
    (
        case("citizen_handover", "PAST_DUE", "late", **finished(DUE, handed_over_at=DUE), working_days_overdue=1),
        "trả kết quả quá hạn 1 ngày",
    ),
    (case("citizen_handover", "PAST_DUE", "overdue", working_days_overdue=9), "quá hạn trả kết quả 9 ngày làm việc"),
    (
        case("citizen_handover", "NO_HANDOVER_DATE", "not_applicable", **finished(datetime(2024, 4, 9, 9))),
        ", hoàn thành lúc 09:00 ngày 09/04/2024: không kết luận được vì nguồn không cho biết ngày trả kết quả",
    ),
    (
        case("first_appointment", "WITHDRAWN", "on_time", state="withdrawn", ended_at=datetime(2024, 4, 9, 9)),
        "công dân rút hồ sơ ngày 09/04/2024: tính là giải quyết đúng hạn",
    ),
    (
        case(
            "first_appointment",
            "NO_DUE_DATE",
            "on_time",
            **finished(datetime(2024, 4, 9, 9)),
            due_at=None,
            effective_due=None,
        ),
        "không có ngày hẹn trả, hoàn thành ngày 09/04/2024: tính là giải quyết đúng hạn",
    ),
    (
        case("first_appointment", "NO_DUE_DATE", "in_time", due_at=None, effective_due=None),
        "vẫn tính là đang giải quyết, trong hạn",
    ),
    (
        case("first_appointment", "BEFORE_DUE_DATE", "early", **finished(datetime(2024, 4, 12, 9)), days_early=1),
        "đã hứa trả kết quả ngày 15/04/2024, hoàn thành ngày 12/04/2024: giải quyết trước hạn 1 ngày làm việc",
    ),
    (case("first_appointment", "ON_DUE_DATE", "on_time", **finished(DUE)), "giải quyết đúng hạn"),
    # the appointment of the version used is another one, and a promise outlives an appointment that was taken out
    *(
        (
            case(
                "first_appointment",
                "AFTER_DUE_DATE",
                "late",
                **finished(datetime(2024, 4, 17, 9)),
                due_at=due_at,
                working_days_overdue=2,
                calendar_days_overdue=2,
            ),
            "đã hứa trả kết quả ngày 15/04/2024, hoàn thành ngày 17/04/2024: giải quyết quá hạn 2 ngày làm việc, "
            "theo lần hẹn đầu tiên, chỉ dời khi công dân bổ sung giấy tờ",
        )
        for due_at in (datetime(2024, 4, 30, 17), None)
    ),
    (
        case("first_appointment", "STOPPED", "in_time", state="stopped", ended_at=datetime(2024, 4, 9)),
        "dừng xử lý ngày 09/04/2024",
    ),
    (
        case(
            "first_appointment",
            "CLOCK_PAUSED",
            "in_time",
            state="waiting_supplement",
            waiting_since=datetime(2024, 4, 9, 10),
        ),
        "thời hạn tạm dừng nên tính là trong hạn",
    ),
    (
        case("first_appointment", "PAST_DUE_DATE", "overdue", working_days_overdue=31, calendar_days_overdue=46),
        "đã hứa trả kết quả ngày 15/04/2024, tính đến ngày 31/05/2024 chưa hoàn thành: đang giải quyết, quá hạn 31 "
        "ngày làm việc",
    ),
    (case("first_appointment", "BEFORE_DUE", "in_time", days_left=3), "còn 3 ngày làm việc"),
]


@pytest.mark.parametrize(("told", "wanted"), CASES)
def test_every_reason_is_a_sentence(told: tuple[dict[str, Any], dict[str, Any]], wanted: str) -> None:
    vietnamese, english = (words.letter(lang, CODE, *told) for lang in words.LANGUAGES)
    assert wanted in vietnamese
    for sentence in (vietnamese, english):
        assert CODE in sentence
        assert sentence.endswith(".")
        assert not re.search(r"None|False|[{}]|  | ,|,,| :", sentence)
    assert not set(english) & set("ạảấầẩẫậắằẳẵặẹẻẽềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ") - set("Quyết định Thông tư")


def test_the_cases_are_all_there_are() -> None:
    with (DBT_PROJECT / "seeds" / "reasons.csv").open(encoding="utf-8", newline="") as file:
        reasons = {(row["rule_set"], row["reason"]) for row in csv.DictReader(file)}
    assert {(told[0]["rule_set"], told[0]["reason"]) for told, _ in CASES} == reasons


def test_moments() -> None:
    assert words.on("vi", datetime(2024, 4, 15, 17)) == "lúc 17:00 ngày 15/04/2024"
    assert words.on("vi", datetime(2024, 4, 15, 23, 59, 59)) == "hết ngày 15/04/2024"
    assert words.on("vi", datetime(2024, 4, 15)) == "ngày 15/04/2024"
    assert words.on("en", datetime(2024, 4, 15, 17, 0, 5)) == "at 17:00:05 on 2024-04-15"
    assert words.moment("vi", datetime(2024, 4, 15, 23, 59, 59)) == "15/04/2024"
    assert words.day("en", date(2024, 4, 5)) == "2024-04-05"


def test_amounts() -> None:
    assert [words.duration("vi", n) for n in (0, 59, 3600, 90061)] == ["0 giây", "59 giây", "1 giờ", "1 ngày 1 giờ"]
    assert words.counted("en", "working_days", 1) == "1 working day"
    assert words.statutory("vi", 0.5, "hour") == "0,5 giờ"
    assert words.statutory("vi", None, None) == ""


def test_values_of_versions() -> None:
    names: dict[str, dict[Any, tuple[str, str]]] = {
        "statuses": {4: ("Đang xử lý", "In process")},
        "channels": {"1": ("Trực tiếp", "In person")},
    }
    asked = {"requested_at": RECEIVED, "answered_at": None, "due_before": None, "due_after": None}
    told = [("status", 4), ("channel", "1"), ("has_digitised_parts", True), ("due_at", None), ("supplements", [asked])]
    assert [words.value("vi", column, value, names) for column, value in told] == [
        "4 Đang xử lý",
        "1 Trực tiếp",
        "có",
        "(trống)",
        "01/04/2024 08:30 → chưa bổ sung",
    ]
    assert words.value("en", "status", 99, names) == "99"


def test_every_gap_can_be_said() -> None:
    moments = {"known_at": RECEIVED, "exported_at": DUE, "received_at": DUE, "rows": 2}
    for gap_id in words.GAPS:
        told = gap(gap_id, **moments)
        assert told.sentence_vi.endswith(".")
        assert told.sentence_en.endswith(".")


def test_every_origin_of_a_request_and_of_a_day_has_a_text() -> None:
    origins = {
        "from.list",
        "from.events",
        "from.status",
        "origin.holidays",
        "origin.calendar_overrides",
        "origin.calendar",
    }
    assert {f"explain.{origin}" for origin in origins} <= TEXTS.keys()
