"""The page as people get it: published with a run, read in a browser, printed; its figures are those of the marts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import lxml.html
import pytest

from pipelines.config import Settings, load_settings
from pipelines.orchestration.record import RunRecord
from pipelines.orchestration.runner import exit_code
from pipelines.serving.page import LARGEST, page_writer
from tests.support.command import dunghan
from tests.support.district import District
from tests.support.province import add_version
from tests.support.small_build import green_nightly_run, settings_in
from warehouse.publish import current, publish
from warehouse.status import figures

pytestmark = pytest.mark.integration

HOSTILE = """<script>document.title="hit"</script>"><img src=x onerror='document.title="hit"'>"""


@pytest.fixture(scope="module")
def warehouse(district: District) -> Path:
    return district.warehouse


def copied(warehouse: Path, folder: Path) -> Path:
    """What is published, copied, to be changed."""
    shutil.copytree(warehouse / "published", folder / "published", symlinks=True)
    return folder


def report(warehouse: Path, target: Path, *arguments: str) -> lxml.html.HtmlElement:
    dunghan(warehouse, "report", "-o", str(target), *arguments)
    return lxml.html.fromstring(target.read_text(encoding="utf-8"))


@contextmanager
def marts(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(duckdb.connect(str(warehouse / "published" / "dunghan.duckdb"), read_only=True)) as con:
        yield con


def settings_of(warehouse: Path) -> Settings:
    return load_settings(warehouse=warehouse)


def cells(page: lxml.html.HtmlElement, table: str) -> list[list[str]]:
    """What stands in the body of a table."""
    return [
        [" ".join(cell.text_content().split()) for cell in row]
        for row in page.xpath(f"//table[@id='{table}']/tbody/tr")
    ]


def number(text: str) -> int:
    return int(text.replace(".", "").replace("−", "-"))


def headline(page: lxml.html.HtmlElement, source: str) -> dict[str, str]:
    found = page.xpath(f"//div[@id='source-{source}']//li[@data-measure]")
    return {card.get("data-measure"): card.xpath("string(.//strong)") for card in found}


# ---- what a run leaves -----------------------------------------------------------------------------------------------


def test_a_run_publishes_the_page_with_the_figures(warehouse: Path) -> None:
    published = warehouse / "published"
    now = current(settings_of(warehouse))
    assert now is not None
    assert (published / "report.html").resolve() == now.folder / "report.html"
    text = (published / "report.html").read_text(encoding="utf-8")
    assert now.version in text and 'lang="vi"' in text
    assert json.loads((warehouse / "state" / "last-run.json").read_text())["missing"] == []
    assert "http://" not in text.replace("http://www.w3.org/", "") and "https://" not in text


def test_a_page_that_cannot_be_made_does_not_fail_the_publication(tmp_path: Path) -> None:
    """A build without most marts: the page cannot be made of it."""
    settings = settings_in(tmp_path)
    missing: list[str] = []
    done = publish(settings, green_nightly_run(settings, 1), also=page_writer(settings, missing.append))
    assert current(settings) == done
    assert len(missing) == 1 and missing[0].startswith("report.html: ")
    assert sorted(path.name for path in done.folder.iterdir()) == [
        *("dunghan.duckdb", "manifest.json", "marts.duckdb", "parquet"),
    ]
    record = RunRecord(run_id="1", job="nightly_job", outcome="published", missing=missing)
    assert exit_code(settings, record) == 3


# ---- figures ---------------------------------------------------------------------------------------------------------


def test_the_headline_is_that_of_status(warehouse: Path) -> None:
    page = lxml.html.parse(str(warehouse / "published" / "report.html")).getroot()
    told = figures(settings_of(warehouse))
    assert len(told) >= 2
    for row in told:
        shown = headline(page, row["source"])
        assert number(shown["received"]) == row["received"]
        assert number(shown["resolved"]) == row["resolved"]
        assert number(shown["overdue"]) == row["pending_overdue"]
        rate = 100 * float(row["early"] + row["on_time"]) / float(row["resolved"])
        assert shown["rate"] == f"{rate:.2f} %".replace(".", ",")


@pytest.mark.parametrize(
    ("measure", "query"),
    [
        ("due_soon", "select count(*) from marts.mart_due_soon where rule_set = 'form_ii06' and source = $source"),
        (
            "apologies",
            """select count(*) from marts.mart_due_soon
            where rule_set = 'form_ii06' and apology_due and source = $source""",
        ),
        ("waiting", "select count(*) from marts.mart_waiting_acceptance where over_8_hours and source = $source"),
        (
            "reappointed",
            """select count(*) from marts.fct_dossiers
            where list_contains(flags, 'WRN_REAPPOINTED') and source = $source""",
        ),
        (
            "overdue",
            "select sum(dossiers) from marts.mart_overdue_aging where rule_set = 'form_ii06' and source = $source",
        ),
    ],
)
def test_every_other_figure_is_that_of_its_mart(warehouse: Path, measure: str, query: str) -> None:
    page = lxml.html.parse(str(warehouse / "published" / "report.html")).getroot()
    with marts(warehouse) as con:
        for source in ("dvcqg", "motcua"):
            (said,) = con.execute(query, {"source": source}).fetchone() or (None,)
            assert number(headline(page, source)[measure]) == said


def test_tables_hold_the_rows_of_their_marts(warehouse: Path) -> None:
    page = lxml.html.parse(str(warehouse / "published" / "report.html")).getroot()
    with marts(warehouse) as con:
        aging = con.execute(
            """select agency_code, sum(dossiers) from marts.mart_overdue_aging
            where source = 'dvcqg' and rule_set = 'form_ii06' group by 1"""
        ).fetchall()
        scores = con.execute(
            "select agency_code, received, resolved, overdue from marts.mart_agency_scorecard where source = 'dvcqg'"
        ).fetchall()
        late = con.execute(
            """select dossier_code from marts.mart_overdue_dossiers
            where source = 'dvcqg' and rule_set = 'form_ii06'"""
        ).fetchall()
        backlog = con.execute(
            """select strftime(day, '%d/%m/%Y'), sum(pending_in_time), sum(pending_overdue)
            from marts.mart_backlog_daily where source = 'dvcqg' group by day"""
        ).fetchall()
        points = con.execute(
            """select score from marts.mart_progress_766 where source = 'dvcqg' and period = '2024' and level = 1"""
        ).fetchall()
    assert aging and late
    assert {(row[0].split()[-1], number(row[7])) for row in cells(page, "overdue-agencies-dvcqg")} == set(aging)
    shown = {(r[0].split()[-1], number(r[1]), number(r[2]), number(r[7])) for r in cells(page, "agencies-dvcqg")}
    assert shown == set(scores)
    assert sorted(row[0] for row in cells(page, "overdue-list-dvcqg")) == sorted(code for (code,) in late)
    days = {(row[0], number(row[3]), number(row[4])) for row in cells(page, "backlog-table-dvcqg")}
    assert days <= set(backlog) and len(days) == len(backlog)
    assert float(cells(page, "index-table-dvcqg")[0][4].replace(",", ".")) == points[0][0]


def test_what_exports_cannot_tell_is_a_dash(warehouse: Path) -> None:
    page = lxml.html.parse(str(warehouse / "published" / "report.html")).getroot()
    told = {row[0]: row[1:7] for row in cells(page, "index-table-dvcqg")}
    assert set(told["Nhóm 1 – chỉ số 1.1"]) == {"–"}


def test_changes_since_the_version_before_and_the_year_before(warehouse: Path, tmp_path: Path) -> None:
    changed = copied(warehouse, tmp_path / "changed")
    add_version(changed / "published", copies=3, overdue=2, a_year_before=True)
    page = report(changed, tmp_path / "changed.html")
    then, now = (
        headline(lxml.html.parse(str(warehouse / "published" / "report.html")).getroot(), "dvcqg"),
        headline(page, "dvcqg"),
    )
    card = page.xpath("//div[@id='source-dvcqg']//li[@data-measure='overdue']")[0]
    before, last = card.xpath(".//dd")
    assert number(before.text) == number(now["overdue"]) - number(then["overdue"]) > 0
    assert "worse" in before.get("class")
    with marts(changed) as con:
        (year_before,) = con.execute(
            """select sum(pending_overdue) from marts.mart_backlog_daily
            where source = 'dvcqg' and day = (as_of - interval 1 year)::date"""
        ).fetchone() or (None,)
    assert number(last.text) == number(now["overdue"]) - year_before
    # a version of the same year, but nothing of the year before
    first = page.xpath("string(//div[@id='source-dvcqg']//p[@class='compared'])")
    assert "31/05/2023" in first and "bản chốt đến 23:59 31/05/2024" in first


def test_of_an_agency_only_what_is_below_it(warehouse: Path, tmp_path: Path) -> None:
    page = report(warehouse, tmp_path / "one.html", "--agency", "H39.18.11")
    assert {row[0].split()[-1] for row in cells(page, "agencies-dvcqg")} == {"H39.18.11"}
    with marts(warehouse) as con:
        (received,) = con.execute(
            """select sum(received_total) from marts.rpt_form_ii06 where source = 'dvcqg' and period = '2024'
            and scheme = 'calendar' and agency_code = 'H39.18.11'"""
        ).fetchone() or (None,)
    assert number(headline(page, "dvcqg")["received"]) == received
    assert "H39.18.12" not in (tmp_path / "one.html").read_text()


def test_wrong_names_are_told_with_the_near_ones(warehouse: Path, tmp_path: Path) -> None:
    said = dunghan(warehouse, "report", "--agency", "H39.81", "-o", str(tmp_path / "x.html"), expect=(2,))
    assert "Không có cơ quan H39.81" in said and "H39.18" in said
    dunghan(warehouse, "report", "--version", "no", "-o", str(tmp_path / "x.html"), expect=(1,))
    assert not list(tmp_path.iterdir())


def test_english_is_english_alone(warehouse: Path, tmp_path: Path) -> None:
    page = report(warehouse, tmp_path / "en.html", "--lang", "en")
    ours = " ".join(page.xpath("//h1/text() | //h3/text() | //th[@scope='col']/text() | //label/text() | //dt/text()"))
    assert "Overdue dossiers" in ours
    assert not [letter for letter in ours if letter in "ảạấầẩậắặẹệịọốộởợụứữựỳđ"]


def test_a_province_stays_within_the_bound(warehouse: Path, tmp_path: Path) -> None:
    """160 agencies of two systems and tens of thousands of overdue dossiers."""
    province = copied(warehouse, tmp_path / "province")
    add_version(province / "published", copies=10, overdue=2000, a_year_before=True)
    target = tmp_path / "province.html"
    page = report(province, target)
    assert len(cells(page, "agencies-dvcqg")) >= 150
    assert number(headline(page, "dvcqg")["overdue"]) > 20_000
    assert target.stat().st_size <= LARGEST
    said = page.xpath("string((//section[@id='overdue-dvcqg']//p[@class='cut'])[1])")
    assert f"trong {headline(page, 'dvcqg')['overdue']} dòng" in said and "dunghan list overdue -o" in said


# ---- in a browser ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no Chromium: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])


@contextmanager
def opened(browser: Any, path: Path, width: int = 1280) -> Iterator[Any]:
    """The page in a tab of its own; at the end nothing was complained of and nothing but the file was asked for."""
    complaints: list[str] = []
    asked: list[str] = []

    def let_through(route: Any) -> None:
        asked.append(route.request.url)
        route.continue_()

    with closing(browser.new_context(viewport={"width": width, "height": 900})) as context:
        context.route("**/*", let_through)
        tab = context.new_page()
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.goto(path.as_uri())
        yield tab
    assert complaints == []
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]


