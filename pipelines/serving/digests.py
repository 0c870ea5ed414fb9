"""Digests: after a run, what is new for an agency, in words: newly overdue, due soon, letters of apology, waiting for
acceptance, files to look at. As a file, by e-mail, to a webhook (`[digests.<name>]`); nothing when nothing changed.

No personal data: codes of dossiers, names of procedures, dates.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipelines.bilingual import one_language, prefixed
from pipelines.config import Digest, Settings
from pipelines.files import write_whole
from pipelines.formats import Formats
from pipelines.serving.asking import AskedWronglyError, chosen_source, known
from pipelines.serving.extras import need
from pipelines.serving.published import Published, Row, open_published
from pipelines.sql import literal
from warehouse.publish import Publication
from warehouse.reading import made_before

#: The rule set of the lists: the periodic form (timeliness §3).
RULE_SET = "form_ii06"
#: Working days ahead.
DUE_WITHIN = 3
#: Dossiers that a section names; of the others it says how many there are and which command lists them.
NAMED = 20

#: Section → the command that lists the whole.
COMMANDS = {
    "overdue": "dunghan list overdue",
    "due_soon": "dunghan list due-soon",
    "apologies": "dunghan list apologies",
    "waiting": "dunghan list waiting",
    "attention": "dunghan ledger",
}
#: Section or phrase → its words, Vietnamese and English.
WORDS = {
    "overdue": ("Mới quá hạn", "Newly overdue"),
    "due_soon": (f"Đến hạn trong {DUE_WITHIN} ngày làm việc tới", f"Due within {DUE_WITHIN} working days"),
    "apologies": (
        "Hôm nay phải gửi thư xin lỗi và hẹn lại nếu không kịp trả",
        "Letter of apology to be sent today unless the result will be ready",
    ),
    "waiting": ("Chờ tiếp nhận quá 8 giờ làm việc", "Waiting for acceptance over 8 working hours"),
    "attention": ("Tệp phải xem lại", "Files to look at"),
    "title": ("Đúng Hạn – {agency} – số liệu đến {as_of}", "Đúng Hạn – {agency} – figures as of {as_of}"),
    "province": ("toàn tỉnh", "the whole province"),
    "compared": ("So với bản số liệu đến {as_of}.", "Compared with the figures as of {as_of}."),
    "first": ("Bản tin đầu tiên: chưa có bản nào để so.", "The first digest: there is nothing to compare with."),
    "count": ("{count} hồ sơ", "{count} dossiers"),
    "files": ("{count} tệp", "{count} files"),
    "rest": ("… còn {count} nữa: {command}", "… {count} more: {command}"),
    "due": ("hẹn trả {day}", "due {day}"),
    "late": ("quá {days} ngày làm việc", "{days} working days overdue"),
    "left": ("còn {days} ngày làm việc", "{days} working days left"),
    "today": ("đến hạn hôm nay", "due today"),
    "letter": ("gửi thư chậm nhất {day}", "letter at the latest {day}"),
    "missed": ("chưa gửi thư xin lỗi đúng hạn", "the letter of apology was not sent in time"),
    "since": ("nộp {day}, đã chờ {hours} giờ làm việc", "submitted {day}, has waited {hours} working hours"),
    "nothing": ("Không có việc gì mới.", "Nothing new."),
}


@dataclass(frozen=True)
class Message:
    """A digest ready to be read. items: (section, source or file, dossier or detail) of all that it tells of."""

    title: str
    text: str
    items: tuple[tuple[str, str, str], ...]

    @property
    def fingerprint(self) -> str:
        """The same for the same items, whatever day it is: a digest that says nothing new is not sent again."""
        return hashlib.sha256(json.dumps(sorted(self.items)).encode()).hexdigest()


def send_digests(settings: Settings) -> list[str]:
    """Send every digest of the settings that has something new to say; returns the problems of those that failed.

    A problem names the digest, never an address. Raises NothingPublishedError, OSError when the state cannot be kept.
    """
    remembered = _remembered(settings)
    problems = []
    for name, digest in settings.digests.items():
        before = remembered.get(name, {})
        try:
            message, version = make(settings, digest, since=before.get("version"))
        except AskedWronglyError as error:
            name_, near = error.values["name"], error.values["known"]
            text = f"không có {name_}; có: {near} / there is no {name_}; there are: {near}"
            problems.append(prefixed(f"[digests.{name}] ", text))
            continue
        if message.items and message.fingerprint != before.get("fingerprint"):
            undelivered = [prefixed(f"[digests.{name}] ", told) for told in _deliver(settings, name, digest, message)]
            problems += undelivered
            if undelivered:  # what it told is told by the next one
                continue
        remembered[name] = {"version": version, "fingerprint": message.fingerprint}
    if settings.digests:
        _remember(settings, remembered)
    return problems


def make(settings: Settings, digest: Digest, *, since: str | None = None) -> tuple[Message, str]:
    """(the digest of what is published now, its version). since: the version of the last digest; default: the version
    published before. Raises NothingPublishedError, AskedWronglyError for an agency or source that there is none of."""
    with open_published(settings) as published:
        earlier = _earlier(settings, published, since)
        return _message(settings.lang, published, earlier, digest), published.version


def _earlier(settings: Settings, published: Published, since: str | None) -> Publication | None:
    """The version to compare with: that of the last digest while it is kept, else the one published before."""
    older = made_before(settings, published.publication)
    return next((found for found in older if found.version == since), older[0] if older else None)


def _message(lang: str, published: Published, earlier: Publication | None, digest: Digest) -> Message:
    t = _Words(lang)
    path = (earlier or published.publication).database
    # Without an earlier version nothing is new: the lists of what is to be done say it all.
    published.con.execute(f"attach {literal(path.resolve())} as earlier (read_only)")
    agencies = {row["agency_code"]: row["name"] for row in published.named().rows("agencies")}
    agency = known("agency", digest.agency, agencies) if digest.agency else None
    given = {"agency": agency, "source": chosen_source(published, digest.source)}
    found = {
        "overdue": published.rows("digest_overdue", rule_set=RULE_SET, **given),
        "due_soon": published.rows("digest_due_soon", rule_set=RULE_SET, days=DUE_WITHIN, **given),
        "apologies": published.rows("digest_apologies", rule_set=RULE_SET, **given),
        "waiting": published.rows("digest_waiting", **given),
        "attention": published.rows("digest_attention", source=digest.source),
    }
    title = t("title", agency=_agency(t, digest.agency, agencies), as_of=t.day(published.as_of))
    compared = t("compared", as_of=t.day(datetime.fromisoformat(earlier.manifest["as_of"]))) if earlier else t("first")
    items = tuple((name, *_key(row)) for name, rows in found.items() for row in rows)
    body = [line for name, rows in found.items() if rows for line in _section(t, name, rows, digest)]
    return Message(title, "\n".join([title, compared, "", *(body or [t("nothing")])]) + "\n", items)


def _key(row: Row) -> tuple[str, str]:
    return (row["source"], row["dossier_code"]) if "dossier_code" in row else (row["file_path"], row["detail"])


def _agency(t: _Words, code: str | None, names: Mapping[str, str | None]) -> str:
    if code is None:
        return t("province")
    return f"{names[code]} ({code})" if names.get(code) else code


def _section(t: _Words, name: str, rows: Sequence[Row], digest: Digest) -> Iterator[str]:
    """The lines of a section: how many, the first of them, and where the others are."""
    yield f"{t(name)}: {t('files' if name == 'attention' else 'count', count=t.number(len(rows)))}"
    for row in rows[:NAMED]:
        yield f"  {_line(t, name, row)}"
    if len(rows) > NAMED:
        of = f" --agency {digest.agency}" if digest.agency and name != "attention" else ""
        yield "  " + t("rest", count=t.number(len(rows) - NAMED), command=COMMANDS[name] + of)
    yield ""


def _line(t: _Words, name: str, row: Row) -> str:
    if name == "attention":
        return f"{row['file_path']}: {one_language(row['detail'], t.lang)}"
    facts = [row["agency"], row["procedure_name"]]
    match name:
        case "overdue":
            facts += [t("due", day=t.day(row["due_at"])), t("late", days=t.number(row["days"]))]
            facts += [t("missed")] if row["apology_missed"] else []
        case "due_soon":
            left = t("left", days=t.number(row["days"])) if row["days"] else t("today")
            facts += [t("due", day=t.day(row["due_at"])), left]
        case "apologies":
            facts += [t("due", day=t.day(row["due_at"])), t("letter", day=t.day(row["apology_by"]))]
        case "waiting":
            facts += [t("since", day=t.day(row["submitted_at"]), hours=t.number(int(row["hours"])))]
    return f"{row['dossier_code']} ({row['source']}): " + "; ".join(fact for fact in facts if fact)


class _Words:
    """Texts of one language, and how it writes days and numbers."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self.day, self.number = Formats(lang).day, Formats(lang).number

    def __call__(self, key: str, **values: Any) -> str:
        return WORDS[key][self.lang == "en"].format(**values)


# --- delivery ---------------------------------------------------------------------------------------------------------


def _deliver(settings: Settings, name: str, digest: Digest, message: Message) -> list[str]:
    """Write the file, then send; returns what could not be done. What went wrong at one address stops no other."""
    write_whole(settings.layout.digests / f"{name}.txt", message.text)
    problems = []
    for position, address in enumerate(digest.send, start=1):
        apprise = need("apprise", "notify")
        # It logs what went wrong with the address, which is a secret, in it; what it returns says enough.
        logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
        to = apprise.Apprise()
        if not to.add(address.get_secret_value()) or not to.notify(
            title=message.title, body=message.text, body_format=apprise.NotifyFormat.TEXT
        ):
            problems.append(
                f"không gửi được tới địa chỉ thứ {position} (`send`) / could not be sent to address {position} (`send`)"
            )
    return problems


def _remembered(settings: Settings) -> dict[str, dict[str, str]]:
    """Name of a digest → version and fingerprint of the last one; empty when there was none, or its file is damaged."""
    try:
        found = json.loads(settings.layout.digest_state.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _remember(settings: Settings, remembered: Mapping[str, Mapping[str, str]]) -> None:
    write_whole(settings.layout.digest_state, json.dumps(remembered, indent=2) + "\n")
