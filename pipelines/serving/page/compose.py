"""The page put together: answers → words, cards, sections; and how a cell of a table is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from pipelines.formats import Formats
from pipelines.serving.page import headline, sections
from pipelines.serving.page.answers import LAST_YEAR, MEASURES, Answers
from pipelines.serving.page.model import Column, Page, Row, Section, SourceView, Table
from pipelines.serving.page.words import Words

_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


def compose(answers: Answers, lang: str) -> Page:
    """The page in one language."""
    words, formats = Words(lang), Formats(lang)
    sources = [source for source, _ in answers.sources if source in answers.figures]
    made = {source: sections.Making(answers, source, words, formats) for source in sources}
    seen = {row["agency_code"] for source in sources for row in answers.rows("measures", source)}
    fields = {row["field_code"] for source in sources for row in answers.rows("measures", source)}
    return Page(
        lang=lang,
        title=words("title"),
        scope=_scope(answers, words),
        made=answers.published.publication.created_at,
        facts=_facts(answers, words, formats),
        compared=_compared(answers, words, formats),
        views=[
            SourceView(
                source=source,
                name=words.known(f"source.{source}", source),
                dossiers=formats.number(dict(answers.sources)[source]),
                summary=headline.summary(answers, source, words, formats),
                todo=headline.todo(answers, source, words, formats),
                cards=headline.cards(answers, source, words, formats),
                sections=sections.of_source(made[source]),
            )
            for source in sources
        ],
        shared=sections.shared(next(iter(made.values()), sections.Making(answers, "", words, formats))),
        agencies=[(code, answers.names.get(code, code)) for code in sorted(_with_heads(seen, answers))],
        fields=sorted(((code, answers.fields.get(code, code)) for code in fields), key=lambda one: one[1]),
        data=_data(answers, sources, sorted(seen), sorted(fields)),
    )


def shorten(page: Page, length: int) -> Page:
    """The page with lists of at most `length` rows."""

    def cut(section: Section) -> Section:
        return replace(section, tables=[replace(t, rows=t.rows[:length]) if t.is_list else t for t in section.tables])

    views = [replace(view, sections=[cut(section) for section in view.sections]) for view in page.views]
    return replace(page, views=views)


def _with_heads(codes: set[str], answers: Answers) -> set[str]:
    """The agencies and those above them that are known by name, within the scope of the page."""
    heads = {code.rsplit(".", n)[0] for code in codes for n in range(1, code.count(".") + 1)}
    within = {code for code in heads if answers.agency is None or f"{code}.".startswith(f"{answers.agency}.")}
    return codes | {code for code in within if code in answers.names}


def _scope(answers: Answers, words: Words) -> str:
    if answers.agency is None:
        return words("everything")
    return words("below", name=answers.names.get(answers.agency, answers.agency), code=answers.agency)


def _facts(answers: Answers, words: Words, formats: Formats) -> list[tuple[str, str]]:
    """What the figures are of: term and explanation."""
    published = answers.published
    made = datetime.fromisoformat(published.publication.created_at).astimezone(_ZONE).replace(tzinfo=None)
    facts = [(words("as_of"), formats.moment(published.as_of))]
    if published.known_at:
        facts.append((words("known_at"), formats.moment(published.known_at)))
    facts.append((words("made"), formats.moment(made)))
    facts.append((words("definitions"), published.definitions_version))
    facts.append((words("version"), published.version))
    return facts


def _compared(answers: Answers, words: Words, formats: Formats) -> list[tuple[str, str]]:
    """What the headline is compared with: term and explanation."""
    compared = answers.before.published
    places = {
        "as_of": formats.moment(compared.as_of) if compared else "",
        "version": compared.definitions_version if compared else "",
    }
    return [
        (words("before"), words(answers.before.why, **places)),
        (words("last"), _last_year(answers, words, formats)),
    ]


def _last_year(answers: Answers, words: Words, formats: Formats) -> str:
    known = [found for source, _ in answers.sources if (found := answers.last_year(source))]
    if not known:
        return words("last.none", year=answers.published.as_of.year - 1)
    _, first, last = known[0]
    return words("last.of", day=formats.day(last), month=f"{last:%m/%Y}", first=formats.day(first))


def _data(answers: Answers, sources: Sequence[str], agencies: Sequence[str], fields: Sequence[str]) -> Row:
    """Counts by agency and field for page.js, agencies and fields by their place in the lists."""
    of_agency = {code: place for place, code in enumerate(agencies)}
    of_field = {code: place for place, code in enumerate(fields)}

    def lines(rows: Sequence[Row]) -> list[list[Any]]:
        return [
            [of_agency[row["agency_code"]], of_field[row["field_code"]], *(row[name] for name in MEASURES)]
            for row in rows
            if row["agency_code"] in of_agency and row["field_code"] in of_field
        ]

    found: Row = {"agencies": list(agencies), "fields": list(fields), "sources": {}}
    for source in sources:
        last = answers.last_year(source)
        found["sources"][source] = {
            "now": lines(answers.rows("measures", source)),
            "before": lines(answers.before.measures[source]) if source in answers.before.measures else None,
            "last": last
            and [
                [of_agency[code], *(row[name] for name in LAST_YEAR)]
                for code, row in last[0].items()
                if code in of_agency
            ],
        }
    return found


class Cells:
    """How the cells of the tables of a page are shown."""

    def __init__(self, page: Page) -> None:
        self._words, self._formats = Words(page.lang), Formats(page.lang)
        self._agencies, self._fields = dict(page.agencies), dict(page.fields)

    def __call__(self, column: Column, row: Row) -> Markup:
        """What stands in a cell; everything from the data is escaped."""
        value = row.get(column.key)
        shown = self._shown(column, value)
        if not column.link or not value:
            return shown
        picked = row.get("agency_code")
        pick = Markup(' data-pick="{}"').format(picked) if picked else Markup("")
        return Markup('<a href="#{}"{}>{}</a>').format(column.link, pick, shown)

    def _shown(self, column: Column, value: Any) -> Markup:
        """The value alone, in the way of its kind."""
        match column.kind:
            case "agency":
                return self._agency(value or "unknown")
            case "code":
                return Markup("<code>{}</code>").format(self._formats.text(value))
            case "path":
                return Markup('<code class="path">{}</code>').format(self._formats.text(value))
        return Markup("{}").format(self._plain(column.kind, value))

    def _agency(self, code: str) -> Markup:
        if code == "unknown":
            return Markup("{}").format(self._words("unknown"))
        name = self._agencies.get(code, code)
        return Markup("{} <small>{}</small>").format(name, code) if name != code else Markup("{}").format(code)

    def _plain(self, kind: str, value: Any) -> str:
        match kind:
            case "field":
                name = self._fields.get(value) or value or "unknown"
                return self._words("unknown") if name == "unknown" else str(name)
            case "yes":
                return self._words("yes") if value else ""
            case "hours" | "points":
                return self._formats.number(value, 1 if kind == "hours" else 2)
            case "short":
                return self._formats.text(value)
        return str(getattr(self._formats, kind)(value))

    def table_has(self, table: Table, key: str) -> bool:
        """Whether rows of a table can be filtered by agency_code or field_code."""
        return bool(table.rows) and key in table.rows[0]