@pytest.fixture(scope="module")
def page_file(warehouse: Path) -> Path:
    return (warehouse / "published" / "report.html").resolve()


def shown(tab: Any, table: str) -> list[str]:
    """First cells of the rows of a table that are not hidden."""
    rows = tab.locator(f"#{table} tbody tr:not([hidden]) > *:first-child")
    return [text.strip() for text in rows.all_text_contents()]


def test_one_source_at_a_time(browser: Any, page_file: Path) -> None:
    with opened(browser, page_file) as tab:
        assert tab.locator("div.source:visible").count() == 1
        assert tab.locator("#source-dvcqg").is_visible()
        tab.get_by_role("button", name="Hệ thống một cửa").click()
        assert tab.locator("#source-motcua").is_visible() and tab.locator("#source-dvcqg").is_hidden()
        tab.goto(f"{page_file.as_uri()}#overdue-dvcqg")
        assert tab.locator("#source-dvcqg").is_visible(), "a link into a source shows it"


def test_charts_are_there(browser: Any, page_file: Path) -> None:
    with opened(browser, page_file) as tab:
        sizes = tab.evaluate("[...document.images].map(image => [image.complete, image.naturalWidth])")
    assert len(sizes) >= 8 and all(complete and width > 300 for complete, width in sizes)


