"""What the page is told: the answers of `sql/page_*.sql` of one version, and of the version before for the changes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from pipelines.serving.published import Published, Row, statement
from warehouse.status import attention_of, figures_of

#: Queries whose rows are of one source each.
BY_SOURCE = (
    *("page_measures", "page_last_year", "page_last_year_months", "page_on_time", "page_backlog", "page_aging"),
    *("page_overdue", "page_due_buckets", "page_due_soon", "page_waiting", "page_reappointed", "page_units"),
    *("page_index", "page_lost", "page_differences", "page_difference_list", "page_scorecard", "page_quality"),
)
#: Queries about all of them.
OF_ALL = ("page_reports", "page_systems", "page_freshness")

#: Counts of `page_measures`, in the order in which page.js knows them.
MEASURES = (
    *("received", "early", "on_time", "late", "in_time", "overdue"),
    *("due_soon", "apologies", "waiting", "reappointed"),
)
#: Counts of the year before, of each agency. page.js knows their order.
LAST_YEAR = ("resolved", "in_time", "overdue", "early", "on_time", "late")


class UnknownAgencyError(Exception):
    """No such agency in this version. The message names the nearest ones."""


@dataclass(frozen=True)
class Before:
    """The version before, as far as it can be compared. why: key of the words that say what there is to compare.

    figures, measures: by source, as in Answers; empty when nothing can be compared.
    """

    why: str
    published: Published | None
    figures: dict[str, Row]
    measures: dict[str, list[Row]]


@dataclass(frozen=True)
class Answers:
    """All that stands on the page. sources: (source, dossiers), most dossiers first. of: query → source → rows.
    figures: the headline by source (warehouse.status). names, fields: by code. words: (dimension, code) → row."""

    published: Published
    agency: str | None
    sources: list[tuple[str, int]]
    figures: dict[str, Row]
    of: dict[str, dict[str, list[Row]]]
    all_: dict[str, list[Row]]
    names: dict[str, str]
    fields: dict[str, str]
    words: dict[tuple[str, str], Row]
    attention: dict[str, list[Row]]
    before: Before

    def rows(self, query: str, source: str) -> list[Row]:
        """Rows of `page_<query>` of one source."""
        return self.of[f"page_{query}"].get(source, [])

    def last_year(self, source: str) -> tuple[dict[str, Row], date, date] | None:
        """Counts LAST_YEAR by agency, the first day that is known of the year before, the day up to which they count;
        None when the warehouse has nothing of that year."""
        days = self.rows("last_year", source)
        if not days:
            return None
        found = {row["agency_code"]: dict.fromkeys(LAST_YEAR, 0) | row for row in days}
        for row in self.rows("last_year_months", source):
            found.setdefault(row["agency_code"], dict.fromkeys(LAST_YEAR, 0)).update(row)
        return found, min(row["first_day"] for row in days), days[0]["last_day"]


def read(published: Published, before: Published | None, agency: str | None, limit: int) -> Answers:
    """Everything of a version; `agency`: of it and those below it only; `limit`: rows of a list, of each source."""
    given = {"agency": agency, "limit": limit}
    return Answers(
        published=published,
        agency=agency,
        sources=[(row["source"], row["dossiers"]) for row in ask(published, "sources", given)],
        figures={row["source"]: row for row in figures_of(published.con, agency)},
        of={query: _by_source(ask(published, query, given)) for query in BY_SOURCE},
        all_={query: ask(published, query, given) for query in OF_ALL},
        names={row["agency_code"]: row["name"] for row in published.rows("agencies")},
        fields={row["field_code"]: row["field_name"] for row in published.rows("fields")},
        words={(row["of_what"], row["code"]): row for row in ask(published, "page_words", given)},
        attention=attention_of(published.con),
        before=_before(published, before, agency),
    )


def ask(published: Published, query: str, given: Row) -> list[Row]:
    """Rows of a query, given those of the parameters that it names."""
    named = set(re.findall(r"\$(\w+)", statement(query)))
    return published.rows(query, **{name: value for name, value in given.items() if name in named})


def _before(published: Published, before: Published | None, agency: str | None) -> Before:
    if before is None:
        return Before("before.none", None, {}, {})
    if before.as_of.year != published.as_of.year:
        return Before("before.other_year", before, {}, {})
    try:
        figures = {row["source"]: row for row in figures_of(before.con, agency)}
        measures = _by_source(ask(before, "page_measures", {"agency": agency}))
    except duckdb.Error:  # other marts or columns than those of today
        return Before("before.unreadable", before, {}, {})
    same_rules = before.definitions_version == published.definitions_version
    return Before("before.of" if same_rules else "before.other_rules", before, figures, measures)


def _by_source(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["source"], []).append(row)
    return found


def total(rows: Iterable[Row], names: Iterable[str]) -> dict[str, Any]:
    """Sums of counts."""
    listed = list(rows)
    return {name: sum(row[name] or 0 for row in listed) for name in names}
