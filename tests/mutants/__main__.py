"""Builds every mutant of the rules of definitions 2.0 and says which test notices it.

    python -m tests.mutants [--only WORD] [--folder DIR]

A mutant is noticed by a unit test of the dbt project, or by the marts of a random world against the oracle
(tests/integration/test_marts_two.py), or by worked examples (tests/data). Prints the table of docs/architecture.md;
exit status 1 when a mutant lives that is not named in ALIVE. Takes about a quarter of a minute for each.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.layout import DBT_PROJECT
from tests.integration import test_marts_two as marts_two
from tests.integration.test_dbt_marts import NO_TESTS, World
from tests.mutants.mutants import ALIVE, MUTANTS, REBUILT, Mutant
from tests.oracle import drop_zone
from tests.oracle.timeliness import Oracle
from tests.support.validated import Dbt, load

#: Those of definitions 2.0.
EXAMPLES = [Path(__file__).parents[1] / "data" / "worked_examples_2"]
CHECKS: tuple[Callable[[World], None], ...] = (
    marts_two.test_verdicts_are_the_oracles,
    marts_two.test_flags_are_the_oracles,
    marts_two.test_letters_of_apology_are_owed_by_the_oracles_calendar,
    marts_two.test_agencies_are_ranked_among_their_kind,
)
NEEDED = (
    *("+fct_verdicts", "+fct_dossiers", "+mart_due_soon", "+mart_overdue_dossiers", "+mart_agency_scorecard"),
    "+int_due_moves",
)


class KnownWorld(marts_two.StepWorld):
    """The world, whose oracle is asked once: it does not depend on the project."""

    def __init__(self, scratch: Path) -> None:
        super().__init__(scratch)
        self._oracle = super().oracle()

    def oracle(self, known_at: datetime | None = None) -> Oracle:
        assert known_at is None
        return self._oracle


class Laboratory:
    """A copy of the dbt project in which one rule at a time is wrong, a random world and the worked examples."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "dbt_project"
        shutil.copytree(DBT_PROJECT, self.project, ignore=shutil.ignore_patterns("target", "logs"))
        (folder / "world").mkdir()
        self.world = KnownWorld(folder / "world")
        self.world.dbt = replace(self.world.dbt, project=self.project)
        self.world.build("--select", *NEEDED, *NO_TESTS)
        self.right = folder / "right.duckdb"
        shutil.copy(self.world.dbt.database, self.right)
        self.examples: list[tuple[Path, Dbt]] = []
        for place in EXAMPLES:
            scratch = folder / place.name
            scratch.mkdir()
            dbt = Dbt(scratch / "build.duckdb", self.world.dbt.scratch, self.project)
            with duckdb.connect(str(dbt.database)) as con:
                load(con, drop_zone.read(place / "inbox"))
            self.examples.append((place, dbt))

    def noticed_by(self, mutant: Mutant) -> str:
        """The first test that fails, empty when none does."""
        path = self.project / mutant.file
        right = path.read_text(encoding="utf-8")
        path.write_text(right.replace(mutant.text, mutant.instead), encoding="utf-8")
        # what another mutant built is forgotten
        shutil.copy(self.right, self.world.dbt.database)
        try:
            return next(self.failures(REBUILT[mutant.file]), "")
        finally:
            path.write_text(right, encoding="utf-8")

    def failures(self, models: Sequence[str]) -> Iterator[str]:
        """Tests that fail: unit tests of these models, which are built; then the world, then the examples."""
        try:
            self.world.build("--select", *models, "--exclude-resource-type", "test", "--fail-fast")
        except AssertionError:
            results = json.loads((self.world.dbt.scratch / "target" / "run_results.json").read_text(encoding="utf-8"))
            failed = [r for r in results["results"] if r["status"] in ("fail", "error")]
            yield from (
                f"dbt: {r['unique_id'].split('.')[-1]}" for r in failed if r["unique_id"].startswith("unit_test")
            )
            yield f"no SQL: {[r['unique_id'] for r in failed]}"
        for check in CHECKS:
            try:
                check(self.world)
            except AssertionError:
                yield f"oracle: {check.__name__}"
        for place, dbt in self.examples:
            if wrong := _wrong_examples(place, dbt):
                yield f"{place.name}: {wrong}"


def _wrong_examples(place: Path, dbt: Dbt) -> str:
    """The first dossier whose verdict at some pair is not the expected one."""
    with (place / "expected_verdicts.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for as_of, known_at in sorted({(row["as_of"], row["known_at"]) for row in rows}):
        known = datetime.fromisoformat(known_at) if known_at else None
        dbt(
            "build", "--full-refresh", "--select", "+fct_verdicts", *NO_TESTS,
            as_of=datetime.fromisoformat(as_of), known_at=known,
        )  # fmt: skip
        with duckdb.connect(str(dbt.database), read_only=True) as con:
            found = con.execute("select dossier_code, rule_set, verdict, reason from marts.fct_verdicts").fetchall()
        actual = {row[:2]: row[2:] for row in found}
        for row in rows:
            if (row["as_of"], row["known_at"]) == (as_of, known_at) and (
                actual.get((row["dossier_code"], row["rule_set"])) != (row["verdict"], row["reason"])
            ):
                return str(row["dossier_code"])
    return ""


def main() -> int:
    """Runs, prints a line per mutant and the table, says whether one lives that should not."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("--only", default="", help="mutants whose rule or name holds this word")
    parser.add_argument("--folder", type=Path, help="where to work; default: a temporary folder")
    arguments = parser.parse_args()
    chosen = [mutant for mutant in MUTANTS if arguments.only in f"{mutant.rule}: {mutant.name}"]
    with tempfile.TemporaryDirectory(dir=arguments.folder) as scratch:
        laboratory = Laboratory(Path(scratch))
        if wrong := list(laboratory.failures(sorted({model for models in REBUILT.values() for model in models}))):
            print(f"without any mutant: {wrong}")
            return 1
        noticed: dict[Mutant, str] = {}
        for mutant in chosen:
            noticed[mutant] = laboratory.noticed_by(mutant)
            print(f"{mutant.rule}: {mutant.name}: {noticed[mutant] or 'ALIVE'}", flush=True)
    print(table(noticed))
    return int(any(not by and (mutant.rule, mutant.name) not in ALIVE for mutant, by in noticed.items()))


def table(noticed: dict[Mutant, str]) -> str:
    """Markdown: per rule how many mutants, how many noticed, and by what first."""
    lines = [
        "| quy tắc / rule | đột biến / mutants | bị phát hiện / noticed | bởi / by dbt unit tests, oracle, examples |",
        "|---|---|---|---|",
    ]
    for rule in dict.fromkeys(mutant.rule for mutant in noticed):
        by = [how for mutant, how in noticed.items() if mutant.rule == rule]
        kinds = Counter(how.split(":")[0].split("_")[0] for how in by if how)
        ways = ", ".join(str(kinds[kind]) for kind in ("dbt", "oracle", "worked"))
        lines.append(f"| {rule} | {len(by)} | {sum(kinds.values())} | {ways} |")
    found = sum(1 for how in noticed.values() if how)
    return "\n".join([*lines, f"| tất cả / all | {len(noticed)} | {found} | |"])


if __name__ == "__main__":
    sys.exit(main())