def test_filters_by_agency_and_field_count_the_headline_anew(browser: Any, warehouse: Path, page_file: Path) -> None:
    with marts(warehouse) as con:
        agency, field, received = con.execute(
            """select agency_code, field_code, sum(received_total)::int from marts.rpt_form_ii06
            where source = 'dvcqg' and scheme = 'calendar' and period = '2024' group by all order by 3 desc limit 1"""
        ).fetchone() or ("", "", 0)
        (of_agency,) = con.execute(
            """select sum(received_total)::int from marts.rpt_form_ii06
            where source = 'dvcqg' and scheme = 'calendar' and period = '2024' and
                (agency_code = $agency or starts_with(agency_code, $agency || '.'))""",
            {"agency": agency},
        ).fetchone() or (0,)
        (of_both,) = con.execute(
            """select sum(received_total)::int from marts.rpt_form_ii06
            where source = 'dvcqg' and scheme = 'calendar' and period = '2024' and field_code = $field and
                (agency_code = $agency or starts_with(agency_code, $agency || '.'))""",
            {"agency": agency, "field": field},
        ).fetchone() or (0,)
    assert received <= of_both < of_agency
    value = "#source-dvcqg [data-measure=received] .value"
    with opened(browser, page_file) as tab:
        written = tab.locator(value).inner_text()
        tab.select_option("#agency", agency)
        assert number(tab.locator(value).inner_text()) == of_agency
        assert "trong" in tab.locator("#source-dvcqg [data-measure=rate] .under").inner_text(), (
            "the denominator is said"
        )
        tab.select_option("#field", field)
        assert number(tab.locator(value).inner_text()) == of_both
        assert tab.locator("#filtered").inner_text().startswith("Đang lọc")
        tab.click("#clear")
        assert tab.locator(value).inner_text() == written
        assert tab.locator("#filtered").inner_text() == ""


