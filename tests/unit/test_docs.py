"""The documentation: what can be said of its pages without running their commands (tests/integration/test_docs.py)."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from pipelines.config import load_settings
from tests.support.pages import DOCS, GUIDE_EN, GUIDE_VI, REPOSITORY, blocks, name, pairs

#: Language of a fenced block → why tests do not run it; those that they run are RUN.
NOT_RUN_LANGUAGES = {
    "console": "commands that cannot run here, each listed in NOT_RUN with its reason",
    "csv": "lines of a file of the reader's",
    "r": "R is not part of the environment",
    "text": "an example of what is printed, or of what a database administrator types",
}
RUN_LANGUAGES = ("sh", "bash", "sql", "python", "toml")
#: How a line of a console block begins → why it cannot run in the tests.
NOT_RUN = {
    "make ": "installs, runs the whole sample, or runs the tests themselves",
    "git pull": "changes the sources",
    "pip download": "fetches packages of the whole lock",
    "pip wheel": "fetches packages of Superset",
    "export DUNGHAN_BI_DSN=": "goes with `make bi`",
    "sudo ": "changes the machine's services",
    "psql ": "asks a server of the reader's",
    "export DAGSTER_HOME=": "goes with `dagster dev`",
    "printf 'lan": "writes a password for a web server of the reader's",
    "dagster dev ": "a server that runs until somebody stops it",
}
PAGES = [REPOSITORY / "README.md", *(page for pair in pairs() for page in pair)]
EXAMPLES = REPOSITORY / "tests" / "data"
VERDICTS = {
    "vi": {"trước hạn": "early", "đúng hạn": "on_time", "quá hạn": "late"},
    "en": {"early": "early", "on time": "on_time", "late": "late"},
}


@pytest.mark.parametrize("pair", pairs(), ids=lambda pair: name(pair[0]))
def test_a_page_has_the_same_commands_in_both_languages(pair: tuple[Path, Path]) -> None:
    vietnamese, english = pair
    assert vietnamese.exists(), f"{name(vietnamese)} is missing"
    assert english.exists(), f"{name(english)} is missing"
    shown = [
        [(block.language, block.code) for block in blocks(page) if block.language != "text"]
        for page in (vietnamese, english)
    ]
    assert shown[0] == shown[1]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_block_is_run_or_it_is_said_why_not(page: Path) -> None:
    for block in blocks(page):
        assert block.language in (*RUN_LANGUAGES, *NOT_RUN_LANGUAGES), f"```{block.language}: {block.text[:80]}"
        if block.language == "console":
            for line in block.code:
                assert line.startswith(tuple(NOT_RUN)), f"run it (```sh), or say in NOT_RUN why not: {line}"


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "toml")], ids=name)
def test_settings_of_a_page_are_accepted(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for block in blocks(page, "toml"):
        (tmp_path / "dunghan.toml").write_text(block.text, encoding="utf-8")
        load_settings()


def test_wrong_settings_of_a_page_would_not_be_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dunghan.toml").write_text('[digests.huyen_18]\nagenci = "H39.18"\n', encoding="utf-8")
    with pytest.raises(Exception, match="agenci"):
        load_settings()


@pytest.mark.parametrize("lang", VERDICTS)
def test_verdicts_that_the_page_on_figures_tells_are_those_of_the_worked_examples(lang: str) -> None:
    """The table of dossiers by rule sets: rows `…-0003, what it is`, columns rule sets."""
    expected = {
        (row["dossier_code"][-5:], row["rule_set"]): row["verdict"]
        for folder, as_of in (("worked_examples", "2024-05-31T23:59:59"), ("worked_examples_2", "2024-04-30T23:59:59"))
        for row in csv.DictReader((EXAMPLES / folder / "expected_verdicts.csv").open(encoding="utf-8"))
        if row["as_of"] == as_of and row["dossier_code"].startswith("H39.18.25-240304-")
    }
    page = (GUIDE_VI if lang == "vi" else GUIDE_EN) / "figures.md"
    rows = [line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| …-")]
    rule_sets = ("form_ii06", "portal_766", "citizen_handover", "first_appointment")
    told = {
        (row.split(",")[0].removeprefix("| …"), rule_set): VERDICTS[lang][cell.strip(" *")]
        for row in rows
        for rule_set, cell in zip(rule_sets, row.strip("| ").split("|")[1:], strict=True)
    }
    assert len(told) == 20
    assert told == {key: expected[key] for key in told}


def test_every_decision_is_in_the_list_of_decisions() -> None:
    listed = (DOCS / "decisions" / "README.md").read_text(encoding="utf-8")
    missing = [page.name for page in (DOCS / "decisions").glob("0*.md") if f"({page.name})" not in listed]
    assert missing == []
