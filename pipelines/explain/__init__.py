"""One dossier explained: what is known of it, from which file and row, and why each rule set says what it says.

    gather.py   its rows in the lake, accepted or not        replay.py   the marts' own SQL, run again on those rows
    story.py    from tables to a page (JSON-able)            words.py    dates, values and reasons in words
    nearest.py  codes that may have been meant

Reads the lake and the publication; writes nothing (but, once per state of the dbt project, what dbt compiled).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import duckdb

from expectations.catalogue import load_catalogue
from pipelines.config import Settings
from pipelines.explain import words
from pipelines.explain.gather import Row, gather, normalised
from pipelines.explain.nearest import nearest
from pipelines.explain.replay import prepare, replay
from pipelines.explain.story import Page, names_of_codes, page
from pipelines.landing.lake import reading
from pipelines.portal.sql import load_macros
from pipelines.progress import Progress
from pipelines.sql import literal
from warehouse.build import build_fingerprint
from warehouse.calendar import revision_in
from warehouse.compiled import compiled_models
from warehouse.database import connect
from warehouse.publish import Publication
from warehouse.reading import published_now, require_province

__all__ = ["Explanation", "explain", "explain_each", "words"]


@dataclass(frozen=True)
class Explanation:
    """What there is to say of a code at a pair (as_of, known_at): a page per source, or the nearest codes.

    version: the publication whose files are meant. same_rules: it was computed by the rules of today's code. names:
    what codes are called, seed → code → (Vietnamese, English).
    """

    dossier_code: str
    as_of: datetime
    known_at: datetime | None
    version: str
    same_rules: bool
    pages: list[Page]
    nearest: list[Row]
    names: dict[str, dict[Any, tuple[str, str]]]

    @property
    def rules(self) -> dict[str, dict[str, str]]:
        """What the rules that the pages name say: id → message_vi, message_en."""
        named = {rule for page in self.pages for rule in page.flags}
        named |= {rule for page in self.pages for version in page.versions for rule in version.warnings}
        named |= {rule for page in self.pages for row in page.quarantined for rule in row.reasons}
        catalogue = {rule.id: rule for rule in load_catalogue().rules}
        return {
            rule: {"message_vi": catalogue[rule].message_vi, "message_en": catalogue[rule].message_en}
            for rule in sorted(named & catalogue.keys())
        }

    def document(self) -> dict[str, Any]:
        """Everything, for JSON; keys are stable."""
        document = {**asdict(self), "rules": self.rules}
        del document["names"]
        return document


def explain(
    settings: Settings, code: str, *, source: str | None = None, progress: Progress | None = None
) -> Explanation:
    """Explain a dossier at the settings' pair; what is not set is that of the published version.

    code: as people type it (portal-exports §5). source: that source's page only. progress: hears of what takes
    seconds, once per state of the dbt project. Raises NothingPublishedError, NationalVersionError,
    CompileError, CalendarError.
    """
    return explain_each(settings, [code], source=source, progress=progress)[0]


def explain_each(
    settings: Settings, typed: Sequence[str], *, source: str | None = None, progress: Progress | None = None
) -> list[Explanation]:
    """`explain` for several codes with one run of the rules, in their order."""
    published = published_now(settings)
    require_province(published)
    pair = (
        settings.as_of or datetime.fromisoformat(published.manifest["as_of"]),
        settings.known_at or _moment(published.manifest["known_at"]),
    )
    settings = _by_its_calendar(settings, published)
    same_rules = published.manifest["fingerprint"] == build_fingerprint(settings)
    project = compiled_models(settings, progress)
    with connect(settings) as con:
        _attach(con, published)
        load_macros(con)
        prepare(con, project)
        codes = [normalised(con, code) for code in typed]
        with reading(settings):
            senders = gather(con, settings, codes, pair[1])
        senders = [sender for sender in senders if source in (None, sender.source)]
        called: dict[str, dict[Any, tuple[str, str]]] = {}
        if senders:
            replay(con, settings, project, *pair)
            called = names_of_codes(con)
        found = []
        for code in codes:
            pages = [page(con, pair, sender, called) for sender in senders if sender.dossier_code == code]
            near = nearest(con, code) if code and not pages else []
            found.append(Explanation(code, *pair, published.version, same_rules, pages, near, called))
    return found


def _attach(con: duckdb.DuckDBPyConnection, published: Publication) -> None:
    path = literal(published.database.resolve())
    con.execute(f"attach {path} as published (read_only)")


def _by_its_calendar(settings: Settings, published: Publication) -> Settings:
    """What is explained is what was published: a calendar changed since then is not in it, unless it is asked for."""
    if settings.calendar_revision is not None:
        return settings
    revision = revision_in(published.manifest["definitions_version"])
    return settings.model_copy(update={"calendar_revision": revision})


def _moment(iso: str | None) -> datetime | None:
    return datetime.fromisoformat(iso) if iso else None