def test_counts_of_the_script_are_those_of_the_page(page_file: Path) -> None:
    """What page.js adds up when nothing is left out is what stands on the page."""
    page = lxml.html.parse(str(page_file)).getroot()
    data = json.loads(page.xpath("string(//script[@id='data'])"))
    for source, counts in data["sources"].items():
        sums = [sum(line[column] for line in counts["now"]) for column in range(2, 12)]
        said = headline(page, source)
        assert number(said["received"]) == sums[0]
        assert number(said["resolved"]) == sum(sums[1:4])
        assert number(said["overdue"]) == sums[5]
        assert [number(said[name]) for name in ("due_soon", "apologies", "waiting", "reappointed")] == sums[6:]


def test_a_figure_leads_to_its_list(browser: Any, page_file: Path) -> None:
    with opened(browser, page_file) as tab:
        link = tab.locator("#overdue-agencies-dvcqg a[data-pick]").last
        code, said = link.get_attribute("data-pick"), number(link.inner_text())
        every = len(shown(tab, "overdue-list-dvcqg"))
        link.click()
        assert tab.url.endswith("#overdue-list-dvcqg")
        codes = tab.locator("#overdue-list-dvcqg tbody tr:not([hidden])").evaluate_all(
            "rows => rows.map(r => r.dataset.a)"
        )
        assert codes and all(f"{one}.".startswith(f"{code}.") for one in codes)
        assert said <= len(codes) <= every
        targets = tab.locator("main a[href^='#']").evaluate_all(
            "links => links.map(a => a.getAttribute('href').slice(1))"
        )
        missing = [one for one in set(targets) if not tab.evaluate("id => !!document.getElementById(id)", one)]
        assert missing == []


