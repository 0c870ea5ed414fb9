"""The page: one HTML file of a version that needs nothing else, for the people who decide (decision 0024).

answers   the answers of the version and of the one before
headline, sections   words and tables made of them (`model`), charts as images (`charts`)
template.html.j2, page.css, page.js   how it looks and filters; laid into the file
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

from pipelines.config import Settings
from pipelines.errors import safe_text
from pipelines.files import write_whole
from pipelines.formats import Formats
from pipelines.offers import offered
from pipelines.serving.page.answers import UnknownAgencyError, read
from pipelines.serving.page.headline import CARDS
from pipelines.serving.page.model import Page
from pipelines.serving.page.words import Words
from pipelines.serving.published import Published, open_published, opened
from warehouse.publish import PAGE, Publication
from warehouse.reading import made_before

__all__ = ["LARGEST", "UnknownAgencyError", "page_writer", "render", "write_page"]

HERE = Path(__file__).parent
#: Bytes of a page; lists are cut until it is no larger.
LARGEST = 2_000_000
#: Rows of a list, tried one after the other.
_LENGTHS = (200, 100, 50, 25, 10)


def page_writer(settings: Settings, failed: Callable[[str], None]) -> Callable[[Publication], None]:
    """What `warehouse.publish.publish` calls with the finished version. The page never fails a publication: what went
    wrong is told to `failed`, in words that are safe to store."""

    def write(publication: Publication) -> None:
        try:
            with opened(settings, publication) as published, _before(settings, publication) as before:
                text = render(published, before, settings.lang)
            write_whole(publication.folder / PAGE, text)
        except Exception as error:
            failed(f"{PAGE}: {safe_text(error)}")

    return write


def write_page(settings: Settings, target: Path, *, agency: str | None = None, version: str | None = None) -> int:
    """Write the page of a version (default: the published one), of `agency` and those below it; returns its bytes.

    Raises NothingPublishedError, UnknownAgencyError, OSError.
    """
    with (
        open_published(settings, version) as published,
        _before(settings, published.publication) as before,
    ):
        text = render(published, before, settings.lang, agency=agency)
    data = text.encode()
    write_whole(target, data)
    return len(data)


def render(published: Published, before: Published | None, lang: str, *, agency: str | None = None) -> str:
    """The page as text, at most LARGEST bytes of UTF-8 where the shortest lists allow it.

    before: the version to compare with. Raises UnknownAgencyError.
    """
    from pipelines.serving.page.compose import compose

    if agency is not None:
        _known(published, agency, Words(lang))
    return fitted(compose(read(published, before, agency, _LENGTHS[0]), lang))


def fitted(page: Page) -> str:
    """The page as text, its lists as long as LARGEST allows."""
    from pipelines.serving.page.compose import shorten

    text = ""
    for length in _LENGTHS:
        text = _laid_out(shorten(page, length))
        if len(text.encode()) <= LARGEST:
            break
    return text


def _laid_out(page: Page) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from pipelines.serving.page.compose import Cells

    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    style, script = (HERE.joinpath(name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    return environment.get_template("template.html.j2").render(
        page=page,
        t=Words(page.lang),
        cells=Cells(page),
        count=Formats(page.lang).number,
        under=_under(Words(page.lang)),
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def _under(words: Words) -> dict[str, str]:
    """What page.js writes below the figures of what is chosen, with places for counts: by their names. What was carried
    over is not told by agency and field."""
    told = {name: words.raw(f"card.{name}.under") for name in CARDS}
    return told | {"received": ""}


def _hash(text: str) -> str:
    """As a Content-Security-Policy names what it allows."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _known(published: Published, agency: str, words: Words) -> None:
    codes = [row["agency_code"] for row in published.rows("page_codes")]
    if not any(code == agency or code.startswith(f"{agency}.") for code in codes):
        raise UnknownAgencyError(words("unknown_agency", agency=agency, near=offered(agency, codes)))


@contextlib.contextmanager
def _before(settings: Settings, publication: Publication) -> Iterator[Published | None]:
    """The newest version that was made before this one."""
    older = made_before(settings, publication)
    if not older:
        yield None
        return
    with opened(settings, older[0]) as published:
        yield published
