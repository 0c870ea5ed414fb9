"""The documentation: its commands are run, page by page, and its site is built strictly and asks nobody.

What a page may hold and what stands for what: CONTRIBUTING, "A page". Pages of both languages have the same commands
(tests/unit/test_docs.py), so the Vietnamese ones are run.
"""

from __future__ import annotations

import functools
import html.parser
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from pipelines.samples import build_spec, generate
from tests.support.command import KEY
from tests.support.district import District
from tests.support.pages import GUIDE_VI, REPOSITORY, RUNBOOKS_VI, Block, blocks, name

pytestmark = pytest.mark.integration

PAGES = [
    page
    for page in (REPOSITORY / "README.md", *sorted(GUIDE_VI.glob("*.md")), *sorted(RUNBOOKS_VI.glob("*.md")))
    if blocks(page, "sh", "bash", "sql", "python")
]
#: Pages whose commands are run every time; `make slow` runs those of all.
ALWAYS = {"README.md", "start.md"}
#: How a command begins → the exit statuses but 0 that it may have, because the sample holds bad rows on purpose (3) or
#: because two versions differ (1): the page says so.
MAY_END_WITH = {
    "dunghan run": {3},
    "dunghan backfill": {3},
    "dunghan compare": {1},
    "dunghan status": {3},
}


@dataclass(frozen=True)
class Prepared:
    """Folders of a reader who has loaded the sample, a sheet not loaded yet, and the code of a dossier."""

    inbox: Path
    warehouse: Path
    sheet: Path
    dossier: str


def environment(inbox: Path, warehouse: Path) -> Mapping[str, str]:
    """The reader's: nothing of DUNGHAN_… but the folders, `dunghan` on the path, and the sources of this checkout."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("DUNGHAN_", "DAGSTER_"))}
    return clean | {
        "DUNGHAN_DROP_ZONE": str(inbox),
        "DUNGHAN_WAREHOUSE": str(warehouse),
        "DUNGHAN_PRIVACY_KEY": KEY,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(REPOSITORY),
    }


@pytest.fixture(scope="module")
def prepared(district: District, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    inbox, warehouse = district.inbox, district.warehouse
    with duckdb.connect(warehouse / "published" / "dunghan.duckdb", read_only=True) as con:
        [(dossier,)] = con.execute(
            "select dossier_code from marts.mart_late_dossiers where rule_set = 'form_ii06' order by 1 limit 1"
        ).fetchall()
    sheets = generate(
        build_spec(None, (), (), dossiers=30, nights=1, shape="html"), tmp_path_factory.mktemp("sheets")
    ).inbox
    return Prepared(inbox, warehouse, next(sheets.glob("*/dossiers/*.xls")), dossier)


@dataclass(frozen=True)
class Reader:
    """A folder of its own for one page: the warehouse as it was after the first run, a file to inspect."""

    folder: Path
    inbox: Path
    warehouse: Path
    dossier: str

    def fill(self, block: Block) -> str:
        """The block with what the page's placeholders stand for."""
        stands_for = {"MA_HO_SO": self.dossier, "/srv/exports": str(self.inbox), "/srv/dunghan": str(self.warehouse)}
        return re.sub("|".join(map(re.escape, stands_for)), lambda match: stands_for[match[0]], block.text)

    def run(self, *command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        env = environment(self.inbox, self.warehouse)
        return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=900)


@pytest.fixture
def reader(prepared: Prepared, tmp_path: Path) -> Reader:
    warehouse = shutil.copytree(prepared.warehouse, tmp_path / "warehouse", symlinks=True)
    activate = tmp_path / ".venv" / "bin" / "activate"  # of the environment that is active already
    activate.parent.mkdir(parents=True)
    activate.touch()
    shutil.copy(prepared.sheet, tmp_path / "bao-cao-thang-5.xls")
    return Reader(tmp_path, prepared.inbox, warehouse, prepared.dossier)


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, id=name(page), marks=[] if page.name in ALWAYS else pytest.mark.slow) for page in PAGES],
)
def test_what_a_page_says_can_be_done(page: Path, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    run_commands(reader, [reader.fill(block) for block in blocks(page, "sh", "bash")])
    python = "\n".join(reader.fill(block) for block in blocks(page, "python"))
    if python:
        done = reader.run(sys.executable, "-c", python, cwd=reader.warehouse)
        assert done.returncode == 0, done.stderr
    monkeypatch.chdir(reader.warehouse)
    with duckdb.connect() as con:
        for block in blocks(page, "sql"):
            assert con.execute(block.text).fetchall(), f"gives no row: {block.text}"


def run_commands(reader: Reader, commands: list[str]) -> None:
    """Run the blocks of a page in one shell; every command ends with 0, or as MAY_END_WITH says."""
    failed = reader.folder / "failed"
    trap = f"""trap 'echo "$? $BASH_COMMAND" >> {failed}' ERR"""
    done = reader.run("bash", "-c", "\n".join([trap, *commands]), cwd=reader.folder)
    for line in failed.read_text(encoding="utf-8").splitlines() if failed.exists() else ():
        status, command = line.split(" ", 1)
        allowed = next((found for start, found in MAY_END_WITH.items() if command.startswith(start)), set())
        assert int(status) in allowed, f"{line}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"


# --- the site ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both languages as `make site` builds them."""
    pytest.importorskip("material", reason="the extra docs is not installed")
    folder = tmp_path_factory.mktemp("site")
    for config, target in (("mkdocs.yml", folder), ("mkdocs.en.yml", folder / "en")):
        done = subprocess.run(
            [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", config, "-d", str(target)],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        # A link to a page of the other language: mkdocs only informs of it.
        assert "excluded from the built site" not in done.stderr, done.stderr
    return folder


class Asked(html.parser.HTMLParser):
    """What a browser fetches by itself for a page."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "img", "link", "iframe", "source"):
            self.addresses += [value for key, value in attrs if key in ("src", "href") and value]


def test_no_page_of_the_site_asks_another_host(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 60
    foreign = {(page.name, found) for page in pages for found in Asked(page).addresses if re.match(r"(\w+:)?//", found)}
    assert foreign == set()


def test_both_languages_have_a_home_that_names_the_other(site: Path) -> None:
    for home, other in (("index.html", "en/index.html"), ("en/index.html", "../index.html")):
        assert f'href="{other}"' in (site / home).read_text(encoding="utf-8")
        assert (site / home).parent.joinpath(other).exists()


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    handler = functools.partial(QuietHandler, directory=str(site))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def test_the_search_works_in_a_browser_that_reaches_no_other_host(address: str) -> None:
    sync_api = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is not on this machine")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        asked: list[str] = []
        errors: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
        page.goto(f"{address}/guide/vi/load.html")
        page.locator("label[for=__search]").first.wait_for(state="attached")
        page.keyboard.press("s")
        page.keyboard.type("thư xin lỗi", delay=20)
        page.locator(".md-search-result__item").first.wait_for(timeout=20_000)
        browser.close()
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
    assert errors == []
