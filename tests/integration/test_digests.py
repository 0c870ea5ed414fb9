"""Digests: what they tell, to a real SMTP server and a real webhook, when they are quiet, that no address is told."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email.message import Message as Mail
from email.parser import BytesParser
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from pipelines.config import Digest, Settings
from pipelines.serving.digests import make, send_digests
from tests.support.marts import mart
from tests.support.small_build import AS_OF, build_marts, settings_in, validate
from warehouse.build import plan_build, record_green
from warehouse.publish import publish

pytestmark = pytest.mark.integration
pytest.importorskip("apprise")
controller = pytest.importorskip("aiosmtpd.controller")


@dataclass
class Post:
    """A real SMTP server and a real web server; what came to them."""

    smtp: int = 0
    web: int = 0
    mails: list[Mail] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(BytesParser(policy=default).parsebytes(envelope.content))
        return "250 OK"


@pytest.fixture
def post() -> Iterator[Post]:
    post = Post()

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            post.calls.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    web = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    with socket.create_server(("127.0.0.1", 0)) as free:
        post.smtp = free.getsockname()[1]
    smtp = controller.Controller(post, hostname="127.0.0.1", port=post.smtp)
    smtp.start()
    post.web = web.server_port
    yield post
    smtp.stop()
    web.shutdown()


def settings_with(folder: Path, post: Post, **more: Any) -> Settings:
    mail = f"mailto://127.0.0.1:{post.smtp}?from=dunghan@example.vn&to=vanphong@example.vn&mode=insecure"
    send = [mail, f"json://127.0.0.1:{post.web}/dunghan"]
    return settings_in(folder, digests={"huyen_18": {"agency": "H39.18", "send": send, **more}})


def dossier(code: str, agency: str = "H39.18.25", **more: Any) -> dict[str, Any]:
    return {
        **{"source": "dvcqg", "dossier_code": code, "rule_set": "form_ii06", "agency_code": agency},
        **{"procedure_name": "Cấp bản sao trích lục", "due_at": "2024-05-29 17:00:00", "as_of": AS_OF.isoformat()},
        **more,
    }


def nightly_run(
    settings: Settings,
    number: int,
    *,
    overdue: Sequence[str] = (),
    due_soon: Sequence[dict[str, Any]] = (),
    waiting: Sequence[dict[str, Any]] = (),
    attention: Sequence[str] = (),
) -> None:
    """Publish a version that says so."""
    validate(settings, (AS_OF.isoformat(), "loaded"), validation_seq=number)
    plan = plan_build(settings)
    late = [dossier(code, working_days_overdue=2, apology_missed=False) for code in overdue]
    files = [{"source": "dvcqg", "file_path": "dvcqg/a.csv", "used": True, "attention_details": list(attention)}]
    agency = {"agency_code": "H39.18", "name": "UBND huyện Bến Lức", "is_latest": True}
    build_marts(settings, number)
    from warehouse.database import connect_build

    with connect_build(settings) as con:
        for statement in (
            *mart("fct_dossiers", [{"source": "dvcqg", "dossier_code": "A-1", "agency_code": "H39.18"}]),
            *mart("mart_overdue_dossiers", [*late, dossier("ELSEWHERE", "H39.180.1")]),
            *mart("mart_due_soon", due_soon),
            *mart("mart_waiting_acceptance", waiting),
            *mart("mart_load_ledger", files),
            *mart("dim_agency", [agency]),
            # what codes are called: nothing here but the agency has a name
            *(line for name in ("field", "channel", "state", "verdict", "reason") for line in mart(f"dim_{name}")),
        ):
            con.execute(statement)
    record_green(settings, plan)
    publish(settings, plan)


def test_what_is_new_is_told_by_mail_webhook_and_file(tmp_path: Path, post: Post) -> None:
    settings = settings_with(tmp_path, post)
    nightly_run(settings, 1, overdue=["H39.18.25-240501-0001"])
    assert send_digests(settings) == []
    assert post.mails == [], "nothing is to be done, and what is overdue is not new"
    soon = dossier("H39.18.25-240530-0003", working_days_left=1, apology_due=True, apology_by="2024-05-31")
    wait = {**dossier("H39.18.25-240529-0004"), "submitted_at": "2024-05-29 08:00:00"}
    wait = {k: v for k, v in wait.items() if k not in ("rule_set", "due_at")}
    nightly_run(
        settings,
        2,
        overdue=["H39.18.25-240501-0001", "H39.18.25-240502-0002"],
        due_soon=[soon, dossier("LATER", working_days_left=4, apology_due=False)],
        waiting=[{**wait, "working_hours_waited": 15.5, "over_8_hours": True}],
        attention=["WRN_FILE_NEW_FIELDS: chưa biết: DiaChiLienHe"],
    )
    assert send_digests(settings) == []
    [mail], [call] = post.mails, post.calls
    assert mail["Subject"] == "Đúng Hạn – UBND huyện Bến Lức (H39.18) – số liệu đến 31/05/2024"
    assert mail["To"] == "vanphong@example.vn"
    body = mail.get_body(("plain",)) if hasattr(mail, "get_body") else None
    assert body is not None
    text = (settings.layout.digests / "huyen_18.txt").read_text(encoding="utf-8")
    assert text.split() == body.get_content().split()
    assert text.split()[-5:] == call["message"].split()[-5:]
    assert "Mới quá hạn: 1 hồ sơ\n  H39.18.25-240502-0002 (dvcqg): H39.18.25; Cấp bản sao trích lục;" in text
    assert "hẹn trả 29/05/2024; quá 2 ngày làm việc" in text
    assert "Đến hạn trong 3 ngày làm việc tới: 1 hồ sơ" in text
    assert "gửi thư chậm nhất 31/05/2024" in text
    assert "nộp 29/05/2024, đã chờ 15 giờ làm việc" in text
    assert "dvcqg/a.csv: WRN_FILE_NEW_FIELDS" in text
    assert not any(other in text for other in ("ELSEWHERE", "LATER", "240501-0001"))


def test_quiet_when_nothing_changed(tmp_path: Path, post: Post) -> None:
    settings = settings_with(tmp_path, post)
    soon = dossier("H39.18.25-240530-0003", working_days_left=1, apology_due=False)
    for number in (1, 2):
        nightly_run(settings, number, due_soon=[soon])
        assert send_digests(settings) == []
    assert len(post.mails) == 1
    nightly_run(settings, 3, due_soon=[soon, dossier("H39.18.25-240530-0005", working_days_left=2)])
    send_digests(settings)
    assert len(post.mails) == 2


def test_what_could_not_be_sent_is_told_without_its_address_and_sent_the_next_time(
    tmp_path: Path, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    settings = settings_with(tmp_path, post, send=["json://user:mat-khau-bi-mat@127.0.0.1:9/x"])
    soon = [dossier("H39.18.25-240530-0003", working_days_left=1)]
    nightly_run(settings, 1, due_soon=soon)
    with caplog.at_level(logging.DEBUG):
        problems = send_digests(settings)
    vietnamese, english = "không gửi được tới địa chỉ thứ 1 (`send`)", "could not be sent to address 1 (`send`)"
    assert problems == [f"[digests.huyen_18] {vietnamese} / [digests.huyen_18] {english}"]
    assert "mat-khau" not in caplog.text
    assert "mat-khau" not in repr(settings)
    mended = settings_with(tmp_path, post)
    nightly_run(mended, 2, due_soon=soon)
    assert send_digests(mended) == []
    assert len(post.mails) == 1


def test_one_source_is_told_of_and_what_there_is_not_is_said(tmp_path: Path, post: Post) -> None:
    """Systems send the same dossiers: those of the other one would be counted twice."""
    settings = settings_in(
        tmp_path,
        digests={"sai": {"agency": "H39.81"}, "motcua": {"source": "motcau"}, "dung": {"agency": "H39.18"}},
    )
    soon = dossier("H39.18.25-240530-0003", working_days_left=1)
    nightly_run(settings, 1, due_soon=[soon, soon | {"source": "motcua"}])
    problems = send_digests(settings)
    assert [problem.split("]")[0] for problem in problems] == ["[digests.sai", "[digests.motcua"]
    assert "có: H39.18" in problems[0] and "có: dvcqg" in problems[1]
    text = (settings.layout.digests / "dung.txt").read_text(encoding="utf-8")
    assert "Đến hạn trong 3 ngày làm việc tới: 1 hồ sơ" in text


def test_english_and_the_whole_province(tmp_path: Path, post: Post) -> None:
    settings = settings_in(tmp_path, lang="en")
    nightly_run(settings, 1)
    nightly_run(settings, 2, overdue=[f"H39.18.25-240501-{number:04}" for number in range(30)])
    message, _ = make(settings, Digest())
    assert message.title == "Đúng Hạn – the whole province – figures as of 31/05/2024"
    assert "Newly overdue: 30 dossiers" in message.text
    assert "… 10 more: dunghan list overdue" in message.text
    assert "hồ sơ" not in message.text
