"""The headline of a source: figures, how they changed, what they say in a sentence, what needs a decision."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from pipelines.formats import NOTHING, Formats
from pipelines.serving.page.answers import LAST_YEAR, MEASURES, Answers, total
from pipelines.serving.page.model import Card, Row
from pipelines.serving.page.words import Words
from warehouse.status import percent

#: Headline figure → (which way is good, table that it counts). page.js knows the same names.
CARDS = {
    "received": (0, "fields"),
    "resolved": (0, "agencies"),
    "rate": (1, "on_time"),
    "overdue": (-1, "overdue"),
    "due_soon": (0, "due"),
    "apologies": (-1, "due"),
    "waiting": (-1, "waiting"),
    "reappointed": (-1, "reappointed"),
}

Counts = dict[str, Any]


def counts(answers: Answers, source: str) -> Counts:
    """Counts of MEASURES of this version; those of form II.06 from the same place as `dunghan status`."""
    return total(answers.rows("measures", source), MEASURES) | _form(answers.figures[source])


def _form(figures: Row) -> Counts:
    named = {"received": "received", "early": "early", "on_time": "on_time", "late": "late"}
    named |= {"in_time": "pending_in_time", "overdue": "pending_overdue"}
    return {name: int(figures[column]) for name, column in named.items()}


def before(answers: Answers, source: str) -> Counts | None:
    """The same of the version before; None when it cannot be compared or does not know the source."""
    figures = answers.before.figures.get(source)
    return figures and total(answers.before.measures.get(source, []), MEASURES) | _form(figures)


def last_year(answers: Answers, source: str) -> Counts | None:
    """The same of the year before, as far as marts tell it: received is resolved and pending together."""
    found = answers.last_year(source)
    if found is None:
        return None
    sums = total(found[0].values(), LAST_YEAR)
    return sums | {"received": sums["resolved"] + sums["in_time"] + sums["overdue"]}


def figure(name: str, counted: Counts | None) -> Decimal | int | None:
    """A headline figure of its counts; None where they do not tell it."""
    if counted is None:
        return None
    good, resolved = counted["early"] + counted["on_time"], counted["early"] + counted["on_time"] + counted["late"]
    if name == "rate":
        return percent(good, resolved)
    if name == "resolved":
        # of the year before the days tell it, not the months
        return int(counted.get("resolved", resolved))
    return counted.get(name)


def cards(answers: Answers, source: str, words: Words, formats: Formats) -> list[Card]:
    """The headline figures, each with its changes."""
    now, then, last = counts(answers, source), before(answers, source), last_year(answers, source)
    under = _under(now, answers.figures[source], formats)
    found = []
    for name, (good, target) in CARDS.items():
        value = figure(name, now)
        found.append(
            Card(
                measure=name,
                label=words(f"card.{name}"),
                value=formats.percent(value) if name == "rate" else formats.number(value),
                under=words(f"card.{name}.under", **under),
                target=f"{target}-{source}",
                warm=good < 0 and bool(value),
                before=change(words, formats, name, value, figure(name, then)),
                last=change(words, formats, name, value, figure(name, last)),
            )
        )
    return found


def _under(now: Counts, figures: Row, formats: Formats) -> dict[str, str]:
    resolved = now["early"] + now["on_time"] + now["late"]
    numbers = {
        **{name: now[name] for name in ("early", "on_time", "late", "overdue")},
        "good": now["early"] + now["on_time"],
        "resolved": resolved,
        "pending": now["in_time"] + now["overdue"],
        "carried": int(figures["carried_over"]),
        "new": now["received"] - int(figures["carried_over"]),
    }
    return {name: formats.number(value) for name, value in numbers.items()}


def change(words: Words, formats: Formats, name: str, value: Any, other: Any) -> tuple[str, str]:
    """(+12, better | worse | same): how a figure changed."""
    if value is None or other is None:
        return NOTHING, "same"
    by, good = value - other, CARDS[name][0]
    said = f"{formats.signed(by, 2)} {words('points')}" if name == "rate" else formats.signed(by)
    return said, "same" if by == 0 or good == 0 else "better" if (by > 0) == (good > 0) else "worse"


def summary(answers: Answers, source: str, words: Words, formats: Formats) -> str:
    """The state in two sentences."""
    now = counts(answers, source)
    oldest = max((row["working_days_overdue"] or 0 for row in answers.rows("overdue", source)), default=0)
    said = {name: formats.number(figure(name, now)) for name in ("received", "resolved", "overdue")}
    return words(
        "summary.text",
        as_of=formats.day(answers.published.as_of),
        rate=formats.percent(figure("rate", now)),
        late=formats.number(now["late"]),
        pending=formats.number(now["in_time"] + now["overdue"]),
        oldest=words("summary.oldest", days=formats.number(oldest)) if now["overdue"] else "",
        **said,
    )


def todo(answers: Answers, source: str, words: Words, formats: Formats) -> Sequence[tuple[str, str]]:
    """(sentence, anchor) of everything that somebody must decide or do."""
    now = counts(answers, source)
    reappointed = answers.rows("reappointed", source)
    today = sum(row["dossiers"] for row in answers.rows("due_buckets", source) if row["due_bucket"] == "0")
    files = sum(1 for path in answers.attention if path.startswith(f"{source}/"))
    numbers = {
        "overdue": (now["overdue"], f"overdue-{source}"),
        "today": (today, f"due-{source}"),
        "apologies": (now["apologies"], f"due-{source}"),
        "waiting": (now["waiting"], f"waiting-{source}"),
        "twice": (reappointed[0]["total_twice"] if reappointed else 0, f"reappointed-{source}"),
        "attention": (files, "freshness"),
    }
    return [
        (words(f"todo.{name}", n=formats.number(number), worst=_worst(answers, source, formats)), target)
        for name, (number, target) in numbers.items()
        if number
    ]


def _worst(answers: Answers, source: str, formats: Formats) -> str:
    """The three agencies with most overdue dossiers."""
    by_agency: dict[str, int] = {}
    for row in answers.rows("measures", source):
        by_agency[row["agency_code"]] = by_agency.get(row["agency_code"], 0) + row["overdue"]
    most = sorted(by_agency, key=lambda code: (-by_agency[code], code))[:3]
    return "; ".join(
        f"{answers.names.get(code, code)} ({formats.number(by_agency[code])})" for code in most if by_agency[code]
    )
