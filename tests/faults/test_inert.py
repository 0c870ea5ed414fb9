"""What data say is text everywhere: markup, Markdown, formulas and escapes of terminals that a sender put into names do
nothing in Dagster's pages, Great Expectations' pages, the report, workbooks, CSV files and on a terminal.

One nightly run over a sample whose agencies, procedures, units, files and a source are named so. (Published values that
turn hostile later: tests/integration/test_page.py, in a browser.)
"""

import csv
import json
import re
import zipfile
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import dagster as dg  # noqa: TID251  (what Dagster's pages show)
import lxml.html
import pytest

from pipelines.config import Settings, load_settings
from pipelines.orchestration.instance import open_instance
from pipelines.samples import LocalSystem, district_2024, generate
from tests.support.command import dunghan

pytestmark = [pytest.mark.faults, pytest.mark.slow]

MARKUP = "<img src=x onerror=alert(1)>"
LINK = "[xem](javascript:alert(1))"
#: A formula, markup, Markdown and an escape of a terminal; a bar would end a cell of a Markdown table.
HOSTILE = f"=1+1|{LINK}{MARKUP}\x1b[31m"
SPEC = district_2024(
    dossiers=120,
    mix={"early": 60, "late": 10, "on_time": 20},
    not_accepted=2,
    refused=2,
    local_system=LocalSystem(unsynchronised=6, only_portal=0.02, late=0.5, due_differs=0.03, report_extra=2),
)
NAMES = re.compile(r'("(?:TenDonVi|TENTTHC|LinhVuc|TenLinhVuc|DonViXuLy|departmentName)": ?")')


def command(settings: Settings, *arguments: str) -> str:
    """What one call of the command printed."""
    return dunghan(settings.layout.root, *arguments, inbox=Path(settings.drop_zone), expect=(0, 3))


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A warehouse after one run over the hostile sample."""
    folder = tmp_path_factory.mktemp("hostile")
    inbox = generate(SPEC, folder).inbox
    planted = json.dumps(HOSTILE)[1:-1].replace("\\", r"\\")
    for path in inbox.rglob("*.*json"):
        path.write_text(NAMES.sub(rf"\g<1>{planted} ", path.read_text(encoding="utf-8")), encoding="utf-8")
    dossiers = inbox / "dvcqg" / "dossiers"
    (dossiers / f"{HOSTILE}_20240531.csv").write_text(f"{HOSTILE},a\n1,2\n", encoding="utf-8")
    source = inbox / f"=a{MARKUP}[x](y)" / "dossiers"
    source.mkdir(parents=True)
    first = next(dossiers.glob("hoso_*.ndjson"))
    record = json.loads(first.read_text(encoding="utf-8").splitlines()[0])
    (source / "hoso_20240531.ndjson").write_text(json.dumps(record | {HOSTILE: "1"}) + "\n", encoding="utf-8")
    settings = load_settings(drop_zone=str(inbox), warehouse=folder / "warehouse", privacy_key="only-for-the-tests")
    command(settings, "run")
    return settings


def metadata(instance: dg.DagsterInstance) -> Iterator[tuple[str, dg.MetadataValue[Any]]]:
    """Every value that a run or check of it showed, by name."""
    for run in instance.get_runs():
        for entry in instance.all_logs(run.run_id):
            event = entry.dagster_event
            if event is None:
                continue
            if event.is_step_materialization:
                yield from event.step_materialization_data.materialization.metadata.items()
            elif event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
                yield from event.asset_check_evaluation_data.metadata.items()


def test_dagster_shows_text(here: Settings) -> None:
    with open_instance(here) as instance:
        shown = list(metadata(instance))
        keys = instance.get_asset_keys()
    tables = [value.md_str or "" for _, value in shown if isinstance(value, dg.MarkdownMetadataValue)]
    assert len(tables) >= 3
    for table in tables:
        assert "<img" not in table and "](javascript" not in table and "\x1b" not in table
    assert "\x1b" not in str([value.value for _, value in shown])
    assert len(keys) > 50
    assert [key for key in keys if not all(re.fullmatch("[a-z0-9_]+", part) for part in key.path)] == []


def test_pages_show_text(here: Settings, tmp_path: Path) -> None:
    command(here, "report", "--out", str(tmp_path / "page.html"))
    pages = [tmp_path / "page.html", *here.layout.quality.rglob("*.html"), *here.layout.published.rglob("*.html")]
    assert len(pages) > 5
    for path in pages:
        page = lxml.html.parse(str(path))
        assert page.xpath("//*[@onerror] | //img[@src='x'] | //a[starts-with(@href, 'javascript')]") == [], path
        assert "\x1b" not in path.read_text(encoding="utf-8")
    told = lxml.html.parse(str(tmp_path / "page.html")).xpath("string(//body)")
    assert MARKUP in told  # it was there to be shown, and is


def test_workbooks_and_csv_compute_nothing(here: Settings, tmp_path: Path) -> None:
    books = {
        "ledger.xlsx": ("export", "mart_load_ledger"),
        "agencies.xlsx": ("export", "dim_agency"),
        "overdue.xlsx": ("list", "overdue"),
        "form.xlsx": ("form", "--period", "2024-05"),
    }
    shown = ""
    for name, words in books.items():
        command(here, *words, "--out", str(tmp_path / name))
        with zipfile.ZipFile(tmp_path / name) as book:
            parts = {part: book.read(part).decode("utf-8") for part in book.namelist() if part.endswith(".xml")}
        found = "".join(parts.values())
        # the form adds up its own columns
        formulas = re.findall("<f>([^<]*)</f>", found)
        assert [formula for formula in formulas if not re.fullmatch(r"[A-Z0-9+:(),$SUM]+", formula)] == [], name
        assert not re.search("<(hyperlink|ddeLink)[ >]", found), name
        shown += found
    assert shown.count(escape(MARKUP, quote=False)) >= 3
    command(here, "export", "dim_agency", "--out", str(tmp_path / "agencies.csv"))
    with (tmp_path / "agencies.csv").open(encoding="utf-8-sig", newline="") as lines:
        cells = [cell for row in csv.reader(lines) for cell in row]
    assert any(MARKUP in cell for cell in cells)
    assert [cell for cell in cells if cell.startswith(("=", "+", "@", "\t", "\r"))] == []


def test_a_terminal_shows_text(here: Settings) -> None:
    for words in (["status"], ["ledger"], ["quarantine"], ["log"], ["digest"], ["list", "overdue"], ["reconcile"]):
        assert "\x1b" not in command(here, *words)
