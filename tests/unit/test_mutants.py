"""The list of mutants (tests/mutants) fits the dbt project as it is: each changes one text that is there."""

from __future__ import annotations

from pipelines.layout import DBT_PROJECT
from tests.mutants.mutants import ALIVE, MUTANTS, REBUILT


def test_every_mutant_changes_one_text_of_the_project() -> None:
    for mutant in MUTANTS:
        text = (DBT_PROJECT / mutant.file).read_text(encoding="utf-8")
        assert text.count(mutant.text) == 1, mutant
        assert mutant.instead != mutant.text, mutant
        assert mutant.file in REBUILT, mutant


def test_mutants_have_names_of_their_own() -> None:
    names = [(mutant.rule, mutant.name) for mutant in MUTANTS]
    assert len(set(names)) == len(names)
    assert ALIVE.keys() <= set(names)