def test_the_search_ignores_diacritics(browser: Any, page_file: Path) -> None:
    with opened(browser, page_file) as tab:
        every = shown(tab, "waiting-list-dvcqg")
        name = tab.locator("#waiting-list-dvcqg tbody tr td:nth-child(3)").first.inner_text()
        results = []
        for text in (name, name.upper(), without_marks(name)):
            tab.fill("#text", text)
            results.append(shown(tab, "waiting-list-dvcqg"))
        tab.fill("#text", "không thể có chữ này")
        assert shown(tab, "waiting-list-dvcqg") == []
    assert without_marks(name) != name
    assert results[0] and results[0] == results[1] == results[2]
    assert len(results[0]) <= len(every)


def without_marks(text: str) -> str:
    import unicodedata

    folded = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in folded if not unicodedata.combining(letter))


@pytest.mark.parametrize("width", [1280, 390])
def test_an_accessibility_checker_finds_nothing_serious(browser: Any, page_file: Path, width: int) -> None:
    from axe_playwright_python.sync_playwright import Axe

    with opened(browser, page_file, width) as tab:
        tab.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
        found = Axe().run(tab).response["violations"]
    serious = [(one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] in ("serious", "critical")]
    assert serious == []


def test_a_phone_scrolls_the_body_in_one_direction_only(browser: Any, page_file: Path) -> None:
    with opened(browser, page_file, 390) as tab:
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390


def test_it_prints_on_sheets_of_a4(browser: Any, page_file: Path, tmp_path: Path) -> None:
    import io

    from pypdf import PdfReader

    with opened(browser, page_file) as tab:
        printed = PdfReader(io.BytesIO(tab.pdf(prefer_css_page_size=True)))
    sheet = printed.pages[0].mediabox
    assert (round(float(sheet.width)), round(float(sheet.height))) == (595, 842)
    assert len(printed.pages) <= 20
    first = printed.pages[0].extract_text()
    assert "Việc cần chỉ đạo" in first and "Bỏ lọc" not in first


def test_values_planted_as_markup_do_nothing(browser: Any, warehouse: Path, tmp_path: Path) -> None:
    planted = copied(warehouse, tmp_path / "planted")
    add_version(planted / "published")
    path = (planted / "published" / "dunghan.duckdb").resolve()
    with closing(duckdb.connect(str(path))) as con:
        for table, column in con.execute(
            """select table_name, column_name from duckdb_columns()
            where schema_name = 'marts' and data_type = 'VARCHAR' and column_name <> 'file_name'
                and regexp_matches(column_name, '(^|_)(name|message|advice|sentence)(_vi)?$')"""
        ).fetchall():
            con.execute(f'update marts."{table}" set "{column}" = ? || "{column}"', [HOSTILE])
        con.execute("update marts.mart_load_ledger set attention_details = [? ]", [f"WRN_X: {HOSTILE}"])
    target = tmp_path / "planted.html"
    page = report(planted, target)
    assert page.xpath("//*[@onerror]") == [] and len(page.xpath("//script")) == 3
    assert HOSTILE in page.xpath("string(//table[@id='agencies-dvcqg']/tbody)")
    assert HOSTILE in page.xpath("string(//table[@id='attention-table'])")
    with opened(browser, target) as tab:
        tab.select_option("#agency", index=1)
        tab.fill("#text", "script")
        tab.click("#clear")
        assert tab.title() == "Tình hình giải quyết thủ tục hành chính – Toàn bộ cơ quan trong kho dữ liệu"
