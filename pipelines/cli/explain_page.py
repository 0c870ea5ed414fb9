"""The page of `dunghan explain`: what pipelines.explain found, laid out for people. Nothing is computed here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from pipelines.cli.output import Screen
from pipelines.explain import Explanation, story, words

#: Of a key (not of a name, where those are kept) the beginning is enough to tell officers apart; JSON has all of it.
_KEY = re.compile(r"^([0-9a-f]{12})[0-9a-f]{52}$")
_DATES = ("submitted_at", "received_at", "due_at", "finished_at", "returned_at", "refused_at")


def explanation(screen: Screen, found: Explanation) -> None:
    """A page per source; for a code nobody sent, the nearest ones."""
    if not found.pages:
        _unknown(screen, found)
        return
    _Printer(screen, found).print()


def _unknown(screen: Screen, found: Explanation) -> None:
    t = screen.t
    screen.complain(t("explain.unknown", code=found.dossier_code, version=found.version))
    if found.nearest:
        screen.say(t("explain.nearest"))
        for near in found.nearest:
            screen.say(f"  {near['dossier_code']}  ({near['source']})")


class _Printer:
    def __init__(self, screen: Screen, found: Explanation) -> None:
        self.screen, self.found, self.t, self.lang = screen, found, screen.t, screen.t.lang

    def print(self) -> None:
        found, t = self.found, self.t
        self._title(t("explain.title", code=found.dossier_code))
        known_at = words.on(self.lang, found.known_at).removeprefix("at ") if found.known_at else t("explain.no_limit")
        as_of = words.on(self.lang, found.as_of).removeprefix("at ")
        self._line(t("explain.pair", as_of=as_of, known_at=known_at, version=found.version))
        if not found.same_rules:
            self._line(words.gap(self.lang, "other_rules"))
        for page in found.pages:
            self.screen.say()
            self._title(t("explain.source", source=page.source))
            self._page(page)

    def _page(self, page: story.Page) -> None:
        self._head(page)
        self._part("explain.verdicts", page.verdicts, self._verdicts)
        self._section("explain.duties", (self.t.either(d.sentence_vi, d.sentence_en) for d in page.duties))
        self._promise(page.promise)
        self._clock(page)
        self._section("explain.requests", map(self._wait, page.requests))
        self._section("explain.pauses", map(self._wait, page.pauses))
        self._part("explain.events", page.events, self._events)
        self._part("explain.steps", page.steps, self._steps)
        self._part("explain.versions", page.versions, self._versions)
        self._part("explain.quarantined", page.quarantined, self._quarantined)
        self._section("explain.flags", (f"{rule}: {self._rule(rule)}" for rule in page.flags))
        self._section("explain.gaps", (gap.sentence_en if self.lang == "en" else gap.sentence_vi for gap in page.gaps))

    def _head(self, page: story.Page) -> None:
        head = page.head
        if head is None:
            return
        named = {
            "agency": (head["agency_code"], head["agency_name"]),
            "procedure": (head["procedure_code"], head["procedure_name"]),
            "field": (head["field_code"], head["field_name"]),
            "channel": (self._called("channels", head["channel"]),),
            "status": (self._called("statuses", head["status"]),),
            "state": (self._called("states", head["state"]),),
        }
        for key, parts in named.items():
            self._line(f"{self.t(f'explain.{key}')}: {' – '.join(part for part in parts if part) or '-'}")
        for column in _DATES:
            if head[column] is not None:
                self._line(f"{words.field_name(self.lang, column)}: {self._moment(head[column])}")
        if head["statutory_amount"] is not None:
            amount = words.statutory(self.lang, head["statutory_amount"], head["statutory_unit"])
            self._line(f"{self.t('explain.statutory')}: {amount}")

    def _verdicts(self, verdicts: list[story.Verdict]) -> None:
        for verdict in verdicts:
            name = self.t.either(verdict.rule_set_vi, verdict.rule_set_en)
            self._line(f"• {name}: {self.t.either(verdict.verdict_vi, verdict.verdict_en)} ({verdict.reason})")
            self._line(self.t.either(verdict.sentence_vi, verdict.sentence_en), 2)

    def _promise(self, promise: story.Promise | None) -> None:
        """A promise that never moved is the due date in the head of the page."""
        if promise is None or not promise.moves:
            return
        t = self.t
        self._heading("explain.promise")
        self._line(t("explain.promise.first", due=self._moment(promise.first)))
        for move in promise.moves:
            why = "earlier"
            if move.later:
                why = "justified" if move.justified else "unjustified"
            answered = self._moment(move.answered_at) if move.answered_at else ""
            reason = t(f"explain.promise.{why}", answered=answered)
            due, seen = self._moment(move.due_at), self._moment(move.seen)
            self._line(t("explain.promise.moved", due=due, seen=seen, why=reason), 2)
        promised = self._moment(promise.promised_at)
        self._line(t("explain.promise.kept", due=promised, n=promise.reappointments))

    def _steps(self, steps: list[story.Step]) -> None:
        columns = ("unit", "status", "entered", "left", "working", "norm")
        lines = [
            [
                step.unit or "-",
                self._called("statuses", step.status)
                + (f" ({self.t('explain.citizen')})" if step.citizen_time else ""),
                self._moment(step.entered_at),
                self._moment(step.left_at) if step.left_at else self.t("explain.still_open"),
                words.hours(self.lang, step.working_seconds),
                self._moment(step.norm_end) if step.norm_end else None,
            ]
            for step in steps
        ]
        self.screen.table([self.t(f"explain.column.{column}") for column in columns], lines)

    def _clock(self, page: story.Page) -> None:
        spans = {"explain.until_due": page.until_due, "explain.until_end": page.until_end}
        if not any(spans.values()):
            return
        self._heading("explain.clock")
        for key, span in spans.items():
            self._span(self.t(key), span)
        overdue: dict[tuple[date, date], list[story.Verdict]] = {}
        for verdict in page.verdicts:
            if verdict.overdue_days is not None:
                overdue.setdefault((verdict.overdue_days.after, verdict.overdue_days.upto), []).append(verdict)
        for verdicts in overdue.values():
            by = "; ".join(self.t.either(verdict.rule_set_vi, verdict.rule_set_en) for verdict in verdicts)
            self._span(self.t("explain.overdue_days", rule_sets=by), verdicts[0].overdue_days)

    def _span(self, title: str, span: story.Span | None) -> None:
        if span is None:
            return
        after, upto = words.day(self.lang, span.after), words.day(self.lang, span.upto)
        counts = {
            "days": span.calendar_days,
            "working": span.working_days,
            "weekends": span.weekend_days,
            "off": len(span.days_off),
        }
        self._line(self.t("explain.span", title=title, after=after, upto=upto, **counts))
        for day in span.days_off:
            self._line(self.t("explain.day_off", **self._calendar_day(day)), 2)
        for day in span.make_up_days:
            self._line(self.t("explain.make_up", **self._calendar_day(day)), 2)

    def _calendar_day(self, day: story.CalendarDay) -> dict[str, str]:
        origin = self.t(f"explain.origin.{day.origin}")
        return {
            "day": words.day(self.lang, day.day),
            "name": day.name,
            "origin": origin if day.scope == "VN" else f"{origin}, {day.scope}",
        }

    def _wait(self, wait: story.Wait) -> str:
        until = self._moment(wait.until) if wait.until else self.t("explain.still_open")
        days = words.counted(self.lang, "working_days", wait.working_days)
        told = f"{self._moment(wait.since)} → {until}: {days}"
        return f"{told} ({self.t(f'explain.from.{wait.origin}')})" if wait.origin else told

    def _events(self, events: list[story.Event]) -> None:
        columns = ("event_at", "status", "unit", "officer", "file")
        lines = [
            [
                self._moment(event.event_at) + ("" if event.counts else " *"),
                self._called("statuses", event.status),
                event.unit,
                _KEY.sub(r"\1…", event.officer or "") or None,
                event.file_name,
            ]
            for event in events
        ]
        self.screen.table([self.t(f"explain.column.{column}") for column in columns], lines)
        if not all(event.counts for event in events):
            self._line(self.t("explain.events_later"))

    def _versions(self, versions: list[story.Version]) -> None:
        for version in versions:
            self._version(version)

    def _version(self, version: story.Version) -> None:
        t = self.t
        used = t("explain.used") if version.used else ""
        where = self._place(version.place)
        self._line(t("explain.version", n=version.number, since=self._moment(version.valid_from), where=where) + used)
        for change in version.changes:
            name = words.field_name(self.lang, change.field)
            if change.old is None and change.new is None:
                self._line(f"{name}: {words.phrase(self.lang, 'changed')}", 2)
            else:
                old, new = (
                    words.value(self.lang, change.field, told, self.found.names) for told in (change.old, change.new)
                )
                self._line(f"{name}: {old} → {new}", 2)
        if version.unchanged_rows:
            last = self._moment(version.last_seen_at)
            self._line(t("explain.unchanged", rows=version.unchanged_rows, last=last), 2)
        if version.superseded_rows:
            self._line(t("explain.superseded", rows=version.superseded_rows), 2)
        for rule in version.warnings:
            self._line(f"{rule}: {self._rule(rule)}", 2)

    def _quarantined(self, rows: list[story.Rejected]) -> None:
        for row in rows:
            offending = f"  {row.offending}" if row.offending else ""
            self._line(f"{self._place(row.place)}: {', '.join(row.reasons)}{offending}")
            for rule in row.reasons:
                self._line(self._rule(rule), 2)

    def _place(self, place: story.Place) -> str:
        part = self.t("explain.part", part=place.part) if place.part else ""
        return self.t("explain.place", file=place.file_name, part=part, row=place.row)

    def _rule(self, rule: str) -> str:
        told = self.found.rules.get(rule)
        return self.t.either(told["message_vi"], told["message_en"]) if told else ""

    def _called(self, seed: str, code: Any) -> str:
        name = self.found.names[seed].get(code)
        told = self.t.either(*name) if name else ""
        return told if seed == "states" else " ".join(filter(None, (str(code if code is not None else ""), told)))

    def _moment(self, value: datetime) -> str:
        return words.moment(self.lang, value)

    def _part(self, key: str, rows: list[Any], show: Callable[[list[Any]], None]) -> None:
        """What there is several of, below its heading; nothing where there is none."""
        if rows:
            self._heading(key)
            show(rows)

    def _section(self, key: str, lines: Iterable[str]) -> None:
        lines = list(lines)
        if lines:
            self._heading(key)
            for line in lines:
                self._line(f"• {line}")

    def _title(self, text: str) -> None:
        self.screen.say(text, "bold")

    def _heading(self, key: str) -> None:
        self.screen.say()
        self._title(self.t(key))

    def _line(self, text: str, indent: int = 0) -> None:
        self.screen.say(" " * indent + text)
